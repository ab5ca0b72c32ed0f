"""Check what is trained and tested on: no group, near-duplicate, pair or sham edit stands on both
sides of a fold.
"""

import logging

import pandas as pd

from unscene.folds.columns import FOLDS, LEAKS, REPEATS
from unscene.folds.leak_guards import mark_leaked
from unscene.machine.job import Job
from unscene.photos.groups import join_near_hashes
from unscene.photos.near_hashes import match_hashes
from unscene.run.tables import read_table, write_json


class LeakError(RuntimeError):
    """Training and test photos that show the same thing."""


def check_folds(job: Job) -> None:
    """Write what was checked and counted; raise LeakError naming the first photo or group that breaks a rule.

    It reads the finished tables and takes nothing from how they were made, and every split of them:
    training seed 0 has one, and each further seed its own. inputs: samples, pairs, unfiltered
    (pairs before the quality gates, the accepted ones among them, for arms that train on all),
    folds, repeats (or None), leaks, sham (sham edits, or None), pool and dropped (of the pool, or
    None). outputs: check.
    """
    folds, distance = (job.settings["folds"][key] for key in ("folds", "duplicate_hash_distance"))
    sample = read_table(job.inputs.samples, ["image_id", "group", "sha256", "phash"], only=True)
    pair, unfiltered = (
        read_table(path, ["edit_id", "image_id", "group"], only=True)
        for path in (job.inputs.pairs, job.inputs.unfiltered)
    )
    splits, leak = read_splits(job.inputs.folds, job.inputs.repeats), LEAKS.read(job.inputs.leaks)
    sham = None
    if job.inputs.sham is not None:
        sham = read_table(job.inputs.sham, ["edit_id", "sham_of", "group"], only=True)
    groups = set(splits[0]["group"])
    alike = find_near_photos(sample[sample["group"].isin(groups)], distance)
    problems = []
    for seed, fold in splits.items():
        found = find_parted_groups(fold, folds)
        found += [
            f"group {group} has a fold in one split alone" for group in sorted(groups ^ set(fold["group"]))
        ]
        for table in (pair, unfiltered[~unfiltered["edit_id"].isin(pair["edit_id"])]):
            found += find_pairs_elsewhere(table, sample, fold)
        of_group = fold.drop_duplicates("group").set_index("group")["fold"]
        found += find_parted_photos(alike, of_group)
        if sham is not None:
            found += find_parted_shams(sham, pair, of_group)
        problems += [f"split of seed {seed}: {problem}" for problem in found]
    leaked = mark_leaked(pair["group"], job.inputs.leaks)
    pool = None
    if job.inputs.pool is not None:
        pooled = read_table(job.inputs.pool, ["image_id", "sha256", "phash"], only=True)
        kept_out = groups | set(leak["group"])
        problems += find_pooled(pooled, sample[sample["group"].isin(kept_out)], distance)
        dropped = read_table(job.inputs.dropped, ["reason"], only=True)["reason"].value_counts()
        pool = {
            "photos": len(pooled),
            "dropped": {str(reason): int(count) for reason, count in dropped.items()},
        }
    if problems:
        raise LeakError(f"{len(problems)} problems, first: {problems[0]}; delete results/folds and run again")
    by_guard = leak.groupby("guard")["image_id"].nunique()
    check = {
        "groups": int(splits[0]["group"].nunique()),
        "pairs": len(pair),
        "unfiltered_pairs": len(unfiltered),
        "shams": 0 if sham is None else len(sham),
        "folds": folds,
        "splits": len(splits),
        "hash_distance": distance,
        "problems": 0,
        "photos_in_evaluation_sets": int(leak["image_id"].nunique()),
        "pairs_kept_out_of_training": int(leaked.sum()),
        "pool": pool,
        "photos_by_guard": {str(name): int(count) for name, count in by_guard.items()},
    }
    write_json(check, job.outputs.check)
    logging.getLogger("unscene").info(
        "%d groups, %d pairs, %d splits: nothing crosses a fold; %d pairs are kept out of training",
        check["groups"],
        len(pair),
        len(splits),
        leaked.sum(),
    )


def read_splits(path_to_folds, path_to_repeats) -> dict[int, pd.DataFrame]:
    """Return `group fold` by training seed: of seed 0, and of those that the repeats name."""
    splits = {0: FOLDS.read(path_to_folds)}
    if path_to_repeats is not None:
        splits |= dict(iter(REPEATS.read(path_to_repeats).groupby("repeat")))
    return splits


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


def find_near_photos(sample, distance):
    """Return `one other` (image_ids) and their groups: photos that look alike by their hashes."""
    left, right = join_near_hashes(sample["phash"], distance)
    one, other = (sample.iloc[rows].reset_index(drop=True) for rows in (left, right))
    alike = {
        "one": one["image_id"],
        "other": other["image_id"],
        "group": one["group"],
        "other_group": other["group"],
    }
    return pd.DataFrame(alike).drop_duplicates()


def find_parted_photos(alike, of_group):
    """Return a sentence for each two photos that look alike and are in two folds."""
    apart = alike[alike["group"].map(of_group) != alike["other_group"].map(of_group)]
    return [
        f"photos {row.one} and {row.other} look alike and are in folds {of_group.get(row.group)} and "
        f"{of_group.get(row.other_group)}"
        for row in apart.itertuples()
    ]


def find_pooled(pooled, kept_out, distance):
    """Return a sentence for each pool photo that shows a photo with a fold or of an evaluation set."""
    same = pooled[pooled["sha256"].isin(kept_out["sha256"]) | pooled["image_id"].isin(kept_out["image_id"])]
    near = match_hashes(pooled, kept_out["phash"], distance)
    return [f"pool photo {image_id} is one that is tested or guarded" for image_id in same["image_id"]] + [
        f"pool photo {image_id} looks like one that is tested or guarded ({detail})"
        for image_id, detail in zip(near["image_id"], near["detail"], strict=True)
    ]


def find_parted_shams(sham, pair, of_group):
    """Return a sentence for each sham edit that is not in the fold of the pair that it belongs to."""
    group = pair.set_index("edit_id")["group"]
    own = sham["sham_of"].map(group)
    known = own.notna()
    apart = known & (sham["group"].map(of_group).to_numpy(float) != own.map(of_group).to_numpy(float))
    return [f"sham edit {edit_id} is in another fold than its pair" for edit_id in sham.loc[apart, "edit_id"]]
