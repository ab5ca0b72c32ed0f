"""The masks step: which words are looked for, which edits are chosen, and a row with a reason for all others."""

import numpy as np
import pandas as pd
import pytest

import segment_objects
from unscene.detectors import Detections
from unscene.images import read_mask, write_png
from unscene.shards import file_sha256
from unscene.tables import read_table, write_table

SETTINGS = {
    "weights": None,
    "image_size": 64,
    "target_confidence": 0.5,
    "collect_confidence": 0.1,
    "iou": 0.7,
    "nms": "auto",
    "min_area": 0.01,
    "max_area": 0.4,
    "max_box": 0.85,
    "max_border": 0.2,
    "speck_area": 0.0005,
    "dilation_share": 0.03,
    "dilation_px": 2,
    "shadow_share": 0.0,
    "edits_per_photo": 1,
}
RUNTIME = {"device": "cpu", "batch_size": 2, "workers": 2, "precision": "float32", "max_failed_share": 0.5}
SIDE = 80


class FakeDetector:
    """Finds on each photo what its first pixel's red value names: a list of (category, confidence, box)."""

    categories = ("cat", "dog", "cup", "tie")

    def __init__(self, scenes):
        self.scenes, self.calls = scenes, []

    def detect(self, photos, confidence, iou, nms, want_masks, only):
        self.calls.append((len(photos), confidence))
        return [self._find(photo, names) for photo, names in zip(photos, only, strict=True)]

    def _find(self, photo, names):
        found = [item for item in self.scenes[int(photo[0, 0, 0])] if item[0] in names]
        masks = np.zeros((len(found), *photo.shape[:2]), bool)
        for mask, (_, _, (y0, y1, x0, x1)) in zip(masks, found, strict=True):
            mask[y0:y1, x0:x1] = True
        return Detections(
            np.zeros((len(found), 4), np.float32),
            np.array([item[1] for item in found], np.float32),
            [item[0] for item in found],
            masks,
            np.array([box for _, _, box in self.scenes[int(photo[0, 0, 0])]], np.float32).reshape(-1, 4),
        )


@pytest.fixture
def shard(tmp_path, monkeypatch):
    """A function (scenes, words per caption of each photo) -> rows by edit id, after the step ran on such a shard."""
    monkeypatch.chdir(tmp_path)

    def run(scenes, words, damage=None, **changes):
        photos, keywords = [], []
        for index, captions in enumerate(words):
            path = f"photo{index}.png"
            write_png(np.full((SIDE, SIDE, 3), index, np.uint8), path)
            photos.append(
                {
                    "image_id": f"s_{index}",
                    "path": path,
                    "sha256": file_sha256(path),
                    "width": SIDE,
                    "height": SIDE,
                }
            )
            for position, named in enumerate(captions):
                keywords.append(
                    {
                        "image_id": f"s_{index}",
                        "caption_id": f"s_{index}-{position}",
                        "words": named,
                        "status": "ok" if named is not None else "failed",
                    }
                )
        if damage:
            damage()
        detector = FakeDetector(scenes)
        monkeypatch.setattr("unscene.detectors.load_detector", lambda *_, **__: detector)
        monkeypatch.setattr(segment_objects, "resolve_path", lambda path: path)
        write_table(pd.DataFrame(photos), "samples.parquet")
        write_table(pd.DataFrame(keywords), "keywords.parquet")
        segment_objects.segment_objects(
            "samples.parquet",
            "keywords.parquet",
            "results/masks/s-0-of-1.parquet",
            "results/masks/s-0-of-1",
            SETTINGS | changes,
            RUNTIME,
        )
        frame = read_table("results/masks/s-0-of-1.parquet", list(segment_objects.COLUMNS))
        run.detector, run.frame = detector, frame
        return {row.edit_id: row for row in frame.itertuples()}

    return run


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


def test_mask_holds_all_collected_instances_and_the_table_tells_of_it(shard):
    scenes = [[("cat", 0.75, (10, 40, 10, 40)), ("cat", 0.2, (50, 70, 50, 60))]]
    row = shard(scenes, [[["cat"]]])["s_0-cat"]
    assert row.mask_path == "results/masks/s-0-of-1/s_0-cat.png"
    mask = read_mask(row.mask_path)
    assert file_sha256(row.mask_path) == row.sha256
    assert mask.shape == (SIDE, SIDE) and mask[25, 25] and mask[60, 55] and not mask[45, 45]
    assert mask[8, 25] and not mask[7, 25]  # dilated by 2
    assert row.instances == 2 and row.confidence == pytest.approx(0.75) and row.dilation_px == 2
    assert row.area_fraction == pytest.approx(1100 / SIDE**2)
    assert row.score == pytest.approx(0.75 * row.area_fraction)
    assert (row.box_x0, row.box_y0, row.box_x1, row.box_y1) == (10, 10, 60, 70)


def test_the_best_by_confidence_times_area_is_chosen(shard):
    scenes = [
        [("cat", 0.9, (10, 30, 10, 30)), ("dog", 0.6, (40, 75, 40, 75)), ("cup", 0.99, (5, 15, 50, 60))]
    ]
    rows = shard(scenes, [[["cat", "dog", "cup"]]])
    assert [rows[f"s_0-{word}"].status for word in ("dog", "cat", "cup")] == ["ok", "skipped", "skipped"]
    assert rows["s_0-cat"].reason == rows["s_0-cup"].reason == "not_chosen"
    rows = shard(scenes, [[["cat", "dog", "cup"]]], edits_per_photo=2)
    assert [rows[f"s_0-{word}"].status for word in ("dog", "cat", "cup")] == ["ok", "ok", "skipped"]


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
    read = lambda: {p.name: p.read_bytes() for p in tmp_path.rglob("results/**/*") if p.is_file()}  # noqa: E731
    shard(scenes, [[["cat"]], [["dog"]], [["tie"]]])
    first = read()
    shard(scenes, [[["cat"]], [["dog"]], [["tie"]]])
    assert first == read() and len(first) == 5  # a table, and two masks of two edits


@pytest.mark.real
def test_real_photo_end_to_end(tmp_path, real_data, monkeypatch):
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
    segment_objects.segment_objects(
        "samples.parquet",
        "keywords.parquet",
        "m/t.parquet",
        "m/t",
        SETTINGS | {"weights": weights, "image_size": 320},
        RUNTIME,
    )
    person = read_table("m/t.parquet").set_index("category").loc["person"]
    assert person["status"] == "ok" and 0.05 < person["area_fraction"] < 0.2
    assert read_mask(person["mask_path"]).mean() > person["area_fraction"]
