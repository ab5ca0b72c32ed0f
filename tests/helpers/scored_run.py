"""A run directory with scored edits, as the labelling page wants one."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from partial_tables import write_some
from unscene.edits.columns import EDITS
from unscene.masks.columns import MASKS
from unscene.quality.columns import EDIT_SCORES
from unscene.quality.scores import SCORES
from unscene.run.shards import file_sha256
from unscene.samples.columns import SAMPLES


def make_scored_run(folder: Path, count: int, side: int = 20) -> Path:
    """Write the photos and tables of `count` edits, the first of which was not made; return the folder.

    The object is a disc in the box of the table; in the edit it is gone.
    """
    rng = np.random.default_rng(0)
    results = folder / "results"
    (results / "photos").mkdir(parents=True)
    width, height, box = 3 * side // 2, side, [side // 6, side // 5, 2 * side // 3, 7 * side // 10]
    rows = []
    for number in range(count):
        paths = {kind: f"results/photos/{kind}{number}.png" for kind in ("original", "edited")}
        ground = rng.integers(100, 200, 3) + rng.integers(-20, 20, (height, width, 3))
        photo = Image.fromarray(ground.astype(np.uint8))
        photo.save(folder / paths["edited"])
        ImageDraw.Draw(photo).ellipse(box, fill=tuple(int(value) for value in rng.integers(0, 255, 3)))
        photo.save(folder / paths["original"])
        rows.append(
            {
                "edit_id": f"t_{number}-dog",
                "image_id": f"t_{number}",
                "category": ("dog", "cat")[number % 2],
                "path": paths["original"],
                "image_path": paths["edited"],
                "edited_sha256": file_sha256(folder / paths["edited"]),
                "width": width,
                "height": height,
                "area_fraction": 0.05,
                **dict(zip(("box_x0", "box_y0", "box_x1", "box_y1"), box, strict=True)),
                "status": "ok" if number else "skipped",
                "reason": None,
                **dict.fromkeys(SCORES, number / count),
            }
        )
    frame = pd.DataFrame(rows)
    tables = {
        "quality/scores": EDIT_SCORES,
        "masks/masks": MASKS,
        "edits/edits": EDITS,
        "samples/samples": SAMPLES,
    }
    for name, table in tables.items():
        write_some(table, frame, results / f"{name}.parquet")
    return folder
