"""The objects that the captions of a shard name, photo by photo, and the labels that say where they are."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from PIL import UnidentifiedImageError

from unscene.photos.coco_instances import LabelledPhoto, find_instances, read_instances
from unscene.photos.images import FORMATS, open_image
from unscene.run.checkout import CHECKOUT

_EXIF_TURN = 0x0112


@dataclass
class Photo:
    """A photo of the shard and the words its captions name: `wanted` maps a word to its first caption's position.

    With masks.truth `union`, `labels` holds the source's labels of the photo where they can be used, and `labels_state` says so
    (`used`) or why not: `not_labelled`, `other_size`, `turned`.
    """

    image_id: str
    path: str
    sha256: str
    wanted: dict[str, int] = field(default_factory=dict)
    pixels: int = 0
    labels: LabelledPhoto | None = None
    labels_state: str | None = None

    def count_labels(self, word: str) -> int:
        """Return the labelled objects of a word, without crowds."""
        return len(self.labels.segmentations.get(word, ())) if self.labels else 0

    def has_crowd(self, word: str) -> bool:
        """Tell whether a group of a word's objects is labelled as one region."""
        return self.labels is not None and word in self.labels.crowds

    def can_be_judged(self, word: str, known: set[str]) -> bool:
        """Tell whether detector (which knows the categories `known`) or labels can say anything of a word."""
        return word in known or self.count_labels(word) > 0 or self.has_crowd(word)


def list_wanted(samples: pd.DataFrame, keywords: pd.DataFrame) -> list[Photo]:
    """Return the photos that have a caption naming an object, in the order of `samples`."""
    photos = {
        row.image_id: Photo(row.image_id, row.path, row.sha256, pixels=row.width * row.height)
        for row in samples.itertuples()
    }
    keywords = keywords[keywords["status"] == "ok"]
    for row in keywords.itertuples():
        photo = photos.get(row.image_id)
        if photo is None:
            raise ValueError(
                f"keywords name the photo {row.image_id}, which samples lack: rebuild this shard's keywords"
            )
        position = int(row.caption_id.rsplit("-", 1)[1])
        for word in row.words:
            photo.wanted[word] = min(position, photo.wanted.get(word, position))
    return [photo for photo in photos.values() if photo.wanted]


def attach_labels(photos: list[Photo], samples: pd.DataFrame, source: dict) -> None:
    """Give each photo its labels, or the reason why it has none that can be used.

    Labels mean the pixels of the source's own file: where the photo was turned by its EXIF tag when it was read, or has another
    size than its labels, they would lie elsewhere.
    """
    path = find_instances(source)
    if path is None:
        return
    images = path.parent / "images" if source["format"] == "embedded" else CHECKOUT / source["images"]
    sample = samples.set_index("image_id")
    keys = {photo.image_id: str(sample.at[photo.image_id, "source_key"]) for photo in photos}
    labelled = read_instances(path, set(keys.values()))
    for photo in photos:
        labels = labelled.get(keys[photo.image_id])
        size = (sample.at[photo.image_id, "height"], sample.at[photo.image_id, "width"])
        if labels is None:
            photo.labels_state = "not_labelled"
        elif (labels.height, labels.width) != size:
            photo.labels_state = "other_size"
        elif is_turned(images / labels.file_name):
            photo.labels_state = "turned"
        else:
            photo.labels, photo.labels_state = labels, "used"


def is_turned(path: Path) -> bool:
    """Tell whether the photo's EXIF tag turns or mirrors it; one that cannot be opened may, too."""
    try:
        with open_image(path, formats=FORMATS) as image:
            return image.getexif().get(_EXIF_TURN, 1) != 1
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError):
        return True
