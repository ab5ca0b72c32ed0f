"""Features of a batch: what of it passes which tower, in pieces that gradients go back through."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from unscene.clip.models import encode_texts, to_pixels
from unscene.training.batches import Batch
from unscene.training.objectives import PHOTO_ROLES
from unscene.training.pool_batches import PoolBatch

if TYPE_CHECKING:
    import torch

# Texts of a pool batch pass in so many parts, each as long as its longest: they are sorted by length.
# A CPU then pads little. On a GPU the host sets the pace (docs/BENCHMARKS.md), and each part would cost it.
TEXT_PARTS = {"cpu": 6, "cuda": 1}

Piece = Callable[[object], "torch.Tensor"]


@dataclass(frozen=True)
class Encoder:
    """Runs the towers of a model over parts of batches.

    normalisation: means and deviations of the channels. bfloat16: in what the towers compute.
    """

    device: "torch.device"
    normalisation: tuple[list[float], list[float]]
    bfloat16: bool

    def encode_pairs(
        self, batch: Batch, part: slice, photos: tuple[str, ...], texts: tuple[str, ...], model
    ) -> "torch.Tensor":
        """Return normalised fp32 features of pairs of a batch, (pairs, photos + texts, dim), roles
        in the order given.
        """
        import torch

        halves = [PHOTO_ROLES.index(role) for role in photos]
        features: list = []
        if halves:
            views = tuple(view[halves, part].ravel() for view in batch.views)
            shown = batch.photos[halves, part].flatten(0, 1)
            features += self.encode_photos(model, shown, views).chunk(len(halves))
        if texts:
            at = np.stack([batch.text_at[role][part] for role in texts])
            unique, position = np.unique(at, return_inverse=True)
            embedded = self.encode_tokens(model, batch.tokens[torch.from_numpy(unique)])
            features += embedded[torch.from_numpy(position.reshape(at.shape)).to(self.device)].unbind(0)
        return torch.stack(features, dim=1)

    def encode_photos(self, model, photos: "torch.Tensor", views: tuple[np.ndarray, ...]) -> "torch.Tensor":
        """Return normalised fp32 features (photos, dim) of uint8 photos under their views; of
        features themselves.
        """
        photos = photos.to(self.device, non_blocking=True)
        if photos.is_floating_point():
            return photos
        with self._autocast():
            pixels = crop_and_flip(to_pixels(photos, *self.normalisation), *views)
            return model.encode_image(pixels, normalize=True).float()

    def encode_tokens(self, model, tokens: "torch.Tensor") -> "torch.Tensor":
        """Return normalised fp32 features (texts, dim)."""
        with self._autocast():
            return encode_texts(model, tokens.to(self.device, non_blocking=True)).float()

    def list_pieces(self, pool: PoolBatch, chunk: int) -> dict[str, list[Piece]]:
        """Return what encodes the photos and the texts of a pool batch, by block; chunk: items in a
        piece, 0 for as many as fit.
        """
        step = chunk or len(pool.photos)
        photos = [slice(start, start + step) for start in range(0, len(pool.photos), step)]
        step = chunk or -(-len(pool.tokens) // TEXT_PARTS[self.device.type])
        texts = [slice(start, start + step) for start in range(0, len(pool.tokens), step)]
        return {
            "pool photos": [partial(self._encode_pool_photos, pool, part) for part in photos],
            "pool texts": [partial(self._encode_pool_texts, pool, part) for part in texts],
        }

    def _encode_pool_photos(self, pool: PoolBatch, part: slice, model) -> "torch.Tensor":
        return self.encode_photos(model, pool.photos[part], tuple(view[part] for view in pool.views))

    def _encode_pool_texts(self, pool: PoolBatch, part: slice, model) -> "torch.Tensor":
        return self.encode_tokens(model, pool.tokens[part, : int(pool.lengths[part].max())])

    def _autocast(self):
        import torch

        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bfloat16)


def crop_and_flip(pixels, side: np.ndarray, x: np.ndarray, y: np.ndarray, flip: np.ndarray):
    """Crop each photo (photos, 3, height, width) to its view and scale it back to full size, bilinearly."""
    import torch
    from torch.nn import functional

    zero = np.zeros_like(side)
    theta = np.stack([np.stack([np.where(flip, -side, side), zero, x], 1), np.stack([zero, side, y], 1)], 1)
    theta = torch.from_numpy(theta.astype(np.float32)).to(pixels.device)
    grid = functional.affine_grid(theta, list(pixels.shape), align_corners=False)
    return functional.grid_sample(pixels, grid, mode="bilinear", padding_mode="border", align_corners=False)
