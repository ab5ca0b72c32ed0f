"""Scores of a model on original/edited pairs. Ties always count as wrong: a model that cannot tell
does not score.

Notation: s = cosine; I original, J edit; a names the object, b does not, n says that it is not there.
"""

import numpy as np
import pandas as pd

from unscene.evaluation.columns.shared import RECALL_AT, WAYS

MIN_CLASS_PAIRS = 5


def score_pairs(
    original: np.ndarray, edited: np.ndarray, present: np.ndarray, negated: np.ndarray
) -> pd.DataFrame:
    """Return cosines, comparisons and decomposition of pairs, a row each.

    Arguments: normalised features of I, J, a and n, each (pairs, dim).

    text_score:  s(I,a) > s(I,n) and s(J,n) > s(J,a)      (chance 1/4)
    image_score: s(I,a) > s(J,a) and s(J,n) > s(I,n)      (chance 1/4)
    group_score: both                                     (chance 1/6)
    (Thrush et al. 2022, "Winoground".) presence: s(I,a) > s(I,n); absence: s(J,n) > s(J,a).

    With u, v = +1 for I and a, -1 for J and n, the four cosines are s = mean + image_effect u +
    text_effect v + interaction u v. A pair has its text score exactly when interaction >
    |text_effect|, its image score exactly when interaction > |image_effect|: text_effect is caption
    style, image_effect what the edit left behind.
    """
    ia, i_n = _cosine(original, present), _cosine(original, negated)
    ja, jn = _cosine(edited, present), _cosine(edited, negated)
    presence, absence = ia > i_n, jn > ja
    text, image = presence & absence, (ia > ja) & (jn > i_n)
    return pd.DataFrame(
        {
            "text_score": text,
            "image_score": image,
            "group_score": text & image,
            "presence": presence,
            "absence": absence,
            "cos_original_present": ia,
            "cos_original_negated": i_n,
            "cos_edited_present": ja,
            "cos_edited_negated": jn,
            "interaction": (ia + jn - i_n - ja) / 4,
            "image_effect": (ia + i_n - ja - jn) / 4,
            "text_effect": (ia + ja - i_n - jn) / 4,
        }
    )


def rank_matches(
    query: np.ndarray, gallery: np.ndarray, query_id: np.ndarray, gallery_id: np.ndarray
) -> np.ndarray:
    """Return each query's rank, from 0: how many gallery items that do not match it score at least
    as its best match.

    query (queries, dim), gallery (items, dim): normalised features. An item matches when its id
    equals the query's; every query has a match.
    """
    ranks = np.empty(len(query), np.int64)
    for start in range(0, len(query), 1024):
        part = slice(start, start + 1024)
        cosines = query[part] @ gallery.T
        matches = query_id[part, None] == gallery_id[None, :]
        best = np.where(matches, cosines, -np.inf).max(axis=1, keepdims=True)
        ranks[part] = (~matches & (cosines >= best)).sum(axis=1)
    return ranks


def rank_retrieval(photo: np.ndarray, text: np.ndarray, caption: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (image to text ranks, text to image ranks) of photos and their captions' features,
    each (photos,).

    caption: the captions themselves. Equal captions are one text: a photo's text is found when its
    words are, and a text matches every photo that it captions.
    """
    unique, first, text_id = np.unique(
        np.asarray(caption).astype(str), return_index=True, return_inverse=True
    )
    image_to_text = rank_matches(photo, text[first], text_id, np.arange(len(unique)))
    text_to_image = rank_matches(text[first], photo, np.arange(len(unique)), text_id)[text_id]
    return image_to_text, text_to_image


def score_area(positive: np.ndarray, negative: np.ndarray) -> float:
    """Return the area under the ROC curve: the chance that a positive scores above a negative; ties
    count as wrong.

    NaN when either is empty.
    """
    if not len(positive) or not len(negative):
        return float("nan")
    above = np.searchsorted(np.sort(negative), positive, side="left").sum()
    return float(above / (len(positive) * len(negative)))


def list_phrases(category: str) -> tuple[str, str]:
    """Return ("a photo with a dog", "a photo with no dog") for a category."""
    plural = category in ("skis", "scissors")
    article = "" if plural else ("an " if category[0] in "aeiou" else "a ")
    return f"a photo with {article}{category}", f"a photo with no {category}"


def score_classes(
    category: np.ndarray, original: np.ndarray, edited: np.ndarray, phrase: dict
) -> pd.DataFrame:
    """Return `category presence_auc absence_auc n` of classes with at least MIN_CLASS_PAIRS pairs.

    phrase: category -> (features of "a photo with a ...", features of "a photo with no ...").
    presence_auc: the chance that an original of the class scores above an edit of the class on the
    first phrase; absence_auc: an edit above an original on the second. Below 1/2 on absence is
    affirmation bias: "no dog" finds dogs.
    """
    rows = []
    for name in pd.unique(pd.Series(category)):
        of_class = category == name
        if of_class.sum() < MIN_CLASS_PAIRS:
            continue
        present, absent = phrase[name]
        rows.append(
            {
                "category": name,
                "presence_auc": score_area(original[of_class] @ present, edited[of_class] @ present),
                "absence_auc": score_area(edited[of_class] @ absent, original[of_class] @ absent),
                "n": int(of_class.sum()),
            }
        )
    return pd.DataFrame(rows, columns=["category", "presence_auc", "absence_auc", "n"])


def summarise_pairs(item: pd.DataFrame, metrics: list[str]) -> dict[str, float]:
    """Return the mean of each column over the items that have it; NaN where none has."""
    return {name: float(item[name].astype(float).mean()) for name in metrics}


def summarise_effects(item: pd.DataFrame) -> dict[str, float]:
    """Return the decomposition's means: G (interaction), |A| (image effect), |B| (text effect)."""
    return {
        "interaction": float(item["interaction"].mean()),
        "image_effect_size": float(item["image_effect"].abs().mean()),
        "text_effect_size": float(item["text_effect"].abs().mean()),
    }


def summarise_ranks(item: pd.DataFrame) -> dict[str, float]:
    """Return recall at 1, 5 and 10 both ways from the columns image_to_text_rank and text_to_image_rank."""
    return {
        f"pair_{way}_recall_at_{k}": float((item[f"{way}_rank"].dropna() < k).mean())
        for way in WAYS
        for k in RECALL_AT
    }


def _cosine(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.einsum("nd,nd->n", left, right)
