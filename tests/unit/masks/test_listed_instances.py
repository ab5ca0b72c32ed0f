"""What a photo's source says of its objects: its instances in masks, and beside them."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from masked_shard import SIDE
from unscene.photos import mask_shapes
from unscene.photos.images import read_mask
from unscene.photos.mask_shapes import drop_specks, fill_holes


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
