"""The masks step: which words are looked for, which edits are chosen, and a row with a reason for
all others.
"""

import numpy as np
import pandas as pd
import pytest

from masked_shard import SETTINGS, SIDE, FakeDetector, make_job
from unscene.masks.columns import MASKS
from unscene.masks.segmentation import segment_objects
from unscene.photos.images import read_mask, write_png
from unscene.run.shards import file_sha256
from unscene.run.tables import write_table


def test_a_row_for_each_wanted_word_with_its_reason(shard):
    scenes = [
        [("cat", 0.9, (10, 40, 10, 40)), ("cat", 0.2, (50, 70, 50, 70)), ("dog", 0.3, (5, 20, 50, 70))],
        [("cup", 0.8, (10, 14, 10, 14))],
        [("dog", 0.9, (10, 40, 10, 40))],
    ]
    words = [[["dog"], ["cat", "dog"], ["zebra"]], [["cup", "tie"], None], [[], ["cat"]]]
    rows = shard(scenes, words)
    assert list(shard.frame["edit_id"]) == [
        "s_0-dog",
        "s_0-cat",
        "s_0-zebra",
        "s_1-tie",
        "s_1-cup",
        "s_2-cat",
    ]
    told = {
        name: (row.status, row.reason if isinstance(row.reason, str) else None) for name, row in rows.items()
    }
    seen = {name: list(row.seen_boxes) for name, row in rows.items()}
    assert seen["s_0-zebra"] == seen["s_0-cat"] and len(seen["s_0-cat"]) == 3 * 4  # every category's boxes
    assert seen["s_1-cup"] == [10, 14, 10, 14]
    assert told == {
        "s_0-dog": ("skipped", "low_confidence"),
        "s_0-cat": ("ok", None),
        "s_0-zebra": ("skipped", "unknown_to_detector"),
        "s_1-cup": ("skipped", "too_small"),
        "s_1-tie": ("skipped", "not_detected"),
        "s_2-cat": ("skipped", "not_detected"),
    }
    assert [rows[f"s_0-{word}"].caption_position for word in ("dog", "cat", "zebra")] == [0, 1, 2]
    assert shard.detector.calls == [(2, 0.1), (1, 0.1)]
    assert set(shard.frame["batch_shape"]) == {"2x3x64x64"}


def test_mask_holds_what_is_half_as_sure_as_the_surest_and_the_table_tells_of_each(shard):
    weak, weaker = ("cat", 0.375, (50, 70, 50, 60)), ("cat", 0.37, (50, 70, 64, 74))
    scenes = [[("cat", 0.75, (10, 40, 10, 40)), weak, weaker]]
    row = shard(scenes, [[["cat"]]])["s_0-cat"]
    assert row.mask_path == "results/masks/s-0-of-1/s_0-cat.png"
    mask = read_mask(row.mask_path)
    assert file_sha256(row.mask_path) == row.mask_sha256
    assert mask.shape == (SIDE, SIDE) and mask[25, 25] and mask[60, 55] and not mask[45, 45]
    assert mask[8, 25] and not mask[7, 25]  # dilated by 2
    assert row.instances == 3 and row.confidence == pytest.approx(0.75) and row.dilation_px == 2
    assert row.instance_confidences.tolist() == pytest.approx([0.75, 0.375, 0.37])
    assert row.instance_joined.tolist() == [1, 1, 0] and len(row.instance_boxes) == 12
    assert not mask[60, 70]
    assert row.area_fraction == pytest.approx(1100 / SIDE**2)
    assert row.score == pytest.approx(0.75 * row.area_fraction)
    assert (row.box_x0, row.box_y0, row.box_x1, row.box_y1) == (10, 10, 60, 70)


def test_what_reaches_the_target_joins_however_sure_another_is(shard):
    scenes = [[("cat", 0.99, (10, 40, 10, 40)), ("cat", 0.4, (50, 70, 50, 60))]]
    assert shard(scenes, [[["cat"]]], target_confidence=0.4)["s_0-cat"].instance_joined.tolist() == [1, 1]
    assert shard(scenes, [[["cat"]]])["s_0-cat"].instance_joined.tolist() == [1, 0]


def test_what_carries_another_thing_is_no_edit_unless_the_config_says_so(shard, monkeypatch):
    scenes = [[("cat", 0.9, (30, 60, 10, 40)), ("tie", 0.8, (0, 1, 0, 1)), ("dog", 0.8, (5, 20, 60, 75))]]
    find = FakeDetector._find

    def see(self, photo, names):
        found = find(self, photo, names)
        found.seen_boxes[:] = [(10, 30, 40, 60), (12, 10, 28, 40), (60, 5, 75, 20)]
        return found

    monkeypatch.setattr(FakeDetector, "_find", see)
    rows = shard(scenes, [[["cat", "dog"]]])
    assert (rows["s_0-cat"].status, rows["s_0-cat"].reason) == ("skipped", "carries: tie")
    assert rows["s_0-dog"].status == "ok"  # another object takes its place
    assert shard(scenes, [[["cat", "dog"]]], carriers="keep")["s_0-cat"].status == "ok"


def test_a_row_says_what_of_its_captions_words_goes_along_and_what_stays(shard):
    scenes = [
        [
            ("cat", 0.9, (10, 50, 10, 50)),
            ("tie", 0.15, (20, 30, 20, 30)),
            ("cup", 0.8, (60, 75, 60, 75)),
            ("dog", 0.3, (60, 75, 10, 20)),
        ]
    ]
    row = shard(scenes, [[["cat"], ["tie", "cup", "dog"]]])["s_0-cat"]
    assert (list(row.taken), list(row.staying)) == (["tie"], ["cup"])  # the dog is not sure to be one
    row = shard(scenes, [[["cat", "cup"]]])["s_0-cat"]
    assert (list(row.taken), list(row.staying)) == ([], ["cup"])  # no caption names the tie


def test_the_best_by_confidence_times_area_is_chosen(shard):
    scenes = [
        [("cat", 0.9, (10, 30, 10, 30)), ("dog", 0.6, (40, 75, 40, 75)), ("cup", 0.99, (5, 15, 50, 60))]
    ]
    rows = shard(scenes, [[["cat", "dog", "cup"]]])
    assert [rows[f"s_0-{word}"].status for word in ("dog", "cat", "cup")] == ["ok", "skipped", "skipped"]
    assert rows["s_0-cat"].reason == rows["s_0-cup"].reason == "not_chosen"
    rows = shard(scenes, [[["cat", "dog", "cup"]]], edits_per_photo=2)
    assert [rows[f"s_0-{word}"].status for word in ("dog", "cat", "cup")] == ["ok", "ok", "skipped"]


@pytest.mark.parametrize(
    ("confidence", "status", "reason"),
    [
        (np.nextafter(np.float32(0.5), np.float32(0)), "skipped", "low_confidence"),
        (0.5, "ok", None),
        (np.nextafter(np.float32(0.5), np.float32(1)), "ok", None),
    ],
)
def test_an_object_is_chosen_at_the_target_confidence_or_above(shard, confidence, status, reason):
    row = shard([[("cat", confidence, (10, 40, 10, 40))]], [[["cat"]]])["s_0-cat"]
    assert (row.status, row.reason if isinstance(row.reason, str) else None) == (status, reason)
    assert (row.found_by == "detector") == (reason is None)


def test_the_detector_is_asked_at_the_collecting_confidence(shard):
    shard([[("cat", 0.9, (10, 40, 10, 40))]], [[["cat"]]], collect_confidence=0.37, target_confidence=0.8)
    assert shard.detector.calls == [(1, 0.37)]


@pytest.mark.parametrize(("limit", "reason"), [("min_area", "too_small"), ("max_area", "too_large")])
def test_a_word_that_breaks_a_limit_gives_way_to_the_next(shard, limit, reason):
    scenes = [[("cat", 0.9, (10, 50, 10, 50)), ("dog", 0.6, (55, 75, 55, 75))]]
    value = {"min_area": 0.26, "max_area": 0.2}[limit]  # the cat has a quarter of the photo
    changes = {"min_area": 0.0, "max_area": 1.0} | {limit: value}
    rows = shard(scenes, [[["cat", "dog"]]], **changes)
    assert rows["s_0-cat"].reason == reason
    assert (rows["s_0-dog"].status == "ok") == (limit == "max_area")


def test_broken_changed_and_missing_photos_are_failed_rows(shard, tmp_path):
    def damage():
        (tmp_path / "photo0.png").write_bytes(b"\x89PNG broken")
        (tmp_path / "photo1.png").unlink()
        write_png(np.full((SIDE, SIDE, 3), 9, np.uint8), tmp_path / "photo2.png")

    scenes = [[], [], [], [("dog", 0.9, (10, 40, 10, 40))]]
    rows = shard(scenes, [[["cat", "dog"]], [["cat"]], [["cat"]], [["dog"]]], damage)
    assert {name: row.reason for name, row in rows.items() if row.status == "failed"} == {
        "s_0-cat": "broken",
        "s_0-dog": "broken",
        "s_1-cat": "missing",
        "s_2-cat": "changed",
    }
    assert rows["s_3-dog"].status == "ok"


def test_a_shard_of_broken_photos_stops_the_run_and_leaves_nothing(shard, tmp_path):
    def damage():
        for path in tmp_path.glob("photo*.png"):
            path.write_bytes(b"")

    with pytest.raises(RuntimeError, match="masks of s-0-of-1: 20 of 20 items failed"):
        shard([[]] * 20, [[["cat"]]] * 20, damage)
    assert list((tmp_path / "results" / "masks").iterdir()) == []


def test_no_wanted_word_gives_an_empty_table_with_its_columns(shard, tmp_path):
    assert shard([[]], [[[]]]) == {}
    assert shard.frame.dtypes["confidence"].kind == "f" and shard.detector.calls == []
    assert (tmp_path / "results" / "masks" / "s-0-of-1").is_dir()


def test_same_bytes_twice(shard, tmp_path):
    scenes = [[("cat", 0.9, (10, 40, 10, 40))], [("dog", 0.9, (10, 40, 10, 40))], []]

    def read():
        return {p.name: p.read_bytes() for p in tmp_path.rglob("results/**/*") if p.is_file()}

    shard(scenes, [[["cat"]], [["dog"]], [["tie"]]])
    first = read()
    shard(scenes, [[["cat"]], [["dog"]], [["tie"]]])
    assert first == read() and len(first) == 5  # a table, and two masks of two edits


@pytest.mark.real
def test_real_photo_end_to_end(tmp_path, real_data, monkeypatch, without_shadow):
    import torch

    torch.set_num_threads(1)
    monkeypatch.chdir(tmp_path)
    path = real_data / "coco_sample" / "images" / "000000000785.jpg"
    sample = {
        "image_id": "coco_785",
        "path": str(path),
        "sha256": file_sha256(path),
        "width": 640,
        "height": 425,
    }
    keyword = {
        "image_id": "coco_785",
        "caption_id": "coco_785-0",
        "words": ["person", "skis"],
        "status": "ok",
    }
    write_table(pd.DataFrame([sample]), "samples.parquet")
    write_table(pd.DataFrame([keyword]), "keywords.parquet")
    weights = str(real_data / "models" / "yolo11n-seg.pt")
    segment_objects(make_job("m/t", SETTINGS | {"weights": weights, "image_size": 320}))
    person = MASKS.read("m/t.parquet").set_index("category").loc["person"]
    assert person["status"] == "ok" and 0.05 < person["area_fraction"] < 0.2
    assert read_mask(person["mask_path"]).mean() > person["area_fraction"]
