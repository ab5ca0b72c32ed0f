"""Measure how the words of the lexicon, of the API's answers, of photos' instances and of known
mentions agree, word by word.
"""

import logging
from itertools import chain

import numpy as np
import pandas as pd

from unscene.answers.batch_lines import read_lines
from unscene.batchsize.gold import encode_words
from unscene.batchsize.observations import describe_answers
from unscene.evaluation.columns.agreement import AGREEMENT
from unscene.machine.job import Job
from unscene.photos.coco_instances import list_objects
from unscene.run.configuration import list_sources
from unscene.run.shard_names import get_source_name
from unscene.run.tables import read_table
from unscene.samples.instances import read_source_instances
from unscene.words.agreement import rate
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
    sample = read_table(job.inputs.samples, ["image_id", "shard"]).set_index("image_id", drop=False)
    keyword = read_table(
        job.inputs.keywords, ["image_id", "caption_id", "caption", "words", "source", "status"], only=True
    )
    keyword = keyword[keyword["status"] == "ok"].reset_index(drop=True)
    vocabulary = find_vocabulary(job.settings)
    readers = {"lexicon": encode_words(map(vocabulary.find_words, keyword["caption"]), vocabulary)}
    simulated = False
    if set(keyword["source"]) - {"lexicon"}:
        readers["answers"] = encode_words(keyword["words"], vocabulary)
        lines = chain.from_iterable(map(read_lines, job.inputs.answers))
        simulated = describe_answers(lines)["simulated"]
    rows = []
    if "answers" in readers:
        rows += compare_readers(
            "lexicon", "answers", "caption", readers["lexicon"], readers["answers"], vocabulary
        )
    known, mentions = find_mentions(keyword, sample, vocabulary)
    listed, photo_of, instances = find_instances(keyword, sample, list_sources(job.config), vocabulary)
    for name, found in readers.items():
        if known.any():
            rows += compare_readers(name, "mentions", "caption", found[known], mentions, vocabulary)
        if listed.any():
            by_photo = np.zeros_like(instances)
            np.logical_or.at(by_photo, photo_of, found[listed])
            rows += compare_readers(name, "instances", "photo", by_photo, instances, vocabulary)
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


def compare_readers(
    reader: str, against: str, unit: str, found: np.ndarray, true: np.ndarray, vocabulary: Vocabulary
) -> list[dict]:
    """Return the rows of a pair: `found`, `true` are (units, words) booleans. Words that neither
    names have no row.
    """
    both, first, second = (array.sum(axis=0) for array in (found & true, found, true))
    head = {"reader": reader, "against": against, "unit": unit, "units": len(found)}
    rows = [head | {"word": ALL} | _rate(both.sum(), first.sum(), second.sum(), found.size)]
    order = sorted(np.flatnonzero(first + second), key=lambda place: (-int(second[place]), place))
    rows += [
        head | {"word": vocabulary.words[at]} | _rate(both[at], first[at], second[at], len(found))
        for at in order
    ]
    return rows


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
    keyword: pd.DataFrame, sample: pd.DataFrame, vocabulary: Vocabulary
) -> tuple[np.ndarray, np.ndarray]:
    """Return which captions' true mentions are known, and these as (known captions, words)."""
    if "mentions" not in sample:
        return np.zeros(len(keyword), bool), np.zeros((0, len(vocabulary)), bool)
    lists = sample["mentions"].to_dict()
    known = keyword["image_id"].map(sample["mentions"].notna()).to_numpy(bool)
    positions = keyword["caption_id"].str.rsplit("-", n=1).str[1].astype(int)
    pairs = zip(keyword["image_id"][known], positions[known], strict=True)
    return known, encode_words([lists[image_id][position] for image_id, position in pairs], vocabulary)


def find_instances(
    keyword: pd.DataFrame, sample: pd.DataFrame, sources: list[dict], vocabulary: Vocabulary
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which captions lie on listed photos, the photo's number of each of these, and the
    instances (photos, words).

    A photo that its source's instances list is known, with nothing when they hold no object of it;
    another one is not.
    """
    words: dict[str, set] = {}
    for source in sources:
        instances = read_source_instances(source)
        for row in sample[sample["shard"].map(get_source_name) == source["name"]].itertuples():
            objects = list_objects(instances, row.source_key)
            if objects is not None:
                words[row.image_id] = objects & set(vocabulary)
    listed = keyword["image_id"].isin(words).to_numpy()
    codes, photos = pd.factorize(keyword["image_id"][listed])
    return listed, codes, encode_words([words[image_id] for image_id in photos], vocabulary)
