"""List the untouched photos of every fold with their captions and objects: what retrieval and
absence are tested on.
"""

import logging
from pathlib import Path

import pandas as pd

from unscene.evaluation.columns.photos import PHOTOS
from unscene.folds.columns import FOLDS
from unscene.machine.job import Job
from unscene.photos.coco_instances import list_objects
from unscene.pool.labels import label_by_captions, label_by_instances
from unscene.run.configuration import list_sources
from unscene.run.seeds import derive_seed
from unscene.run.streaming import Lookup, iterate_rows
from unscene.samples.instances import read_source_categories, read_source_instances
from unscene.words.word_lists import find_vocabulary


def list_untouched_photos(job: Job) -> None:
    """Write a row a photo of a fold; of a fold with more than evaluate.max_photos, those that a
    hash of the seed chooses. The splits of further training seeds part the same photos anew.

    What is on a photo, and what may be, tell the source's instances and what captions name; other
    words are known to be absent (`unscene.pool.labels`). inputs: samples, keywords, folds. outputs: photos.
    """
    max_photos, seed = job.settings["evaluate"]["max_photos"], job.settings["seed"]
    photo = draw_photos(job.inputs.samples, job.inputs.folds, max_photos, seed)
    named = read_named(job.inputs.keywords, set(photo["image_id"]))
    sources = {source["name"]: source for source in list_sources(job.config)}
    keys = photo["source_key"].astype(str).groupby(photo["source"]).agg(set)
    instances = {
        name: read_source_instances(source, keys.get(name, set())) for name, source in sources.items()
    }
    categories = {name: read_source_categories(source) for name, source in sources.items()}
    vocabulary = find_vocabulary(job.settings)
    labels = []
    for image_id, source, key in zip(photo["image_id"], photo["source"], photo["source_key"], strict=True):
        listed = list_objects(instances[source], key)
        labels.append(
            label_by_captions(named[image_id], vocabulary)
            if listed is None
            else label_by_instances(named[image_id], listed, categories[source], vocabulary)
        )
    told = {
        "objects": [own.present for own in labels],
        "unknown": [own.unknown for own in labels],
        "objects_from": [own.source for own in labels],
    }
    # A run without wanted edits has no photo here, and a list without values would be numbers.
    photo = photo.assign(**pd.DataFrame(told, index=photo.index, dtype=object))[PHOTOS.names]
    PHOTOS.write(photo, job.outputs.photos)
    logging.getLogger("unscene").info(
        "untouched photos by fold: %s; objects from %s",
        photo["fold"].value_counts().sort_index().to_dict(),
        photo["objects_from"].value_counts().to_dict(),
    )


def draw_photos(path_to_samples: str, path_to_folds: str, most: int, seed: int) -> pd.DataFrame:
    """Return at most so many photos of each fold, with their `fold`, sorted by image id."""
    folds = Lookup([path_to_folds], "group", ["fold"])
    columns = ["image_id", "group", "path", "captions", "source", "source_key"]
    drawn = []
    for piece in iterate_rows([path_to_samples], columns):
        photo = piece.to_pandas()
        photo["fold"] = folds.find(photo["group"])["fold"]
        photo = photo[photo["fold"].notna()].astype({"fold": int})
        photo["drawn"] = [derive_seed(seed, "test photo", image_id) for image_id in photo["image_id"]]
        drawn = [pd.concat([*drawn, photo]).sort_values(["fold", "drawn"]).groupby("fold").head(most)]
    return pd.concat(drawn).sort_values("image_id", ignore_index=True)


def read_named(path_to_keywords: str, image_ids: set[str]) -> dict[str, set[str]]:
    """Return the words that the captions of each of these photos name."""
    named: dict[str, set[str]] = {image_id: set() for image_id in image_ids}
    for piece in iterate_rows([path_to_keywords], ["image_id", "words"]):
        keyword = piece.to_pandas()
        keyword = keyword[keyword["image_id"].isin(image_ids)]
        for image_id, words in zip(keyword["image_id"], keyword["words"], strict=True):
            named[image_id].update(() if words is None else words)
    return named


def read_untouched(path_to_photos: str | Path, path_to_folds: str | Path) -> pd.DataFrame:
    """Return the untouched photos with the `fold` that a split gives their groups: that of training
    seed 0, which the table has itself, or that of a further seed.
    """
    photo = PHOTOS.read(path_to_photos)
    fold = FOLDS.read(path_to_folds).drop_duplicates("group").set_index("group")["fold"]
    return photo.assign(fold=photo["group"].map(fold))
