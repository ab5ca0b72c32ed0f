"""Pool photos that must not be trained on, since they show what the run tests."""

import pandas as pd

from unscene.photos.near_hashes import match_hashes
from unscene.samples.joining import check_image_ids, find_groups


def find_excluded(
    pool: pd.DataFrame,
    run: pd.DataFrame,
    guarded: pd.DataFrame,
    group_distance: int,
    fold_distance: int,
) -> pd.DataFrame:
    """Return `image_id reason detail`, one row a pool photo that is left out, with its first reason.

    pool, run: the photos of the pool and of the edited sources, as the tables of their shards have
    them; `run` with `is_tested` (its group has a fold) and `is_leaked` (its group is in an
    evaluation set). guarded: `image_id guard detail` of pool photos that a leak guard names.

    Reasons: `duplicate` (the bytes of an earlier pool photo), `tested` and `leaked` (in one group
    with such a photo: equal bytes, URL or group, or hashes within `group_distance` bits, over any
    number of photos between them, as samples.parquet groups photos), `near` (its hash within
    `fold_distance` bits of a tested or leaked photo), `guard`.
    """
    both = pd.concat([run, pool], ignore_index=True)
    check_image_ids(both)
    both["group"] = find_groups(both, group_distance)
    of_pool = both[len(run) :]
    first = of_pool.groupby("sha256")["image_id"].transform("first")
    parts = [_tell(of_pool, first != of_pool["image_id"], "duplicate", "has the bytes of " + first)]
    leaked = set(both.loc[both["is_leaked"].eq(True), "group"])
    leaked |= set(of_pool.loc[of_pool["image_id"].isin(guarded["image_id"]), "group"])
    tested = set(both.loc[both["is_tested"].eq(True), "group"])
    near = match_hashes(of_pool, run.loc[run["is_tested"] | run["is_leaked"], "phash"], fold_distance)
    parts += [
        _tell(of_pool, of_pool["group"].isin(tested), "tested", "in the group of " + of_pool["group"]),
        near.assign(reason="near"),
        guarded.assign(reason="guard", detail=guarded["guard"] + ": " + guarded["detail"]),
        _tell(of_pool, of_pool["group"].isin(leaked), "leaked", "in the group of " + of_pool["group"]),
    ]
    columns = ["image_id", "reason", "detail"]
    return pd.concat([part[columns] for part in parts], ignore_index=True).drop_duplicates("image_id")


def _tell(photo: pd.DataFrame, which: pd.Series, reason: str, detail: pd.Series) -> pd.DataFrame:
    return photo.loc[which, ["image_id"]].assign(reason=reason, detail=detail[which])
