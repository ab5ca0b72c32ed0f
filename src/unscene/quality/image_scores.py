"""Scores of a removal, each a small function of pixels or boxes, none of them thresholded.

Pixels are uint8 arrays (height, width, 3) in RGB, masks bool arrays (height, width), boxes float
arrays (n, 4) of x0 y0 x1 y1 in pixels. docs/QUALITY.md tells what each score means and where it
comes from.
"""

import cv2
import numpy as np

from unscene.photos.mask_shapes import dilate

GRAY_STEP = 2.0  # gray levels (of 255): about the grain of a photo; keeps ratios of flat areas from exploding
WHOLE = 0.95  # share of the photo: a mask above it leaves nothing to judge a fill by
NO_CHANGE = 0.5  # of 255, mean: below it not even every second pixel moved by one step
RING_PX = 4  # a seam's ring keeps at least so many pixels when a large photo is measured at a smaller scale


def find_damage(pixels: np.ndarray, shape: tuple[int, int]) -> str | None:
    """Say what is wrong with an edited photo as a file (Q0), or return None.

    `shape` is (height, width) of the original. A picture of one single value is a failed decode or
    a safety checker's black square.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        return f"not RGB: shape {pixels.shape}"
    if pixels.shape[:2] != tuple(shape):
        return f"size {pixels.shape[1]}x{pixels.shape[0]}, the original has {shape[1]}x{shape[0]}"
    if not np.isfinite(pixels).all():
        return "values that are not finite"
    if pixels.min() == pixels.max():
        return f"every value is {pixels.min()}"
    return None


def find_empty_fill(original: np.ndarray, mask: np.ndarray, edited: np.ndarray) -> str | None:
    """Say why a sound file is no removal at all (Q0), or return None: the whole photo was masked, so
    nothing of it is left, or nothing was painted.
    """
    if mask.mean() > WHOLE:
        return f"the mask covers {100 * mask.mean():.3g} % of the photo"
    if measure_change(original, edited, mask) < NO_CHANGE:
        return "nothing was changed inside the mask"
    return None


def measure_outside_difference(original: np.ndarray, edited: np.ndarray, mask: np.ndarray) -> float:
    """Return the largest change (0..255) of any pixel outside the mask (Q1); 0 when the paste-back
    is exact.
    """
    return float(cv2.absdiff(original, edited).max(axis=2)[~mask].max(initial=0))


def measure_change(original: np.ndarray, edited: np.ndarray, mask: np.ndarray) -> float:
    """Return the mean absolute change (0..255) inside the mask (Q2); NaN for an empty mask."""
    return float(cv2.absdiff(original, edited)[mask].mean()) if mask.any() else float("nan")


def measure_ssim(original: np.ndarray, edited: np.ndarray, mask: np.ndarray) -> float:
    """Return the mean structural similarity (-1..1) of original and edit inside the mask (Q2).

    Wang, Bovik, Sheikh, Simoncelli: Image quality assessment, IEEE TIP 13(4), 2004: luminance, Gaussian
    window of 11 pixels with sigma 1.5, K1 = .01, K2 = .03.
    """
    if not mask.any():
        return float("nan")
    window = _window(mask, margin=8)
    x, y = _luminance(original[window]), _luminance(edited[window])

    def smooth(values):
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    mean_x, mean_y = smooth(x), smooth(y)
    variance_x, variance_y = smooth(x * x) - mean_x**2, smooth(y * y) - mean_y**2
    covariance = smooth(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    similarity = ((2 * mean_x * mean_y + c1) * (2 * covariance + c2)) / (
        (mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2)
    )
    return float(similarity[mask[window]].mean())


def measure_seam(original: np.ndarray, edited: np.ndarray, mask: np.ndarray) -> float:
    """Return how much stronger the step across the mask's edge is than the scene explains (Q3);
    about 1 is none.

    The step is local: along the edge, the smoothed colour just inside is compared with the smoothed
    colour just outside, over a ring of 2 % of the long side (2 pixels at least), so a feathered
    seam counts as well as a hard one. It is divided by the larger of two steps the scene has
    anyway: across the same edge in the original (a horizon that the mask cuts), and across an edge
    moved outwards by one ring (texture). NaN when the mask has no outside.
    """
    ring = max(2, round(0.02 * max(mask.shape)))
    if not mask.any():
        return float("nan")
    window = _window(mask, margin=6 * ring)
    mask, original, edited = mask[window], original[window], edited[window]
    rings = _find_rings(mask, ring)
    step, same_edge = (_measure_step(pixels, rings, ring) for pixels in (edited, original))
    moved_edge = _measure_step(edited, _find_rings(dilate(mask, ring), ring), ring)
    usual = max(same_edge, moved_edge) if np.isfinite(moved_edge) else same_edge
    return (step + GRAY_STEP) / (usual + GRAY_STEP)


def measure_blur_ratio(original: np.ndarray, edited: np.ndarray, mask: np.ndarray) -> float:
    """Return the variance of the Laplacian inside the mask of the edit over that of the original
    around it (Q3).

    Well below 1 is a blurred fill, well above 1 an invented texture. The mask is eroded by one
    pixel, so that its edge (which the seam score judges) does not count; the surroundings reach out
    by a quarter of the square root of the mask's area. Variance of the Laplacian as a focus
    measure: Pech-Pacheco et al., ICPR 2000. NaN without pixels on either side.
    """
    inner = ~dilate(~mask, 1)
    inner = inner if inner.any() else mask
    reach = max(4, round(0.25 * float(mask.sum()) ** 0.5))
    if not inner.any():
        return float("nan")
    window = _window(mask, margin=reach + 3)
    mask, inner = mask[window], inner[window]
    around = dilate(mask, reach) & ~dilate(mask, 1)
    if not around.any():
        return float("nan")
    inside = measure_sharpness(edited[window], inner)
    return (inside + GRAY_STEP**2) / (measure_sharpness(original[window], around) + GRAY_STEP**2)


def measure_sharpness(pixels: np.ndarray, mask: np.ndarray) -> float:
    """Return the variance of the Laplacian of the luminance over the mask's pixels."""
    return float(cv2.Laplacian(_luminance(pixels), cv2.CV_32F, ksize=1)[mask].var())


def measure_psnr(pixels: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio (dB) to the truth inside the mask; 99 when they are equal."""
    error = (pixels[mask].astype(np.float64) - truth[mask].astype(np.float64)) ** 2
    return 99.0 if error.max(initial=0) == 0 else float(10 * np.log10(255.0**2 / error.mean()))


def get_share_inside(boxes: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return for each box the share (n,) of its area that lies in the mask: in(b) = |b and M| / |b|."""
    height, width = mask.shape
    sums = cv2.integral(mask.astype(np.uint8))
    x0, y0, x1, y1 = np.asarray(boxes, dtype=float).reshape(-1, 4).T
    left = np.clip(np.floor(x0), 0, width - 1).astype(int)
    top = np.clip(np.floor(y0), 0, height - 1).astype(int)
    right = np.clip(np.ceil(x1), left + 1, width).astype(int)
    bottom = np.clip(np.ceil(y1), top + 1, height).astype(int)
    inside = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return inside / ((right - left) * (bottom - top))


def get_box_iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the intersection over union (n, m) of two sets of boxes."""
    boxes, others = np.asarray(boxes, float).reshape(-1, 4), np.asarray(others, float).reshape(-1, 4)
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    other_area = (others[:, 2:] - others[:, :2]).prod(axis=1)
    return shared / np.maximum(area[:, None] + other_area[None, :] - shared, 1e-9)


def judge_removal(before, after, category: str, mask: np.ndarray) -> dict[str, float]:
    """Return what an independent detector says about a removal (Q4 to Q6).

    `before` and `after` are its detections on original and edit, with `boxes` (n, 4), `confidences` (n,) and
    `categories` (n words); it should report everything above a low confidence.

    residual: greatest confidence of a box of the class after the edit that lies by half in the mask or
      has IoU >= .3 with a box of the class in the original; 0 when there is none. NaN when the judge did
      not see the object in the original: that it sees none later proves nothing.
    residual_frame: greatest confidence of the class anywhere after the edit.
    original_confidence: greatest confidence of the class in the original, half in the mask.
    new_object: greatest confidence of a box of any class that lies by half in the mask and has IoU < .5
      with every box of its own class in the original: what stood there as something else is new.
    collateral: share of the original's other objects (confidence >= .5, under .2 masked) found again with
      the same class at IoU >= .5; NaN when there are none.
    """
    boxes, found = np.asarray(after.boxes, float).reshape(-1, 4), np.asarray(after.confidences, float)
    old_boxes, old_found = (
        np.asarray(before.boxes, float).reshape(-1, 4),
        np.asarray(before.confidences, float),
    )
    categories, old_categories = (np.array(each.categories, dtype=object) for each in (after, before))
    is_class, was_class = categories == category, old_categories == category
    inside, was_inside = get_share_inside(boxes, mask), get_share_inside(old_boxes, mask)
    overlap = get_box_iou(boxes, old_boxes)
    on_object = (overlap[:, was_class] >= 0.3).any(axis=1)
    is_same = (overlap >= 0.5) & (categories[:, None] == old_categories[None, :])
    others = np.flatnonzero(~was_class & (old_found >= 0.5) & (was_inside < 0.2))
    original_confidence = _greatest(old_found[was_class & (was_inside >= 0.5)])
    residual = _greatest(found[is_class & ((inside >= 0.5) | on_object)])
    return {
        "residual": residual if original_confidence else float("nan"),
        "residual_frame": _greatest(found[is_class]),
        "original_confidence": original_confidence,
        "new_object": _greatest(found[~is_same.any(axis=1) & (inside >= 0.5)]),
        "collateral": float(is_same[:, others].any(axis=0).mean()) if len(others) else float("nan"),
    }


# From this confidence on an object that the judge no longer sees counts as lost; fainter ones come and
# go with any change of the photo (docs/QUALITY.md).
LOST_CONFIDENCE = 0.25
# Share of its box in the mask from which on an object stands at it.
AT_MASK = 0.2


def find_lost(before, after, category: str, mask: np.ndarray) -> list[str]:
    """Return the words of other objects that the judge saw in the original at the mask, the surest of
    each word there, and that it sees nowhere in the edit. before, after: as `judge_removal` has them.
    """
    inside = get_share_inside(np.asarray(before.boxes, float).reshape(-1, 4), mask)
    found = np.asarray(before.confidences, float)
    lost = [
        word
        for word, share, confidence in zip(before.categories, inside, found, strict=True)
        if share >= AT_MASK and confidence >= LOST_CONFIDENCE and word != category
    ]
    return [word for word in dict.fromkeys(lost) if word not in set(after.categories)]


def crop_padded_square(pixels: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """Cut a box out of a photo and centre it on a black square of its longer side (for Q7)."""
    height, width = pixels.shape[:2]
    left, top = int(np.clip(np.floor(box[0]), 0, width - 1)), int(np.clip(np.floor(box[1]), 0, height - 1))
    right, bottom = (
        int(np.clip(np.ceil(box[2]), left + 1, width)),
        int(np.clip(np.ceil(box[3]), top + 1, height)),
    )
    crop = pixels[top:bottom, left:right]
    side = max(crop.shape[:2])
    square = np.zeros((side, side, 3), np.uint8)
    down, right_by = (side - crop.shape[0]) // 2, (side - crop.shape[1]) // 2
    square[down : down + crop.shape[0], right_by : right_by + crop.shape[1]] = crop
    return square


def get_mask_box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Return the tight box x0 y0 x1 y1 of a mask that is not empty; x1 and y1 are exclusive."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _greatest(confidences: np.ndarray) -> float:
    return float(confidences.max(initial=0.0))


def _luminance(pixels: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY).astype(np.float32)


def _window(mask: np.ndarray, margin: int) -> tuple[slice, slice]:
    """The part of a photo that a local score looks at: photos have megapixels, masks seldom."""
    x0, y0, x1, y1 = get_mask_box(mask)
    return slice(max(0, y0 - margin), y1 + margin), slice(max(0, x0 - margin), x1 + margin)


def _find_rings(mask: np.ndarray, ring: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what lies inside and what lies outside of the mask's edge within `ring` pixels, and
    the edge itself.
    """
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    edge = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_GRADIENT, cross) > 0
    return mask & dilate(~mask, ring), dilate(mask, ring) & ~mask, edge


def _measure_step(pixels: np.ndarray, rings: tuple[np.ndarray, np.ndarray, np.ndarray], ring: int) -> float:
    """Mean over the mask's edge of the colour difference (0..255) between its inner and its outer ring."""
    inner, outer, edge = rings
    if not inner.any() or not outer.any():
        return float("nan")
    difference = _smooth_within(pixels, inner, ring) - _smooth_within(pixels, outer, ring)
    return float(np.average(np.abs(difference).mean(axis=2), weights=_shrink(edge.astype(np.float32), ring)))


def _smooth_within(pixels: np.ndarray, mask: np.ndarray, ring: int) -> np.ndarray:
    """Gaussian mean over the mask's pixels only (normalised convolution), sigma one ring, at the
    scale of `_shrink`.
    """
    weight = _shrink(mask.astype(np.float32), ring)
    total: np.ndarray = _shrink(np.where(mask[..., None], pixels, np.uint8(0)), ring).astype(np.float32)
    sigma = ring * weight.shape[1] / mask.shape[1]
    total = cv2.GaussianBlur(total, (0, 0), sigma)
    return total / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-3)[..., None]


def _shrink(values: np.ndarray, ring: int) -> np.ndarray:
    """Average over squares as large as leave the ring RING_PX wide: a Gaussian's cost grows with
    its sigma.
    """
    factor = max(1, ring // RING_PX)
    if factor == 1:
        return values
    height, width = values.shape[:2]
    size = (-(-width // factor), -(-height // factor))
    return cv2.resize(values, size, interpolation=cv2.INTER_AREA)
