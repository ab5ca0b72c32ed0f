"""Check what is trained and tested on: no group, near-duplicate, pair or sham edit stands on both
sides of a fold.
"""

import logging

from unscene.folds.columns import FOLDS, LEAKS
from unscene.folds.leak_guards import mark_leaked
from unscene.machine.job import Job
from unscene.photos.groups import join_near_hashes
from unscene.run.tables import read_table, write_json


class LeakError(RuntimeError):
    """Training and test photos that show the same thing."""


def check_folds(job: Job) -> None:
    """Write what was checked and counted; raise LeakError naming the first photo or group that breaks a rule.

    It reads the finished tables and takes nothing from how they were made. inputs: samples, pairs,
    unfiltered (pairs before the quality gates, the accepted ones among them, for arms that train on
    all), folds, leaks, sham (sham edits, or None). outputs: check.
    """
    folds, distance = (job.settings["folds"][key] for key in ("folds", "duplicate_hash_distance"))
    sample = read_table(job.inputs.samples, ["image_id", "group", "phash"], only=True)
    pair, unfiltered = (
        read_table(path, ["edit_id", "image_id", "group"], only=True)
        for path in (job.inputs.pairs, job.inputs.unfiltered)
    )
    fold, leak = FOLDS.read(job.inputs.folds), LEAKS.read(job.inputs.leaks)
    problems = find_parted_groups(fold, folds)
    for table in (pair, unfiltered[~unfiltered["edit_id"].isin(pair["edit_id"])]):
        problems += find_pairs_elsewhere(table, sample, fold)
    of_group = fold.drop_duplicates("group").set_index("group")["fold"]
    problems += find_parted_hashes(sample, of_group, distance)
    shams = 0
    if job.inputs.sham is not None:
        sham = read_table(job.inputs.sham, ["edit_id", "sham_of", "group"], only=True)
        shams = len(sham)
        problems += find_parted_shams(sham, pair, of_group)
    leaked = mark_leaked(pair["group"], job.inputs.leaks)
    if problems:
        raise LeakError(f"{len(problems)} problems, first: {problems[0]}; delete results/folds and run again")
    by_guard = leak.groupby("guard")["image_id"].nunique()
    check = {
        "groups": int(fold["group"].nunique()),
        "pairs": len(pair),
        "unfiltered_pairs": len(unfiltered),
        "shams": shams,
        "folds": folds,
        "hash_distance": distance,
        "problems": 0,
        "photos_in_evaluation_sets": int(leak["image_id"].nunique()),
        "pairs_kept_out_of_training": int(leaked.sum()),
        "photos_by_guard": {str(name): int(count) for name, count in by_guard.items()},
    }
    write_json(check, job.outputs.check)
    logging.getLogger("unscene").info(
        "%d groups, %d pairs: nothing crosses a fold; %d pairs are kept out of training",
        check["groups"],
        len(pair),
        leaked.sum(),
    )


def find_parted_groups(fold, folds):
    """Return a sentence for each group in two folds and each fold number that does not exist."""
    parted = fold.groupby("group")["fold"].nunique()
    problems = [f"group {group} is in {count} folds" for group, count in parted[parted > 1].items()]
    wrong = fold[~fold["fold"].isin(range(folds))]
    return problems + [f"group {row.group} is in fold {row.fold} of {folds}" for row in wrong.itertuples()]


def find_pairs_elsewhere(pair, sample, fold):
    """Return a sentence for each pair whose group is not its photo's, or has no fold."""
    of_photo = sample.drop_duplicates("image_id").set_index("image_id")["group"]
    moved = pair[pair["image_id"].map(of_photo) != pair["group"]]
    lost = pair[~pair["group"].isin(set(fold["group"]))]
    return [f"pair {row.edit_id} is not in the group of its photo" for row in moved.itertuples()] + [
        f"pair {row.edit_id} has no fold" for row in lost.itertuples()
    ]


def find_parted_hashes(sample, of_group, distance):
    """Return a sentence for each two photos with near hashes in two folds."""
    tested = sample[sample["group"].isin(of_group.index)].reset_index(drop=True)
    left, right = join_near_hashes(tested["phash"], distance)
    fold = tested["group"].map(of_group).to_numpy()
    return [
        f"photos {tested['image_id'][one]} and {tested['image_id'][two]} look alike and are in folds "
        f"{fold[one]} and {fold[two]}"
        for one, two in zip(left, right, strict=True)
        if fold[one] != fold[two]
    ]


def find_parted_shams(sham, pair, of_group):
    """Return a sentence for each sham edit that is not in the fold of the pair that it belongs to."""
    group = pair.set_index("edit_id")["group"]
    own = sham["sham_of"].map(group)
    known = own.notna()
    apart = known & (sham["group"].map(of_group).to_numpy(float) != own.map(of_group).to_numpy(float))
    return [f"sham edit {edit_id} is in another fold than its pair" for edit_id in sham.loc[apart, "edit_id"]]
