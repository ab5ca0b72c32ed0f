"""Read the answers of one shard into a table: the words of each caption, or why there are none."""

import logging
from itertools import chain

import pandas as pd

from unscene.answers.backends import is_offline
from unscene.answers.batch_lines import flatten, index_answers, read_lines
from unscene.answers.prompts import count_namable, read_quoted
from unscene.answers.verdicts import Verdict, judge_prompts, merge_verdicts
from unscene.keywords.canaries import list_canaries
from unscene.keywords.columns import KEYWORDS
from unscene.keywords.cross_check import check_prompts
from unscene.machine.job import Job
from unscene.run.shards import check_failed_share
from unscene.samples.columns import SHARD_SAMPLES
from unscene.words.readable import find_obstacle
from unscene.words.vocabulary import Vocabulary
from unscene.words.word_lists import find_vocabulary

logger = logging.getLogger("unscene")


def parse_keywords(job: Job) -> None:
    """Write a row for every caption of the shard, with status ok, skipped, refused or failed.

    inputs: samples, requests, followups (the parts of prompts that had to be split), answers; outputs: table.
    """
    samples = SHARD_SAMPLES.read(job.inputs.samples, ["image_id", "captions"])
    vocabulary = find_vocabulary(job.settings)
    requests = chain(read_lines(job.inputs.requests), read_lines(job.inputs.followups))
    prompts = (
        ([read_quoted(item) for item in items], verdict)
        for items, verdict in judge_prompts(requests, index_answers(job.inputs.answers))
    )
    verdicts = merge_verdicts(check_prompts(prompts, list_canaries(vocabulary), vocabulary))
    keyword = KEYWORDS.frame(list_rows(samples, verdicts, vocabulary))
    logger.info("captions by status: %s", keyword["status"].value_counts().to_dict())
    logger.info("captions by source: %s", keyword["source"].value_counts().to_dict())
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
            obstacle = find_obstacle(text) or "" if text else ""
            if obstacle and is_offline(verdict.model):
                words, status, reason = [], "skipped", obstacle
            else:
                words, status, reason = read_words(text, verdict, vocabulary)
            rows.append(
                {
                    "image_id": image_id,
                    "caption_id": f"{image_id}-{position}",
                    "caption": caption,
                    "words": words,
                    "source": verdict.model,
                    "status": status,
                    "reason": reason,
                    "obstacle": obstacle,
                }
            )
    return rows


def read_words(text: str, verdict: Verdict, vocabulary: Vocabulary) -> tuple[list[str], str, str]:
    """Return words in the list's order, status and reason of one caption's verdict; more words than
    the caption can name fail it.
    """
    if verdict.status != "ok":
        return [], verdict.status, verdict.reason
    (item,) = verdict.items.values()
    words = item["w"]
    unlisted = next((word for word in words if word not in vocabulary), None)
    if unlisted is not None:  # the schema was of another list
        return [], "failed", f"word {unlisted!r} is not in the list"
    room = count_namable(text)
    if len(set(words)) > room:
        return [], "failed", f"{len(set(words))} words for a caption of {room}"
    return vocabulary.sort(words), "ok", ""
