"""Export all pairs as WebDataset tars, for training on more of them than fit into one array."""


from unscene.clip.models import load_clip
from unscene.run.folders import replaced_folder
from unscene.run.tables import write_table
from unscene.training.pair_tars import INDEX_COLUMNS, write_tars
from unscene.training.pairs import read_pairs


def export_pairs(path_to_pairs, path_to_clip, path_to_folder, path_to_index, seed, workers):
    """Write a folder of tars, whole or not at all, and the table of what stands where."""
    with replaced_folder(path_to_folder) as folder:
        index = write_tars(read_pairs(path_to_pairs), load_clip(path_to_clip)[1], folder, seed, workers)
    write_table(index, path_to_index, INDEX_COLUMNS)
