"""COCO's formats: retrieval from captions, known objects from instances, and multiple choice
rebuilt from instances.

The rebuilt questions have NegBench's layout and its templates' form; they are not NegBench, and
results say so.
"""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

from unscene.evaluation.sets.negbench import shuffle_options
from unscene.evaluation.sets.photos import find_photo
from unscene.evaluation.sets.tasks import ChoiceTask, ObjectTask, RetrievalTask, SetError
from unscene.pool.labels import label_by_instances
from unscene.run.seeds import derive_seed
from unscene.run.tables import read_json
from unscene.words.category_names import find_word
from unscene.words.coco80 import COCO80

KINDS = ("positive", "negative", "hybrid")
COMMON_ABSENT = 10


def read_retrieval(entry: dict, resolve) -> RetrievalTask:
    """Read all photos of a captions file with their captions, in the order of the file."""
    photos, captions = _read_photos(entry, resolve, "captions"), _read_captions(entry, resolve)
    keys = [key for key in photos if captions.get(key)]
    return RetrievalTask(keys, [photos[key] for key in keys], [captions[key] for key in keys])


def read_objects(entry: dict, resolve) -> ObjectTask:
    """Read all photos of an instances file; a photo without an annotation has none of its categories.

    Of other words only those are known that a caption names, where the entry has `captions`; denials
    are then asked beside captions, too. What a caption names and nobody labelled is unknown.
    """
    photos = _read_photos(entry, resolve, "instances")
    listed = _read_objects({**entry, "captions": None}, resolve)
    names = read_json(resolve(entry["instances"]))["categories"]
    categories = {find_word(category["name"]) for category in names}
    captions = _read_captions(entry, resolve) if entry.get("captions") else {}
    own = [captions.get(key, []) for key in photos]
    labels = [
        label_by_instances(
            {word for text in texts for word in COCO80.find_words(text)}, listed[key], categories, COCO80
        )
        for key, texts in zip(photos, own, strict=True)
    ]
    has, unknown = (
        np.array([[word in words for word in COCO80] for words in rows], bool).reshape(len(own), len(COCO80))
        for rows in ([own.present for own in labels], [own.unknown for own in labels])
    )
    return ObjectTask(list(photos), list(photos.values()), has, ~has & ~unknown, COCO80.words, own)


def rebuild_choices(entry: dict, resolve) -> ChoiceTask:
    """Make a question of each photo with an object: types in turn, objects and order by the seed.

    A, B are in the photo, N is not (one of the ten categories that are oftenest together with A).
    Right: "features A and B", "does not feature N", "features A, but not N". Wrong: a hybrid that
    swaps or denies B, a positive with N, a negative of A.
    """
    photos, objects = _read_photos(entry, resolve, "instances"), _read_objects(entry, resolve)
    labelled = _read_objects({**entry, "captions": None}, resolve)
    together = _count_together(labelled.values())
    rows = []
    for turn, key in enumerate(key for key in sorted(photos) if labelled[key]):
        draw = np.random.default_rng(derive_seed(entry["seed"], entry["name"], key))
        here = [str(word) for word in draw.permutation(sorted(labelled[key]))]
        kind = KINDS[turn % len(KINDS)]
        if kind == "positive" and len(here) < 2:
            kind = "hybrid"
        absent = sorted(
            (word for word in COCO80 if word not in objects[key]), key=lambda w: (-together[here[0], w], w)
        )
        options, kinds = write_options(kind, here, str(draw.choice(absent[:COMMON_ABSENT])))
        rows.append(shuffle_options(key, photos[key], options, kinds, 0, entry))
    return ChoiceTask(pd.DataFrame(rows))


def write_options(kind: str, here: list[str], absent: str) -> tuple[list[str], list[str]]:
    """Return (four options, the right one first; their types) on a photo with the objects `here`
    and without `absent`.
    """
    a, n = COCO80.name_object(here[0])["a"], COCO80.name_object(absent)["a"]
    b = COCO80.name_object(here[1])["a"] if len(here) > 1 else None
    swapped = f"This image features {n}, but not {a}."
    right = {
        "positive": f"This image features {a} and {b}.",
        "negative": f"This image does not feature {n}.",
        "hybrid": f"This image features {a}, but not {n}.",
    }[kind]
    options = [right, swapped, f"This image features {a} and {n}.", f"This image does not feature {a}."]
    return options, [kind, "hybrid", "positive", "negative"]


def _read_photos(entry: dict, resolve, key: str) -> dict[str, Path]:
    images = Path(resolve(entry["images"]))
    document = read_json(resolve(entry[key]))
    photos = {str(image["id"]): find_photo(entry, images, image["file_name"]) for image in document["images"]}
    if not photos:
        raise SetError(f"evaluate.sets, {entry['name']!r}: {entry[key]} lists no image")
    return photos


def _read_captions(entry: dict, resolve) -> dict[str, list[str]]:
    captions = defaultdict(list)
    for annotation in read_json(resolve(entry["captions"]))["annotations"]:
        captions[str(annotation["image_id"])].append(annotation["caption"].strip())
    return captions


def _read_objects(entry: dict, resolve) -> dict[str, set[str]]:
    document = read_json(resolve(entry["instances"]))
    names = {category["id"]: category["name"] for category in document["categories"]}
    objects: dict[str, set[str]] = defaultdict(set)
    for annotation in document["annotations"]:
        objects[str(annotation["image_id"])].add(find_word(names[annotation["category_id"]]))
    if entry.get("captions"):
        for key, captions in _read_captions(entry, resolve).items():
            objects[key].update(word for caption in captions for word in COCO80.find_words(caption))
    return objects


def _count_together(objects) -> dict[tuple[str, str], int]:
    together: dict[tuple[str, str], int] = defaultdict(int)
    for words in objects:
        for one in words:
            for other in words:
                together[one, other] += 1
    return together
