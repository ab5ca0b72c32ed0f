"""Sham edits: the object stays, a hole of the removal's shape is painted elsewhere, and the
thresholds of a fill decide.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from partial_tables import write_some
from unscene.edits.columns import EDITS, SHAM_EDITS
from unscene.edits.removers import Remover
from unscene.edits.sham import GROUNDS, Ground, make_sham_edits
from unscene.machine.job import Job
from unscene.photos.images import read_mask, read_photo, write_png
from unscene.photos.mask_shapes import dilate
from unscene.photos.moved_masks import draw_boxes
from unscene.quality.columns import SHAM_PAIRS
from unscene.quality.sham_scoring import score_sham_edits
from unscene.quality.sham_selection import select_sham_edits
from unscene.run.seeds import derive_seed
from unscene.run.shards import file_sha256
from unscene.run.tables import read_table, write_table

SETTINGS = {
    "backend": "telea",
    "weights": None,
    "size": 16,
    "context": 0.33,
    "feather_px": 1,
    "attempts": 2,
    "retry_dilation": 2.0,
}
RUNTIME = {"device": "cpu", "batch_size": 4, "workers": 2, "precision": "float32", "max_failed_share": 0.5}
THRESHOLDS = {"max_outside_difference": 0, "max_seam": 3.0, "min_blur_ratio": None, "min_change": 99.0}
SIDE = 60


@pytest.fixture
def shard(tmp_path, monkeypatch):
    """Two photos with two edits each, and one whose other objects leave no room; all tables of the shard."""
    monkeypatch.chdir(tmp_path)
    photos, masks = [], []
    for index in range(3):
        rng = np.random.default_rng(index)
        photo = rng.integers(40, 90, (SIDE, SIDE, 3), dtype=np.uint8)
        crowd = [0.0, 0, SIDE, SIDE] if index == 2 else [2.0, 40, 20, 55]
        for word, x in (("cat", 4), ("dog", 40))[: 1 if index == 2 else 2]:
            name = f"s_{index}-{word}"
            mask = np.zeros((SIDE, SIDE), bool)
            mask[8:20, x : x + 14] = True
            mask[8:12, x : x + 5] = False
            photo[mask] = 250
            write_png(mask, f"{name}.png")
            row = {"edit_id": name, "image_id": f"s_{index}", "category": word, "mask_path": f"{name}.png"}
            boxes = np.array([x, 8, x + 14, 20, *crowd], np.float32)
            masks.append(
                row
                | {
                    "mask_sha256": file_sha256(f"{name}.png"),
                    "status": "ok",
                    "dilation_px": 2.0,
                    "seen_boxes": boxes,
                }
            )
        path = f"photo{index}.png"
        write_png(photo, path)
        photos.append(
            {
                "image_id": f"s_{index}",
                "path": path,
                "sha256": file_sha256(path),
                "group": f"g{index}",
                "width": SIDE,
                "height": SIDE,
            }
        )
    skipped = dict.fromkeys(masks[0]) | {"edit_id": "s_0-cup", "image_id": "s_0", "status": "skipped"}
    write_table(pd.DataFrame(photos), "samples.parquet")
    write_table(pd.DataFrame([*masks, skipped]), "masks.parquet")
    # Each removal is made at once but one, whose second attempt had a wider mask.
    edits = [{**row, "attempt": 1} for row in masks]
    wide = dilate(read_mask("s_1-dog.png"), 2.0)
    write_png(wide, "s_1-dog.wide.png")
    edits[3].update(attempt=2, mask_path="s_1-dog.wide.png", mask_sha256=file_sha256("s_1-dog.wide.png"))
    write_some(EDITS, pd.DataFrame(edits), "edits.parquet")
    captions = [
        {
            "edit_id": row["edit_id"],
            "caption_original": f"a {row['category']}",
            "caption_without": "a room",
            "caption_negated": f"no {row['category']}",
            "caption_negated_held_out": "none",
            "status": "ok",
        }
        for row in masks
    ]
    write_table(pd.DataFrame(captions), "captions.parquet")


def run(folder="s-0-of-1", masks="masks.parquet", edits="edits.parquet", seed=7, **changes):
    table = f"results/edits/sham/{folder}.parquet"
    job = Job(
        inputs={"samples": "samples.parquet", "masks": masks, "edits": edits},
        outputs={"table": table, "folder": f"results/edits/sham/{folder}"},
        settings={"edits": SETTINGS | changes, "seed": seed},
        runtime=RUNTIME,
    )
    make_sham_edits(job)
    return SHAM_EDITS.read(table)


def test_a_sham_edit_keeps_the_object_and_fills_its_shape_elsewhere(shard):
    frame = run()
    assert list(frame["edit_id"]) == [
        "s_0-cat-sham",
        "s_0-dog-sham",
        "s_1-cat-sham",
        "s_1-dog-sham",
        "s_2-cat-sham",
    ]
    assert list(frame["sham_of"]) == [name.removesuffix("-sham") for name in frame["edit_id"]]
    for row in frame[frame["status"] == "ok"].itertuples():
        photo = np.asarray(read_photo(f"photo{row.image_id[-1]}.png"))
        edited, hole = np.asarray(read_photo(row.image_path)), read_mask(row.mask_path)
        assert row.mask_sha256 == file_sha256(row.mask_path) and row.edited_sha256 == file_sha256(
            row.image_path
        )
        assert row.mask_path == f"results/edits/sham/s-0-of-1/{row.edit_id}.mask.png"
        assert np.array_equal(edited[~hole], photo[~hole]) and (edited[hole] != photo[hole]).any()
        wide = ".wide" if row.sham_of == "s_1-dog" else ""  # as wide as the hole of the removal
        assert hole.sum() == read_mask(f"{row.sham_of}{wide}.png").sum()
        assert row.of_attempt == (2 if wide else 1) and row.attempt == 1
        for word in ("cat", "dog"):  # neither its own object nor the photo's other one
            assert not (hole & read_mask(f"{row.image_id}-{word}.png")).any()
        assert hole[40:55, 2:20].any() == (row.sham_kind == "edge")
        assert hole[40:55, 2:20].mean() <= 1 / 3
    crowded = frame.iloc[-1]
    assert pd.isna(crowded["sham_kind"])
    assert (crowded["status"], crowded["reason"], crowded["model"]) == ("skipped", "no_room", "telea")
    assert pd.isna(crowded["image_path"]) and pd.isna(crowded["mask_path"])
    assert (frame["status"][:4] == "ok").all()


def test_a_sham_edit_depends_on_its_photo_and_the_seed_alone(shard):
    whole = run().set_index("edit_id")
    masks = read_table("masks.parquet")
    write_table(masks[masks["image_id"] == "s_1"].iloc[::-1], "part.parquet")
    part = run("part-0-of-1", masks="part.parquet").set_index("edit_id")
    assert list(part.index) == ["s_1-dog-sham", "s_1-cat-sham"]
    assert (part["edited_sha256"] == whole.loc[part.index, "edited_sha256"]).all()
    other = run("other-0-of-1", seed=8).set_index("edit_id")
    assert (other["mask_sha256"] != whole["mask_sha256"])[:4].any()


def test_a_removal_that_was_not_made_has_no_sham_edit(shard):
    edits = EDITS.read("edits.parquet")
    edits.loc[0, "status"] = "refused"
    write_table(edits, "fewer.parquet")
    assert list(run(edits="fewer.parquet")["sham_of"]) == ["s_0-dog", "s_1-cat", "s_1-dog", "s_2-cat"]


SIDE_OF_GROUND = 100


@pytest.fixture
def ground():
    """Even ground with a striped quarter, an object of ours and another one."""
    photo = np.full((SIDE_OF_GROUND, SIDE_OF_GROUND, 3), 120, np.uint8)
    photo[60::2, 60:] = 250
    own = np.zeros((SIDE_OF_GROUND, SIDE_OF_GROUND), bool)
    own[5:15, 5:17] = True
    return Ground(photo, own, np.array([[4.0, 4, 18, 16], [60, 10, 90, 40]]))


def put(kind, ground, seeds=range(30)):
    masks = [GROUNDS[kind](ground.own, ground, seed) for seed in seeds]
    assert all(mask.sum() == ground.own.sum() and not (mask & ground.own).any() for mask in masks)
    return masks


def test_free_ground_is_anywhere_that_nothing_was_seen(ground):
    masks = put("free", ground)
    assert not any((mask & ground.taken).any() for mask in masks)
    striped = sum(mask[60:, 60:].any() for mask in masks)
    assert 0 < striped < 15  # a quarter of the ground and the way there


def test_busy_ground_is_where_the_edges_are(ground):
    masks = put("busy", ground)
    assert not any((mask & ground.taken).any() for mask in masks)
    assert all(mask[59:, 59:].sum() == mask.sum() for mask in masks)
    assert len({mask.tobytes() for mask in masks}) > 10


def test_over_an_edge_a_hole_lies_on_the_other_object_and_beside_it_and_leaves_it_there(ground):
    other = draw_boxes(ground.boxes[1:], ground.own.shape)
    own_box = draw_boxes(ground.boxes[:1], ground.own.shape)
    for mask in put("edge", ground):
        on = (mask & other).sum() / mask.sum()
        assert 0.1 <= on <= 0.9 and (mask & other).sum() <= other.sum() / 3
        assert not (mask & own_box).any()
    small = replace(ground, boxes=np.array([[4.0, 4, 18, 16], [60, 10, 64, 14]]))
    assert GROUNDS["edge"](small.own, small, 0) is None  # a third of it is less than a tenth of the hole


def test_without_another_object_there_is_no_edge_to_lie_on(ground):
    alone = replace(ground, boxes=ground.boxes[:1])
    assert GROUNDS["edge"](alone.own, alone, 0) is None
    full = replace(ground, boxes=np.array([[0.0, 0, 100, 100]]))
    assert [place(full.own, full, 0) for place in GROUNDS.values()] == [None] * 3


def test_an_object_seen_twice_is_one_object(ground):
    twice = replace(ground, boxes=np.concatenate([ground.boxes, ground.boxes[1:] + 1]))
    assert len(put("edge", twice, range(5))) == 5


def test_kinds_take_turns(shard):
    kinds = pd.concat([run(f"s{seed}-0-of-1", seed=seed) for seed in range(8)])["sham_kind"].value_counts()
    assert set(kinds.index) == set(GROUNDS) and kinds.min() >= 4


def test_even_background_is_a_good_sham_edit(shard):
    flat = np.full((SIDE, SIDE, 3), 130, np.uint8)
    photos = read_table("samples.parquet")
    for path in photos["path"]:
        write_png(flat, path)
    photos["sha256"] = [file_sha256(path) for path in photos["path"]]
    write_table(photos, "samples.parquet")
    frame = run(attempts=1)
    assert (frame["status"][:4] == "ok").all()  # the fill equals what was there, and that is right


class FailingAtFirst(Remover):
    """Gives no numbers at the first attempt, and inverts the hole at the next; remembers the holes."""

    name, batch_size = "failing", 4

    def __init__(self):
        self.holes: dict[bytes, list[np.ndarray]] = {}

    def get_batch_shape(self, batch_size):
        return str(batch_size)

    def prepare(self, photo, mask):
        return photo, mask

    def paint(self, prepared, seeds, batch_size):
        for photo, mask in prepared:
            self.holes.setdefault(photo.tobytes(), []).append(mask)
        return [
            None if seed in self.first else 255 - photo
            for seed, (photo, _) in zip(seeds, prepared, strict=True)
        ]

    def finish(self, photo, mask, prepared, painted):
        return None if painted is None else np.where(mask[..., None], painted, photo)


def test_a_further_attempt_keeps_its_hole(shard, monkeypatch):
    remover = FailingAtFirst()
    names = [f"s_{index}-{word}-sham" for index in (0, 1) for word in ("cat", "dog")]
    remover.first = {derive_seed(7, name, 1) for name in names}
    monkeypatch.setattr("unscene.edits.removing.load_remover", lambda *_: remover)
    frame = run(attempts=2, retry_dilation=3.0).set_index("edit_id")
    assert list(frame.loc[names, "attempt"]) == [2] * 4 and list(frame.loc[names, "status"]) == ["ok"] * 4
    areas = {int(mask.sum()) for holes in remover.holes.values() for mask in holes}
    wide = int(read_mask("s_1-dog.wide.png").sum())
    assert areas == {int(read_mask("s_0-cat.png").sum()), wide}  # a wider hole could reach an object


def test_broken_masks_are_failed_rows_and_no_mask_an_empty_table(shard, tmp_path):
    (tmp_path / "s_0-dog.png").write_bytes(b"broken")
    frame = run().set_index("sham_of")
    assert (
        list(frame.loc[["s_0-cat", "s_0-dog"], "reason"]) == ["mask_unreadable"] * 2
    )  # both need both masks
    assert list(frame.loc[["s_1-cat", "s_1-dog"], "status"]) == ["ok"] * 2
    masks = read_table("masks.parquet")
    write_table(masks[masks["status"] != "ok"], "none.parquet")
    assert run("none-0-of-1", masks="none.parquet").empty
    (tmp_path / "photo1.png").write_bytes(b"broken")
    assert list(run("photo-0-of-1")["status"]) == ["failed"] * 4 + ["skipped"]


def select(**thresholds):
    inputs = {name: f"{name}.parquet" for name in ("samples", "sham", "captions")}
    settings = {"quality": {"thresholds": THRESHOLDS | thresholds}}
    job = Job(inputs | {"scores": ["scores.parquet"]}, {"table": "accepted.parquet"}, settings)
    select_sham_edits(job)
    return SHAM_PAIRS.read(job.outputs.table)


def test_accepted_shams_carry_the_captions_of_their_edit(shard, tmp_path):
    frame = run()
    broken = np.asarray(read_photo(frame["image_path"][1])).copy()
    broken[0, 0] += 1  # changed outside the mask, and recorded as made so
    write_png(broken, frame["image_path"][1])
    frame.loc[1, "edited_sha256"] = file_sha256(frame["image_path"][1])
    (tmp_path / frame["image_path"][2]).unlink()
    write_table(frame, "sham.parquet")
    captions = read_table("captions.parquet")
    captions.loc[captions["edit_id"] == "s_1-dog", "status"] = "failed"
    write_table(captions, "captions.parquet")
    inputs = {"samples": "samples.parquet", "sham": "sham.parquet"}
    score_sham_edits(Job(inputs, {"table": "scores.parquet"}, runtime=RUNTIME))
    scores = read_table("scores.parquet").set_index("edit_id")
    assert list(scores["status"]) == ["ok", "ok", "failed", "ok", "skipped"]
    assert scores.loc["s_2-cat-sham", "reason"] == "edit skipped: no_room"
    assert list(scores["outside_difference"][:2]) == [0, 1]
    control = select()
    assert list(control["edit_id"]) == ["s_0-cat-sham"]
    row = control.iloc[0]
    assert (row["sham_of"], row["group"], row["original_path"]) == ("s_0-cat", "g0", "photo0.png")
    assert row["caption_original"] == "a cat" and row["edited_path"] == frame["image_path"][0]
    assert 0 < row["change"] < THRESHOLDS["min_change"]  # a threshold that judges removals, not fills
    assert select(max_seam=0.0).empty


def test_many_sham_edits_that_cannot_be_read_stop_the_run(shard):
    frame = run()
    whole = pd.concat([frame[frame["status"] == "ok"]] * 6)
    for share, stops in ((0.5, False), (0.55, True)):  # of 24; more than a half is too many
        gone = np.arange(len(whole)) < share * len(whole)
        write_table(whole.assign(image_path=whole["image_path"].where(~gone, "absent.png")), "sham.parquet")
        job = Job(
            {"samples": "samples.parquet", "sham": "sham.parquet"},
            {"table": "scores.parquet"},
            runtime=RUNTIME,
        )
        if stops:
            with pytest.raises(RuntimeError, match="max_failed_share"):
                score_sham_edits(job)
        else:
            score_sham_edits(job)
