"""Export all pairs as WebDataset tars, for training on more of them than fit into one array."""

import shutil
import uuid
from pathlib import Path

from unscene.clip.models import load_clip
from unscene.run.tables import write_table
from unscene.training.pair_tars import INDEX_COLUMNS, write_tars
from unscene.training.pairs import read_pairs


def export_pairs(path_to_pairs, path_to_clip, path_to_folder, path_to_index, seed, workers):
    """Write a folder of tars, whole or not at all, and the table of what stands where."""
    final = Path(path_to_folder)
    folder = final.with_name(f".{final.name}.{uuid.uuid4().hex[:8]}.tmp")
    folder.mkdir(parents=True)
    try:
        index = write_tars(read_pairs(path_to_pairs), load_clip(path_to_clip)[1], folder, seed, workers)
        shutil.rmtree(final, ignore_errors=True)
        folder.rename(final)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    write_table(index, path_to_index, INDEX_COLUMNS)
