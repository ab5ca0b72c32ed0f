"""Decode the photos of all pairs once, at the size that CLIP sees, for every arm, fold and seed."""

from unscene.clip.models import load_clip
from unscene.machine.job import Job
from unscene.run.tables import read_table
from unscene.training.pairs import read_pairs
from unscene.training.photo_cache import write_cache, write_sham_cache


def cache_pairs(job: Job) -> None:
    """Write the photos of pairs, uint8 (photos, side, side, 3), and the table of its rows.

    inputs: pairs; outputs: photos, index.
    """
    preprocess = load_clip(job.get_path("train.clip"))[1]
    write_cache(read_pairs(job.inputs.pairs), preprocess, job.outputs.photos, job.outputs.index, job.threads)


def cache_sham(job: Job) -> None:
    """Write the sham edits' photos as `cache_pairs` does; their originals are in the pairs' own cache.

    inputs: sham; outputs: photos, index.
    """
    preprocess = load_clip(job.get_path("train.clip"))[1]
    sham = read_table(job.inputs.sham, ["edit_id", "original_path", "edited_path"])
    write_sham_cache(sham, preprocess, job.outputs.photos, job.outputs.index, job.threads)
