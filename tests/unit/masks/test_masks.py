"""The masks step: which words are looked for, which edits are chosen, and a row with a reason for
all others.
"""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from unscene.machine.job import Job
from unscene.masks.columns import MASKS
from unscene.masks.detectors import Detections
from unscene.masks.segmentation import segment_objects
from unscene.photos import mask_shapes
from unscene.photos.images import read_mask, write_png
from unscene.photos.mask_shapes import drop_specks, fill_holes
from unscene.run.shards import file_sha256
from unscene.run.tables import write_table

SETTINGS = {
    "weights": None,
    "truth": "ignore",
    "image_size": 64,
    "target_confidence": 0.5,
    "collect_confidence": 0.1,
    "iou": 0.7,
    "nms": "auto",
    "min_area": 0.01,
    "max_area": 0.4,
    "dilation_px": 2,
    "edits_per_photo": 1,
    "carriers": "refuse",
}
RUNTIME = {"device": "cpu", "batch_size": 2, "workers": 2, "precision": "float32", "max_failed_share": 0.5}
SIDE = 80


@pytest.fixture(autouse=True)
def without_shadow(monkeypatch):
    monkeypatch.setattr(mask_shapes, "SHADOW_SHARE", 0.0)


def make_job(stem: str, masks: dict, source: dict | None = None) -> Job:
    """A job on the tables below the current folder, without a shard's name: nothing of it is kept
    for a later run.
    """
    return Job(
        inputs={"samples": "samples.parquet", "keywords": "keywords.parquet"},
        outputs={"table": f"{stem}.parquet", "folder": stem},
        settings={"words": "coco80", "masks": masks},
        runtime=RUNTIME,
        wildcards={"source": "s"},
        config={
            "masks": {"weights": masks["weights"], "sha256": None},
            "samples": {"sources": [source] if source else []},
        },
    )


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
            np.array([sure for _, sure, _ in self.scenes[int(photo[0, 0, 0])]], np.float32),
            [name for name, _, _ in self.scenes[int(photo[0, 0, 0])]],
        )


@pytest.fixture
def shard(tmp_path, monkeypatch):
    """A function (scenes, words per caption of each photo) -> rows by edit id, after the step ran
    on such a shard.
    """
    monkeypatch.chdir(tmp_path)

    def run(scenes, words, damage=None, source=None, **changes):
        photos, keywords = [], []
        for index, captions in enumerate(words):
            path = f"photo{index}.png"
            write_png(np.full((SIDE, SIDE, 3), index, np.uint8), path)
            photos.append(
                {
                    "image_id": f"s_{index}",
                    "source_key": str(index),
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
        monkeypatch.setattr("unscene.masks.detectors.load_detector", lambda *_, **__: detector)
        write_table(pd.DataFrame(photos), "samples.parquet")
        write_table(pd.DataFrame(keywords), "keywords.parquet")
        segment_objects(make_job("results/masks/s-0-of-1", SETTINGS | changes, source))
        frame = MASKS.read("results/masks/s-0-of-1.parquet")
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


def test_the_sources_instances_say_what_goes_along_too(shard, tmp_path):
    """A tie that the detector does not see, in the mask and beside it."""
    scenes = [[("cat", 0.9, (10, 50, 10, 50))]] * 2
    square = {0: [20, 20, 30, 20, 30, 30, 20, 30], 1: [60, 60, 75, 60, 75, 75, 60, 75]}
    document = {
        "images": [{"id": n, "file_name": f"photo{n}.png", "height": SIDE, "width": SIDE} for n in square],
        "categories": [{"id": 1, "name": "tie"}],
        "annotations": [
            {"image_id": n, "category_id": 1, "segmentation": [where], "iscrowd": 0}
            for n, where in square.items()
        ],
    }
    (tmp_path / "instances.json").write_text(json.dumps(document))
    source = {"name": "s", "format": "coco", "images": str(tmp_path), "instances": "instances.json"}
    source["instances"] = str(tmp_path / source["instances"])
    rows = shard(scenes, [[["cat", "tie"]]] * 2, source=source, truth="union")
    assert [list(rows[f"s_{n}-cat"].taken) for n in square] == [["tie"], []]
    assert [list(rows[f"s_{n}-cat"].staying) for n in square] == [[], ["tie"]]


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


class TestInstances:
    """masks.truth: union. Photo 0 has every kind of instance, 1 is not listed, 3 of another size, 4
    a broken one.
    """

    dog = np.zeros((SIDE, SIDE), bool)
    dog[20:50, 20:50] = True  # overlaps what the detector sees
    zebra = np.zeros((SIDE, SIDE), bool)
    zebra[30:70, 60:75] = True
    zebra[40:45, 65:70] = False  # a hole
    cat = [[5, 55, 25, 55, 25, 75, 5, 75]]  # a polygon: x y x y ...

    @pytest.fixture
    def source(self, tmp_path):
        def encode(mask):
            changes = (
                np.flatnonzero(np.diff(np.concatenate([[False], mask.T.ravel(), [False]])))
                if mask.any()
                else []
            )
            return {"counts": [*np.diff([0, *changes, mask.size]).tolist()], "size": [SIDE, SIDE]}

        names = {1: "dog", 2: "zebra", 3: "cat", 4: "cup", 5: "person"}
        ids = {name: key for key, name in names.items()}
        marked = [
            (0, "dog", encode(self.dog), 0),
            (0, "zebra", encode(self.zebra), 0),
            (0, "cat", self.cat, 0),
            (0, "cup", encode(self.dog), 1),
            (0, "cup", encode(self.zebra), 0),
            (0, "person", [[0, 0, 9, 0, 9, 9]], 0),
            (2, "dog", encode(self.dog), 0),
            (3, "dog", [[1, 1, 9, 1, 9, 9]], 0),
            (4, "dog", {"counts": [3, 4], "size": [SIDE, SIDE]}, 0),
        ]
        document = {
            "images": [
                {
                    "id": number,
                    "file_name": f"photo{number}.png",
                    "height": SIDE,
                    "width": SIDE + (number == 3),
                }
                for number in (0, 2, 3, 4)
            ],
            "annotations": [
                {"image_id": photo, "category_id": ids[name], "segmentation": drawn, "iscrowd": crowd}
                for photo, name, drawn, crowd in marked
            ],
            "categories": [{"id": key, "name": name} for key, name in names.items()],
        }
        (tmp_path / "instances.json").write_text(json.dumps(document))
        return {
            "name": "s",
            "format": "coco",
            "photos": 5,
            "captions": "captions.json",
            "images": str(tmp_path),
            "instances": str(tmp_path / "instances.json"),
        }

    scenes = [
        [("dog", 0.9, (40, 60, 40, 60)), ("cat", 0.2, (5, 15, 5, 15)), ("cup", 0.9, (5, 30, 50, 75))],
        [("dog", 0.9, (10, 40, 10, 40))],
        [("dog", 0.9, (10, 40, 10, 40))],
        [("dog", 0.9, (10, 40, 10, 40))],
        [("dog", 0.9, (10, 40, 10, 40))],
    ]
    words = [[["dog", "zebra", "cat", "cup", "tie"]], [["dog", "tie"]], [["dog"]], [["dog"]], [["dog"]]]

    def test_the_union_equals_the_naive_or(self, shard, source):
        rows = shard(self.scenes, self.words, None, source, truth="union", edits_per_photo=9)
        detected = np.zeros((SIDE, SIDE), bool)
        detected[40:60, 40:60] = True
        polygon = np.zeros((SIDE, SIDE), bool)
        polygon[55:75, 5:25] = True
        for name, plain in (("dog", detected | self.dog), ("zebra", self.zebra), ("cat", polygon)):
            row = rows[f"s_0-{name}"]
            filled = drop_specks(fill_holes(plain), mask_shapes.SPECK_AREA * SIDE**2)
            assert (read_mask(row.object_path) == filled).all() and row.status == "ok"
            assert row.area_fraction == pytest.approx(filled.mean())
            assert read_mask(row.mask_path)[filled].all()
        assert rows["s_0-dog"].confidence == pytest.approx(0.9)
        assert rows["s_0-dog"].score == pytest.approx(rows["s_0-dog"].area_fraction)
        assert rows["s_0-zebra"].confidence == 0 and rows["s_0-zebra"].instances == 0
        assert rows["s_0-zebra"].score == pytest.approx(rows["s_0-zebra"].area_fraction)

    def test_the_table_tells_who_found_what(self, shard, source):
        rows = shard(self.scenes, self.words, None, source, truth="union", edits_per_photo=9)
        told = shard.frame[["found_by", "listed_instances", "instances_state", "reason"]]
        told = told.astype(object).where(told.notna(), None)
        assert dict(zip(shard.frame["edit_id"], told.itertuples(index=False, name=None), strict=True)) == {
            "s_0-dog": ("both", 1, "used", None),
            "s_0-zebra": ("instances", 1, "used", None),  # the detector knows no zebra
            "s_0-cat": (
                "instances",
                1,
                "used",
                None,
            ),  # the detector was not sure, so its instance does not count
            "s_0-cup": ("both", 1, "used", "crowd"),
            "s_0-tie": (None, 0, "used", "not_detected"),
            "s_1-dog": ("detector", None, "unlisted", None),
            "s_1-tie": (None, None, "unlisted", "not_detected"),
            "s_2-dog": ("both", 1, "used", None),
            "s_3-dog": ("detector", None, "other_size", None),
            "s_4-dog": ("detector", None, "broken", None),
        }
        # A sham edit keeps away from all that the source marks as well: three seen, six marked.
        assert len(rows["s_0-dog"].seen_boxes) == (3 + 6) * 4
        assert [60, 30, 75, 70] in rows["s_0-dog"].seen_boxes.reshape(-1, 4).tolist()

    def test_a_crowd_alone_and_an_instance_of_no_pixel_have_their_reasons(self, shard, source, tmp_path):
        document = json.loads((tmp_path / "instances.json").read_text())
        zebra, person = document["annotations"][1], document["annotations"][5]
        zebra["iscrowd"], person["segmentation"] = 1, [[3.1, 3.1, 3.2, 3.1, 3.2, 3.2]]
        (tmp_path / "instances.json").write_text(json.dumps(document))
        rows = shard([[]], [[["zebra", "person"]]], None, source, truth="union")
        assert [(row.status, row.reason) for row in rows.values()] == [
            ("skipped", "empty"),
            ("skipped", "crowd"),
        ]
        assert list(shard.frame["listed_instances"]) == [1, 0] and shard.frame["mask_path"].isna().all()

    def test_instances_of_a_turned_photo_are_not_used(self, shard, source, tmp_path):
        turned = tmp_path / "originals"
        turned.mkdir()
        for number, turn in enumerate((1, 1, 3, 1, 1)):
            exif = Image.Exif()
            exif[0x0112] = turn  # 3 is upside down: the size does not tell
            Image.fromarray(np.zeros((SIDE, SIDE, 3), np.uint8)).save(
                turned / f"photo{number}.png", exif=exif
            )
        rows = shard(self.scenes, self.words, None, source | {"images": str(turned)}, truth="union")
        assert (rows["s_2-dog"].instances_state, rows["s_2-dog"].found_by) == ("turned", "detector")
        assert rows["s_0-dog"].instances_state == "used"
        expected = np.zeros((SIDE, SIDE), bool)
        expected[10:40, 10:40] = True
        assert (read_mask(rows["s_2-dog"].object_path) == expected).all()

    def test_what_the_source_marks_counts_fully_in_the_choice(self, shard, source):
        scenes = [[("dog", 0.1, (40, 60, 40, 60)), ("cat", 0.99, (5, 15, 5, 15))]]
        rows = shard(scenes, [[["dog", "cat"]]], None, source, truth="union")
        assert rows["s_0-dog"].status == "ok" and rows["s_0-cat"].reason == "not_chosen"

    def test_ignored_instances_are_never_opened(self, shard, source, tmp_path):
        (tmp_path / "instances.json").unlink()
        rows = shard(self.scenes, self.words, None, source)
        assert set(shard.frame["found_by"].dropna()) == {"detector"}
        assert shard.frame["instances_state"].isna().all() and shard.frame["listed_instances"].isna().all()
        assert rows["s_0-zebra"].reason == "unknown_to_detector"
        assert rows["s_0-cat"].reason == "low_confidence"
        with pytest.raises(ValueError, match="instances.json"):
            shard(self.scenes, self.words, None, source, truth="union")

    def test_a_source_without_instances_is_the_detectors_alone(self, shard):
        source = {"name": "s", "format": "table", "photos": 5, "table": "t.csv"}
        shard(self.scenes, self.words, None, source, truth="union")
        with_union = shard.frame.drop(columns=["mask_path"])
        shard(self.scenes, self.words, None, source)
        pd.testing.assert_frame_equal(with_union, shard.frame.drop(columns=["mask_path"]))


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
    segment_objects(make_job("m/t", SETTINGS | {"weights": weights, "image_size": 320}))
    person = MASKS.read("m/t.parquet").set_index("category").loc["person"]
    assert person["status"] == "ok" and 0.05 < person["area_fraction"] < 0.2
    assert read_mask(person["mask_path"]).mean() > person["area_fraction"]
