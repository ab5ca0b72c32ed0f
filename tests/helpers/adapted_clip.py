"""The embedded CLIP with an eye for colours and texture, and a linear adapter on either side, trained
in seconds on features that are computed once: quick to learn what is plain to see, shortcuts first.
"""

from pathlib import Path

import numpy as np

from unscene.clip.models import load_clip
from unscene.evaluation.embedders import Embedder, decode_photos
from unscene.evaluation.shortcuts import describe_pictures
from unscene.training.arms import list_true_negations
from unscene.training.losses import pair_ranking
from unscene.training.pairs import read_pairs, split_pairs
from unscene.words.coco80 import COCO80

TEMPERATURE, RATE, KEEP, EYE = 50.0, 0.005, 0.5, 0.7


class AdaptedClip(Embedder):
    """An embedder whose features are f + f A, normalised; each photo and text is embedded once,
    whatever the adapter.
    """

    known: dict = {}

    def __init__(self, path_to_clip: Path, photos: np.ndarray | None = None, texts: np.ndarray | None = None):
        super().__init__(*load_clip(path_to_clip, "cpu"), 64)
        self.path, self.adapters = path_to_clip, {"photos": photos, "texts": texts}

    def embed_photos(self, photos: np.ndarray) -> np.ndarray:
        return self._adapt("photos", self._look_up([p.tobytes() for p in photos], photos, self._see))

    def embed_texts(self, texts) -> np.ndarray:
        texts = [str(text) for text in texts]
        return self._adapt("texts", self._look_up(texts, np.array(texts, object), self._read))

    def _see(self, photos: np.ndarray) -> np.ndarray:
        """CLIP's features, and beside them how often each colour is there and six simple numbers."""
        bins = (photos.reshape(len(photos), -1, 3) // 64) @ np.array([16, 4, 1])
        colours = np.stack([np.bincount(row, minlength=64) / len(row) for row in bins]) ** 0.5
        simple = np.log1p(np.abs(describe_pictures(photos))) / 4
        seen = np.concatenate([super().embed_photos(photos), EYE * colours, EYE * simple], axis=1)
        return (seen / np.linalg.norm(seen, axis=1, keepdims=True)).astype(np.float32)

    def _read(self, texts) -> np.ndarray:
        return np.pad(super().embed_texts(texts), ((0, 0), (0, 64 + 6)))

    def _look_up(self, keys, items, embed) -> np.ndarray:
        new = [at for at, key in enumerate(keys) if key not in self.known]
        if new:
            self.known.update(zip([keys[at] for at in new], embed(items[new]), strict=True))
        return np.stack([self.known[key] for key in keys])

    def _adapt(self, side: str, features: np.ndarray) -> np.ndarray:
        if self.adapters[side] is None:
            return features
        changed = features + features @ self.adapters[side]
        return changed / np.linalg.norm(changed, axis=1, keepdims=True)


def train_adapter(
    clip: AdaptedClip, tables: dict[str, Path], true_negations: float = 0.25, steps: int = 300
) -> tuple[np.ndarray, np.ndarray]:
    """Return the adapters of photos and texts, trained on the pairs of folds 1 and 2.

    The loss is `pair_ranking` with a true negation in place of an original's caption as often as in
    the product's arms, plus KEEP times how far features moved.
    """
    import torch

    pair, _ = split_pairs(read_pairs(tables["pairs"], tables["folds"]), 0)
    photos = [
        torch.from_numpy(clip.embed_photos(decode_photos(list(pair[name]), clip.preprocess)[0]))
        for name in ("original_path", "edited_path")
    ]
    texts = [
        torch.from_numpy(clip.embed_texts(told))
        for told in (
            pair["caption_original"],
            pair["caption_negated"],
            list_true_negations(pair, 7, COCO80),
        )
    ]
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    adapters = [torch.zeros(photos[0].shape[1], photos[0].shape[1], requires_grad=True) for _ in range(2)]
    optimizer = torch.optim.AdamW(adapters, lr=RATE, weight_decay=0.01)
    for _ in range(steps):
        (originals, edits), (plain, negated, true) = (
            [torch.nn.functional.normalize(each + each @ adapter, dim=1) for each in side]
            for side, adapter in ((photos, adapters[0]), (texts, adapters[1]))
        )
        told = torch.from_numpy(rng.random(len(pair)) < true_negations)[:, None]
        of_original = torch.where(told, true, plain)
        z = [
            TEMPERATURE * (photo * text).sum(dim=1)
            for photo, text in (
                (originals, of_original),
                (originals, negated),
                (edits, plain),
                (edits, negated),
            )
        ]
        moved = [(1 - (a * b).sum(dim=1)).mean() for a, b in ((originals, photos[0]), (plain, texts[0]))]
        loss = pair_ranking(*z) + KEEP * sum(moved)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return tuple(adapter.detach().numpy() for adapter in adapters)
