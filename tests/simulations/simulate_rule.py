"""What the pass rule does when it is known what is true: false holds, power, coverage of intervals.

`python tests/simulations/simulate_rule.py [studies]` prints two tables, on one core in a few
minutes; `make bench` does not run it. A study is a run of nine trainings: three splits of photo
groups into three folds (`folds`), or nine models on one external set. Trainings differ, and a third
of that they have in common, as the corrected t assumes of parts that overlap so. Photos are easy or
hard for every model and every question on them. Every figure of the rule is drawn apart:

* a part **at its margin**: one of its figures is just as bad as the rule allows, every other one of
  the whole rule is good. The share of studies in which the part holds is the rule's false holds.
* a part **at the effect that a plan of it names** (`name_effect`): all its figures are so good.
* the **coverage** of each kind of interval that a report prints.

Estimates and limits come from the package's own functions, and `judge_requirement` judges.
"""

import gc
import sys
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]

from unscene.evaluation.auc_intervals import estimate_area, place_photos
from unscene.evaluation.comparison import mark_primary
from unscene.evaluation.pass_rule import (
    CHANCE,
    HOLDS,
    PRIMARY,
    PRIMARY_METRIC,
    REQUIREMENTS,
    Bound,
    Requirement,
    judge_primary,
    judge_requirement,
)
from unscene.evaluation.statistics import (
    cluster_bootstrap,
    corrected_t,
    get_detectable_by_all,
    spread_ratio,
    spread_top,
    widen_by_models,
)
from unscene.run.agreement import count_share, summarise

CONFIDENCE, DRAWS, MAIN = 0.95, 500, "main"
SPLITS, PARTS = 3, 3
TRAININGS = SPLITS * PARTS
TEST_TO_TRAIN = 1 / (PARTS - 1)
# What trainings have in common of their differences: the share that is tested, n2 / (n1 + n2).
COMMON = 1 / PARTS
# Of a training's threshold, in standard deviations of an item's difficulty: one point of a share,
# as the plan assumes (spreads, training).
TRAINING_SD = 0.026
CELLS = 15_000_000


@dataclass(frozen=True)
class Design:
    """How much a figure is measured on: photos (or pairs' groups), questions a photo, and how far
    two models agree on an item (correlation of its difficulty).

    is_crossed: every training is tested on every photo, as on an external set; else each on a fold.
    """

    photos: int
    questions: int = 1
    agreement: float = 0.6
    is_crossed: bool = True


@dataclass(frozen=True)
class Drawn:
    """Differences of `studies` studies. values: mean over trainings, (items, studies); photo
    (items,); of_part: means of the trainings, (trainings, studies); truth: what they estimate;
    realised: the same for just these trainings, (studies,); on_photos: for other trainings on just
    these photos (of shares); noise: as widen_by_models takes it, (studies,), where every training
    is tested on every photo.
    """

    values: np.ndarray
    photo: np.ndarray
    of_part: np.ndarray
    truth: float
    realised: np.ndarray
    on_photos: np.ndarray | None = None
    noise: np.ndarray | None = None


class Effects:
    """By how much each training is better than its recipe: `all` (trainings, studies), of which
    `common` (studies,) is in every one.
    """

    def __init__(self, rng: np.random.Generator, studies: int, is_trained: bool = True) -> None:
        self.sd = TRAINING_SD * is_trained
        self.common = self.sd * np.sqrt(COMMON) * rng.normal(size=studies)
        self.all = self.common + self.sd * np.sqrt(1 - COMMON) * rng.normal(size=(TRAININGS, studies))

    def widen(self, noise: float = 1.0) -> float:
        """Return by how much the trainings widen the spread of an item, whose variance is `noise`."""
        return float(np.sqrt(1 + self.sd**2 / noise))


def mix_own(rng: np.random.Generator, design: "Design", photo: np.ndarray, of_arm: np.ndarray) -> np.ndarray:
    """Return an arm's own part of the difficulty of items (items, studies): half of it the photo's
    for this arm, in every training (of_arm: photos, studies), half new.
    """
    noise = rng.standard_normal((len(photo), of_arm.shape[1]), np.float32)
    return np.float32(np.sqrt((1 - design.agreement) / 2)) * (of_arm[photo] + noise)


def find_training(rng: np.random.Generator, photos: int) -> np.ndarray:
    """Return which training tests each photo in each split, (photos, splits): a fold of each split."""
    return np.stack([rng.permutation(photos) % PARTS + PARTS * split for split in range(SPLITS)], axis=1)


class PhotoSpread:
    """The variance over trainings of what each photo says, summed over photos."""

    def __init__(self, design: Design, studies: int) -> None:
        self.design, self.count = design, 0
        self.total, self.squares = np.zeros((2, design.photos, studies))

    def add(self, values: np.ndarray) -> None:
        """Take a training's values of the items, (items, studies), a photo's side by side."""
        sums = values.reshape(self.design.photos, self.design.questions, -1).sum(axis=1)
        self.total += sums
        self.squares += sums**2
        self.count += 1

    def get(self) -> np.ndarray:
        """Return `noise` of widen_by_models, (studies,)."""
        variance = (self.squares - self.total**2 / self.count) / (self.count - 1)
        return variance.sum(axis=0) / (self.design.photos * self.design.questions) ** 2


def draw_shares(
    design: Design,
    difference: float,
    reference: str,
    studies: int,
    seed: int,
    has_photos: bool = False,
    base: float = 0.4,
) -> Drawn:
    """Draw answers, right or wrong: the reference's share is `base`, the main arm's `difference` more;
    against chance the main arm's own share is told. has_photos: tell `on_photos` as well.
    """
    rng = np.random.default_rng(seed)
    is_level, is_fixed = reference == CHANCE, reference in (CHANCE, "zero_shot")
    effects = [Effects(rng, studies), Effects(rng, studies, not is_fixed)]
    cuts = [stats.norm.ppf(p) * e.widen() for p, e in zip((base + difference, base), effects, strict=True)]
    threshold = [cut + effect.all for cut, effect in zip(cuts, effects, strict=True)]
    photo = np.repeat(np.arange(design.photos), design.questions)
    tests = find_training(rng, design.photos)[photo]
    columns = np.arange(TRAININGS) if design.is_crossed else np.arange(SPLITS)
    values, of_part = np.empty((len(photo), studies), np.float32), np.zeros((TRAININGS, studies))
    on_photos, noise = np.zeros((2, studies))
    at_once = max(1, CELLS // len(photo))
    for start in range(0, studies, at_once):
        part = slice(start, min(start + at_once, studies))
        size = part.stop - start
        # Half of what models agree on belongs to the photo, half to the question.
        easy, *of_arm = (rng.standard_normal((design.photos, size), np.float32) for _ in range(3))
        easy = easy[photo] + rng.standard_normal((len(photo), size), np.float32)
        easy *= np.float32(np.sqrt(design.agreement / 2))
        total = np.zeros((len(photo), size), np.float32)
        spread = PhotoSpread(design, size)
        latent = [easy + mix_own(rng, design, photo, own) for own in of_arm]
        for column in columns:
            training = np.full(len(photo), column) if design.is_crossed else tests[:, column]
            latent[0] = easy + mix_own(rng, design, photo, of_arm[0])
            if not is_fixed:
                latent[1] = easy + mix_own(rng, design, photo, of_arm[1])
            right = [score < cut[training, part] for score, cut in zip(latent, threshold, strict=True)]
            answer = right[0].astype(np.float32) - (0 if is_level else right[1])
            total += answer
            spread.add(answer)
            for at in np.unique(training):
                of_part[at, part] = answer[training == at].mean(axis=0)
        values[:, part] = total / len(columns)
        noise[part] = spread.get()
        if has_photos:
            known = [easy + np.sqrt((1 - design.agreement) / 2) * own[photo] for own in of_arm]
            sds = [np.sqrt((1 - design.agreement) / 2 + effect.sd**2) for effect in effects]
            share = [
                stats.norm.cdf((cut - score) / sd).mean(axis=0)
                for cut, score, sd in zip(cuts, known, sds, strict=True)
            ]
            other = 0 if is_level else right[1].mean(axis=0) if is_fixed else share[1]
            on_photos[part] = share[0] - other
    realised = [stats.norm.cdf(t).mean(axis=0) for t in threshold]
    return Drawn(
        values,
        photo,
        of_part,
        difference + base * is_level,
        realised[0] - (0 if is_level else realised[1]),
        on_photos if has_photos else None,
        noise if design.is_crossed else None,
    )


CLASSES = 6


def draw_areas(design: Design, difference: float, reference: str, studies: int, seed: int) -> Drawn:
    """Draw areas under the ROC curve: the reference has .6 (chance: .5), the main arm `difference`
    more. The photos' scores are normal, and a photo's own part is in all classes and models.
    """
    rng, base = np.random.default_rng(seed), 0.5 if reference == CHANCE else 0.6
    has = rng.random((design.photos, CLASSES)) < 0.25
    has[:6], has[6:12] = True, False
    tests = find_training(rng, design.photos)
    effects = [Effects(rng, studies), Effects(rng, studies, reference not in (CHANCE, "zero_shot"))]
    cuts = [
        np.sqrt(2) * stats.norm.ppf(area) * e.widen(2)
        for area, e in zip((base + difference, base), effects, strict=True)
    ]
    shift = [cut + effect.all for cut, effect in zip(cuts, effects, strict=True)]
    easy, *of_arm = (rng.standard_normal((design.photos, studies)) for _ in range(3))
    easy *= np.sqrt(design.agreement)
    values, of_part = np.zeros((design.photos, studies)), np.zeros((TRAININGS, studies))
    spread = PhotoSpread(design, studies)
    for training in range(TRAININGS):
        rows = (
            np.arange(design.photos) if design.is_crossed else np.flatnonzero((tests == training).any(axis=1))
        )
        own = np.zeros((len(rows), studies))
        for sign, arm_shift, arm in zip((1, -1), shift, of_arm, strict=True):
            if reference == CHANCE and sign < 0:
                own -= base
                continue
            for column in range(CLASSES):
                there = has[rows, column]
                score = easy[rows] + mix_own(rng, design, rows, arm) + there[:, None] * arm_shift[training]
                placed = place_photos(score, there, ~there)
                for study in range(studies):
                    found = estimate_area(placed[:, study], there, ~there)
                    own[:, study] += sign * (found.value + found.pull) / CLASSES
        values[rows] += own / (TRAININGS if design.is_crossed else SPLITS)
        of_part[training] = own.mean(axis=0)
        if design.is_crossed:
            spread.add(own)
    realised = [stats.norm.cdf(of_shift / np.sqrt(2)).mean(axis=0) for of_shift in shift]
    return Drawn(
        values,
        np.arange(design.photos),
        of_part,
        difference,
        realised[0] - realised[1],
        noise=spread.get() if design.is_crossed else None,
    )


QUERIES, FIRST = 12, 10


def draw_queries(design: Design, difference: float, reference: str, studies: int, seed: int) -> Drawn:
    """Draw shares of hits among the first 10 photos of each query: .4 of the reference; against chance
    the main arm's own share.
    """
    rng, base, is_level = np.random.default_rng(seed), 0.4, reference == CHANCE
    tests = find_training(rng, design.photos)
    effects = [Effects(rng, studies), Effects(rng, studies, reference not in (CHANCE, "zero_shot"))]
    shares = [
        stats.norm.cdf(stats.norm.ppf(share) * e.widen() + e.all)
        for share, e in zip((base + difference, base), effects, strict=True)
    ]
    values, of_part = np.zeros((design.photos, studies)), np.zeros((TRAININGS, studies))
    spread = PhotoSpread(design, studies)
    for training in range(TRAININGS):
        rows = (
            np.arange(design.photos) if design.is_crossed else np.flatnonzero((tests == training).any(axis=1))
        )
        own = np.zeros((len(rows), studies))
        for sign, share in zip((1,) if is_level else (1, -1), shares, strict=not is_level):
            for _ in range(QUERIES):
                first = np.argsort(rng.random((studies, len(rows))), axis=1)[:, :FIRST]
                hit = rng.random((studies, FIRST)) < share[training][:, None]
                for study in range(studies):
                    own[:, study] += sign * spread_top(hit[study], len(rows), first[study]) / QUERIES
        values[rows] += own / (TRAININGS if design.is_crossed else SPLITS)
        of_part[training] = own.mean(axis=0)
        if design.is_crossed:
            spread.add(own)
    realised = [share.mean(axis=0) for share in shares]
    return Drawn(
        values,
        np.arange(design.photos),
        of_part,
        difference + base * is_level,
        realised[0] - (0 if is_level else realised[1]),
        noise=spread.get() if design.is_crossed else None,
    )


def draw_flips(design: Design, difference: float, reference: str, studies: int, seed: int) -> Drawn:
    """Draw flip rates of sham edits, of what is told rightly on the original: .06 of the reference
    (`difference` less of the main arm), .6 and .85 being told rightly.
    """
    rng, base = np.random.default_rng(seed), 0.06
    tests = find_training(rng, design.photos)
    effects = [Effects(rng, studies), Effects(rng, studies, reference != "zero_shot")]
    rates = [
        stats.norm.cdf(stats.norm.ppf(rate) * e.widen() + e.all)
        for rate, e in zip((base - difference, base), effects, strict=True)
    ]
    values, of_part = np.zeros((design.photos, studies)), np.zeros((TRAININGS, studies))
    easy = rng.normal(size=(design.photos, studies)) * np.sqrt(design.agreement)
    for training in range(TRAININGS):
        rows = np.flatnonzero((tests == training).any(axis=1))
        own = np.zeros((len(rows), studies))
        for sign, rate, known in zip((-1, 1), rates, (0.85, 0.6), strict=True):
            latent = easy[rows] + np.sqrt(1 - design.agreement) * rng.normal(size=own.shape)
            told = rng.random(own.shape) < known
            flip = told & (latent < stats.norm.ppf(rate[training]))
            for study in range(studies):
                own[:, study] += sign * spread_ratio(flip[:, study], told[:, study])
        values[rows] += own / SPLITS
        of_part[training] = own.mean(axis=0)
    realised = [rate.mean(axis=0) for rate in rates]
    return Drawn(values, np.arange(design.photos), of_part, difference, realised[1] - realised[0])


def draw_cosines(design: Design, difference: float, reference: str, studies: int, seed: int) -> Drawn:
    """Draw a continuous measure a pair, of standard deviation .06."""
    rng = np.random.default_rng(seed)
    photo = np.repeat(np.arange(design.photos), design.questions)
    tests = find_training(rng, design.photos)[photo]
    effect = 0.06 * Effects(rng, studies).all
    shared = rng.normal(size=(design.photos, studies))[photo] * np.sqrt(design.agreement)
    values, of_part = np.zeros((len(photo), studies)), np.zeros((TRAININGS, studies))
    for split in range(SPLITS):
        noise = shared + np.sqrt(1 - design.agreement) * rng.normal(size=shared.shape)
        of_split = difference + 0.06 * noise + effect[tests[:, split]]
        values += of_split / SPLITS
        for training in np.unique(tests[:, split]):
            of_part[training] = of_split[tests[:, split] == training].mean(axis=0)
    return Drawn(values, photo, of_part, difference, difference + effect.mean(axis=0))


@dataclass(frozen=True)
class Kind:
    """A kind of figure: how it is drawn, on how much, and what it is, in words."""

    draw: Callable[[Design, float, str, int, int], Drawn]
    design: Design
    words: str


PAIRS = Design(300, 2, is_crossed=False)
ON_FOLDS = Design(360, is_crossed=False)
KINDS = {
    PRIMARY_METRIC: Kind(draw_shares, PAIRS, "600 pairs in 300 groups, folds"),
    "absence_auc_known": Kind(draw_areas, ON_FOLDS, "360 photos, 6 categories, folds"),
    "affirmative_auc": Kind(draw_areas, ON_FOLDS, "360 photos, 6 categories, folds"),
    "wanted_at_10": Kind(draw_queries, ON_FOLDS, "360 photos, 12 queries, folds"),
    "violation_at_10": Kind(draw_queries, ON_FOLDS, "360 photos, 12 queries, folds"),
    "accuracy": Kind(draw_shares, Design(1000, 3), "1,000 photos, 3 questions each"),
    "accuracy_*": Kind(draw_shares, Design(1000, 1), "1,000 photos, 1 question each"),
    "text_to_image_recall_at_5": Kind(draw_shares, Design(1000, 5), "1,000 photos, 5 captions each"),
    "true_understanding": Kind(draw_shares, Design(500, 2), "500 photos, 2 questions each"),
    "indecision": Kind(draw_shares, Design(500, 10), "500 photos, 10 questions each"),
    "top1": Kind(draw_shares, Design(5000, agreement=0.9), "5,000 photos"),
    "image_to_text_recall_at_1": Kind(draw_shares, Design(7000, agreement=0.9), "7,000 photos"),
    "text_to_image_recall_at_1": Kind(draw_shares, Design(7000, 2, 0.9), "7,000 photos, 2 captions each"),
    "sham_flip_rate": Kind(draw_flips, Design(2000, is_crossed=False), "2,000 sham edits, folds"),
    "placebo_excess": Kind(draw_cosines, PAIRS, "600 pairs in 300 groups, folds"),
}
UNBOUNDED = {"placebo_excess", "kept_surplus", "sham_excess"}


def join_trainings(found: pd.DataFrame, drawn: Drawn) -> np.ndarray:
    """Return the limits (studies, 2) of photos and trainings, from those of the photos."""
    limits = zip(found["low"], found["high"], drawn.of_part.T, drawn.noise, strict=True)
    return np.array(
        [
            widen_by_models((low, high), of_model, noise, TEST_TO_TRAIN, CONFIDENCE)
            for low, high, of_model, noise in limits
        ]
    )


def bootstrap(drawn: Drawn, metric: str) -> pd.DataFrame:
    """Return what the bootstrap of photos says, a row a study."""
    studies = range(drawn.values.shape[1])
    frame = pd.DataFrame(drawn.values, columns=studies)
    unbounded = studies if metric in UNBOUNDED else ()
    found = cluster_bootstrap(
        frame, drawn.photo, np.zeros(len(frame)), DRAWS, CONFIDENCE, seed=1, unbounded=unbounded
    )
    return found.astype(float)


def measure(metric: str, drawn: Drawn) -> pd.DataFrame:
    """Return the limits of each study as the tables of contrasts have them, a row a study."""
    found, is_crossed = bootstrap(drawn, metric), KINDS[metric].design.is_crossed
    trained = [corrected_t(values, TEST_TO_TRAIN, CONFIDENCE) for values in drawn.of_part.T]
    rows = found[["difference", "low", "high"]].reset_index(drop=True)
    if is_crossed:
        rows[["low", "high"]] = join_trainings(found, drawn)
    rows[["corrected_t_low", "corrected_t_high", "corrected_t_p"]] = trained
    return rows


def draw_figure(bound: Bound, better: float, studies: int, seed: int) -> pd.DataFrame:
    """Return the rows of a figure that is better than its reference by so much, a row a study."""
    kind = KINDS[bound.metric]
    seed = seed + zlib.crc32(f"{bound.metric} {bound.reference} {better:.6f}".encode())
    rows = measure(bound.metric, kind.draw(kind.design, better, bound.reference, studies, seed))
    if bound.is_loss:
        rows = turn(rows)
    metric = bound.metric.replace("*", "hybrid")
    return rows.assign(contrast=f"{MAIN}-{bound.reference}", metric=metric, set="", models=TRAININGS)


def turn(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of a figure of which less is better."""
    ends = {"low": "high", "high": "low", "corrected_t_low": "corrected_t_high"}
    ends["corrected_t_high"] = "corrected_t_low"
    turned = rows[list(ends)].rename(columns=ends)
    return rows.assign(difference=-rows["difference"], **{end: -turned[end] for end in ends})


def name_effect(bound: Bound, figures: int, alpha: float = 1 - CONFIDENCE, studies: int = 60) -> float:
    """Return the true difference at which a part of so many figures is planned to hold, by the plan's own
    formula (`get_detectable_by_all`), less the margin. The spreads are those of a few studies without
    a difference, where the plan has to assume them.
    """
    kind = KINDS[bound.metric]
    drawn = kind.draw(kind.design, 0.0, bound.reference, studies, seed=99)
    rows = measure(bound.metric, drawn)
    spread = float(drawn.of_part.std(axis=0, ddof=1).mean())
    error = float((rows["high"] - rows["low"]).mean()) / (2 * stats.norm.ppf((1 + CONFIDENCE) / 2))
    return get_detectable_by_all(spread, error, TRAININGS, TEST_TO_TRAIN, alpha, figures) - bound.margin


def hold_in(requirement: Requirement, tables: list[pd.DataFrame]) -> np.ndarray:
    """Return in which studies a part holds, bool (studies,). tables: its figures, a row a study each."""
    source = requirement.sources[-1]
    held = []
    for rows in zip(*(table.to_dict("records") for table in tables), strict=True):
        held.append(judge_requirement(requirement, {source: pd.DataFrame(rows)}, MAIN).status == HOLDS)
    return np.array(held)


def hold_primary(better: dict[str, float], studies: int, seed: int) -> np.ndarray:
    """Return in which studies the part on the group score holds. better: reference -> true
    difference; a reference that is not in it stands far below.
    """
    bounds = [Bound(PRIMARY_METRIC, reference) for reference in PRIMARY]
    tables = [
        draw_figure(bound, better[bound.reference], studies, seed)
        if bound.reference in better
        else write_good(bound, studies)
        for bound in bounds
    ]
    held = []
    for rows in zip(*(table.to_dict("records") for table in tables), strict=True):
        comparison = mark_primary(pd.DataFrame(rows), MAIN)
        held.append(judge_primary(comparison, MAIN, PRIMARY).status == HOLDS)
    return np.array(held)


def write_good(bound: Bound, studies: int) -> pd.DataFrame:
    """Return rows of a figure that holds in every study."""
    limits = {"difference": 0.4, "low": 0.3, "high": 0.5, "corrected_t_low": 0.3, "corrected_t_high": 0.5}
    rows = pd.DataFrame([limits | {"corrected_t_p": 1e-6}] * studies)
    metric = bound.metric.replace("*", "hybrid")
    named = {"contrast": f"{MAIN}-{bound.reference}", "metric": metric, "set": "", "models": TRAININGS}
    return (turn(rows) if bound.is_loss else rows).assign(**named)


def simulate_parts(studies: int, seed: int = 0, names: Collection[str] | None = None) -> pd.DataFrame:
    """Return `part figure measured_on false_holds effect power`, a row a figure of a part.

    power: of the whole part, all its figures at the effect that the plan names.
    """
    rows = []
    if names is None or PRIMARY_METRIC in names:
        rows += simulate_primary(studies, seed)
    for requirement in REQUIREMENTS:
        if names is not None and requirement.name not in names:
            continue
        bounds = requirement.bounds
        effects = {bound: name_effect(bound, len(bounds)) for bound in bounds}
        power = hold_in(
            requirement, [draw_figure(bound, effects[bound], studies, seed) for bound in bounds]
        ).mean()
        for bound in bounds:
            tables = [
                draw_figure(bound, -bound.margin, studies, seed + 1)
                if other is bound
                else write_good(other, studies)
                for other in bounds
            ]
            rows.append(
                {
                    "part": requirement.name,
                    "figure": f"{bound.metric} against {bound.reference}",
                    "measured_on": KINDS[bound.metric].words,
                    "false_holds": hold_in(requirement, tables).mean(),
                    "effect": effects[bound],
                    "power": power,
                }
            )
    return pd.DataFrame(rows)


def simulate_primary(studies: int, seed: int) -> list[dict]:
    """Return the rows of the part on the group score."""
    # Holm's first step takes the level of a third.
    effect = name_effect(Bound(PRIMARY_METRIC, "originals"), len(PRIMARY), (1 - CONFIDENCE) / len(PRIMARY))
    power = hold_primary(dict.fromkeys(PRIMARY, effect), studies, seed).mean()
    return [
        {
            "part": "group score",
            "figure": f"{PRIMARY_METRIC} against {reference}",
            "measured_on": KINDS[PRIMARY_METRIC].words,
            "false_holds": hold_primary({reference: 0.0}, studies, seed + 1).mean(),
            "effect": effect,
            "power": power,
        }
        for reference in PRIMARY
    ]


def cover(low, high, truth) -> float:
    """Return the share of intervals that hold the truth."""
    return float(np.mean((np.asarray(low) <= truth) & (truth <= np.asarray(high))))


def list_cases() -> dict[str, tuple[str, Kind]]:
    """Return what intervals are drawn of, by name: the reference (a level is held against chance), and
    how it is drawn. What stands before a comma is the metric's name.
    """
    shares = partial(draw_shares, has_photos=True)
    recalls = partial(draw_shares, base=0.03, has_photos=True)
    photos, questions = Design(500), Design(200, 10)
    return {
        "group_score": ("originals", KINDS[PRIMARY_METRIC]),
        "group_score, level": (CHANCE, KINDS[PRIMARY_METRIC]),
        "absence_auc_known": ("originals", KINDS["absence_auc_known"]),
        "absence_auc_known, level": (CHANCE, KINDS["absence_auc_known"]),
        "absence_auc_known, set": ("originals", Kind(draw_areas, Design(300), "300 photos, a set")),
        "absence_auc_known, set, level": (CHANCE, Kind(draw_areas, Design(300), "300 photos, a set")),
        "wanted_at_10": ("originals", KINDS["wanted_at_10"]),
        "wanted_at_10, set": ("originals", Kind(draw_queries, Design(300), "300 photos, 12 queries, a set")),
        "wanted_at_10, set, level": (
            CHANCE,
            Kind(draw_queries, Design(300), "300 photos, 12 queries, a set"),
        ),
        "sham_flip_rate": (
            "originals",
            Kind(draw_flips, Design(300, is_crossed=False), "300 sham edits, folds"),
        ),
        "placebo_excess": (CHANCE, KINDS["placebo_excess"]),
        "kept_surplus": (
            CHANCE,
            Kind(draw_cosines, Design(30, 2, is_crossed=False), "60 pairs in 30 groups, folds"),
        ),
        "sham_excess": (
            CHANCE,
            Kind(draw_cosines, Design(300, is_crossed=False), "300 sham edits, folds"),
        ),
        "recall_at_1": ("originals", Kind(draw_shares, ON_FOLDS, "360 photos, folds")),
        "recall_at_1, level": (CHANCE, Kind(draw_shares, ON_FOLDS, "360 photos, folds")),
        "accuracy, ten questions a photo": (
            "originals",
            Kind(shares, questions, "200 photos, 10 questions each"),
        ),
        "accuracy, ten questions a photo, level": (
            CHANCE,
            Kind(shares, questions, "200 photos, 10 questions each"),
        ),
        "recall, one caption a photo": ("zero_shot", Kind(shares, photos, "500 photos")),
        "recall of 5 %, level": (CHANCE, Kind(recalls, photos, "500 photos")),
    }


def simulate_coverage(studies: int, seed: int = 0) -> pd.DataFrame:
    """Return `figure measured_on interval coverage`, a row an interval that a report prints.

    On folds the bootstrap of photos is for these trainings, the corrected t for others; on sets the
    printed interval is for both, the corrected t for other trainings on these photos. By question:
    what it was until November 2026, for comparison.
    """
    rows = []
    for number, (name, (reference, kind)) in enumerate(list_cases().items()):
        metric = name.split(",")[0]
        drawn = kind.draw(kind.design, 0.02, reference, studies, seed + 7919 * number)
        photos = bootstrap(drawn, metric)
        trained = np.array([corrected_t(values, TEST_TO_TRAIN, CONFIDENCE)[:2] for values in drawn.of_part.T])
        found = {}
        if kind.design.is_crossed:
            limits = join_trainings(photos, drawn)
            found["photos and trainings"] = (*limits.T, drawn.truth)
            if drawn.on_photos is not None:
                found["corrected t, of trainings on these photos"] = (*trained.T, drawn.on_photos)
        else:
            limits = photos[["low", "high"]].to_numpy()
            found["photos, of these trainings"] = (*limits.T, drawn.realised)
            found["corrected t"] = (*trained.T, drawn.truth)
        both = np.minimum(limits[:, 0], trained[:, 0]), np.maximum(limits[:, 1], trained[:, 1])
        found["both, as the rule takes them"] = (*both, drawn.truth)
        if kind.design.questions > 1:
            naive = bootstrap(replace(drawn, photo=np.arange(len(drawn.photo))), metric)
            found["by question (not printed)"] = (naive["low"], naive["high"], drawn.realised)
        rows += [
            {"figure": name, "measured_on": kind.words, "interval": interval, "coverage": cover(*limits)}
            for interval, limits in found.items()
        ]
    return pd.DataFrame(rows)


UNSEEN_FOLDS = 3


def cover_unseen(studies: int, seed: int = 0) -> dict:
    """Return the row of unseen categories: models that have not seen a fold of categories against
    those of the folds of photos, on 600 pairs in 300 groups. Pairs of a group may be of different
    categories. The interval knows the photos, of these trainings.
    """
    rng, pairs = np.random.default_rng(seed), 600
    group, category = np.repeat(np.arange(pairs // 2), 2), rng.integers(UNSEEN_FOLDS, size=pairs)
    photo_fold = (rng.permutation(pairs // 2) % PARTS)[group]
    easy = rng.normal(size=(pairs // 2, studies))[group]
    right, share = [], []
    for base, fold in ((0.4, category), (0.45, photo_fold)):
        cut = stats.norm.ppf(base) + TRAINING_SD * rng.normal(size=(UNSEEN_FOLDS, studies))
        right.append(np.sqrt(0.6) * easy + np.sqrt(0.4) * rng.normal(size=easy.shape) < cut[fold])
        share.append(stats.norm.cdf(cut)[fold].mean(axis=0))
    values = pd.DataFrame(right[0].astype(float) - right[1], columns=range(studies))
    found = cluster_bootstrap(values, group, category, DRAWS, CONFIDENCE, seed=1).astype(float)
    return {
        "figure": "group_score, unseen categories minus seen",
        "measured_on": "600 pairs in 300 groups",
        "interval": "photos, of these trainings",
        "coverage": cover(found["low"], found["high"], share[0] - share[1]),
    }


def cover_counts(studies: int, seed: int = 0) -> list[dict]:
    """Return the rows of the truth's and the controls' shares (Wilson) and means (normal), which take
    their items as independent: as they are with an edit a photo, and words of five captions of a photo
    that are right together or not (correlation .3).
    """
    rng, rows = np.random.default_rng(seed), []
    for total, share in ((40, 0.1), (40, 0.97), (70, 0.17), (700, 0.97)):
        hits = np.arange(total + 1)
        limits = [count_share(int(hit), total) for hit in hits]
        holds = [limit["low"] <= share <= limit["high"] for limit in limits]
        chance = stats.binom.pmf(hits, total, share)
        rows.append(
            (f"share of {100 * share:.0f} %", f"{total} items", "Wilson", float(chance @ np.array(holds)))
        )
    photos, mentions = 200, 5
    of_photo = rng.normal(size=(studies, photos, 1)) * np.sqrt(0.3)
    latent = of_photo + np.sqrt(0.7) * rng.normal(size=(studies, photos, mentions))
    hits = (latent < stats.norm.ppf(0.9)).sum(axis=(1, 2))
    limits = [count_share(int(hit), photos * mentions) for hit in hits]
    clustered = np.mean([limit["low"] <= 0.9 <= limit["high"] for limit in limits])
    rows.append(("share of 90 %", "1,000 words of 200 photos", "Wilson", float(clustered)))
    for masks in (30, 300):
        means = [summarise(values) for values in rng.beta(8, 2, size=(studies, masks))]
        held = np.mean([mean["low"] <= 0.8 <= mean["high"] for mean in means])
        rows.append(("mean IoU of .80", f"{masks} masks", "normal", float(held)))
    names = ("figure", "measured_on", "interval", "coverage")
    return [dict(zip(names, row, strict=True)) for row in rows]


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    gc.freeze()  # statsmodels collects garbage at every adjustment
    pd.set_option("display.width", 200, "display.max_rows", None, "display.max_colwidth", 60)
    further = pd.DataFrame([cover_unseen(count), *cover_counts(count)])
    coverage = pd.concat([simulate_coverage(count), further])
    print(coverage.round(3).to_string(index=False), flush=True)
    for name in (PRIMARY_METRIC, *(requirement.name for requirement in REQUIREMENTS)):
        print(simulate_parts(count, names={name}).round(3).to_string(index=False, header=False), flush=True)
