"""Render the embedded dataset: photos, captions and exact masks in COCO's format, and the truth
behind each object.
"""

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from unscene.machine.job import Job
from unscene.scenes import CATEGORIES, compose_scene, render_scene, write_captions
from unscene.scenes.columns import TRUTH
from unscene.words.coco80 import COCO80, COCO_IDS


def render_scenes(job: Job) -> None:
    """Render an embedded source (entry of samples.sources) into the folder of the job's files."""
    source = job.entry("source")
    draw_dataset(
        Path(job.outputs.captions).parent,
        source["name"],
        source["photos"],
        source["seed"],
        with_truth="truth" in job.outputs,
    )


def draw_dataset(path_to_folder, name, photos, seed, size=64, with_truth=True):
    """Write `photos` scenes of `size` x `size` pixels as a COCO dataset called `name`.

    The folder receives `images/{number:012d}.png`, `captions_{name}.json`, `instances_{name}.json`
    and, with_truth, for each photo and category in it, `truth/{number}-{category}.png`: the same
    scene without any object of that category; `truth.parquet` lists these (file_name, category,
    truth_path relative to the folder, truth_sha256). An annotation of a caption has one key more
    than COCO's: `mentions`, the words of COCO's 80 that it names. The same arguments give the same
    bytes. Raises ValueError when `photos` is less than one.
    """
    if photos < 1:
        raise ValueError(f"photos must be at least 1, not {photos}")
    folder = Path(path_to_folder)
    for part in ("images", "truth") if with_truth else ("images",):
        (folder / part).mkdir(parents=True, exist_ok=True)
    coco, truths = CocoFiles(folder / "images"), []
    for index in range(photos):
        scene = compose_scene(seed, index)
        file_name = f"{index + 1:012d}.png"
        told = write_captions(scene, np.random.default_rng([seed, index, 1]))
        coco.add(file_name, render_scene(scene, size), told)
        for category in CATEGORIES if with_truth else ():
            if any(thing.category == category for thing in scene.objects):
                truth = render_scene(scene, size, without=category).rgb
                path = Path("truth") / f"{index + 1:012d}-{category.replace(' ', '_')}.png"
                truths.append((file_name, category, path.as_posix(), _write_png(folder / path, truth)))
    names = (folder / f"captions_{name}.json", folder / f"instances_{name}.json")
    coco.write(*names, f"Rendered scenes, seed {seed}")
    if with_truth:
        TRUTH.write(pd.DataFrame(truths, columns=TRUTH.names), folder / "truth.parquet")


class CocoFiles:
    """A COCO dataset that grows by one scene at a time; the photos' ids count from 1."""

    def __init__(self, folder):
        self._folder = folder
        self._images, self._captions, self._instances = [], [], []

    def add(self, file_name, rendered, told):
        """Write a scene's photo into the folder and note what is on it.

        told: its (sentence, mentions) pairs, as `write_captions` returns them; mentions None writes
        an annotation as COCO's own.
        """
        number = len(self._images) + 1
        height, width = rendered.rgb.shape[:2]
        _write_png(self._folder / file_name, rendered.rgb)
        self._images.append({"id": number, "file_name": file_name, "width": width, "height": height})
        for sentence, mentions in told:
            caption = {"id": len(self._captions) + 1, "image_id": number, "caption": sentence}
            self._captions.append(caption if mentions is None else {**caption, "mentions": mentions})
        for thing, mask in zip(rendered.objects, rendered.masks, strict=True):
            if mask.any():
                self._instances.append(_annotation(len(self._instances) + 1, number, thing.category, mask))

    def write(self, path_to_captions, path_to_instances, description):
        """Write both files."""
        head = {"info": {"description": description, "version": "1.0"}, "images": self._images}
        _write_json(path_to_captions, {**head, "annotations": self._captions})
        categories = [{"id": COCO_IDS[word], "name": word} for word in COCO80]
        _write_json(path_to_instances, {**head, "annotations": self._instances, "categories": categories})


def encode_mask(mask):
    """COCO's uncompressed run-length code of a bool (height, width) mask: counts down the columns,
    zeros first.
    """
    flat = np.asarray(mask, bool).ravel(order="F")
    changes = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff(np.concatenate([[0], changes, [flat.size]])).tolist()
    return {"counts": [0, *counts] if flat[0] else counts, "size": list(mask.shape)}


def _annotation(number, image_id, category, mask):
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    left, top = int(columns[0]), int(rows[0])
    return {
        "id": number,
        "image_id": image_id,
        "category_id": COCO_IDS[category],
        "segmentation": encode_mask(mask),
        "bbox": [left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1],
        "area": int(mask.sum()),
        "iscrowd": 0,
    }


def _write_png(path, rgb):
    """Write an RGB PNG and return its sha256."""
    data = cv2.imencode(".png", np.ascontiguousarray(rgb[..., ::-1]))[1].tobytes()
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def _write_json(path, content):
    Path(path).write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
