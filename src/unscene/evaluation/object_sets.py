"""An object set as an external set: the questions of a fold's untouched photos, on photos of anybody's."""

import numpy as np
import pandas as pd

from unscene.evaluation.columns.sets import SET_ITEMS
from unscene.evaluation.embedders import Embedder
from unscene.evaluation.gallery import Gallery
from unscene.evaluation.object_scores import ask_objects
from unscene.evaluation.sets.tasks import ObjectTask


def score_objects(task: ObjectTask, photo: dict, embedder: Embedder) -> tuple[pd.DataFrame, dict]:
    """Return (a row a photo and metric, a category, a construction and a query; metrics by name, and
    the `reasons` of those that are NaN).

    photo: path -> normalised features (dim,), of readable photos.
    """
    at = [position for position, path in enumerate(task.paths) if str(path) in photo]
    gallery = Gallery(
        [task.ids[position] for position in at],
        task.categories,
        task.has[at],
        task.lacks[at],
        [task.captions[position] for position in at],
    )
    answers = ask_objects(np.stack([photo[str(task.paths[position])] for position in at]), gallery, embedder)
    kinds = {
        "photo": answers.values.rename(columns={"image_id": "item"}).drop(columns="group"),
        "class": answers.classes,
        "construction": answers.constructions,
        "query": answers.queries,
    }
    names = [name for name in SET_ITEMS["objects"].names if name not in ("model", "fold", "seed")]
    item = pd.concat([frame.assign(kind=kind) for kind, frame in kinds.items()], ignore_index=True)
    return item.reindex(columns=names), {
        **answers.metrics,
        "n_items": len(at),
        "n_classes": len(answers.classes),
        "n_queries": len(answers.queries.drop_duplicates(["wanted", "unwanted"])),
        "n_left_out": len(task) - len(at),
        "reasons": answers.reasons,
    }
