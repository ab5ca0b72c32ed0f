"""A job of masks on made-up photos, and a detector that finds on each what it is told."""

import numpy as np

from unscene.machine.job import Job
from unscene.masks.detectors import Detections

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
