"""Find photos of evaluation sets among the samples: they and their groups are kept out of training."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from unscene.folds.columns import LEAKS
from unscene.folds.leak_guards import GuardError, match_ids, read_ids
from unscene.machine.job import Job
from unscene.photos.near_hashes import match_hashes
from unscene.run.checkout import resolve_path
from unscene.run.configuration import list_sources
from unscene.run.counts import tell_count
from unscene.run.streaming import iterate_rows
from unscene.run.tables import read_table


def find_leaks(job: Job) -> None:
    """Write a row a photo and guard that it matches; without guards an empty table.

    inputs: samples, hashes (of the guards that are folders; a table is named as its guard). outputs: leaks.
    """
    coco_sources = [source["name"] for source in list_sources(job.config) if source["format"] == "coco"]
    distance = job.settings["folds"]["duplicate_hash_distance"]
    guards = read_guards(job.look_up("folds.leak_guards"), job.inputs.hashes or ())
    columns, photos, parts = ["image_id", "group", "path", "source", "source_key", "phash"], 0, []
    for piece in iterate_rows([job.inputs.samples], columns):
        sample = piece.to_pandas()
        photos += len(sample)
        found = match_guards(sample, guards, coco_sources, distance)
        parts.append(found.merge(sample[["image_id", "group"]], on="image_id"))
    leak = pd.concat([LEAKS.frame([]), *parts]).sort_values(["image_id", "guard"], ignore_index=True)
    for guard in guards:
        count = int((leak["guard"] == guard.name).sum())
        logging.getLogger("unscene").info(
            "%s: %s by %s", guard.name, tell_count(count, "photo"), guard.reason
        )
    groups = set(leak["group"])
    kept_out = sum(
        int(piece["group"].to_pandas().isin(groups).sum())
        for piece in iterate_rows([job.inputs.samples], ["group"])
    )
    logging.getLogger("unscene").info(
        "%d of %d photos are in an evaluation set; with their groups %d are kept out of training",
        leak["image_id"].nunique(),
        photos,
        kept_out,
    )
    LEAKS.write(leak, job.outputs.leaks)


@dataclass(frozen=True)
class Guard:
    """An entry of folds.leak_guards, read: its ids, which those of some sources may have, or its hashes."""

    name: str
    ids: set[str] | None
    sources: Sequence[str] | None
    hashes: pd.Series | None

    @property
    def reason(self) -> str:
        """What tells that a photo is in the set."""
        return "hash" if self.ids is None else "id"


def read_guards(guards: Sequence[dict], paths_to_hashes: Sequence[str]) -> list[Guard]:
    """Read the entries of folds.leak_guards. paths_to_hashes: tables of guards that are folders, each
    named as its guard.
    """
    hash_tables = {Path(path).stem: path for path in paths_to_hashes}
    found = []
    for guard in guards:
        name = guard["name"]
        if "ids" in guard:
            found.append(Guard(name, read_ids(resolve_path(guard["ids"])), guard.get("sources"), None))
        else:
            path = hash_tables.get(name) or resolve_path(guard["hashes"])
            found.append(Guard(name, None, None, read_hashes(path)))
    return found


def match_guards(
    sample: pd.DataFrame, guards: Sequence[Guard], coco_sources: Sequence[str], distance: int
) -> pd.DataFrame:
    """Return `image_id guard reason detail`, a row a photo and guard that it matches.

    sample: `image_id path source source_key phash`. coco_sources: the sources whose ids a guard
    without `sources` means. distance: bits within which hashes are the same photo.
    """
    parts = [LEAKS.frame([]).drop(columns="group")]
    for guard in guards:
        if guard.ids is not None:
            found = match_ids(sample, guard.ids, set(guard.sources or coco_sources))
        else:
            found = match_hashes(sample, guard.hashes, distance)
        parts.append(found.assign(guard=guard.name, reason=guard.reason))
    return pd.concat(parts, ignore_index=True)


def read_hashes(path: str | Path) -> pd.Series:
    """Return the column `phash` of a parquet or CSV table, of a user or of hash_guarded_photos."""
    is_parquet = str(path).endswith(".parquet")
    frame = read_table(path, sealed=False) if is_parquet else pd.read_csv(path, dtype=str)
    if "phash" not in frame:
        raise GuardError(f"folds.leak_guards: {path} has no column phash")
    return frame["phash"]
