"""What all removers share."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


class RemovalError(ValueError):
    """Weights or settings that cannot remove anything, with the key and the way out."""


# Keys of the block `edits` that name files of a remover, in the order of Weights.
FILES = ("weights", "lora", "tiny_vae")


@dataclass(frozen=True)
class Weights:
    """The files of a remover: what FILES name, None for null.

    fingerprint: what tells the content of the first apart, for the remover's name; None without.
    """

    main: Path | None = None
    lora: Path | None = None
    tiny_vae: Path | None = None
    fingerprint: str | None = None

    def join_name(self, *parts: str) -> str:
        """Return the name of a remover: its weights', what was joined to them, and the first digits
        of the fingerprint.
        """
        return "+".join(parts) + (f"-{self.fingerprint[:8]}" if self.fingerprint else "")


NO_WEIGHTS = Weights()


class Remover:
    """What the removers share. `name` tells the weights apart, `batch_size` is that of `fill`."""

    name: str
    batch_size: int

    def prepare(self, photo: np.ndarray, mask: np.ndarray) -> object:
        """Return what `paint` needs of a photo (RGB uint8, any size) and its mask (bool)."""
        raise NotImplementedError

    def paint(self, prepared: Sequence, seeds: Sequence[int], batch_size: int) -> list[np.ndarray | None]:
        """Return a painted crop for each of at most `batch_size` prepared photos; None where the
        model gave no number.
        """
        raise NotImplementedError

    def finish(
        self, photo: np.ndarray, mask: np.ndarray, prepared: object, painted: np.ndarray | None
    ) -> np.ndarray | None:
        """Return the photo with the painted crop in its mask, or None without one."""
        raise NotImplementedError

    def get_batch_shape(self, batch_size: int) -> str:
        """Return the shape of a batch as tables record it."""
        raise NotImplementedError

    @property
    def batch_shape(self) -> str:
        """The shape of a batch at the size that was asked for."""
        return self.get_batch_shape(self.batch_size)

    def fill(
        self, photos: Sequence[np.ndarray], masks: Sequence[np.ndarray], seeds: Sequence[int]
    ) -> list[np.ndarray | None]:
        """Return the photos with their masks filled, one step after the other; None where the model
        gave no number.
        """
        prepared = [self.prepare(photo, mask) for photo, mask in zip(photos, masks, strict=True)]
        painted = []
        for start in range(0, len(prepared), self.batch_size):
            chosen = slice(start, start + self.batch_size)
            painted += self.paint(prepared[chosen], seeds[chosen], self.batch_size)
        return [self.finish(*each) for each in zip(photos, masks, prepared, painted, strict=True)]
