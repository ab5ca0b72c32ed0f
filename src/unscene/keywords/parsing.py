"""Read the answers of one shard into a table: the words of each caption, or why there are none."""

import logging
from itertools import chain

import pandas as pd

from unscene.answers.batch_lines import flatten, index_answers, read_lines
from unscene.answers.results import Verdict, judge_items
from unscene.keywords.columns import KEYWORDS
from unscene.machine.job import Job
from unscene.run.shards import check_failed_share
from unscene.samples.columns import SHARD_SAMPLES
from unscene.words.vocabulary import Vocabulary
from unscene.words.word_lists import find_vocabulary

logger = logging.getLogger("unscene")


def parse_keywords(job: Job) -> None:
    """Write a row for every caption of the shard, with status ok, refused or failed.

    inputs: samples, requests, followups (the parts of prompts that had to be split), answers; outputs: table.
    """
    samples = SHARD_SAMPLES.read(job.inputs.samples, ["image_id", "captions"])
    requests = chain(read_lines(job.inputs.requests), read_lines(job.inputs.followups))
    verdicts = judge_items(requests, index_answers(job.inputs.answers))
    keyword = KEYWORDS.frame(list_rows(samples, verdicts, find_vocabulary(job.settings)))
    logger.info("captions by status: %s", keyword["status"].value_counts().to_dict())
    check_failed_share(keyword, job.runtime["max_failed_share"], f"keywords ({job.outputs.table})")
    KEYWORDS.write(keyword, job.outputs.table)


def list_rows(samples: pd.DataFrame, verdicts: dict[str, Verdict], vocabulary: Vocabulary) -> list[dict]:
    """Return the rows of all captions, in the order of the samples; a text without a request is a
    failed row.
    """
    rows = []
    for image_id, captions in zip(samples["image_id"], samples["captions"], strict=True):
        for position, caption in enumerate(captions):
            text = flatten(caption)
            verdict = verdicts.get(text, Verdict("failed", "no request" if text else "empty caption", "", {}))
            words, status, reason = read_words(verdict, vocabulary)
            rows.append(
                {
                    "image_id": image_id,
                    "caption_id": f"{image_id}-{position}",
                    "caption": caption,
                    "words": words,
                    "source": verdict.model,
                    "status": status,
                    "reason": reason,
                }
            )
    return rows


def read_words(verdict: Verdict, vocabulary: Vocabulary) -> tuple[list[str], str, str]:
    """Return words in the list's order, status and reason of one caption's verdict; a word that is
    not listed fails it.
    """
    if verdict.status != "ok":
        return [], verdict.status, verdict.reason
    (item,) = verdict.items.values()
    words = item.get("w")
    if not isinstance(words, list):
        return [], "failed", "the item has no list of words"
    unlisted = [word for word in words if not isinstance(word, str) or word not in vocabulary]
    if unlisted:
        return [], "failed", f"word {str(unlisted[0])[:40]!r} is not in the list"
    return vocabulary.sort(words), "ok", ""
