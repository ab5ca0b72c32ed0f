"""The contact sheet: what is drawn, in which order, and what cannot be drawn."""

import numpy as np
import pandas as pd
from PIL import Image

from unscene.machine.job import Job
from unscene.photos.images import write_png
from unscene.report.contact_sheet import (
    INK,
    REJECTED,
    SHOWN,
    TILE,
    choose_rows,
    draw_contact_sheet,
    draw_row,
    list_values,
    tell_rejected,
)
from unscene.run.tables import read_table, write_table

RED = (220, 20, 30)


def make_selection(folder):
    """Photos with a red square, edits of which the fourth and eighth were never made; two accepted,
    six rejected.
    """
    ground = np.full((64, 64, 3), 110, dtype=np.uint8)
    photo, hole = ground.copy(), np.zeros((64, 64), bool)
    photo[20:40, 20:40] = RED
    hole[18:42, 18:42] = True
    rows = []
    for number in range(8):
        paths = {kind: str(folder / f"{kind}_{number}.png") for kind in ("original", "edited", "mask")}
        write_png(photo, paths["original"])
        write_png(ground, paths["edited"])
        write_png(hole, paths["mask"])
        rows.append(
            {"edit_id": f"toy_{number}-dog", **{f"{kind}_path": path for kind, path in paths.items()}}
        )
    frame = pd.DataFrame(rows).assign(
        category="dog",
        reason="quality: max_seam",
        detail="quality: max_seam: 9, limit 4",
        caption_negated="A photo without a cat.",
        attempt=1.0,
        status="ok",
        **dict.fromkeys(SHOWN, np.nan) | {"seam": 1.25},
    )
    frame.loc[5, "reason"] = "quality: max_residual"
    frame.loc[[3, 7], ["attempt", "status"]] = [None, "skipped"]
    write_table(frame[["edit_id", "attempt", "status"]], folder / "edits.parquet")
    write_table(frame.iloc[[0, 4]].drop(columns=["reason", "detail"]), folder / "pairs.parquet")
    write_table(frame.iloc[[1, 2, 3, 5, 6, 7]], folder / "rejected.parquet")
    return [folder / f"{name}.parquet" for name in ("pairs", "rejected", "edits")]


def draw(paths, path_to_sheet):
    """Draw a contact sheet, and one a reason in the folder `sheets` beside it."""
    outputs = {"sheet": path_to_sheet, "folder": path_to_sheet.with_name("sheets")}
    draw_contact_sheet(Job(dict(zip(("pairs", "rejected", "edits"), paths, strict=True)), outputs))


def test_contact_sheet_is_drawn_and_repeats(tmp_path):
    paths = make_selection(tmp_path)
    draw(paths, tmp_path / "one.png")
    draw(paths, tmp_path / "two.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    names = sorted(path.name for path in (tmp_path / "sheets").iterdir())
    assert names == ["accepted.png", "quality-max_residual.png", "quality-max_seam.png"]
    one = np.asarray(Image.open(tmp_path / "sheets/quality-max_residual.png"))
    assert (one == RED).all(axis=2).any()
    sheet = np.asarray(Image.open(tmp_path / "one.png"))
    assert TILE == 400 and sheet.shape[0] > 3 * TILE  # a row of accepted ones, two of rejected ones
    assert (sheet == (255, 0, 200)).all(axis=2).sum() > 4 * 100  # outlines of the masks
    assert (sheet == RED).all(axis=2).any()  # the originals' red square


def test_accepted_edits_show_the_scores_that_they_have():
    row = dict.fromkeys(SHOWN, np.nan) | {"seam": 1.25, "residual": 0.0, "original_confidence": 0.9}
    assert list_values(row) == ["seam 1.25", "residual 0"]


def test_contact_sheet_without_any_pair_or_file_still_appears(tmp_path):
    paths = make_selection(tmp_path)
    write_table(read_table(paths[0]).head(0), paths[0])
    for path in tmp_path.glob("original_*.png"):
        path.unlink()
    draw(paths, tmp_path / "sheet.png")
    assert Image.open(tmp_path / "sheet.png").width > 800


def test_the_reason_stands_below_a_name_of_several_lines(tmp_path):
    (row,) = read_table(make_selection(tmp_path)[1]).head(1).to_dict("records")
    drawn = draw_row(row | {"edit_id": "a_rather_long_name_of_a_photo_" * 3, "original_path": "absent"}, None)
    named, refused = (np.flatnonzero((drawn == colour).all(axis=2).any(axis=1)) for colour in (INK, REJECTED))
    assert len(named) and len(refused) and named.max() < refused.min()


def test_rows_take_turns_and_do_not_depend_on_the_order():
    frame = pd.DataFrame({"edit_id": [f"e{n}" for n in range(30)], "reason": ["common"] * 27 + ["rare"] * 3})
    chosen = choose_rows(frame, "reason", 6)
    assert chosen["reason"].tolist() == ["common", "rare"] * 3
    shuffled = choose_rows(frame.sample(frac=1, random_state=0), "reason", 6)
    assert shuffled["edit_id"].tolist() == chosen["edit_id"].tolist()


def test_rejected_edits_without_a_picture_are_told_with_their_reasons():
    rejected = pd.DataFrame(
        {"edit_id": list("abcd"), "reason": ["not_detected", "max_seam", "not_detected", "too_small"]}
    )
    told = tell_rejected(rejected, rejected[rejected["edit_id"] == "b"])
    assert told == ("rejected: 4; without a picture, as no edit was made: 3 (not_detected 2, too_small 1)")
    assert tell_rejected(rejected, rejected) == "rejected: 4"
    assert tell_rejected(rejected[:0], rejected[:0]) == "rejected: 0"
