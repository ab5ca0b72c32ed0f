"""The objects that the captions of a shard name, photo by photo, and the source's instances of them."""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from PIL import UnidentifiedImageError

from unscene.photos.coco_instances import PhotoInstances
from unscene.photos.images import FORMATS, open_image
from unscene.samples.instances import read_source_instances
from unscene.samples.readers import locate_files
from unscene.words.vocabulary import Vocabulary

_EXIF_TURN = 0x0112


@dataclass
class Photo:
    """A photo of the shard and the words its captions name: `wanted` maps a word to its first
    caption's position, in that order.

    places: where these stand in the word list, which decides between words of one caption, and
    ties. With masks.truth `union`, `instances` holds the source's own of the photo where they can
    be used, and `instances_state` says so (`used`) or why not: `unlisted`, `other_size`, `turned`.
    """

    image_id: str
    path: str
    sha256: str
    wanted: dict[str, int] = field(default_factory=dict)
    pixels: int = 0
    instances: PhotoInstances | None = None
    instances_state: str | None = None
    places: dict[str, int] = field(default_factory=dict)

    def count_instances(self, word: str) -> int:
        """Return the source's instances of a word, without crowds."""
        return len(self.instances.segmentations.get(word, ())) if self.instances else 0

    def has_crowd(self, word: str) -> bool:
        """Tell whether the source marks a group of a word's objects as one region."""
        return self.instances is not None and word in self.instances.crowds

    def can_be_judged(self, word: str, known: set[str]) -> bool:
        """Tell whether detector (which knows the categories `known`) or instances can say anything
        of a word.
        """
        return word in known or self.count_instances(word) > 0 or self.has_crowd(word)


def list_wanted(samples: pd.DataFrame, keywords: pd.DataFrame, vocabulary: Vocabulary) -> list[Photo]:
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
    found = [photo for photo in photos.values() if photo.wanted]
    for photo in found:
        photo.places = {word: vocabulary.places.get(word, len(vocabulary)) for word in photo.wanted}
        order = sorted(photo.wanted, key=lambda word: (photo.wanted[word], photo.places[word], word))
        photo.wanted = {word: photo.wanted[word] for word in order}
    return found


def attach_instances(photos: list[Photo], samples: pd.DataFrame, source: dict) -> None:
    """Give each photo its source's instances, or the reason why it has none that can be used."""
    found = find_photo_instances(samples, {photo.image_id for photo in photos}, source)
    for photo in photos:
        photo.instances, photo.instances_state = found.get(photo.image_id, (None, None))


def find_photo_instances(
    samples: pd.DataFrame, image_ids: Collection[str], source: dict
) -> dict[str, tuple[PhotoInstances | None, str]]:
    """Return for each photo its source's instances and `used`, or None and why they cannot be used;
    nothing at all when the source has none.

    Instances mean the pixels of the source's own file: where the photo was turned by its EXIF tag
    when it was read, or has another size than the instances say, they would lie elsewhere.
    """
    sample = samples[samples["image_id"].isin(image_ids)]
    listed = read_source_instances(source, set(sample["source_key"].astype(str)))
    if listed is None:
        return {}
    images, states = Path(locate_files(source)["images"]), {}
    for row in sample.itertuples():
        found = listed.get(str(row.source_key))
        if found is None:
            state = "unlisted"
        elif (found.height, found.width) != (row.height, row.width):
            state = "other_size"
        else:
            state = "turned" if is_turned(images / found.file_name) else "used"
        states[row.image_id] = (found if state == "used" else None, state)
    return states


def is_turned(path: Path) -> bool:
    """Tell whether the photo's EXIF tag turns or mirrors it; one that cannot be opened may, too."""
    try:
        with open_image(path, formats=FORMATS) as image:
            return image.getexif().get(_EXIF_TURN, 1) != 1
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError):
        return True
