"""An embedder: photos and texts in, normalised features out; what every score is computed from."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unscene.clip.models import embed_photos, embed_texts, load_clip, resize_photo
from unscene.clip.tokens import find_long_texts
from unscene.evaluation.query_arithmetic import deny_objects
from unscene.photos.images import PhotoError, read_photo
from unscene.words.coco80 import COCO80
from unscene.words.vocabulary import Vocabulary


@dataclass
class Embedder:
    """A CLIP model and how its texts are embedded.

    query_weight: weight of query arithmetic; None leaves texts as the model embeds them.
    vocabulary: the words whose denial it finds, and whose photos are asked for. never_denied: those
    that the model's training never denied; None where that is not known. is_untuned: the image tower
    is train.clip's own.
    """

    model: object
    preprocess: object
    tokenizer: object
    batch_size: int = 64
    query_weight: float | None = None
    vocabulary: Vocabulary = COCO80
    never_denied: frozenset[str] | None = None
    is_untuned: bool = False

    @classmethod
    def load(
        cls,
        path_to_clip,
        device: str,
        batch_size: int,
        query_weight: float | None = None,
        vocabulary: Vocabulary = COCO80,
    ) -> "Embedder":
        """Load an open_clip folder."""
        return cls(*load_clip(path_to_clip, device), batch_size, query_weight, vocabulary)

    def embed_photos(self, photos: np.ndarray) -> np.ndarray:
        """Return normalised features (photos, dim) of uint8 photos (photos, side, side, 3)."""
        return embed_photos(self.model, self.preprocess, photos, self.batch_size)

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return normalised features (texts, dim)."""
        texts = [str(text) for text in texts]
        features = embed_texts(self.model, self.tokenizer, texts, self.batch_size)
        if self.query_weight is None or not texts:
            return features

        def embed(more: list[str]) -> np.ndarray:
            return embed_texts(self.model, self.tokenizer, more, self.batch_size)

        return deny_objects(features, texts, self.query_weight, embed, self.vocabulary)

    def find_long(self, texts: Sequence[str]) -> np.ndarray:
        """Tell which texts the model would cut, bool (texts,)."""
        return find_long_texts(self.tokenizer, texts)


def decode_photos(
    paths: Sequence[str | Path], preprocess, workers: int = 1
) -> tuple[np.ndarray, np.ndarray, list[str | None]]:
    """Decode photos at the model's size: (uint8 (readable photos, side, side, 3), position or -1
    for each path, reasons).

    A photo that cannot be read has position -1 and its reason, so that items on it can be told
    apart and counted.
    """

    def decode(path) -> tuple[np.ndarray | None, str | None]:
        try:
            return resize_photo(preprocess, read_photo(path)), None
        except PhotoError as error:
            return None, error.reason

    with ThreadPoolExecutor(max(1, workers)) as pool:
        decoded = list(pool.map(decode, paths))
    readable = np.array([pixels is not None for pixels, _ in decoded], bool)
    position = np.where(readable, np.cumsum(readable) - 1, -1)
    photos = [pixels for pixels, _ in decoded if pixels is not None]
    return (
        np.stack(photos) if photos else np.zeros((0, 1, 1, 3), np.uint8),
        position,
        [reason for _, reason in decoded],
    )
