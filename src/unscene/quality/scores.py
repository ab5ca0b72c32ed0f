"""The scores of an edit, one entry each. Lists of scores, columns and thresholds come from the entries;
`makers` has what measures them.

A new score is one entry here and its function: CONTRIBUTING.md has the recipe. Importing this loads
no model library.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from unscene.quality.makers import MAKERS

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Score:
    """All that a score is.

    gate: its place in docs/QUALITY.md. maker: a key of MAKERS. good: the side that is better,
    `high`, `low` or, where both ends are bad, `middle`; None for a score that is good on no side.
    best: the best value in words, where a side alone misleads. meant_for: the failures (keys of
    `unscene.quality.controls.FAILURES`) that it exists for; the calibration uses its threshold when
    that catches one of them. meant_for_above: those of a `middle` score's upper threshold.
    judges_fill: it judges what was painted and not whether the object went, so sham edits are its
    reference. is_invariant: its threshold stays as it is under every policy, since it is no matter
    of taste or no control can tell it. is_needed: an edit that it could not judge is no pass,
    unless `quality.unjudged` says so or the config names no model of its maker. stands_in_for: a
    score that knows better: where it has a value, this one decides nothing. null: why a scored
    edit can lack it. measure: of a score of pixels, a function of (original, edited, mask).
    """

    name: str
    gate: str
    maker: str
    doc: str
    unit: str
    good: str | None = None
    best: str = ""
    source: str = ""
    meant_for: tuple[str, ...] = ()
    meant_for_above: tuple[str, ...] = ()
    judges_fill: bool = False
    is_invariant: bool = False
    is_needed: bool = False
    stands_in_for: str = ""
    null: str = ""
    measure: "Callable[[np.ndarray, np.ndarray, np.ndarray], float] | None" = None

    @property
    def thresholds(self) -> "tuple[Threshold, ...]":
        """Its thresholds in the config; none when nothing can be accepted by it."""
        sides = {"high": ("min",), "low": ("max",), "middle": ("min", "max"), None: ()}[self.good]
        return tuple(Threshold(self, side) for side in sides)

    @property
    def is_explained(self) -> bool:
        """Whether the table has a column that says why the score is null."""
        return bool(self.null or MAKERS[self.maker].needs)


@dataclass(frozen=True)
class Threshold:
    """A limit on one side of a score: `min`, the least value, or `max`, the greatest."""

    score: Score
    side: str

    @property
    def key(self) -> str:
        """Its key in the config."""
        return f"{self.side}_{self.score.name}"

    @property
    def meant_for(self) -> tuple[str, ...]:
        """The failures that it exists for."""
        is_upper = self.score.good == "middle" and self.side == "max"
        return self.score.meant_for_above if is_upper else self.score.meant_for

    @property
    def judges_fill(self) -> bool:
        """Whether sham edits are its reference. What is too much for a fill, the photo itself
        tells: the upper side of a `middle` score is held against untouched ground.
        """
        return self.score.judges_fill and not (self.score.good == "middle" and self.side == "max")

    @property
    def strictest(self) -> float | None:
        """The limit that only the best value passes, where that is a number and controls can give
        another one: the threshold may then be `controls`.
        """
        is_number = self.score.best in ("0", "1")
        free = not (self.score.is_invariant or self.score.judges_fill)
        return float(self.score.best) if is_number and free else None

    def fails(self, values: Any, limits: Any) -> Any:
        """Tell which values lie beyond their limits; a null lies nowhere."""
        return values < limits if self.side == "min" else values > limits


def _of_pixels(function: str) -> "Callable[[np.ndarray, np.ndarray, np.ndarray], float]":
    """Return a function of `image_scores`, which is imported at its first call."""

    def measure(original: "np.ndarray", edited: "np.ndarray", mask: "np.ndarray") -> float:
        from unscene.quality import image_scores

        return getattr(image_scores, function)(original, edited, mask)

    return measure


def _index(*entries) -> dict:
    return {entry.name: entry for entry in entries}


_DETECTOR_GATES = "detector gates as in PIPE (Wasserman et al., 2404.18212) and RORem (Li et al., CVPR 2025)"
_LEFTOVERS = ("untouched", "half", "rim", "ghost")

SCORES: dict[str, Score] = _index(
    Score(
        "sane",
        "Q0",
        "file",
        "decodes, has the original's size, finite, not one single value (`sane_reason` says which)",
        "0 or 1",
        best="1",
        null="the file is broken",
    ),
    Score(
        "outside_difference",
        "Q1",
        "pixels",
        "largest change of a pixel outside the mask that was really used. Anything but 0 is an error "
        "of the paste-back",
        "0–255",
        good="low",
        best="0",
        is_invariant=True,
        measure=_of_pixels("measure_outside_difference"),
    ),
    Score(
        "change",
        "Q2",
        "pixels",
        "mean absolute change inside the mask",
        "0–255",
        good="high",
        meant_for=("untouched", "rim"),
        measure=_of_pixels("measure_change"),
    ),
    Score(
        "ssim",
        "Q2",
        "pixels",
        "structural similarity to the original inside the mask (luminance, Gaussian window of 11 pixels)",
        "−1–1",
        good="low",
        source="Wang et al., IEEE TIP 13(4), 2004",
        meant_for=("untouched", "rim"),
        measure=_of_pixels("measure_ssim"),
    ),
    Score(
        "seam",
        "Q3",
        "pixels",
        "colour step across the mask's edge over the step that the scene has anyway",
        "ratio",
        good="low",
        best="about 1 or less",
        source="own, after the ring difference of the usual blending checks",
        meant_for=("toned",),
        judges_fill=True,
        null="no pixels around the mask",
        measure=_of_pixels("measure_seam"),
    ),
    Score(
        "blur_ratio",
        "Q3",
        "pixels",
        "variance of the Laplacian inside the mask (eroded by a pixel) over that of the original around it",
        "ratio",
        good="middle",
        best="about 1",
        source="focus measure: Pech-Pacheco et al., ICPR 2000",
        meant_for=("blurred",),
        meant_for_above=("pasted", "textured"),
        judges_fill=True,
        null="no pixels around the mask",
        measure=_of_pixels("measure_blur_ratio"),
    ),
    Score(
        "residual",
        "Q4",
        "judge",
        "the judge's greatest confidence in a box of the removed class. The box lies by half in the "
        "mask, or has IoU ≥ .3 with a box of the class in the original",
        "0–1",
        good="low",
        best="0",
        source=_DETECTOR_GATES,
        meant_for=_LEFTOVERS,
        is_needed=True,
        null="the judge never saw the object, or does not know the word",
    ),
    Score(
        "residual_frame",
        "Q4",
        "judge",
        "the judge's greatest confidence in a box of the removed class anywhere in the edit. Where "
        'another one stands there, "no {class}" is not true',
        "0–1",
        good="low",
        best="0",
        source=_DETECTOR_GATES,
        is_invariant=True,
        is_needed=True,
        stands_in_for="listed_left",
        null="the judge does not know the word",
    ),
    Score(
        "left_confidence",
        "Q4",
        "masks",
        "the segmenter's greatest confidence in an object of the removed class that the mask leaves out",
        "0–1",
        good="low",
        best="0",
        is_invariant=True,
        stands_in_for="listed_left",
    ),
    Score(
        "listed_left",
        "Q4",
        "instances",
        "objects and crowds of the removed class, by the source's instances, of which the mask covers "
        "less than half; of an object without a segmentation it is its box. It is counted whatever "
        "`masks.truth` says",
        "objects",
        good="low",
        best="0",
        is_invariant=True,
        null="the source says nothing of this photo",
    ),
    Score(
        "listed_share",
        "Q4",
        "instances",
        "share of the object's mask, before dilation, that the source's instances call the removed "
        "class. Crowds, and boxes without a segmentation, count on neither side",
        "0–1",
        good="high",
        best="1",
        is_invariant=True,
        null="the source says nothing of this photo",
    ),
    Score(
        "original_confidence",
        "Q4",
        "judge",
        "the judge's confidence in the object before the edit. A judge that never saw it proves "
        "nothing by not seeing it later",
        "0–1",
        null="the judge does not know the word",
    ),
    Score(
        "new_object",
        "Q5",
        "judge",
        "greatest confidence in a box of any class that lies by half in the mask. It has IoU < .5 with "
        "every box of its own class in the original",
        "0–1",
        good="low",
        best="0",
        source=_DETECTOR_GATES,
        meant_for=("pasted",),
    ),
    Score(
        "collateral",
        "Q6",
        "judge",
        "share of the original's other objects (confidence ≥ .5, under .2 masked) that are found "
        "again, same class, IoU ≥ .5",
        "0–1",
        good="high",
        best="1",
        source=_DETECTOR_GATES,
        meant_for=("neighbour",),
        null="no other object in the original",
    ),
    Score(
        "clip_drop",
        "Q7",
        "clip",
        "fall of CLIP's logit of \"a photo of a {class}\" on the object's box, centred on a black square",
        "logit",
        good="high",
        source="class similarity before and after: PIPE; crop padded as in CLIP-based region "
        "scoring; Radford et al., 2021",
        meant_for=_LEFTOVERS,
    ),
    Score(
        "clip_present",
        "Q7",
        "clip",
        'after the edit, on the same crop, CLIP\'s softmax probability of "a photo of a {class}" '
        'against "a photo of a background" and "a photo of an empty place"',
        "0–1",
        good="low",
        source="zero-shot classification: Radford et al., 2021",
        meant_for=_LEFTOVERS,
    ),
    Score(
        "rc_s",
        "Q8",
        "dino",
        "RC-S-lite: exp(−mean / 3) over windows of a quarter of a square crop around each part of the "
        "hole. The mean is that of 10 × the squared distance of the mean DINOv2 patch features inside "
        "and outside. Needs `quality.dino`",
        "0–1",
        good="high",
        source="RC-S of PROVE, 2605.14534, its kernel replaced by the distance of the means",
        meant_for=("half", "rim", "ghost", "pasted", "textured", "blurred", "toned"),
        null="no window with enough of the hole and of its surroundings",
    ),
)


def list_names(wanted: Callable[[Score], object] = lambda score: True) -> list[str]:
    """Return the names of the scores that are wanted, in the order of the entries."""
    return [score.name for score in SCORES.values() if wanted(score)]


INVARIANTS = list_names(lambda score: score.is_invariant)
# Those that controls calibrate.
CALIBRATED = list_names(lambda score: score.good is not None and not score.is_invariant)
# What is known of an edit and good on no side: `sane` decides alone, before any threshold.
CONTEXT = list_names(lambda score: score.good is None and score.maker != "file")
EXPLAINED = list_names(lambda score: score.is_explained)
MEASURES = {score.name: score.measure for score in SCORES.values() if score.measure}
PIXEL_SCORES = list(MEASURES)
# What judges a fill and not a removal: the object of a sham edit is still there.
SHAM_SCORES = list_names(lambda score: score.judges_fill)
THRESHOLDS = {one.key: one for score in SCORES.values() for one in score.thresholds}
# A good fill of even background changes little and looks like it, and its object is there: other
# thresholds cannot judge a sham edit.
SHAM_THRESHOLDS = [
    key
    for key, one in THRESHOLDS.items()
    if one.score.judges_fill or (one.score.is_invariant and one.score.maker == "pixels")
]
# In place of a number: the cut that the run's controls give, under every policy.
FROM_CONTROLS = "controls"


def needs_calibration(quality: dict) -> bool:
    """Tell of the config's block `quality` whether selection reads what controls gave."""
    from_controls = FROM_CONTROLS in quality["thresholds"].values()
    return quality["policy"] == "calibrated" or (quality["policy"] == "fixed" and from_controls)


def write_item(score: Score) -> str:
    """Return a score's item of the list in docs/QUALITY.md, on one line."""
    good = score.best or score.good
    head = f"- `{score.name}` ({score.gate}, {score.unit}{f', good: {good}' if good else ''})"
    return f"{head}: {score.doc}." + (f" Source: {score.source}." if score.source else "")
