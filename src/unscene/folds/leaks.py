"""Find photos of evaluation sets among the samples: they and their groups are kept out of training."""

import logging

import pandas as pd

from unscene.folds.leak_guards import LEAK_COLUMNS, GuardError, match_hashes, match_ids, read_ids
from unscene.run.tables import read_table, write_table


def find_leaks(path_to_samples, path_to_leaks, guards, hash_tables, coco_sources, distance, resolve):
    """Write LEAK_COLUMNS, a row a photo and guard that it matches; without guards an empty table.

    guards: folds.leak_guards. hash_tables: name -> table with `phash`, of the guards that are folders. coco_sources: the sources
    whose keys are COCO's ids, for guards that name none.
    """
    sample = read_table(path_to_samples, ["image_id", "group", "path", "source", "source_key", "phash"])
    parts = [pd.DataFrame(columns=LEAK_COLUMNS)]
    for guard in guards:
        if "ids" in guard:
            sources = set(guard.get("sources") or coco_sources)
            found = match_ids(sample, read_ids(resolve(guard["ids"])), sources).assign(reason="id")
        else:
            path = hash_tables.get(guard["name"]) or resolve(guard["hashes"])
            found = match_hashes(sample, read_hashes(path), distance).assign(reason="hash")
        parts.append(found.assign(guard=guard["name"]))
        logging.getLogger("unscene").info(
            "%s: %d photos by %s", guard["name"], len(found), "id" if "ids" in guard else "hash"
        )
    leak = (
        pd.concat(parts, ignore_index=True)
        .drop(columns="group")
        .merge(sample[["image_id", "group"]], on="image_id")
    )
    leak = leak.sort_values(["image_id", "guard"], ignore_index=True)[LEAK_COLUMNS]
    logging.getLogger("unscene").info(
        "%d of %d photos are in an evaluation set; with their groups %d are kept out of training",
        leak["image_id"].nunique(), len(sample), sample["group"].isin(set(leak["group"])).sum(),
    )  # fmt: skip
    write_table(leak.astype("string"), path_to_leaks, LEAK_COLUMNS)


def read_hashes(path):
    """Return the column `phash` of a parquet or CSV table."""
    frame = read_table(path) if str(path).endswith(".parquet") else pd.read_csv(path, dtype=str)
    if "phash" not in frame:
        raise GuardError(f"folds.leak_guards: {path} has no column phash")
    return frame["phash"]
