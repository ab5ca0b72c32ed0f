"""List the untouched photos of every fold with their captions and objects: what retrieval and absence are tested on."""

import logging
from collections import defaultdict

from unscene.photos.coco_instances import list_objects
from unscene.run.seeds import derive_seed
from unscene.run.tables import read_table, write_table
from unscene.samples.instances import read_source_instances
from unscene.words.coco80 import COCO80

COLUMNS = ["image_id", "group", "fold", "path", "captions", "objects", "labels"]


def list_untouched_photos(
    path_to_samples, path_to_keywords, path_to_folds, path_to_photos, sources, max_photos, seed
):
    """Write COLUMNS, a row a photo of a fold; of a fold with more than max_photos photos, those that a hash of the seed chooses.

    objects: COCO's words. labels tells where they come from: `instances` of the source that list the photo, complete, with what
    captions name; or `captions` alone, where an object that nobody mentioned counts as absent. sources: samples.sources by name.
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
    instances = {name: read_source_instances(source) for name, source in sources.items()}
    rows, known = [], []
    for image_id, source, key in zip(photo["image_id"], photo["source"], photo["source_key"], strict=True):
        listed = list_objects(instances[source], key)
        objects = named[image_id] | (listed or set())
        rows.append([word for word in COCO80 if word in objects])
        known.append("captions" if listed is None else "instances")
    photo = photo.assign(objects=rows, labels=known)
    write_table(photo[COLUMNS], path_to_photos, COLUMNS)
    logging.getLogger("unscene").info(
        "untouched photos by fold: %s; labels from %s", photo["fold"].value_counts().sort_index().to_dict(),
        photo["labels"].value_counts().to_dict(),
    )  # fmt: skip
