"""What a mask takes along: a phone in the hand of the person who is removed, whole or cut in half.

Told of the words that the photo's captions name, since a caption must not name what is gone.
"""

from dataclasses import dataclass

import numpy as np

# Share of an object's pixels in the mask from which on it is gone: what is left of a phone or a
# frisbee that is cut in half is none. Up to the second share it stays as it was.
GONE, WHOLE = 0.5, 0.2


@dataclass(frozen=True)
class Finds:
    """What was found of a word: masks, bool (n, height, width), and how sure each is; what the source
    lists counts as sure.
    """

    masks: np.ndarray
    confidences: np.ndarray


def tell_fate(mask: np.ndarray, finds: Finds, sure: float) -> str | None:
    """Return what becomes of a word's objects when a mask is repainted: `taken`, `staying`, or None
    where that is not known, or nothing of it was found.

    Staying: one of at least the confidence `sure` keeps more than 1 - WHOLE of its pixels. Taken: one,
    however weak, loses GONE of them, and no other one that is sure or as strong keeps that many.
    """
    pixels = finds.masks.sum(axis=(1, 2))
    found, confidences = finds.masks[pixels > 0], np.asarray(finds.confidences, float)[pixels > 0]
    lost = (found & mask).sum(axis=(1, 2)) / pixels[pixels > 0]
    if ((lost < WHOLE) & (confidences >= sure)).any():
        return "staying"
    gone = lost >= GONE
    if not gone.any():
        return None
    strength = min(sure, float(confidences[gone].max()))
    return None if (~gone & (confidences >= strength)).any() else "taken"
