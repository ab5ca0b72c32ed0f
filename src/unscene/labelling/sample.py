"""The edits that are labelled: a sample that speaks for all of them, drawn once."""

from pathlib import Path

import numpy as np
import pandas as pd

from unscene.edits.columns import EDITS
from unscene.masks.columns import MASKS
from unscene.quality.calibration import SIZE_BINS, find_bin
from unscene.quality.columns import EDIT_SCORES
from unscene.quality.scores import CALIBRATED, SCORES
from unscene.run.seeds import derive_seed
from unscene.run.tables import read_json, write_json
from unscene.samples.columns import SAMPLES

SCORED = "results/quality/scores.parquet"
SAMPLE = "sample.json"
BOXES = ["box_x0", "box_y0", "box_x1", "box_y1"]


class SampleError(ValueError):
    """There is nothing to label here."""


def open_sample(run: Path, folder: Path, items: int, seed: int) -> list[dict]:
    """Return the sample of a run, drawing and storing it at the first call; later calls ignore the
    other arguments.

    Each item has `edit_id category original edited edited_sha256 width height box` (paths relative to
    the run directory, box in pixels). Raises SampleError when the folder is no run's, or the run has no
    scored edit.
    """
    path = folder / SAMPLE
    if not path.exists():
        sample = draw_sample(read_edits(run), items, seed)
        if not sample:
            raise SampleError(f"{run.resolve()}: this run has no scored edit to label")
        write_json({"items": sample}, path)
    return read_json(path)["items"]


def describe_lack(run: Path) -> str:
    """Return what to say of a folder without scored edits: what it holds, and which runs are near it."""
    if not run.is_dir():
        here = f"{run.resolve()} is not there"
    elif (run / "results").is_dir():
        stages = ", ".join(sorted(path.name for path in (run / "results").iterdir() if path.is_dir()))
        here = f"{run.resolve()} has no scored edits yet (results/ has {stages or 'nothing'}): let it run on"
    else:
        here = f"{run.resolve()} is no run: it has no results/"
    beside = {
        run.resolve().parent,
        *run.resolve().parent.glob("*/"),
        *Path("runs").resolve().glob("*/"),
        Path.cwd(),
    }
    runs = sorted(str(path) for path in beside if (path / SCORED).exists())
    return f"{here}. Runs with scored edits near it: {', '.join(runs) or 'none'}"


def read_edits(run: Path) -> pd.DataFrame:
    """Return the edits that were made and scored, with scores, mask size, box and the photos' paths."""
    results = run / "results"
    scores = run / SCORED
    if not scores.exists():
        raise SampleError(describe_lack(run))
    score = EDIT_SCORES.read(scores)
    score = score[score["status"] == "ok"].drop(columns=["status", "reason"])
    mask = MASKS.read(results / "masks/masks.parquet", ["edit_id", "area_fraction", *BOXES])
    columns = ["edit_id", "image_id", "category", "image_path", "edited_sha256"]
    edit = EDITS.read(results / "edits/edits.parquet", columns)
    sample = SAMPLES.read(results / "samples/samples.parquet", ["image_id", "path", "width", "height"])
    edit = edit.merge(mask, on="edit_id", validate="one_to_one")
    return edit.merge(sample, on="image_id", validate="many_to_one").merge(
        score, on="edit_id", validate="one_to_one"
    )


def draw_sample(edit: pd.DataFrame, items: int, seed: int) -> list[dict]:
    """Draw up to `items` edits, stratified by class, bin of mask size and decile of the scores' mean rank.

    The edits are sorted by stratum and every (n / items)-th is taken from a random start: each edit
    has the same chance, so shares among the labelled ones estimate shares among all. (Systematic
    sampling: Cochran 1977, chapter 8.)
    """
    if edit.empty:
        return []
    signs = {name: -1 if SCORES[name].good == "low" else 1 for name in CALIBRATED if name in edit}
    ranks = [(sign * edit[name]).rank(pct=True) for name, sign in signs.items()]
    quality = pd.concat(ranks, axis=1).mean(axis=1).fillna(0.5).rank(pct=True)
    order = edit.assign(
        _bin=find_bin(edit["area_fraction"], SIZE_BINS),
        _decile=np.minimum((quality * 10).astype(int), 9),
        _key=edit["edit_id"].map(lambda name: derive_seed(seed, "label", name)),
    ).sort_values(["category", "_bin", "_decile", "_key"], kind="stable")
    count = min(items, len(order))
    start = np.random.default_rng(seed).random()
    chosen = np.floor((np.arange(count) + start) * len(order) / count).astype(int)
    return [
        {
            "edit_id": row["edit_id"],
            "category": row["category"],
            "original": row["path"],
            "edited": row["image_path"],
            "edited_sha256": row["edited_sha256"],
            "width": int(row["width"]),
            "height": int(row["height"]),
            "box": [None if pd.isna(row[name]) else int(row[name]) for name in BOXES],
        }
        for row in order.iloc[chosen].to_dict("records")
    ]
