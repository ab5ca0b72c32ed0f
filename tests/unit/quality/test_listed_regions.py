"""What a source's instances say of a removal where an object has no pixel in the photo."""

import json

import numpy as np
import pytest

from unscene.photos.coco_instances import read_instances
from unscene.quality.edit_scores import Views, measure_listing

INSIDE, ELSEWHERE = [[8, 8, 24, 8, 24, 24, 8, 24]], [[40, 40, 60, 40, 60, 60, 40, 60]]
OUTSIDE, LINE = [[70, 8, 90, 8, 90, 24, 70, 24]], [[8, 8, 16, 16, 24, 24]]


def list_dogs(tmp_path, *annotations):
    document = {
        "images": [{"id": 1, "file_name": "a.jpg", "height": 64, "width": 64}],
        "categories": [{"id": 18, "name": "dog"}],
        "annotations": [{"image_id": 1, "category_id": 18} | each for each in annotations],
    }
    (tmp_path / "i.json").write_text(json.dumps(document))
    mask = np.zeros((64, 64), bool)
    mask[4:28, 4:28] = True
    photo = np.zeros((64, 64, 3), np.uint8)
    return measure_listing(
        read_instances(tmp_path / "i.json")["1"], "used", Views(photo, photo, mask, (4, 4, 28, 28)), "dog"
    )


@pytest.mark.parametrize(
    "lost",
    [
        {"segmentation": OUTSIDE},
        {"segmentation": LINE},
        {"segmentation": {"size": [64, 64], "counts": [64 * 64]}},
        {"segmentation": OUTSIDE, "iscrowd": 1},
        {"bbox": [70, 8, 9, 9]},
        {"bbox": [8, 8, 0, 0]},
        {},
    ],
)
def test_an_object_without_a_pixel_in_the_photo_is_not_gone(tmp_path, lost):
    told = list_dogs(tmp_path, lost)
    assert np.isnan(told["listed_left"]) and np.isnan(told["listed_share"])
    assert told["listed_left_reason"] == "the source's dog has no pixel in the photo"


def test_beside_it_what_is_left_counts_and_what_is_gone_does_not_suffice(tmp_path):
    lost = {"segmentation": OUTSIDE}
    assert list_dogs(tmp_path, lost, {"segmentation": ELSEWHERE})["listed_left"] == 1
    assert np.isnan(list_dogs(tmp_path, lost, {"segmentation": INSIDE})["listed_left"])
    assert list_dogs(tmp_path, {"segmentation": INSIDE})["listed_left"] == 0
    assert list_dogs(tmp_path)["listed_left"] == 0  # the file lists the photo and no dog


@pytest.mark.parametrize(
    "broken",
    [
        {"segmentation": [[8, 8, 24, 8]]},
        {"segmentation": [[8, 8, 24, 8, 24]]},
        {"segmentation": [[8, 8, 24, 8, None, 24]]},
        {"segmentation": [[8, 8, 2400, 8, 24, 24]]},
        {"segmentation": {"size": [32, 64], "counts": [32 * 64]}},
        {"segmentation": {"size": [64, 64], "counts": [8, -8, 64 * 64]}},
        {"segmentation": {"size": [64, 64], "counts": "PP"}},
        {"bbox": [8, 8, 9]},
    ],
)
def test_a_broken_region_is_a_reason(tmp_path, broken):
    told = list_dogs(tmp_path, broken, {"segmentation": INSIDE})
    assert np.isnan(told["listed_left"]) and "instances are broken: a.jpg" in told["listed_left_reason"]
