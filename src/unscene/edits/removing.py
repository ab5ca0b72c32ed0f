"""Remove the masked object of each wanted edit of a shard, try again where cheap checks fail, and keep the result."""

import logging
from pathlib import Path

import pandas as pd

from unscene.edits.removal import COLUMNS, list_edits, remove_all
from unscene.machine.batching import prepare_torch
from unscene.machine.scratch import Scratch
from unscene.run.checkout import resolve_path
from unscene.run.shards import ShardWriter, check_failed_share
from unscene.run.tables import read_table


def remove_objects(
    path_to_samples: str | Path,
    path_to_masks: str | Path,
    path_to_table: str | Path,
    path_to_folder: str | Path,
    settings: dict,
    seed: int,
    runtime: dict,
    fingerprint: str | None = None,
    threads: int = 1,
    scratch: Scratch | None = None,
    path_to_timing: str | Path | None = None,
) -> None:
    """Write an edited photo and a row for each mask of a shard that is ok.

    `settings` is the config's block `edits` (its `sham` is not needed), `runtime` its block `runtime`, `fingerprint` that of the
    weights, for the column `model`. `scratch` keeps what is finished when the job is killed; `path_to_timing` gets how long the
    device worked. Raises RuntimeError when more than `runtime["max_failed_share"]` of at least 20 rows failed.
    """
    from unscene.run.offline import stay_offline

    stay_offline()
    from unscene.machine.devices import lease_device

    edits = list_edits(
        read_table(path_to_samples, ["image_id", "path", "sha256", "width", "height"]),
        read_table(
            path_to_masks,
            ["edit_id", "image_id", "category", "mask_path", "sha256", "status", "dilation_px"],
        ),
    )
    scratch = scratch or Scratch(None, "", beside=Path(path_to_folder).parent)
    with scratch, ShardWriter(path_to_folder, path_to_table) as writer:
        device = lease_device(runtime)
        prepare_torch(device, threads)
        from unscene.edits.removers import load_remover

        weights = resolve_path(settings["weights"]) if settings["backend"] != "telea" else None
        remover = load_remover(settings, runtime, device, weights, fingerprint)
        rows, timing = remove_all(edits, remover, settings, seed, runtime, scratch, writer.final_path)
        frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
        check_failed_share(frame, runtime["max_failed_share"], f"edits of {Path(path_to_table).stem}")
        scratch.hand_over(writer.folder)
        writer.finish(frame, list(COLUMNS))
        if path_to_timing:
            timing.write(path_to_timing)
        scratch.discard()
    counts = frame["status"].str.cat(frame["reason"].fillna(""), sep=" ").value_counts().to_dict()
    retried = int((frame["attempt"] > 1).sum())
    logging.getLogger("unscene").info(
        "%d edits by %s, %d retried: %s", len(frame), remover.name, retried, counts
    )
