"""List the untouched photos of every fold with their captions and objects: what retrieval and absence are tested on."""

import json
import logging
from collections import defaultdict
from pathlib import Path

from unscene.run.seeds import derive_seed
from unscene.run.tables import read_table, write_table
from unscene.words.vocabulary import COCO80

COLUMNS = ["image_id", "group", "fold", "path", "captions", "objects", "labels"]


def list_untouched_photos(
    path_to_samples, path_to_keywords, path_to_folds, path_to_photos, sources, max_photos, seed, resolve
):
    """Write COLUMNS, a row a photo of a fold; of a fold with more than max_photos photos, those that a hash of the seed chooses.

    objects: COCO's words. labels tells where they come from: `instances` of the source, complete, with what captions name; or
    `captions` alone, where an object that nobody mentioned counts as absent. sources: samples.sources by name.
    """
    photo = read_table(path_to_samples, ["image_id", "group", "path", "captions", "source", "source_key"])
    fold = read_table(path_to_folds, ["group", "fold"]).drop_duplicates("group").set_index("group")["fold"]
    photo["fold"] = photo["group"].map(fold)
    photo = photo[photo["fold"].notna()].astype({"fold": int})
    photo["drawn"] = [derive_seed(seed, "test photo", image_id) for image_id in photo["image_id"]]
    photo = photo.sort_values(["fold", "drawn"]).groupby("fold").head(max_photos)
    photo = photo.sort_values("image_id", ignore_index=True)
    keyword = read_table(path_to_keywords, ["image_id", "words"])
    keyword = keyword[keyword["image_id"].isin(photo["image_id"])]
    named = defaultdict(set)
    for image_id, words in zip(keyword["image_id"], keyword["words"], strict=True):
        named[image_id].update(() if words is None else words)
    labelled = {name: read_labels(source, resolve) for name, source in sources.items()}
    rows, known = [], []
    for image_id, source, key in zip(photo["image_id"], photo["source"], photo["source_key"], strict=True):
        labels = labelled[source]
        objects = named[image_id] | (labels.get(key, set()) if labels is not None else set())
        rows.append([word for word in COCO80 if word in objects])
        known.append("captions" if labels is None else "instances")
    photo = photo.assign(objects=rows, labels=known)
    write_table(photo[COLUMNS], path_to_photos, COLUMNS)
    logging.getLogger("unscene").info(
        "untouched photos by fold: %s; labels from %s", photo["fold"].value_counts().sort_index().to_dict(),
        photo["labels"].value_counts().to_dict(),
    )  # fmt: skip


def read_labels(source, resolve):
    """Return {COCO image id: objects} of a source that has instances, else None."""
    if source["format"] == "embedded":
        path = Path("results/scenes") / source["name"] / f"instances_{source['name']}.json"
    elif source["format"] == "coco" and source.get("instances"):
        path = resolve(source["instances"])
    else:
        return None
    document = json.loads(Path(path).read_bytes())
    names = {category["id"]: category["name"] for category in document["categories"]}
    objects = defaultdict(set)
    for annotation in document["annotations"]:
        objects[str(annotation["image_id"])].add(names[annotation["category_id"]])
    return objects
