"""Texts of a batch that are equal: one that is a photo's own is no negative of it, whosever it is.

About 8 % of the captions without an object have a twin in a batch of 256 pairs ("A beach."). In a
contrast of all texts such a twin would be a false negative.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def find_twins(own: "Tensor", other: "Tensor") -> "Tensor":
    """Return bool (photos, texts): where a text of `other` equals the photo's own text.

    own: int (photos,), the numbers of the photos' texts, equal for equal texts. other: int (texts,).
    Where both are the same tensor the diagonal is False: a photo's own text stays.
    """
    import torch

    twins = own[:, None] == other[None, :]
    if own is other:
        twins = twins & ~torch.eye(len(own), dtype=torch.bool, device=own.device)
    return twins


def drop_cells(z: "Tensor", twins: "Tensor | None") -> "Tensor":
    """Return logits with -inf in the cells that take no part; as they are with None."""
    return z if twins is None else z.masked_fill(twins, float("-inf"))
