"""What is right in the batch-size study: labels, the source's known mentions, or the answers at n =
1; and how what is measured against it is called.
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
READINGS = ["rater_1", "rater_2", "adjudicated"]
# Each reading has a column beside it that says who read: `person NAME` or `model NAME`.
COLUMNS = ["caption_id", *(column for reading in READINGS for column in (reading, f"{reading}_by"))]
NO_WORDS = "-"
PERSON, MODEL = "person", "model"


class Gold(NamedTuple):
    """`words` (captions, words) booleans; `weight` (captions,): how many captions each one stands
    for in shares, 0 where unknown; `known` (captions,): whether sizes can be compared on it.

    kind: labels, mentions, or reference (n = 1 itself: `words` are the answers of its first round
    and `again` those of its second).
    """

    kind: str
    words: np.ndarray
    weight: np.ndarray
    known: np.ndarray
    facts: dict
    again: np.ndarray | None = None

    @property
    def measure(self) -> str:
        """The name of what is measured: only what people or the source say makes it accuracy."""
        if self.kind == "reference":
            return "agreement with n = 1"
        models = [name for name in self.facts.get("read_by", ()) if name.startswith(f"{MODEL} ")]
        if self.kind == "labels" and models:
            people = "people and " if len(models) < len(self.facts["read_by"]) else ""
            return f"agreement with {people}{', '.join(models)}"
        return "accuracy"


class Reference(NamedTuple):
    """The answers at n = 1: `words` and `again` (captions, words) of the two rounds, `there`
    (captions,) where both gave one, and `differs` (captions,) where any size differs from the first.
    """

    words: np.ndarray
    again: np.ndarray
    there: np.ndarray
    differs: np.ndarray


def choose_gold(
    captions: pd.DataFrame, labels: pd.DataFrame | None, reference: Reference, vocabulary: Vocabulary
) -> Gold:
    """Return the best gold there is: labels, known mentions, or the reference.

    captions: `caption_id mentions`. Labels must cover every caption on which sizes differ; where
    all agree, the difference of two is 0 whatever is right, so a labelled sample stands for them
    all. The facts tell what is lacking.
    """
    facts: dict = {}
    all_known = np.ones(len(captions), bool)
    if labels is not None:
        gold = _from_labels(captions, labels, reference, vocabulary)
        if gold.facts["discordant_without_label"] == 0:
            return gold
        facts = gold.facts
    known = captions["mentions"].notna().to_numpy()
    if known.all() and len(captions):
        words = encode_words(captions["mentions"], vocabulary)
        return Gold("mentions", words, all_known.astype(float), all_known, facts)
    facts["without_reference"] = int((~reference.there).sum())
    weight = reference.there.astype(float)
    return Gold("reference", reference.words, weight, reference.there, facts, reference.again)


def _from_labels(
    captions: pd.DataFrame, labels: pd.DataFrame, reference: Reference, vocabulary: Vocabulary
) -> Gold:
    differs = reference.differs
    settled = settle_labels(labels).reindex(captions["caption_id"])
    labelled = settled.notna().to_numpy()
    words = reference.words.copy()
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
    return Gold("labels", words, weight, np.ones(len(captions), bool), facts)


def encode_words(lists: Iterable[Iterable[str]], vocabulary: Vocabulary) -> np.ndarray:
    """Return (captions, words) booleans of lists of words; KeyError for a word that is not listed."""
    lists = list(lists)
    encoded = np.zeros((len(lists), len(vocabulary)), bool)
    for row, words in enumerate(lists):
        for word in words:
            encoded[row, vocabulary.places[word]] = True
    return encoded


def read_labels(path: str | Path, vocabulary: Vocabulary) -> pd.DataFrame:
    """Read labels (CSV or parquet); each reading becomes a list of words, None where nobody wrote.

    TableError names the file, the caption, and the word that is not in the list or the reader who
    is not said.
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
    if frame["caption_id"].duplicated().any():
        twice = frame.loc[frame["caption_id"].duplicated(), "caption_id"].iloc[0]
        raise TableError(f"{path}: {twice} is there twice")
    for column in READINGS:
        where = [f"{path}: {caption_id}, {column}" for caption_id in frame["caption_id"]]
        frame[column] = [
            _read_cell(cell, place, vocabulary) for cell, place in zip(frame[column], where, strict=True)
        ]
        frame[f"{column}_by"] = [
            None if words is None else _read_name(name, place)
            for words, name, place in zip(frame[column], frame[f"{column}_by"], where, strict=True)
        ]
    same = frame["rater_1_by"].notna() & (frame["rater_1_by"] == frame["rater_2_by"])
    if same.any():
        row = frame[same].iloc[0]
        raise TableError(
            f"{path}: {row['caption_id']}, rater_2_by: {row['rater_1_by']!r} is rater_1, too; a second look"
            " of one rater is no second rater: leave rater_2 empty"
        )
    return frame[COLUMNS]


def _read_name(cell: object, where: str) -> str:
    """Return who read, as `person NAME` or `model NAME`."""
    kind, _, name = " ".join(str(cell if isinstance(cell, str) else "").split()).partition(" ")
    if kind not in (PERSON, MODEL) or not name:
        raise TableError(
            f"{where}_by: who read this caption is not said; write `{PERSON} NAME`, or `{MODEL} NAME` where a"
            " language model read it"
        )
    return f"{kind} {name}"


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
    None where neither is there. Where the file has no second rater at all, the first one alone.
    """
    alone = labels["rater_2"].isna().all()
    settled = [
        adjudicated if adjudicated is not None else (first if alone or first == second else None)
        for first, second, adjudicated in zip(
            labels["rater_1"], labels["rater_2"], labels["adjudicated"], strict=True
        )
    ]
    return pd.Series(settled, index=labels["caption_id"], dtype=object)


def rate_agreement(labels: pd.DataFrame, vocabulary: Vocabulary) -> dict:
    """Return who read how many captions, and how far the two raters agree where both wrote: share
    of equal sets, and Cohen's kappa over (caption, word).
    """
    from sklearn.metrics import cohen_kappa_score

    read_by = pd.concat([labels[f"{reading}_by"] for reading in READINGS]).dropna()
    facts = {
        "read_by": read_by.value_counts().sort_index().to_dict(),
        "adjudicated": int(labels["adjudicated"].notna().sum()),
    }
    both = labels[labels["rater_1"].notna() & labels["rater_2"].notna()]
    if both.empty:
        return {**facts, "raters_agree": None, "kappa": None, "rated_twice": 0}
    first, second = (encode_words(both[name], vocabulary) for name in ("rater_1", "rater_2"))
    kappa = cohen_kappa_score(first.ravel(), second.ravel()) if first.any() or second.any() else None
    return {
        **facts,
        "raters_agree": float((first == second).all(axis=1).mean()),
        "kappa": kappa,
        "rated_twice": len(both),
    }


def draw_sheet(captions: pd.DataFrame, differs: np.ndarray, seed: int) -> pd.DataFrame:
    """Return the sheet for raters: all captions on which a size differs, and 300 others, mixed and
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
    return sheet.assign(**dict.fromkeys(COLUMNS[1:], ""))
