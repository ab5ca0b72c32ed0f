"""Queries "X but no o" over untouched photos: is what was wanted found, is what was not wanted shown."""

from itertools import groupby

import numpy as np
import pandas as pd

from unscene.evaluation.auc_intervals import Estimate
from unscene.evaluation.columns.shared import QUERY_AT
from unscene.evaluation.gallery import Gallery
from unscene.evaluation.statistics import spread_top
from unscene.words.absence_probes import Probe, Probes, name_forms
from unscene.words.vocabulary import Vocabulary

MIN_POSITIVES, MIN_VIOLATIONS = 20, 5
TURNS = 3  # wordings of the probes that each query is asked in
QUERY = "a photo with {wanted} but no {no}"
STANDARD = Probe("query", "standard", "no", QUERY)
QUERY_COLUMNS = [
    "wanted",
    "unwanted",
    "construction",
    "word",
    "n_wanted",
    "n_unwanted",
    "gallery",
    "average_precision",
    *(f"{name}_at_{k}" for name in ("violation", "wanted") for k in QUERY_AT),
]
MEASURES = QUERY_COLUMNS[7:]


def list_queries(gallery: Gallery) -> list[tuple[int, int]]:
    """Return (wanted, unwanted) columns with MIN_POSITIVES photos of X that are known to lack o, and
    MIN_VIOLATIONS with both.
    """
    has = gallery.has.astype(np.int64)
    both, alone = has.T @ has, has.T @ gallery.lacks.astype(np.int64)
    wanted, unwanted = np.nonzero((alone >= MIN_POSITIVES) & (both >= MIN_VIOLATIONS))
    return [(x, o) for x, o in zip(wanted.tolist(), unwanted.tolist(), strict=True) if x != o]


def score_queries(
    photo: np.ndarray, gallery: Gallery, probes: Probes, embed, vocabulary: Vocabulary
) -> tuple[pd.DataFrame, dict[str, Estimate]]:
    """Return (QUERY_COLUMNS, a row a query and wording: "a photo with X but no o", and TURNS of the
    probes in turn; the means over queries at the largest k, as estimates on photos).

    photo (photos, dim): normalised features. embed: texts -> normalised features. A query's gallery
    are the photos of which it is known whether they are wanted and whether they violate it.
    violation_at_k: share of the first k photos that show o; wanted_at_k: that show X and not o;
    average_precision, of the standard wording: those with X and not o being relevant. Photos of
    equal score stand in the worst order.
    """
    names = gallery.categories
    asked = [
        (x, o, probe)
        for number, (x, o) in enumerate(list_queries(gallery))
        for probe in (STANDARD, *_take_turn(probes.of("query"), number))
    ]
    texts = [probe.write(name_forms(vocabulary, names[o], wanted=names[x])) for x, o, probe in asked]
    features = embed(texts)
    rows = []
    pulls: dict[str, list] = {}
    for (x, o), query in groupby(range(len(asked)), key=lambda at: asked[at][:2]):
        has_x, has_o = gallery.has[:, x], gallery.has[:, o]
        at = np.flatnonzero(has_o | (gallery.lacks[:, o] & (has_x | gallery.lacks[:, x])))
        # Among equals, violators first and relevant photos last.
        at = at[np.lexsort((has_x[at], ~has_o[at]))]
        relevant, violates = (has_x & ~has_o)[at], has_o[at]
        counts = int(relevant.sum()), int((has_x & has_o).sum()), len(at)
        positions = list(query)
        for position, score in zip(positions, (photo @ features[positions].T)[at].T, strict=True):
            probe = asked[position][2]
            is_standard = probe is STANDARD
            order = np.argsort(-score, kind="stable") if is_standard else _find_first(score, max(QUERY_AT))
            precision = _average_precision(relevant[order]) if is_standard else np.nan
            shares = []
            for name, found in (("violation", violates), ("wanted", relevant)):
                for k in QUERY_AT:
                    first = order[:k]
                    shares.append(float(found[first].mean()))
                    metric = _find_metric(f"{name}_at_{k}", probe, probes)
                    if metric is not None and k == max(QUERY_AT):
                        pull = spread_top(found[first], len(gallery), at[first]) - shares[-1]
                        pulls.setdefault(metric, [0, 0.0])
                        pulls[metric] = [pulls[metric][0] + 1, pulls[metric][1] + pull]
            rows.append((names[x], names[o], probe.name, probe.word, *counts, precision, *shares))
    frame = pd.DataFrame(rows, columns=QUERY_COLUMNS)
    means = summarise_queries(frame, probes)
    return frame, {name: Estimate(means[name], pull / count) for name, (count, pull) in pulls.items()}


def summarise_queries(queries: pd.DataFrame, probes: Probes) -> dict[str, float]:
    """Return the means over queries: of the standard wording by their names, of the probes whose
    negation word a training may know as `..._held_out`; NaN without a query.
    """
    standard = queries["construction"] == STANDARD.name
    held_out = ~standard & queries["word"].isin(list(probes.known_words))
    means = {name: float(queries.loc[standard, name].astype(float).mean()) for name in MEASURES}
    return means | {
        f"{name}_held_out": float(queries.loc[held_out, name].astype(float).mean()) for name in MEASURES[1:]
    }


def _take_turn(probes: list[Probe], number: int) -> list[Probe]:
    """Return the TURNS probes that a query is asked in, by its number: each as often as any other."""
    return [probes[(number * TURNS + turn) % len(probes)] for turn in range(min(TURNS, len(probes)))]


def _find_first(score: np.ndarray, k: int) -> np.ndarray:
    """Return the positions of the k best, best first, of equal ones the first of the array first."""
    if len(score) <= k:
        return np.argsort(-score, kind="stable")
    least = np.partition(score, len(score) - k)[len(score) - k]
    candidates = np.flatnonzero(score >= least)
    return candidates[np.argsort(-score[candidates], kind="stable")][:k]


def _average_precision(hit: np.ndarray) -> float:
    return float((np.cumsum(hit)[hit] / (np.flatnonzero(hit) + 1)).mean())


def _find_metric(measure: str, probe: Probe, probes: Probes) -> str | None:
    """Return the metric that a wording's measure is part of, None where its word is unseen."""
    if probe is STANDARD:
        return measure
    return f"{measure}_held_out" if probe.word in probes.known_words else None
