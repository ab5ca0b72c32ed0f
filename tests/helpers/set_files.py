"""Files of small external sets, an embedder of made directions, and the evaluation of a set."""

import json

import numpy as np
from PIL import Image

from tiny_clip import RUNTIME
from unscene.evaluation.columns.sets import SET_ITEMS
from unscene.evaluation.evaluate_set import evaluate_set
from unscene.evaluation.set_metrics import list_photos
from unscene.evaluation.sets.formats import FORMATS, PATHS
from unscene.evaluation.sets.reading import read_set
from unscene.machine.job import Job
from unscene.run.tables import read_json


def draw(dim, seed):
    """Return a random direction of so many dimensions."""
    row = np.random.default_rng(seed).normal(size=dim)
    return row / np.linalg.norm(row)


class FakeEmbedder:
    """Embeds a text as the row of a table; unknown texts get a random direction of their own."""

    def __init__(self, known=None, dim=8):
        self.known, self.dim = known or {}, dim

    def embed_texts(self, texts):
        """Return the direction of each text."""
        rows = [self.known.get(text, draw(self.dim, sum(map(ord, text)))) for text in texts]
        return np.stack(rows).astype(np.float32)

    def find_long(self, texts):
        """Tell of each text whether it is too long."""
        return np.array([len(text) > 200 for text in texts], bool)


def embed_all(task, dim=8):
    """Return a random direction for each photo of a task."""
    return {path: draw(dim, seed).astype(np.float32) for seed, path in enumerate(list_photos(task))}


def save_photo(path, seed=0, side=40):
    """Write a photo of noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)).save(path)


def write_coco(folder):
    """Write six photos with captions and labels of three objects; the last photo has no label."""
    images = [{"id": i, "file_name": f"{i}.png", "height": 40, "width": 40} for i in range(6)]
    for image in images:
        save_photo(folder / "photos" / image["file_name"], seed=image["id"])
    labels = {0: [18, 17], 1: [18], 2: [3, 17], 3: [3, 18, 17], 4: [3]}
    annotations = [{"image_id": i, "category_id": c} for i, own in labels.items() for c in own]
    categories = [{"id": 17, "name": "cat"}, {"id": 18, "name": "dog"}, {"id": 3, "name": "car"}]
    instances = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "instances.json").write_text(json.dumps(instances))
    captions = [{"image_id": i, "caption": f"picture {i} with a bus"} for i in range(6)]
    (folder / "captions.json").write_text(json.dumps({"images": images, "annotations": captions}))


def read(tmp_path, **entry):
    """Read a set whose paths lie in a folder."""
    return read_set({"name": "test", **entry}, lambda path: tmp_path / path, 7)


def make_job(folder, entry, clip, wildcards, models=()):
    """Return the job that evaluates an arm, or a named model, on a set. entry: with its paths below
    `folder`.
    """
    entry = entry | {key: str(folder / entry[key]) for key in PATHS if key in entry}
    return Job(
        inputs={"models": list(models)},
        outputs={"metrics": folder / "metrics.json", "item_table": folder / "items.parquet"},
        settings={"seed": 7, "words": "coco80"},
        runtime=RUNTIME,
        wildcards={"set": entry["name"], **wildcards},
        config={
            "evaluate": {"sets": [entry]},
            "train": {"clip": str(clip), "arms": {"zero_shot": {}, "paired": {}}},
        },
    )


def evaluate(folder, entry, clip, models=()):
    """Evaluate train.clip (as zero_shot), or an arm's models, on a set; return (metrics, items)."""
    job = make_job(folder, entry, clip, {"arm": "paired" if models else "zero_shot"}, models)
    evaluate_set(job)
    return read_json(job.outputs.metrics), SET_ITEMS[FORMATS[entry["format"]].task].read(
        job.outputs.item_table
    )
