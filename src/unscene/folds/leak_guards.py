"""Leak guards: photos of evaluation sets that must not be trained on, told by their ids and by
perceptual hashes.
"""

import logging
import re
from pathlib import Path

import numpy as np
import pandas as pd

from unscene.folds.columns import LEAKS
from unscene.run.tables import read_json, read_table

_NAME_COLUMNS = ("image_path", "filepath", "filename", "file_name", "image", "cocoid", "image_id", "id")
# COCO's photos have a number, which its file names, other sets' file names and BEAF's edits carry
# with their own trimmings.
_COCO_NAME = re.compile(r"(?:COCO_(?:train|val|test)20\d\d_)?0*(\d+)(?:_\d\d)?")


class GuardError(ValueError):
    """A leak guard whose list cannot be read; the message names it."""


def normalise_id(name: object) -> str:
    """Return one form of an id or file name: COCO_val2014_000000000285.jpg, 000000000285.jpg and
    285 are all 285.
    """
    stem = str(name).strip().replace("\\", "/").rsplit("/", 1)[-1]
    stem = re.sub(r"\.(?:jpe?g|png|webp|bmp|tiff?)$", "", stem, flags=re.IGNORECASE)
    match = _COCO_NAME.fullmatch(stem)
    return match[1] if match else stem


def read_ids(path: str | Path) -> set[str]:
    """Return the normalised ids of a list: text (one a line), CSV or parquet with a column of names, or JSON.

    JSON: COCO's `images`; Karpathy's dataset_coco.json, of which the splits val and test count;
    SugarCrepe's items; a list of names or of objects with one, as BEAF's. Raises GuardError when no
    id is found.
    """
    path = Path(path)
    try:
        if path.suffix == ".json":
            names = list(_find_names(read_json(path)))
        elif path.suffix in (".csv", ".tsv", ".parquet"):
            frame = (
                read_table(path, sealed=False)
                if path.suffix == ".parquet"
                else pd.read_csv(path, sep=None, engine="python", dtype=str)
            )
            column = next(name for name in _NAME_COLUMNS if name in frame)
            names = frame[column].dropna().tolist()
        else:
            names = path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError, StopIteration, AttributeError) as error:
        raise GuardError(
            f"folds.leak_guards: {path} is no list of ids ({type(error).__name__}: {error})"
        ) from error
    ids = {normalise_id(name) for name in names if str(name).strip()}
    if not ids:
        raise GuardError(f"folds.leak_guards: no id in {path}")
    return ids


def match_ids(sample: pd.DataFrame, ids: set[str], sources: set[str]) -> pd.DataFrame:
    """Return `image_id detail` of the photos of some sources whose key or file name is in the list."""
    of_source = sample[sample["source"].isin(sources)]
    key = of_source["source_key"].map(normalise_id)
    name = of_source["path"].map(normalise_id)
    found = key.where(key.isin(ids), name)
    hit = found.isin(ids)
    return pd.DataFrame({"image_id": of_source.loc[hit, "image_id"], "detail": "id " + found[hit]})


def mark_leaked(group: pd.Series, path_to_leaks: str | Path) -> np.ndarray:
    """Tell which rows are of a group that shows a photo of an evaluation set, bool (rows,)."""
    return group.isin(set(LEAKS.read(path_to_leaks, ["group"])["group"])).to_numpy(bool)


def drop_leaked(pair: pd.DataFrame, path_to_leaks: str | Path | None) -> pd.DataFrame:
    """Return the pairs that may be trained on, and log how many may not; without a table all.

    Raises GuardError when none is left.
    """
    if path_to_leaks is None:
        return pair
    leaked = mark_leaked(pair["group"], path_to_leaks)
    logging.getLogger("unscene").info(
        "%d of %d pairs are kept out of training: %s", leaked.sum(), len(pair), path_to_leaks
    )
    if leaked.all():
        raise GuardError(
            f"{path_to_leaks}: every training pair is in an evaluation set; check folds.leak_guards"
        )
    return pair[~leaked]


def _find_names(document):
    """Yield the names in a JSON document of one of the known layouts."""
    if isinstance(document, dict) and isinstance(document.get("images"), list):
        for image in document["images"]:
            if image.get("split") not in ("train", "restval"):
                yield image.get("filename") or image.get("file_name") or image.get("cocoid") or image["id"]
    elif isinstance(document, dict):
        for value in document.values():
            if isinstance(value, dict) and "filename" in value:
                yield value["filename"]
            elif isinstance(value, dict | list):
                yield from _find_names(value)
    elif isinstance(document, list):
        for value in document:
            if not isinstance(value, dict):
                yield value
            else:
                known = [value[name] for name in _NAME_COLUMNS if name in value]
                if not known:
                    raise ValueError(f"an entry names no photo: {sorted(value)[:5]}")
                yield known[0]
