"""Untouched photos: which are listed, with captions and objects."""

import json

import pandas as pd
import pytest

from unscene.evaluation.columns.photos import PHOTOS
from unscene.evaluation.untouched_photos import list_untouched_photos
from unscene.folds.columns import FOLDS
from unscene.machine.job import Job
from unscene.run.tables import TableError, write_table


def test_photos_are_listed_with_captions_and_objects(tmp_path):
    sample = pd.DataFrame(
        {
            "image_id": [f"coco_{i}" for i in range(8)],
            "group": [f"g{i // 2}" for i in range(8)],
            "path": "x.png",
            "captions": [["a dog", "a pet"]] * 8,
            "source": "coco",
            "source_key": [str(i) for i in range(8)],
        }
    )
    folds = pd.DataFrame({"group": ["g0", "g1", "g2"], "fold": [0, 1, 1]})
    keyword = pd.DataFrame({"image_id": sample["image_id"], "words": [["dog"]] * 8})
    for name, frame in (("samples", sample), ("keywords", keyword), ("folds", folds)):
        write_table(frame, tmp_path / f"{name}.parquet")
    instances = {
        "images": [{"id": i, "file_name": f"{i}.png", "height": 8, "width": 8} for i in range(5)],
        "categories": [{"id": 17, "name": "cat"}],
        "annotations": [{"image_id": 4, "category_id": 17}],
    }
    (tmp_path / "instances.json").write_text(json.dumps(instances))
    source = {"name": "coco", "format": "coco", "instances": str(tmp_path / "instances.json")}

    def list_photos(source, max_photos):
        names = ("samples", "keywords", "folds")
        list_untouched_photos(
            Job(
                inputs={name: tmp_path / f"{name}.parquet" for name in names},
                outputs={"photos": tmp_path / "photos.parquet"},
                settings={"seed": 7, "words": "coco80", "evaluate": {"max_photos": max_photos}},
                config={"samples": {"sources": [source]}},
            )
        )
        return PHOTOS.read(tmp_path / "photos.parquet")

    photo = list_photos(source, 3)
    assert photo["fold"].value_counts().to_dict() == {1: 3, 0: 2}  # at most three; g3 has no fold
    objects = dict(zip(photo["image_id"], map(list, photo["objects"]), strict=True))
    assert objects["coco_0"] == ["dog"] and objects.get("coco_4", ["cat", "dog"]) == ["cat", "dog"]
    known = list_photos(source, 9).set_index("image_id")["objects_from"].to_dict()
    # A photo without an annotation has nothing on it when the file lists it; of one that it does
    # not list nothing is known.
    assert known == {f"coco_{i}": "instances" if i < 5 else "captions" for i in range(6)}
    (tmp_path / "instances.json").write_text(json.dumps({"images": []}))
    with pytest.raises(TableError, match=r"instances\.json.*'categories'"):
        list_photos(source, 9)
    photo = list_photos({"name": "coco", "format": "table"}, 9)
    assert set(photo["objects_from"]) == {"captions"} and len(photo) == 6
    FOLDS.write(FOLDS.frame([]), tmp_path / "folds.parquet")  # of a run without a wanted edit
    assert list_photos({"name": "coco", "format": "table"}, 9).empty
