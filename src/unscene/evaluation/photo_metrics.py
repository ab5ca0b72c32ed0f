"""Scores on untouched photos whose objects are known: retrieval, absence and presence by class,
queries "X but no o".

Ties count as wrong everywhere. Notation: s = cosine.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from unscene.evaluation.columns import QUERY_AT, RECALL_AT
from unscene.evaluation.pair_metrics import score_area
from unscene.words.vocabulary import Vocabulary

MIN_CLASS_PHOTOS = 5  # with the object, and as many without
MIN_POSITIVES, MIN_VIOLATIONS = 20, 5
PRESENT = "a photo with {a}"
ABSENT = "a photo with no {no}"
# No training caption is phrased like these (a test compares them with unscene.words.phrasings).
HELD_OUT_ABSENT = (
    "a photo free of {many}",
    "there {isnt} any {no} in this photo",
    "a picture lacking any {no}",
)
QUERY = "a photo with {a} but no {no}"
CLASS_COLUMNS = [
    "category",
    "presence_auc",
    "absence_auc",
    "absence_auc_held_out_phrasing",
    "contrast_auc",
    "balanced_accuracy",
    "n_present",
    "n_absent",
]
QUERY_COLUMNS = [
    "wanted",
    "unwanted",
    "n_wanted",
    "n_unwanted",
    "average_precision",
    *(f"{name}_at_{k}" for name in ("violation", "wanted") for k in QUERY_AT),
]


def rank_captions(
    photo: np.ndarray, text: np.ndarray, captions: Sequence[Sequence[str]]
) -> tuple[np.ndarray, np.ndarray]:
    """Return (image to text rank of each photo, text to image rank of each caption), from 0.

    photo (photos, dim), text (captions of all photos in a row, dim): normalised features. A rank
    counts the items that do not match and score at least as the best match (Karpathy and Fei-Fei
    2015: a photo is a hit when any of its captions is found). Equal captions of different photos
    are one text, which matches each of these photos.
    """
    flat = np.array([caption for own in captions for caption in own], dtype=object).astype(str)
    owner = np.repeat(np.arange(len(captions)), [len(own) for own in captions])
    unique, first, text_id = np.unique(flat, return_index=True, return_inverse=True)
    image_to_text = _rank(photo, text[first], owner, text_id)
    of_text = _rank(text[first], photo, text_id, owner)
    return image_to_text, of_text[text_id]


def summarise_recalls(image_to_text: np.ndarray, text_to_image: np.ndarray) -> dict[str, float]:
    """Return recall at 1, 5 and 10 both ways from ranks."""
    ways = {"image_to_text": image_to_text, "text_to_image": text_to_image}
    return {
        f"{way}_recall_at_{k}": float((rank < k).mean()) if len(rank) else float("nan")
        for way, rank in ways.items()
        for k in RECALL_AT
    }


def list_class_phrases(category: str, vocabulary: Vocabulary) -> list[str]:
    """Return the phrases of a class: present, absent, then the held-out ways to say absent."""
    fields = vocabulary.name_object(category)
    fields["isnt"] = "aren't" if fields["is"] == "are" else "isn't"
    return [phrase.format(**fields) for phrase in (PRESENT, ABSENT, *HELD_OUT_ABSENT)]


def score_photo_classes(
    photo: np.ndarray, has: np.ndarray, categories: Sequence[str], embed, vocabulary: Vocabulary
) -> pd.DataFrame:
    """Return CLASS_COLUMNS, a row a class with at least MIN_CLASS_PHOTOS photos with it and without it.

    photo (photos, dim): normalised features. has: bool (photos, categories). embed: texts ->
    normalised features.

    presence_auc: the chance that a photo with the object scores above one without it on "a photo
    with a dog". absence_auc: one without above one with it on "a photo with no dog"; below 1/2 is
    affirmation bias. Of the held-out phrasings: the mean. contrast: d = s(photo, present) -
    s(photo, absent), its area and, at d > 0, balanced accuracy.
    """
    rows = []
    for column, category in enumerate(categories):
        of_class = has[:, column]
        counts = int(of_class.sum()), int((~of_class).sum())
        if min(counts) < MIN_CLASS_PHOTOS:
            continue
        cosine = photo @ embed(list_class_phrases(category, vocabulary)).T
        contrast = cosine[:, 0] - cosine[:, 1]
        absence = [score_area(of_text[~of_class], of_text[of_class]) for of_text in cosine.T[1:]]
        rows.append(
            (
                category,
                score_area(cosine[of_class, 0], cosine[~of_class, 0]),
                absence[0],
                float(np.mean(absence[1:])),
                score_area(contrast[of_class], contrast[~of_class]),
                float(((contrast[of_class] > 0).mean() + (contrast[~of_class] < 0).mean()) / 2),
                *counts,
            )
        )
    return pd.DataFrame(rows, columns=CLASS_COLUMNS)


def list_queries(has: np.ndarray, categories: Sequence[str]) -> list[tuple[int, int]]:
    """Return (wanted, unwanted) columns with MIN_POSITIVES photos of X without o and MIN_VIOLATIONS
    with both.
    """
    present = has.astype(np.int64)
    both = present.T @ present
    alone = np.diag(both)[:, None] - both
    wanted, unwanted = np.nonzero((alone >= MIN_POSITIVES) & (both >= MIN_VIOLATIONS))
    return [(x, o) for x, o in zip(wanted.tolist(), unwanted.tolist(), strict=True) if x != o]


def score_queries(
    photo: np.ndarray, has: np.ndarray, categories: Sequence[str], embed, vocabulary: Vocabulary
) -> pd.DataFrame:
    """Return QUERY_COLUMNS, a row a query "a photo with X but no o" over all photos.

    violation_at_k: share of the first k photos that show o; wanted_at_k: that show X and not o;
    average_precision: over all photos, those with X and not o being relevant (no false negatives,
    as what is in a photo is known). Photos of equal score stand in the worst order.
    """
    rows = []
    queries = list_queries(has, categories)
    forms = [vocabulary.name_object(category) for category in categories]
    texts = [QUERY.format(a=forms[x]["a"], no=forms[o]["no"]) for x, o in queries]
    features = embed(texts) if texts else None
    for row, (x, o) in enumerate(queries):
        cosine = photo @ features[row]
        relevant, violates = has[:, x] & ~has[:, o], has[:, o]
        order = np.lexsort(
            (violates * -1, relevant, -cosine)
        )  # by score; among equals violators, then relevant last
        hit, bad = relevant[order], violates[order]
        precision = np.cumsum(hit)[hit] / (np.flatnonzero(hit) + 1)
        rows.append(
            (
                categories[x],
                categories[o],
                int(relevant.sum()),
                int((has[:, x] & violates).sum()),
                float(precision.mean()),
                *(float(bad[:k].mean()) for k in QUERY_AT),
                *(float(hit[:k].mean()) for k in QUERY_AT),
            )
        )
    return pd.DataFrame(rows, columns=QUERY_COLUMNS)


def summarise_classes(classes: pd.DataFrame) -> dict[str, float]:
    """Return the macro means over classes, named `untouched_...`; NaN where no class could be scored."""
    names = [name for name in CLASS_COLUMNS if name != "category" and not name.startswith("n_")]
    return {f"untouched_{name}": float(classes[name].astype(float).mean()) for name in names}


def summarise_queries(queries: pd.DataFrame) -> dict[str, float]:
    """Return the means over queries, named `query_...`; NaN without a query."""
    names = QUERY_COLUMNS[4:]
    return {f"query_{name}": float(queries[name].astype(float).mean()) for name in names}


def _rank(query: np.ndarray, gallery: np.ndarray, query_at: np.ndarray, gallery_at: np.ndarray) -> np.ndarray:
    """Rank each query's best match; (query_at[i], gallery_at[i]) are the matching pairs."""
    from scipy.sparse import coo_array

    shape = (len(query), len(gallery))
    matching = coo_array((np.ones(len(query_at), bool), (query_at, gallery_at)), shape=shape).tocsr()
    ranks = np.empty(len(query), np.int64)
    for start in range(0, len(query), 512):
        part = slice(start, start + 512)
        cosines, matches = query[part] @ gallery.T, matching[part].toarray()
        best = np.where(matches, cosines, -np.inf).max(axis=1, keepdims=True)
        ranks[part] = (~matches & (cosines >= best)).sum(axis=1)
    return ranks
