"""Remove the masked object of each wanted edit of a shard, try again where cheap checks fail, and
keep the result.
"""

from unscene.edits.columns import EDITS
from unscene.edits.removal import Removal, list_edits, remove_all
from unscene.edits.removers import REMOVERS, Remover, find_weights, load_remover
from unscene.machine.devices import Setup
from unscene.machine.job import Job
from unscene.machine.shard_work import open_shard
from unscene.run.tables import read_table


def remove_objects(job: Job) -> None:
    """Write an edited photo and a row for each mask of a shard that is ok."""
    edits = list_edits(
        read_table(job.inputs.samples, ["image_id", "path", "sha256", "width", "height"]),
        read_table(
            job.inputs.masks,
            ["edit_id", "image_id", "category", "mask_path", "mask_sha256", "status", "dilation_px"],
        ),
    )
    with open_shard(job, EDITS) as shard:
        stage = Removal(open_remover(job), job.settings["edits"], job.settings["seed"], shard.final_path)
        shard.finish(EDITS.frame(remove_all(shard, stage, edits)))


def open_remover(job: Job) -> Remover:
    """Return the remover that the job's settings name, loaded on the job's device where it needs one."""
    settings = job.settings["edits"]
    backend = REMOVERS[settings["backend"]]
    weights = find_weights(settings, lambda key: job.find(f"edits.{key}"), job.fingerprint("edits.weights"))
    # Asking for the job's device leases one and imports torch: seconds, for nothing.
    setup = job.setup if backend.needs_device else Setup.of("cpu", job.runtime)
    return load_remover(settings, weights, setup)
