"""Measure how the words of the lexicon, of the API's answers, of photos' instances and of known
mentions agree, word by word.
"""

import logging
from collections.abc import Sequence
from itertools import chain

import numpy as np
import pandas as pd

from unscene.answers.batch_lines import read_lines
from unscene.batchsize.gold import encode_words
from unscene.batchsize.observations import describe_answers
from unscene.evaluation.columns.agreement import AGREEMENT
from unscene.machine.job import Job
from unscene.photos.coco_instances import list_objects
from unscene.run.agreement import rate
from unscene.run.configuration import list_sources
from unscene.run.shard_names import get_source_name
from unscene.run.streaming import Lookup, iterate_rows
from unscene.samples.instances import read_source_instances
from unscene.words.vocabulary import Vocabulary
from unscene.words.word_lists import find_vocabulary

ALL = "all words"


def measure_agreement(job: Job) -> None:
    """Write a row a pair of readers and word, first over all words.

    Readers of a caption: `lexicon`; `answers`, where an API answered. They are held against each
    other and against `mentions`, where the source knows them, caption by caption; and photo by
    photo (all its captions together) against `instances`, the objects that the source lists in it.
    Instances say what is in a photo, not what a caption mentions: people leave out what is small,
    and name what nobody listed, so neither precision nor recall reaches 1. simulated: the answers
    came from the lexicon itself. inputs: samples, keywords, answers. outputs: agreement.
    """
    vocabulary, sources = find_vocabulary(job.settings), list_sources(job.config)
    readers, simulated = ["lexicon"], False
    if has_answers(job.inputs.keywords):
        readers.append("answers")
        lines = chain.from_iterable(map(read_lines, job.inputs.answers))
        simulated = describe_answers(lines)["simulated"]
    both = Tally("lexicon", "answers", "caption", vocabulary)
    of_captions = {name: Tally(name, "mentions", "caption", vocabulary) for name in readers}
    photos = Photos(readers)
    sample = Lookup([job.inputs.samples], "image_id", ["mentions", "shard", "source_key"])
    columns = ["image_id", "caption_id", "caption", "words", "status"]
    for piece in iterate_rows([job.inputs.keywords], columns):
        keyword = piece.to_pandas()
        keyword = keyword[keyword["status"] == "ok"].reset_index(drop=True)
        found = {"lexicon": encode_words(map(vocabulary.find_words, keyword["caption"]), vocabulary)}
        if "answers" in readers:
            found["answers"] = encode_words(keyword["words"], vocabulary)
            both.add(found["lexicon"], found["answers"])
        photo = sample.find(keyword["image_id"])
        known, mentions = find_mentions(keyword["caption_id"], photo["mentions"], vocabulary)
        for name in readers:
            of_captions[name].add(found[name][known], mentions)
        photos.add(keyword["image_id"], found, find_instances(photo, sources, vocabulary))
    rows = both.list_rows()
    for name in readers:
        rows += of_captions[name].list_rows() + photos.compare(name, vocabulary).list_rows()
    for row in rows:
        row["simulated"] = simulated and "answers" in (row["reader"], row["against"])
    AGREEMENT.write(AGREEMENT.frame(rows), job.outputs.agreement)
    for row in (row for row in rows if row["word"] == ALL):
        logging.getLogger("unscene").info(
            "%s against %s: precision %.3f, recall %.3f over %d %ss%s",
            row["reader"],
            row["against"],
            *(np.nan if row[name] is None else row[name] for name in ("precision", "recall")),
            row["units"],
            row["unit"],
            " (simulated)" if row["simulated"] else "",
        )


def has_answers(path_to_keywords: str) -> bool:
    """Tell whether anything but the lexicon has read a caption."""
    for piece in iterate_rows([path_to_keywords], ["source", "status"]):
        keyword = piece.to_pandas()
        if set(keyword.loc[keyword["status"] == "ok", "source"]) - {"lexicon"}:
            return True
    return False


class Tally:
    """How often two readers name each word, counted over any number of captions or photos."""

    def __init__(self, reader: str, against: str, unit: str, vocabulary: Vocabulary):
        self._head = {"reader": reader, "against": against, "unit": unit}
        self._words = vocabulary.words
        self._units = 0
        self._both, self._first, self._second = np.zeros((3, len(vocabulary)), np.int64)

    def add(self, found: np.ndarray, true: np.ndarray) -> None:
        """Count (units, words) booleans: what the one reader names, and the other."""
        self._units += len(found)
        self._both += (found & true).sum(axis=0)
        self._first += found.sum(axis=0)
        self._second += true.sum(axis=0)

    def list_rows(self) -> list[dict]:
        """Return the rows of the two, none when nothing was counted. Words that neither names have no row."""
        if not self._units:
            return []
        both, first, second, total = self._both, self._first, self._second, self._units
        head = self._head | {"units": total}
        size = total * len(self._words)
        rows = [head | {"word": ALL} | _rate(both.sum(), first.sum(), second.sum(), size)]
        order = sorted(np.flatnonzero(first + second), key=lambda place: (-int(second[place]), place))
        rows += [
            head | {"word": self._words[at]} | _rate(both[at], first[at], second[at], total) for at in order
        ]
        return rows


class Photos:
    """What each reader names on the photos that are listed, over all their captions, and what is listed."""

    def __init__(self, readers: Sequence[str]):
        self._places: dict[str, int] = {}
        self._found: dict[str, list[np.ndarray]] = {name: [] for name in readers}
        self._listed: list[np.ndarray] = []

    def add(
        self, image_ids: pd.Series, found: dict[str, np.ndarray], listed: Sequence[np.ndarray | None]
    ) -> None:
        """Take captions: their photos, their words by reader, and what is listed of the photo of each."""
        for row, (image_id, words) in enumerate(zip(image_ids, listed, strict=True)):
            if words is None:
                continue
            place = self._places.setdefault(image_id, len(self._listed))
            is_new = place == len(self._listed)
            if is_new:
                self._listed.append(words)
            for name, of_captions in found.items():
                if is_new:
                    self._found[name].append(of_captions[row].copy())
                else:
                    self._found[name][place] |= of_captions[row]

    def compare(self, reader: str, vocabulary: Vocabulary) -> Tally:
        """Return the counts of a reader against what is listed."""
        tally = Tally(reader, "instances", "photo", vocabulary)
        if self._listed:
            tally.add(np.stack(self._found[reader]), np.stack(self._listed))
        return tally


def _rate(both: int, first: int, second: int, total: int) -> dict:
    """Return precision, recall, F1 and Cohen's kappa (1960, Educ. Psychol. Meas. 20) of two
    yes-or-no readers by their counts.
    """
    both, first, second = int(both), int(first), int(second)
    score = rate(both, first - both, second - both)
    observed = 1 - (first + second - 2 * both) / total
    chance = (first * second + (total - first) * (total - second)) / total**2
    kappa = (observed - chance) / (1 - chance) if chance < 1 else None
    return {
        "n_reader": first,
        "n_against": second,
        "n_both": both,
        "kappa": kappa,
        **{name: score[name] for name in ("precision", "recall", "f1")},
    }


def find_mentions(
    caption_ids: pd.Series, lists: pd.Series, vocabulary: Vocabulary
) -> tuple[np.ndarray, np.ndarray]:
    """Return which captions' true mentions are known, and these as (known captions, words).

    lists: the mentions of all captions of each caption's photo, or null.
    """
    known = lists.notna().to_numpy(bool)
    pairs = zip(lists[known], caption_ids[known], strict=True)
    words = [of_photo[int(caption_id.rsplit("-", 1)[1])] for of_photo, caption_id in pairs]
    return known, encode_words(words, vocabulary)


def find_instances(
    photo: pd.DataFrame, sources: Sequence[dict], vocabulary: Vocabulary
) -> list[np.ndarray | None]:
    """Return for each caption what is listed of its photo (`shard source_key`, null where the run has
    it no more), booleans by word, or None.

    A photo that its source's instances list is known, with nothing when they hold no object of it;
    another one is not.
    """
    listed: list[np.ndarray | None] = [None] * len(photo)
    name = photo["shard"].map(get_source_name, na_action="ignore").to_numpy(object)
    for source in sources:
        rows = np.flatnonzero(name == source["name"])
        keys = photo["source_key"].iloc[rows].astype(str)
        instances = read_source_instances(source, set(keys)) if len(rows) else None
        if instances is None:
            continue
        for row, key in zip(rows, keys, strict=True):
            objects = list_objects(instances, key)
            if objects is not None:
                (listed[row],) = encode_words([objects & set(vocabulary)], vocabulary)
    return listed
