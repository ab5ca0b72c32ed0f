"""Retrieval among untouched photos and their captions. Ties count as wrong."""

from collections.abc import Sequence

import numpy as np

from unscene.evaluation.columns.shared import RECALL_AT


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
