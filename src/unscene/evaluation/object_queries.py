"""Queries "X but no o" over untouched photos: is what was wanted found, is what was not wanted shown."""

import numpy as np
import pandas as pd

from unscene.evaluation.auc_intervals import Estimate
from unscene.evaluation.columns import QUERY_AT
from unscene.evaluation.gallery import Gallery
from unscene.evaluation.statistics import spread_top
from unscene.words.absence_probes import Probe, Probes, name_forms
from unscene.words.vocabulary import Vocabulary

MIN_POSITIVES, MIN_VIOLATIONS = 20, 5
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
    """Return (QUERY_COLUMNS, a row a query and wording: "a photo with X but no o" and the probes'; the
    means over queries that `summarise_queries` names, as estimates on the photos).

    photo (photos, dim): normalised features. embed: texts -> normalised features. A query's gallery
    are the photos of which it is known whether they are wanted and whether they violate it.
    violation_at_k: share of the first k photos that show o; wanted_at_k: that show X and not o;
    average_precision: those with X and not o being relevant. Photos of equal score stand in the
    worst order.
    """
    queries, wordings = list_queries(gallery), [STANDARD, *probes.of("query")]
    names = gallery.categories
    texts = [
        probe.write(name_forms(vocabulary, names[o], wanted=names[x]))
        for x, o in queries
        for probe in wordings
    ]
    features = embed(texts).reshape(len(queries), len(wordings), -1) if texts else []
    rows = []
    pulls: dict[str, np.ndarray] = {}
    for (x, o), of_query in zip(queries, features, strict=True):
        has_x, has_o = gallery.has[:, x], gallery.has[:, o]
        at = np.flatnonzero(has_o | (gallery.lacks[:, o] & (has_x | gallery.lacks[:, x])))
        # Among equals, violators first and relevant photos last.
        at = at[np.lexsort((has_x[at], ~has_o[at]))]
        relevant, violates = (has_x & ~has_o)[at], has_o[at]
        order = np.argsort(-(photo[at] @ of_query.T), axis=0, kind="stable")
        counts = int(relevant.sum()), int((has_x & has_o).sum()), len(at)
        for probe, ranked in zip(wordings, order.T, strict=True):
            hit, bad = relevant[ranked], violates[ranked]
            precision = np.cumsum(hit)[hit] / (np.flatnonzero(hit) + 1)
            shares = {}
            for name, found in (("violation", bad), ("wanted", hit)):
                for k in QUERY_AT:
                    share = shares[f"{name}_at_{k}"] = float(found[:k].mean())
                    if (key := _find_metric(f"{name}_at_{k}", probe, probes)) is not None:
                        pull = spread_top(found[:k], len(gallery), at[ranked[:k]]) - share
                        pulls[key] = pulls.get(key, 0.0) + pull
            known = names[x], names[o], probe.name, probe.word, *counts, float(precision.mean())
            rows.append((*known, *(shares[name] for name in MEASURES[1:])))
    frame = pd.DataFrame(rows, columns=QUERY_COLUMNS)
    means = summarise_queries(frame, probes)
    asked = {
        "": len(queries),
        "_held_out": len(queries) * sum(probe.word in probes.known_words for probe in probes.of("query")),
    }
    return frame, {
        key: Estimate(means[key], pull / asked["_held_out" if key.endswith("_held_out") else ""])
        for key, pull in pulls.items()
    }


def summarise_queries(queries: pd.DataFrame, probes: Probes) -> dict[str, float]:
    """Return the means over queries: of the standard wording by their names, of the probes whose
    negation word a training may know as `..._held_out`; NaN without a query.
    """
    standard = queries["construction"] == STANDARD.name
    held_out = ~standard & queries["word"].isin(list(probes.known_words))
    return {
        f"{name}{end}": float(queries.loc[rows, name].astype(float).mean())
        for rows, end in ((standard, ""), (held_out, "_held_out"))
        for name in MEASURES
    }


def _find_metric(measure: str, probe: Probe, probes: Probes) -> str | None:
    """Return the metric that a wording's measure is part of, None where its word is unseen."""
    if probe is STANDARD:
        return measure
    return f"{measure}_held_out" if probe.word in probes.known_words else None
