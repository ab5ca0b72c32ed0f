"""Pool photos that must not be trained on, since they show what the run tests.

Of each photo of pool and run numbers are held; names are read of those that are left out.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from unscene.photos.near_hashes import match_values
from unscene.run.streaming import take_rows
from unscene.samples.joining import find_positions, read_all_hashes, read_numbers


def find_excluded(
    pool: Sequence[str],
    run: Sequence[str],
    marks: tuple[np.ndarray, np.ndarray],
    guarded: pd.DataFrame,
    distances: tuple[int, int],
) -> pd.DataFrame:
    """Return `image_id source source_key reason detail`, one row a pool photo that is left out, with its
    first reason, and as the index its position in the pool.

    pool, run: the tables of the shards of the pool and of the edited sources. marks: which photos of the
    run are tested (their group has a fold), and which leaked (their group is in an evaluation set).
    guarded: `photo guard detail` of pool photos that a leak guard names, by their positions.
    distances: bits within which hashes are one group, and within which a fold is left.

    Reasons: `duplicate` (the bytes of an earlier pool photo), `tested` and `leaked` (in one group
    with such a photo: equal bytes, URL or group, or hashes within the first distance, over any
    number of photos between them, as samples.parquet groups photos), `near` (its hash within the
    second distance of a tested or leaked photo), `guard`.
    """
    of_group, of_fold = distances
    is_tested, is_leaked = marks
    label = find_positions([*run, *pool], of_group)[0]
    of_run, of_pool = np.split(label, [len(is_tested)])
    first = find_first_bytes(pool)
    duplicates = np.flatnonzero(first != np.arange(len(first)))
    own, rows = read_all_hashes(pool)
    other, of_other = read_all_hashes(run)
    bits = match_values(own, other[(is_tested | is_leaked)[of_other]], of_fold)
    near = bits <= of_fold
    leaked = np.concatenate([of_run[is_leaked], of_pool[guarded["photo"].to_numpy(int)]])
    in_tested, in_leaked = (
        np.flatnonzero(np.isin(of_pool, labels)) for labels in (of_run[is_tested], leaked)
    )
    parts = [
        _tell("duplicate", duplicates, "has the bytes of ", first[duplicates] + len(of_run)),
        _tell("tested", in_tested, "in the group of ", of_pool[in_tested]),
        _tell("near", rows[near], [f"{one} bits" for one in bits[near]]),
        _tell("guard", guarded["photo"], guarded["guard"] + ": " + guarded["detail"]),
        _tell("leaked", in_leaked, "in the group of ", of_pool[in_leaked]),
    ]
    excluded = pd.concat(parts, ignore_index=True).drop_duplicates("photo").astype({"photo": int})
    others = excluded["other"].dropna().astype(int)
    named = np.unique(others)
    names = take_rows([*run, *pool], ["image_id"], named)["image_id"].to_pandas()
    names.index = pd.Index(named)
    excluded.loc[others.index, "detail"] += others.map(names)
    told = take_rows(pool, ["image_id", "source", "source_key"], np.sort(excluded["photo"])).to_pandas()
    told.index = pd.Index(np.sort(excluded["photo"]))
    return excluded[["photo", "reason", "detail"]].join(told, on="photo").set_index("photo")


def find_first_bytes(pool: Sequence[str]) -> np.ndarray:
    """Return for each photo of the pool the position of the first with its bytes."""
    _, first, inverse = np.unique(read_numbers(pool, "sha256"), return_index=True, return_inverse=True)
    return first[inverse]


def _tell(reason: str, photo, detail, other=None) -> pd.DataFrame:
    """Return rows of excluded photos. other: the position of the photo whose name ends the detail."""
    rows = {"photo": np.asarray(photo), "reason": reason, "detail": detail, "other": other}
    return pd.DataFrame(rows, index=range(len(rows["photo"]))) if np.ndim(detail) == 0 else pd.DataFrame(rows)
