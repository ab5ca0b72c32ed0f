"""The detector's look at pool photos, and the cache of the pool: every photo has its row."""

import numpy as np
import pytest

from unscene.machine.job import Job
from unscene.masks.columns import SEEN
from unscene.masks.detectors import Detections
from unscene.masks.pool_objects import detect_objects
from unscene.photos.images import write_png
from unscene.run.shards import file_sha256
from unscene.run.tables import write_table

MASKS = {"image_size": 64, "collect_confidence": 0.1, "iou": 0.7, "nms": "auto"}
RUNTIME = {"device": "cpu", "batch_size": 2, "workers": 1, "precision": "float32", "max_failed_share": 0.5}


class FakeDetector:
    """Finds on each photo what its first pixel's red value names."""

    categories = ("dog", "cat", "unicorn")

    def __init__(self, found):
        self.found = found

    def detect(self, photos, confidence, iou, nms, want_masks):
        assert not want_masks and confidence == MASKS["collect_confidence"]
        return [self._tell(self.found[int(photo[0, 0, 0])]) for photo in photos]

    def _tell(self, found):
        empty = np.zeros((0, 4), np.float32)
        sure = np.array([confidence for _, confidence in found], np.float32)
        return Detections(empty, np.zeros(0, np.float32), [], None, empty, sure, [name for name, _ in found])


def test_each_pool_photo_has_a_row_with_the_surest_of_each_word(tmp_path, monkeypatch):
    import pandas as pd

    monkeypatch.chdir(tmp_path)
    found = [[("dog", 0.4), ("dog", 0.8), ("unicorn", 0.9)], [], [("cat", 0.2)]]
    rows = []
    for index in range(3):
        write_png(np.full((16, 16, 3), index, np.uint8), f"{index}.png")
        rows.append({"image_id": f"p_{index}", "path": f"{index}.png", "width": 16, "height": 16})
        rows[-1]["sha256"] = file_sha256(f"{index}.png")
    (tmp_path / "2.png").write_bytes(b"no photo any more")
    write_table(pd.DataFrame(rows), "samples.parquet")
    monkeypatch.setattr("unscene.masks.detectors.load_detector", lambda *_arguments: FakeDetector(found))
    job = Job(
        {"samples": "samples.parquet"},
        {"table": "seen.parquet"},
        {"words": "coco80", "masks": MASKS},
        RUNTIME,
        wildcards={"source": "p"},
        config={"masks": {"weights": None, "sha256": None}},
    )
    detect_objects(job)
    seen = SEEN.read("seen.parquet").set_index("image_id")
    assert list(seen.index) == ["p_0", "p_1", "p_2"]
    assert list(seen.loc["p_0", "seen"]) == ["dog"]
    assert seen.loc["p_0", "confidences"] == pytest.approx([0.8])
    assert len(seen.loc["p_1", "seen"]) == 0 and seen.loc["p_1", "status"] == "ok"
    assert seen.loc["p_2", "status"] == "failed" and seen.loc["p_2", "reason"]
    assert all(list(words) == ["cat", "dog"] for words in seen["looked_for"])
