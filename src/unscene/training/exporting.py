"""Export all pairs as WebDataset tars, for training on more of them than fit into one array."""

from unscene.clip.models import load_clip
from unscene.machine.job import Job
from unscene.run.folders import replaced_folder
from unscene.training.columns import TARRED
from unscene.training.pair_tars import write_tars
from unscene.training.pairs import read_pairs
from unscene.words.word_lists import find_vocabulary


def export_pairs(job: Job) -> None:
    """Write a folder of tars, whole or not at all, and the table of what stands where.

    inputs: pairs; outputs: folder, index.
    """
    pair, preprocess = read_pairs(job.inputs.pairs), load_clip(job.get_path("train.clip"))[1]
    with replaced_folder(job.outputs.folder) as folder:
        index = write_tars(
            pair, preprocess, folder, job.settings["seed"], job.threads, find_vocabulary(job.settings)
        )
    TARRED.write(index, job.outputs.index)
