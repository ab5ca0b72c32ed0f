"""Write the accepted pairs as a dataset folder that may be shared: pictures where licences allow it."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from PIL import Image

from unscene.edits.columns import EDITS
from unscene.folds.columns import FOLDS
from unscene.machine.batching import run_ahead
from unscene.machine.job import Job
from unscene.photos.images import read_photo
from unscene.photos.licences import why_not_shared
from unscene.publish.card import write_card
from unscene.publish.columns import PICTURES, REFUSED, VALUES
from unscene.publish.parts import write_parts
from unscene.quality.columns import LICENCES, PAIRS, REJECTED
from unscene.run.counts import tell_count
from unscene.run.folders import replaced_folder
from unscene.run.left_out import LeftOut
from unscene.run.logs import progress
from unscene.run.packs import read_stored
from unscene.run.shards import check_file
from unscene.samples.columns import SAMPLES
from unscene.samples.readers import is_rendered

LOG = logging.getLogger("unscene")


def publish_pairs(job: Job) -> None:
    """Write the folder, whole or not at all: parquet parts, rejected.parquet, a card. Nothing is
    uploaded. Raises LeftOut where no pair was accepted.

    inputs: samples, masks, edits, pairs, rejected, folds, calibration, controls, truth, and where
    the run has some labels. outputs: folder.
    """
    pair = list_pairs(job)
    if pair.empty:
        raise LeftOut(f"{job.inputs.pairs}: no pair was accepted, so there is nothing to publish")
    refused = list_refused(job)
    with replaced_folder(job.outputs.folder) as folder:
        rows = add_pictures(pair, job.threads)
        parts = write_parts(progress(rows, total=len(pair), desc="publishing", unit="pair"), folder)
        REFUSED.write(refused, folder / "rejected.parquet")
        write_card(job, pair, refused, folder / "README.md")
    withheld = int(pair["withheld"].notna().sum())
    told = tell_count(len(pair), "pair"), tell_count(parts, "part")
    LOG.info("%s in %s, %d of them without pictures", *told, withheld)


def list_pairs(job: Job) -> pd.DataFrame:
    """Return the accepted pairs by edit_id with all of VALUES and the paths of their pictures."""
    pair = PAIRS.read(job.inputs.pairs).sort_values("edit_id", ignore_index=True)
    edit = EDITS.read(job.inputs.edits, ["edit_id", "seed", "model", "mask_sha256"]).set_index("edit_id")
    fold = FOLDS.read(job.inputs.folds, ["group", "fold"]).set_index("group")["fold"]
    pair = pair.join(edit.rename(columns={"model": "remover"}), on="edit_id")
    sources = SAMPLES.read(job.inputs.samples, ["image_id", "source"]).set_index("image_id")["source"]
    drawn = {one["name"] for one in job.settings["samples"]["sources"] if is_rendered(one)}
    further = frozenset(job.settings["publish"]["further_licences"])
    is_drawn = pair["image_id"].map(sources).isin(drawn)
    kinds = (
        pair[["license", "license_url"]].astype(object).where(pair[["license", "license_url"]].notna(), None)
    )
    withheld = [why_not_shared(name, url, further) for name, url in kinds.itertuples(index=False)]
    pair["fold"] = pair["group"].map(fold).astype("Int64")
    pair["withheld"] = pd.Series(withheld, dtype=object).mask(is_drawn, None)
    return pair


def list_refused(job: Job) -> pd.DataFrame:
    """Return the refused edits with their photo's licence. Details that name a file are left out."""
    refused = REJECTED.read(job.inputs.rejected)
    licence = SAMPLES.read(job.inputs.samples, ["image_id", *LICENCES]).set_index("image_id")
    refused["detail"] = refused["detail"].mask(refused["detail"].str.contains(r"[/\\]", na=False), None)
    return refused.join(licence, on="image_id")[REFUSED.names].sort_values("edit_id", ignore_index=True)


def add_pictures(pair: pd.DataFrame, workers: int) -> Iterator[dict]:
    """Yield each pair's row with its pictures as PNG bytes, encoded by threads a few rows ahead.

    Raises ValueError when a file is no longer the one that a table recorded.
    """
    names = [column.name for column in VALUES]
    rows = (row._asdict() for row in pair.itertuples(index=False))
    for row, pictures in run_ahead(_read_pictures, rows, workers, 4 * workers):
        yield {name: _plain(row[name]) for name in names} | pictures


def _read_pictures(row: dict) -> dict[str, bytes | None]:
    if row["withheld"] is not None:
        return dict.fromkeys(PICTURES)
    return {name: _read_png(row[f"{name}_path"], row[f"{name}_sha256"]) for name in PICTURES}


def _read_png(path: str, sha256: str | None) -> bytes:
    if isinstance(sha256, str):
        check_file(path, sha256)
    if Path(path).suffix == ".png":
        return read_stored(path)
    encoded = io.BytesIO()
    photo: Image.Image = read_photo(path)
    photo.save(encoded, "PNG")
    return encoded.getvalue()


def _plain(value):
    return None if value is None or value is pd.NA or value != value else value
