"""What a model scores on untouched photos whose objects are known: absence and presence by
construction, category and photo, queries, and the metrics that they sum up to.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import pandas as pd

from unscene.evaluation.absence_questions import ASSERTIONS, DENIALS, Question, write_questions
from unscene.evaluation.auc_intervals import Estimate, average, estimate_area, place_photos
from unscene.evaluation.columns.photos import CLASS_METRICS, CONSTRUCTION_NAMES, FREQUENCIES
from unscene.evaluation.embedders import Embedder
from unscene.evaluation.gallery import MIN_CLASS_PHOTOS, Gallery, divide_by_frequency, measure_plausibility
from unscene.evaluation.object_probe import probe_absence
from unscene.evaluation.object_queries import score_queries, summarise_queries
from unscene.words.absence_probes import read_held_out

KNOWN, BARE, PRESENT, SCENE = (
    DENIALS["known"],
    DENIALS["bare"],
    ASSERTIONS["present"],
    DENIALS["scene"],
)
OWN_PHOTO, CONTRAST, NEVER_DENIED, PROBE = (
    "absence_own_photo",
    "contrast_auc",
    "absence_auc_never_denied",
    "absence_probe_auc",
)
_OWN_SIDES = ("own_photo_absent", "own_photo_present")
_IN_A_SCENE = (SCENE, ASSERTIONS["affirmative_scene"])


@dataclass
class Answers:
    """A model's answers: a row a construction and category, a category, a query and wording, a photo
    and metric; the metrics by name (NaN where the photos do not allow one), and why, by name.
    """

    constructions: pd.DataFrame
    classes: pd.DataFrame
    queries: pd.DataFrame
    values: pd.DataFrame
    metrics: dict[str, float]
    reasons: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Asked:
    """Questions on photos, and a model's features of both."""

    gallery: Gallery
    questions: Sequence[Question]
    photo: np.ndarray
    text: np.ndarray


def ask_objects(photo: np.ndarray, gallery: Gallery, embedder: Embedder) -> Answers:
    """Ask a model everything that is asked of photos whose objects are known.

    photo (photos, dim): normalised features of the gallery's photos. Of an untuned model the linear
    probe is fitted as well: it depends on the image tower alone.
    """
    never_denied = embedder.never_denied
    probes, vocabulary = read_held_out(), embedder.vocabulary
    questions = write_questions(gallery, probes, vocabulary)
    text = embedder.embed_texts([question.text for question in questions])
    asked = _Asked(gallery, questions, photo, text)
    of_class, placed, constructions = place_questions(asked)
    own, own_photo = score_own_photos(asked)
    of_class |= own
    of_class[CONTRAST], accuracy = score_contrasts(asked)
    constructions["own_photo"] = [
        own_photo.get((row.construction, row.category), np.nan) if row.metric == SCENE else np.nan
        for row in constructions.itertuples()
    ]
    classes = describe_classes(gallery, of_class, placed, never_denied)
    classes["balanced_accuracy"] = [accuracy[name] for name in classes["category"]]
    probed = probe_absence(photo, gallery) if embedder.is_untuned else {}
    classes[PROBE] = [probed.get(name, np.nan) for name in classes["category"]]
    queries, of_queries = score_queries(photo, gallery, probes, embedder.embed_texts, vocabulary)
    macro = average_classes(of_class, classes, never_denied)
    columns = ["balanced_accuracy", "absence_auc_plausible", "absence_auc_implausible", PROBE]
    metrics = {
        **{name: np.nan if found is None else found.value for name, found in macro.items()},
        **{name: float(classes[name].astype(float).mean()) for name in columns},
        **summarise_queries(queries, probes),
    }
    return Answers(
        constructions,
        classes,
        queries,
        list_photo_values(gallery, macro | of_queries),
        metrics,
        explain(metrics, gallery, embedder),
    )


def place_questions(
    asked: _Asked,
) -> tuple[dict[str, dict[int, Estimate]], dict[int, np.ndarray], pd.DataFrame]:
    """Return (metric -> category's column -> its area, the mean over the questions; column ->
    placements on the probes of known words; a row a metric, construction and category).
    """
    estimates: dict[str, dict[int, Estimate]] = {}
    placed: dict[int, np.ndarray] = {}
    rows = []
    numbered = sorted(enumerate(asked.questions), key=lambda pair: (pair[1].metric, pair[1].column))
    for (metric, column), group in groupby(numbered, key=lambda pair: (pair[1].metric, pair[1].column)):
        positions, own = zip(*group, strict=True)
        high, low = own[0].find_sides(asked.gallery)
        placements = place_photos(asked.photo @ asked.text[list(positions)].T, high, low)
        mean = placements.mean(axis=1)
        estimates.setdefault(metric, {})[column] = estimate_area(mean, high, low)
        if metric == KNOWN:
            placed[column] = mean
        areas = placements[high].mean(axis=0)
        by_probe: dict[str, list[int]] = {}
        for at, question in enumerate(own):
            by_probe.setdefault(question.probe.name, []).append(at)
        second = None if own[0].second is None else asked.gallery.categories[own[0].second]
        present = low if own[0].denies else high
        counts = int(present.sum()), int((high if own[0].denies else low).sum())
        for name, at in by_probe.items():
            word = own[at[0]].probe.word
            known = (metric, name, word, asked.gallery.categories[column], second)
            rows.append((*known, float(areas[at].mean()), len(at), *counts))
    names = [name for name in CONSTRUCTION_NAMES if name != "own_photo"]
    return estimates, placed, pd.DataFrame(rows, columns=names)


def score_own_photos(
    asked: _Asked,
) -> tuple[dict[str, dict[int, Estimate]], dict[tuple[str, str], float]]:
    """Return (metric -> column -> estimate; (construction, category) -> share) of captions beside
    which a denial is told from an assertion on the caption's own photo.

    Right: "S, no o" scores above "S, with o" on a photo without o (own_photo_absent), and below it
    on a photo with o (own_photo_present). absence_own_photo is the mean of these two shares: whoever
    always denies has 1/2, as has a coin.
    """
    at = [position for position, question in enumerate(asked.questions) if question.metric in _IN_A_SCENE]
    rows = []
    # Questions in scenes stand in couples: a denial, and the assertion beside the same caption.
    for denial, assertion in zip(at[0::2], at[1::2], strict=True):
        question = asked.questions[denial]
        photo = asked.photo[question.photo]
        lead = float(asked.text[denial] @ photo) - float(asked.text[assertion] @ photo)
        is_there = bool(asked.gallery.has[question.photo, question.column])
        right = lead < 0 if is_there else lead > 0
        rows.append((question.column, question.probe.name, question.photo, is_there, float(right)))
    item = pd.DataFrame(rows, columns=["column", "construction", "photo", "is_there", "right"])
    estimates: dict[str, dict[int, Estimate]] = {name: {} for name in (*_OWN_SIDES, OWN_PHOTO)}
    for column, own in item.groupby("column"):
        sides = [own[own["is_there"] == is_there] for is_there in (False, True)]
        if min(map(len, sides)) < MIN_CLASS_PHOTOS:
            continue
        parts = [(side["photo"].to_numpy(), side["right"].to_numpy()) for side in sides]
        means = [float(values.mean()) for _, values in parts]
        photos = len(asked.gallery)
        for name, part, mean in zip(_OWN_SIDES, parts, means, strict=True):
            estimates[name][int(column)] = Estimate.of_means(photos, [part], 1.0, mean)
        estimates[OWN_PHOTO][int(column)] = Estimate.of_means(photos, parts, 0.5, float(np.mean(means)))
    by_side = item.groupby(["construction", "column", "is_there"])["right"].mean().unstack()
    both = by_side.dropna().mean(axis=1) if by_side.shape[1] == 2 else pd.Series(dtype=float)
    return estimates, {
        (construction, asked.gallery.categories[column]): float(share)
        for (construction, column), share in both.items()
    }


def score_contrasts(asked: _Asked) -> tuple[dict[int, Estimate], dict[str, float]]:
    """Return (column -> estimate of the area of d, category -> balanced accuracy at d > 0), d =
    s(photo, "a photo with o") - s(photo, "a photo with no o").
    """
    at = {
        (question.metric, question.column): position
        for position, question in enumerate(asked.questions)
        if question.metric in (PRESENT, BARE)
    }
    estimates, accuracy = {}, {}
    for column in asked.gallery.list_classes():
        has, lacks = asked.gallery.has[:, column], asked.gallery.lacks[:, column]
        present, absent = (asked.photo @ asked.text[at[metric, column]] for metric in (PRESENT, BARE))
        lead = present - absent
        estimates[column] = estimate_area(place_photos(lead[:, None], has, lacks)[:, 0], has, lacks)
        accuracy[asked.gallery.categories[column]] = float(
            ((lead[has] > 0).mean() + (lead[lacks] < 0).mean()) / 2
        )
    return estimates, accuracy


def describe_classes(
    gallery: Gallery,
    of_class: Mapping[str, Mapping[int, Estimate]],
    placed: Mapping[int, np.ndarray],
    never_denied: Collection[str] | None,
) -> pd.DataFrame:
    """Return a row a category that could be asked: its figures, its frequency, its plausibility.

    placed: placements on the probes of known words. absence_auc_plausible: their area with just
    those photos without the object that lead one to expect it more than the median of these photos
    does; absence_auc_implausible: with the others.
    """
    columns = gallery.list_classes()
    third = divide_by_frequency([int(gallery.has[:, column].sum()) for column in columns])
    plausibility = measure_plausibility(gallery)
    rows = []
    for column, frequency in zip(columns, third, strict=True):
        category, lacks = gallery.categories[column], gallery.lacks[:, column]
        expected = plausibility[lacks, column] > np.median(plausibility[lacks, column])
        of_absent = placed[column][lacks]
        rows.append(
            {
                "category": category,
                **{
                    metric: of_class[metric][column].value if column in of_class.get(metric, ()) else np.nan
                    for metric in CLASS_METRICS
                },
                "absence_auc_plausible": _mean(of_absent[expected]),
                "absence_auc_implausible": _mean(of_absent[~expected]),
                "frequency": FREQUENCIES[frequency],
                "never_denied": None if never_denied is None else category in never_denied,
                "n_present": int(gallery.has[:, column].sum()),
                "n_absent": int(lacks.sum()),
                "n_unknown": int((~gallery.has[:, column] & ~lacks).sum()),
            }
        )
    names = ["category", *CLASS_METRICS, "absence_auc_plausible", "absence_auc_implausible"]
    names += ["frequency", "never_denied", "n_present", "n_absent", "n_unknown"]
    return pd.DataFrame(rows, columns=names)


def average_classes(
    of_class: Mapping[str, Mapping[int, Estimate]],
    classes: pd.DataFrame,
    never_denied: Collection[str] | None,
) -> dict[str, Estimate | None]:
    """Return the macro means over categories by name: of all, of a third by frequency, of those that
    were never denied.
    """
    macro = {metric: average(list(of_class.get(metric, {}).values())) for metric in CLASS_METRICS}
    known = list(of_class.get(KNOWN, {}).values())
    parts = {f"absence_auc_{name}": (classes["frequency"] == name).tolist() for name in FREQUENCIES}
    parts[NEVER_DENIED] = [name in (never_denied or ()) for name in classes["category"]]
    for name, wanted in parts.items():
        macro[name] = average([found for found, is_wanted in zip(known, wanted, strict=True) if is_wanted])
    return macro


def list_photo_values(gallery: Gallery, macro: Mapping[str, Estimate | None]) -> pd.DataFrame:
    """Return `image_id group metric value`: what each photo says of each macro mean; the mean over
    photos is the metric (see `auc_intervals`).
    """
    group = gallery.ids if gallery.group is None else gallery.group
    frames = [
        pd.DataFrame(
            {"image_id": gallery.ids, "group": group, "metric": name, "value": found.value + found.pull}
        )
        for name, found in macro.items()
        if found is not None
    ]
    columns = ["image_id", "group", "metric", "value"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def explain(metrics: Mapping[str, float], gallery: Gallery, embedder: Embedder) -> dict[str, str]:
    """Return why each metric that is NaN could not be measured."""
    captioned = sum(1 for own in gallery.captions if own)
    unknown = float((~gallery.has & ~gallery.lacks).mean()) if gallery.has.size else 0.0
    too_few = (
        f"no category has {MIN_CLASS_PHOTOS} photos with it and {MIN_CLASS_PHOTOS} that are known to lack it"
        f" ({len(gallery)} photos; of {unknown:.0%} of their cells nobody says whether the object is there)"
    )
    why = {name: too_few for name, value in metrics.items() if np.isnan(value)}
    for name in why:
        if name.startswith(("wanted_at", "violation_at", "average_precision")):
            why[name] = "no two categories have enough photos with both and with just one; " + too_few
    if gallery.list_classes():
        specific = {
            NEVER_DENIED: "the model's training denied nothing, or its notes do not say what"
            if embedder.never_denied is None
            else "the training denied every category that could be asked",
            PROBE: "fitted for the untuned image tower alone"
            if not embedder.is_untuned
            else "too few photo groups",
            OWN_PHOTO: f"too few captions that do not name the object ({captioned} photos have captions)",
            "absence_auc_two": "no two categories have enough photos with either and with neither",
            "absence_auc_plausible": "no photo leads one to expect any object more than the others do",
        }
        specific |= dict.fromkeys((*_IN_A_SCENE, *_OWN_SIDES), specific[OWN_PHOTO])
        specific |= {f"absence_auc_{name}": "too few categories" for name in FREQUENCIES}
        why |= {name: text for name, text in specific.items() if name in why}
    return why


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
