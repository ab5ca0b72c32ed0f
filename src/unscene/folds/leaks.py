"""Find photos of evaluation sets among the samples: they and their groups are kept out of training."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from unscene.folds.columns import LEAKS
from unscene.folds.leak_guards import GuardError, match_ids, read_ids
from unscene.machine.job import Job
from unscene.photos.near_hashes import match_hashes
from unscene.run.checkout import resolve_path
from unscene.run.configuration import list_sources
from unscene.run.tables import read_table


def find_leaks(job: Job) -> None:
    """Write a row a photo and guard that it matches; without guards an empty table.

    inputs: samples, hashes (of the guards that are folders; a table is named as its guard). outputs: leaks.
    """
    sample = read_table(
        job.inputs.samples, ["image_id", "group", "path", "source", "source_key", "phash"], only=True
    )
    coco_sources = [source["name"] for source in list_sources(job.config) if source["format"] == "coco"]
    guards, distance = job.look_up("folds.leak_guards"), job.settings["folds"]["duplicate_hash_distance"]
    leak = (
        match_guards(sample, guards, job.inputs.hashes or (), coco_sources, distance)
        .merge(sample[["image_id", "group"]], on="image_id")
        .sort_values(["image_id", "guard"], ignore_index=True)
    )
    logging.getLogger("unscene").info(
        "%d of %d photos are in an evaluation set; with their groups %d are kept out of training",
        leak["image_id"].nunique(),
        len(sample),
        sample["group"].isin(set(leak["group"])).sum(),
    )
    LEAKS.write(leak, job.outputs.leaks)


def match_guards(
    sample: pd.DataFrame,
    guards: Sequence[dict],
    paths_to_hashes: Sequence[str],
    coco_sources: Sequence[str],
    distance: int,
) -> pd.DataFrame:
    """Return `image_id guard reason detail`, a row a photo and guard (entry of folds.leak_guards)
    that it matches.

    sample: `image_id path source source_key phash`. paths_to_hashes: tables of guards that are
    folders, each named as its guard. coco_sources: the sources whose ids a guard without `sources`
    means. distance: bits within which hashes are the same photo.
    """
    hash_tables = {Path(path).stem: path for path in paths_to_hashes}
    parts = [LEAKS.frame([]).drop(columns="group")]
    for guard in guards:
        if "ids" in guard:
            sources = set(guard.get("sources") or coco_sources)
            found = match_ids(sample, read_ids(resolve_path(guard["ids"])), sources).assign(reason="id")
        else:
            path = hash_tables.get(guard["name"]) or resolve_path(guard["hashes"])
            found = match_hashes(sample, read_hashes(path), distance).assign(reason="hash")
        parts.append(found.assign(guard=guard["name"]))
        told = (guard["name"], len(found), "id" if "ids" in guard else "hash")
        logging.getLogger("unscene").info("%s: %d photos by %s", *told)
    return pd.concat(parts, ignore_index=True)


def read_hashes(path: str | Path) -> pd.Series:
    """Return the column `phash` of a parquet or CSV table, of a user or of hash_guarded_photos."""
    is_parquet = str(path).endswith(".parquet")
    frame = read_table(path, sealed=False) if is_parquet else pd.read_csv(path, dtype=str)
    if "phash" not in frame:
        raise GuardError(f"folds.leak_guards: {path} has no column phash")
    return frame["phash"]
