"""What is right in the batch-size study: words that people found, the source's known mentions, or
the answers at n = 1.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from unscene.run.tables import TableError, read_table
from unscene.words.vocabulary import Vocabulary

CONCORDANT_TO_LABEL = 300
COLUMNS = ["caption_id", "rater_1", "rater_2", "adjudicated"]
NO_WORDS = "-"


class Gold(NamedTuple):
    """`words` (captions, words) booleans; `weight` (captions,): how many captions each one stands
    for in shares, 0 where unknown.

    kind: labels, mentions, or reference (n = 1 itself, so that its second round takes its place in
    comparisons).
    """

    kind: str
    words: np.ndarray
    weight: np.ndarray
    facts: dict


def choose_gold(
    captions: pd.DataFrame,
    labels: pd.DataFrame | None,
    reference: np.ndarray,
    differs: np.ndarray,
    vocabulary: Vocabulary,
) -> Gold:
    """Return the best gold there is: labels of people, known mentions, or the reference.

    captions: `caption_id mentions`. reference: (captions, words), the answers at n = 1. differs:
    (captions,) where any size differs from n = 1. Labels must cover every such caption; where all
    sizes agree, the difference of two is 0 whatever is right, so a labelled sample stands for them
    all. The facts tell what is lacking.
    """
    facts: dict = {}
    if labels is not None:
        gold = _from_labels(captions, labels, reference, differs, vocabulary)
        if gold.facts["discordant_without_label"] == 0:
            return gold
        facts = gold.facts
    known = captions["mentions"].notna().to_numpy()
    if known.all() and len(captions):
        return Gold("mentions", encode_words(captions["mentions"], vocabulary), np.ones(len(captions)), facts)
    return Gold("reference", reference, np.ones(len(captions)), facts)


def _from_labels(
    captions: pd.DataFrame,
    labels: pd.DataFrame,
    reference: np.ndarray,
    differs: np.ndarray,
    vocabulary: Vocabulary,
) -> Gold:
    settled = settle_labels(labels).reindex(captions["caption_id"])
    labelled = settled.notna().to_numpy()
    words = reference.copy()
    if labelled.any():
        words[labelled] = encode_words(settled[labelled], vocabulary)
    weight = np.where(differs, labelled, 0.0)
    same = ~differs & labelled
    if same.any():
        weight[same] = (~differs).sum() / same.sum()
    facts = {
        **rate_agreement(labels, vocabulary),
        "labelled": int(labelled.sum()),
        "discordant": int(differs.sum()),
        "discordant_without_label": int((differs & ~labelled).sum()),
        "concordant_labelled": int(same.sum()),
    }
    return Gold("labels", words, weight, facts)


def encode_words(lists: Iterable[Iterable[str]], vocabulary: Vocabulary) -> np.ndarray:
    """Return (captions, words) booleans of lists of words; KeyError for a word that is not listed."""
    lists = list(lists)
    encoded = np.zeros((len(lists), len(vocabulary)), bool)
    for row, words in enumerate(lists):
        for word in words:
            encoded[row, vocabulary.places[word]] = True
    return encoded


def read_labels(path: str | Path, vocabulary: Vocabulary) -> pd.DataFrame:
    """Read the labels of people (CSV or parquet); each cell becomes a list of words, None where nobody wrote.

    TableError names the file, the caption and the word that is not in the list.
    """
    if str(path).endswith(".parquet"):
        frame = read_table(path, COLUMNS)
    else:
        try:
            frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        except (OSError, ValueError) as error:
            raise TableError(f"{path}: cannot be read as CSV ({error})") from error
        missing = [column for column in COLUMNS if column not in frame]
        if missing:
            raise TableError(f"{path}: column {', '.join(missing)} is missing")
    for column in COLUMNS[1:]:
        frame[column] = [
            _read_cell(cell, f"{path}: {caption_id}, {column}", vocabulary)
            for cell, caption_id in zip(frame[column], frame["caption_id"], strict=True)
        ]
    if frame["caption_id"].duplicated().any():
        twice = frame.loc[frame["caption_id"].duplicated(), "caption_id"].iloc[0]
        raise TableError(f"{path}: {twice} is there twice")
    return frame[COLUMNS]


def _read_cell(cell: object, where: str, vocabulary: Vocabulary) -> list[str] | None:
    if (
        cell is None
        or (isinstance(cell, float) and np.isnan(cell))
        or (isinstance(cell, str) and not cell.strip())
    ):
        return None
    words = cell.split(";") if isinstance(cell, str) else list(cell)
    words = [word.strip() for word in words if word.strip() and word.strip() != NO_WORDS]
    for word in words:
        if word not in vocabulary:
            raise TableError(f"{where}: {word!r} is not one of {vocabulary.title} ({NO_WORDS} is none)")
    return sorted(set(words))


def settle_labels(labels: pd.DataFrame) -> pd.Series:
    """Return the words of each caption by `caption_id`: adjudicated, or what both raters wrote;
    None where neither is there.
    """
    settled = [
        adjudicated if adjudicated is not None else (first if first is not None and first == second else None)
        for first, second, adjudicated in zip(
            labels["rater_1"], labels["rater_2"], labels["adjudicated"], strict=True
        )
    ]
    return pd.Series(settled, index=labels["caption_id"], dtype=object)


def rate_agreement(labels: pd.DataFrame, vocabulary: Vocabulary) -> dict:
    """Return how far the two raters agree where both wrote: share of equal sets, and Cohen's kappa
    over (caption, word).
    """
    from sklearn.metrics import cohen_kappa_score

    both = labels[labels["rater_1"].notna() & labels["rater_2"].notna()]
    if both.empty:
        return {"raters_agree": None, "kappa": None, "rated_twice": 0}
    first, second = (encode_words(both[name], vocabulary) for name in ("rater_1", "rater_2"))
    kappa = cohen_kappa_score(first.ravel(), second.ravel()) if first.any() or second.any() else None
    return {
        "raters_agree": float((first == second).all(axis=1).mean()),
        "kappa": kappa,
        "rated_twice": len(both),
    }


def draw_sheet(captions: pd.DataFrame, differs: np.ndarray, seed: int) -> pd.DataFrame:
    """Return the sheet for people: all captions on which a size differs, and 300 others, mixed and
    without any answer.
    """

    def get_order(purpose: str) -> np.ndarray:
        """Two hashes: the ones that choose would put the chosen in front of the discordant, which
        tells them apart.
        """
        return np.array(
            [hashlib.sha256(f"{seed} {purpose} {text}".encode()).hexdigest() for text in captions["caption"]]
        )

    same = np.flatnonzero(~differs)
    concordant = same[np.argsort(get_order("concordant")[same])][:CONCORDANT_TO_LABEL]
    chosen = np.concatenate([np.flatnonzero(differs), concordant]).astype(int)
    chosen = chosen[np.argsort(get_order("sheet")[chosen])]
    sheet = captions.iloc[chosen][["caption_id", "caption"]].reset_index(drop=True)
    return sheet.assign(rater_1="", rater_2="", adjudicated="")
