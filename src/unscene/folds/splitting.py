"""Split photo groups into cross-validation folds, and categories into leave-class-out folds.

Of each photo and each wanted edit numbers are held; names are read where they are written.
"""

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from unscene.folds.columns import CLASSES, FOLDS, REPEATS
from unscene.machine.job import Job
from unscene.photos.groups import join_equal_numbers, join_near_values, label_components
from unscene.run.counts import tell_count
from unscene.run.seeds import derive_seed
from unscene.run.streaming import Positions, collect_rows, iterate_rows, number_texts, take_rows
from unscene.run.tables import ROWS_A_GROUP
from unscene.samples.joining import read_all_hashes, read_numbers

MOST_PACKS = 10_000


class FoldError(ValueError):
    """The wanted edits cannot be split as the config asks."""


def split_folds(job: Job) -> None:
    """Write the fold of each group and of each category over all wanted edits, whatever became of them.

    So no threshold of a later step moves a group to another fold. With the wildcard `seed` it is
    the split of that training seed, drawn anew, and written as a repeat without the categories.
    inputs: samples, masks; outputs: folds, and classes or None.
    """
    folds, distance = (job.settings["folds"][key] for key in ("folds", "duplicate_hash_distance"))
    repeat = int(job.wildcards.get("seed", 0))
    seed = derive_seed(job.settings["seed"], "repeat", repeat) if repeat else job.settings["seed"]
    group, cluster = read_groups(job.inputs.samples, distance)
    edit = read_edits(job.inputs.masks, job.inputs.samples)
    group, cluster = group[edit.photo], cluster[edit.photo]
    fold = assign_folds(cluster, edit.category, folds, seed)
    check_folds(group, cluster, fold, folds)
    groups, first = np.unique(group, return_index=True)
    logger = logging.getLogger("unscene")
    logger.info(
        "%s of %s in %s",
        tell_count(len(group), "wanted edit"),
        tell_count(len(groups), "group"),
        tell_count(len(np.unique(cluster)), "cluster"),
    )
    logger.info("edits in a fold: %s", dict(enumerate(np.bincount(fold).tolist())))
    names = take_rows([job.inputs.samples], ["group"], groups)["group"]
    write_groups(names, fold[first], repeat, job.outputs.folds)
    if not repeat:
        category = assign_categories(edit.count(), folds)
        CLASSES.write(category, job.outputs.classes)
        logger.info("edits of a fold of categories: %s", category.groupby("fold")["edits"].sum().to_dict())


@dataclass
class Edits:
    """Wanted edits in the order of their ids. photo: the position of each one's photo in the samples;
    category: its place in `categories`, which are sorted.
    """

    photo: np.ndarray
    category: np.ndarray
    categories: Sequence[str]

    def count(self) -> pd.DataFrame:
        """Return `category edits` of the categories that have any."""
        edits = np.bincount(self.category, minlength=len(self.categories))
        count = pd.DataFrame({"category": self.categories, "edits": edits}).astype({"category": object})
        return count[count["edits"] > 0]


def read_edits(path_to_masks: str, path_to_samples: str) -> Edits:
    """Read the wanted edits of the photos that the samples have."""
    photos = Positions(read_numbers([path_to_samples], "image_id"))
    numbers: dict[str, int] = {}
    photo, category = [np.empty(0, np.int32)], [np.empty(0, np.int16)]
    for piece in iterate_rows([path_to_masks], ["image_id", "category"]):
        photo.append(photos.find(number_texts(piece["image_id"])))
        own = [numbers.setdefault(name, len(numbers)) for name in piece["category"].to_pylist()]
        category.append(np.array(own, np.int16))
    del photos
    order = sort_names(path_to_masks, "edit_id")
    photo, category = np.concatenate(photo)[order], np.concatenate(category)[order]
    categories = sorted(numbers)
    place = np.array([categories.index(name) for name in numbers], np.int16)
    known = photo >= 0
    return Edits(photo[known], place[category[known]], categories)


def sort_names(path: str, column: str) -> np.ndarray:
    """Return the positions of a table's rows in the order of a column of texts."""
    return pc.sort_indices(collect_rows([path], [column])[column]).to_numpy()


def read_groups(path_to_samples: str, distance: int) -> tuple[np.ndarray, np.ndarray]:
    """Return for each photo the position of the first photo of its group, and the number of its
    cluster: groups that near perceptual hashes tie together.

    Clusters are numbered in the order of their first image ids, whatever the order of rows.
    """
    equal = join_equal_numbers(read_numbers([path_to_samples], "group"))
    order = sort_names(path_to_samples, "image_id")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    del order
    near = join_near_values(*read_all_hashes([path_to_samples]), distance)
    cluster = label_components(len(rank), [(rank[left], rank[right]) for left, right in (equal, near)])
    group = np.arange(len(rank), dtype=np.int32)
    group[equal[1]] = equal[0]
    return group, cluster[rank].astype(np.int32)


def write_groups(names: pa.ChunkedArray, fold: np.ndarray, repeat: int, path: str) -> None:
    """Write the fold of each group by its name: as a repeat, or with 0 as the folds themselves."""
    table, order = REPEATS if repeat else FOLDS, pc.sort_indices(names).to_numpy()
    with table.open(path) as writer:
        for start in range(0, len(order), ROWS_A_GROUP):
            own = order[start : start + ROWS_A_GROUP]
            columns = {
                "repeat": np.full(len(own), repeat),
                "group": names.take(pa.array(own)).cast(pa.string()),
                "fold": fold[own].astype(np.int64),
            }
            writer.write(pa.table({name: columns[name] for name in table.names}, table.schema))


def assign_folds(cluster: np.ndarray, category: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Return a fold in [0, folds) for each edit: clusters stay whole, categories are spread evenly.

    cluster, category: their numbers for each edit. A cluster counts as the category of its first
    edit. Of fewer clusters than folds each is a fold; training then says which ones lack pairs.
    """
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

    _, first, cluster = np.unique(cluster, return_index=True, return_inverse=True)
    if len(first) < folds:
        logging.getLogger("unscene").warning(
            "folds.folds is %d, but the wanted edits come from %s of photos; ask for fewer folds or"
            " add photos (the reasons in results/samples/rejected.parquet and the logs of parse_keywords and"
            " segment_objects tell where they were lost)",
            folds,
            tell_count(len(first), "group"),
        )
        return cluster
    stratum = merge_rare(category[first][cluster], folds)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=derive_seed(seed, "folds") % 2**32)
    fold = _number_folds(splitter, stratum, pack_clusters(first, stratum[first], seed)[cluster])
    if len(np.unique(fold)) < folds:  # few clusters of very unequal size: evenly filled folds matter more
        logging.getLogger("unscene").warning(
            "stratified folds would leave one empty; clusters are spread by size alone"
        )
        fold = _number_folds(GroupKFold(folds), stratum, cluster)
    return fold


def pack_clusters(first: np.ndarray, stratum: np.ndarray, seed: int) -> np.ndarray:
    """Return for each cluster the number of its pack: clusters of one stratum, put together by lot.

    first: the position of each cluster's first edit. scikit-learn weighs every group against every
    fold in Python, near a millisecond each. Above MOST_PACKS clusters packs are split in their place,
    so a million clusters take seconds; below, each cluster is its own pack.
    """
    size = -(-len(first) // MOST_PACKS)
    order = pd.Series(np.argsort(first))
    order = order.sample(frac=1, random_state=derive_seed(seed, "packs") % 2**32) if size > 1 else order
    order = order.to_numpy()[np.argsort(stratum[order], kind="stable")]
    own = stratum[order]
    starts = np.flatnonzero(np.concatenate([[True], own[1:] != own[:-1]]))
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    pack = np.empty(len(order), np.int32)
    pack[order] = np.cumsum(place % size == 0) - 1
    return pack


def merge_rare(category: np.ndarray, least: int) -> np.ndarray:
    """Return the categories with those of fewer than `least` edits put together, as -1: a stratum must
    reach every fold.
    """
    count = np.bincount(category)
    merged = np.where(count[category] >= least, category, -1)
    if 0 < (merged == -1).sum() < least:  # together still rare: they join the commonest
        merged[merged == -1] = count.argmax()
    return merged


def assign_categories(count: pd.DataFrame, folds: int) -> pd.DataFrame:
    """Return `category fold edits` for `category edits`: the commonest category first, each to the fold
    with the fewest edits so far.
    """
    count = count.sort_values(["edits", "category"], ascending=[False, True], ignore_index=True)
    load, fold = [0] * folds, []
    for edits in count["edits"]:
        fold.append(load.index(min(load)))
        load[fold[-1]] += edits
    if len(count) < folds:
        logging.getLogger("unscene").warning(
            "only %s for %d folds of categories", tell_count(len(count), "category", "categories"), folds
        )
    return count.assign(fold=fold)[["category", "fold", "edits"]].sort_values("category", ignore_index=True)


def check_folds(group: np.ndarray, cluster: np.ndarray, fold: np.ndarray, folds: int) -> None:
    """Raise FoldError when a group or cluster is in two folds, or a fold is empty that need not be.

    group, cluster, fold: their numbers for each edit.
    """
    for kind, label in (("group", group), ("cluster", cluster)):
        of_label = np.full(label.max(initial=-1) + 1, -1)
        of_label[label] = fold
        parted = np.flatnonzero(of_label[label] != fold)
        if len(parted):
            raise FoldError(f"the {kind} of the photo {label[parted[0]]} is in two folds")
    filled = min(folds, len(np.unique(cluster)))
    empty = sorted(set(range(filled)) - set(np.unique(fold).tolist()))
    if empty:
        raise FoldError(f"fold {empty[0]} is empty; lower folds.folds (now {folds})")


def _number_folds(splitter, stratum: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    fold = np.full(len(stratum), -1)
    photo = np.zeros(len(stratum), np.int8)  # scikit-learn asks only how many there are
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")
        for number, (_, test) in enumerate(splitter.split(photo, stratum, groups=cluster)):
            fold[test] = number
    return fold
