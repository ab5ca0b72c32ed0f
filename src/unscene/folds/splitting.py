"""Split photo groups into cross-validation folds, and categories into leave-class-out folds."""

import logging
import warnings

import numpy as np
import pandas as pd

from unscene.folds.columns import CLASSES, FOLDS, REPEATS
from unscene.machine.job import Job
from unscene.photos.groups import join_equal, join_near_hashes, label_components
from unscene.run.seeds import derive_seed
from unscene.run.tables import read_table

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
    sample = read_table(job.inputs.samples, ["image_id", "group", "phash"], only=True).sort_values(
        "image_id", ignore_index=True
    )
    edit = read_table(job.inputs.masks, ["edit_id", "image_id", "category"], only=True)
    sample["cluster"] = merge_groups(sample, distance)
    edit = edit.merge(sample[["image_id", "group", "cluster"]], on="image_id").sort_values(
        "edit_id", ignore_index=True
    )
    edit["fold"] = assign_folds(edit, folds, seed)
    group = edit.groupby("group", sort=True)["fold"].first().reset_index()
    check_folds(edit, folds)
    logger = logging.getLogger("unscene")
    logger.info(
        "%d wanted edits of %d groups in %d clusters", len(edit), len(group), edit["cluster"].nunique()
    )
    logger.info("edits in a fold: %s", edit["fold"].value_counts().sort_index().to_dict())
    if repeat:
        REPEATS.write(group.assign(repeat=repeat), job.outputs.folds)
        return
    category = assign_categories(edit, folds)
    FOLDS.write(group, job.outputs.folds)
    CLASSES.write(category, job.outputs.classes)
    logger.info("edits of a fold of categories: %s", category.groupby("fold")["edits"].sum().to_dict())


def merge_groups(sample: pd.DataFrame, distance: int) -> np.ndarray:
    """Return for each photo the number of its cluster: groups that near perceptual hashes tie together."""
    edges = [join_equal(sample["group"]), join_near_hashes(sample["phash"], distance)]
    return label_components(len(sample), edges)


def assign_folds(edit: pd.DataFrame, folds: int, seed: int) -> np.ndarray:
    """Return a fold in [0, folds) for each edit: clusters stay whole, categories are spread evenly.

    `edit` has `cluster` and `category`. A cluster counts as the category of its first edit. Of fewer
    clusters than folds each is a fold; training then says which ones lack pairs.
    """
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

    clusters = edit["cluster"].nunique()
    if clusters < folds:
        logging.getLogger("unscene").warning(
            "folds.folds is %d, but the wanted edits come from %d groups of photos; ask for fewer folds or"
            " add photos (the reasons in results/samples/rejected.parquet and the logs of parse_keywords and"
            " segment_objects tell where they were lost)",
            folds,
            clusters,
        )
        return pd.factorize(edit["cluster"], sort=True)[0].astype(np.int64)
    stratum = merge_rare(edit.groupby("cluster")["category"].transform("first"), folds)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=derive_seed(seed, "folds") % 2**32)
    fold = _number_folds(splitter, stratum, pack_clusters(edit["cluster"], stratum, seed))
    if len(np.unique(fold)) < folds:  # few clusters of very unequal size: evenly filled folds matter more
        logging.getLogger("unscene").warning(
            "stratified folds would leave one empty; clusters are spread by size alone"
        )
        fold = _number_folds(GroupKFold(folds), stratum, edit["cluster"])
    return fold


def pack_clusters(cluster: pd.Series, stratum: pd.Series, seed: int) -> np.ndarray:
    """Return for each edit the number of its pack: clusters of one stratum, put together by lot.

    scikit-learn weighs every group against every fold in Python, near a millisecond each. Above
    MOST_PACKS clusters packs are split in their place, so a million clusters take seconds; below,
    each cluster is its own pack.
    """
    first = pd.DataFrame({"cluster": cluster, "stratum": stratum}).drop_duplicates("cluster")
    size = -(-len(first) // MOST_PACKS)
    first = first.sample(frac=1, random_state=derive_seed(seed, "packs") % 2**32) if size > 1 else first
    number = first.groupby("stratum", sort=False).cumcount() // size
    pack = first.assign(number=number).groupby(["stratum", "number"], sort=True).ngroup()
    return cluster.map(pd.Series(pack.to_numpy(), index=first["cluster"])).to_numpy()


def merge_rare(category: pd.Series, least: int) -> pd.Series:
    """Return the categories with those of fewer than `least` edits put together: a stratum must
    reach every fold.
    """
    count = category.map(category.value_counts())
    merged = category.where(count >= least, "")
    if 0 < (merged == "").sum() < least:  # together still rare: they join the commonest
        common = category.value_counts().sort_index(kind="stable").idxmax()
        merged = merged.where(merged != "", common)
    return merged


def assign_categories(edit: pd.DataFrame, folds: int) -> pd.DataFrame:
    """Return `category fold edits`: the commonest category first, each to the fold with the fewest
    edits so far.
    """
    count = edit["category"].value_counts().rename_axis("category").reset_index(name="edits")
    count = count.sort_values(["edits", "category"], ascending=[False, True], ignore_index=True)
    load, fold = [0] * folds, []
    for edits in count["edits"]:
        fold.append(load.index(min(load)))
        load[fold[-1]] += edits
    if len(count) < folds:
        logging.getLogger("unscene").warning(
            "only %d categories for %d folds of categories", len(count), folds
        )
    return count.assign(fold=fold)[["category", "fold", "edits"]].sort_values("category", ignore_index=True)


def check_folds(edit: pd.DataFrame, folds: int) -> None:
    """Raise FoldError when a group or cluster is in two folds, or a fold is empty that need not be."""
    for column in ("group", "cluster"):
        parted = edit.groupby(column)["fold"].nunique()
        if (parted > 1).any():
            raise FoldError(f"{column} {parted.idxmax()} is in {parted.max()} folds")
    filled = min(folds, edit["cluster"].nunique())
    empty = sorted(set(range(filled)) - set(edit["fold"]))
    if empty:
        raise FoldError(f"fold {empty[0]} is empty; lower folds.folds (now {folds})")


def _number_folds(splitter, stratum: pd.Series, cluster: pd.Series | np.ndarray) -> np.ndarray:
    fold = np.full(len(stratum), -1, np.int64)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")
        for number, (_, test) in enumerate(splitter.split(np.zeros(len(stratum)), stratum, groups=cluster)):
            fold[test] = number
    return fold
