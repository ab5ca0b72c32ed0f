"""Look at the photos of a pool with the detector: which words it sees, where no source says so."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unscene.machine.batching import read_checked_photo
from unscene.machine.engine import Batch, DeviceStage
from unscene.machine.job import Job
from unscene.machine.shard_work import open_shard
from unscene.masks.columns import SEEN
from unscene.run.tables import read_table
from unscene.words.vocabulary import Vocabulary
from unscene.words.word_lists import find_vocabulary


@dataclass(frozen=True)
class PoolPhoto:
    """A photo of the shard, as samples list it."""

    image_id: str
    path: str
    sha256: str
    pixels: int


def detect_objects(job: Job) -> None:
    """Write a row a photo of a pool's shard: every word seen with `masks.collect_confidence` or more.

    `segment_objects` would not do: it looks for named words alone, and leaves out photos that name
    none. inputs: samples. outputs: table.
    """
    settings, vocabulary = job.settings["masks"], find_vocabulary(job.settings)
    sample = read_table(job.inputs.samples, ["image_id", "path", "sha256", "width", "height"], only=True)
    photos = [
        PoolPhoto(row.image_id, row.path, row.sha256, row.width * row.height) for row in sample.itertuples()
    ]
    with open_shard(job, SEEN) as shard:
        from unscene.masks.detectors import load_detector

        guard = job.look_up("masks.sha256")
        detector = load_detector(job.find("masks.weights"), settings["image_size"], shard.setup, guard)
        results = shard.run(Look(detector, settings, vocabulary), photos)
        looked_for = [word for word in vocabulary if word in detector.categories]
        rows = [{"image_id": photo.image_id, "looked_for": looked_for} for photo in photos]
        for row in rows:
            row |= {"seen": [], "confidences": []} | results[row["image_id"]]
            row["confidences"] = np.asarray(row["confidences"], np.float32)
        shard.finish(SEEN.frame(rows))


class Look(DeviceStage):
    """The stage for the engine: an item is a PoolPhoto, its result the words that were seen on it."""

    name, unit = "pool", "photo"

    def __init__(self, detector, settings: dict, vocabulary: Vocabulary):
        self._detector, self._settings, self._vocabulary = detector, settings, vocabulary

    def key(self, item: PoolPhoto) -> str:
        return item.image_id

    def count_bytes(self, item: PoolPhoto) -> int:
        return 3 * item.pixels

    def read(self, item: PoolPhoto) -> np.ndarray:
        return read_checked_photo(item.path, item.sha256)

    def work(self, items: list[PoolPhoto], inputs: list[np.ndarray], batch_size: int) -> list:
        self._detector.batch_size = batch_size
        return self._detector.detect(
            inputs,
            self._settings["collect_confidence"],
            iou=self._settings["iou"],
            nms=self._settings["nms"],
            want_masks=False,
        )

    def keep(self, item: PoolPhoto, value, output, batch: Batch, folder: Path) -> tuple[dict, list[str]]:
        surest: dict[str, float] = {}
        for word, confidence in zip(output.seen_categories, output.seen_confidences, strict=True):
            if word in self._vocabulary:
                surest[word] = max(float(confidence), surest.get(word, 0.0))
        seen = self._vocabulary.sort(surest)
        return {"status": "ok", "seen": seen, "confidences": [surest[word] for word in seen]}, []
