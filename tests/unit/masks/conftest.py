"""A shard of made-up photos after the masks step."""

import numpy as np
import pandas as pd
import pytest

from masked_shard import SETTINGS, SIDE, FakeDetector, make_job
from unscene.masks.columns import MASKS
from unscene.masks.segmentation import segment_objects
from unscene.photos import mask_shapes
from unscene.photos.images import write_png
from unscene.run.shards import file_sha256
from unscene.run.tables import write_table


@pytest.fixture
def without_shadow(monkeypatch):
    """Masks without the ground below an object, so that their pixels can be counted."""
    monkeypatch.setattr(mask_shapes, "SHADOW_SHARE", 0.0)


@pytest.fixture
def shard(tmp_path, monkeypatch, without_shadow):
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
