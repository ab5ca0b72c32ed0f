"""Read the answers of one shard into a table: the captions of each edit, checked, and rewritten
offline where the answer fails.
"""

import logging
from collections.abc import Iterable
from itertools import chain

import pandas as pd

from unscene.answers.backends import is_offline
from unscene.answers.batch_lines import index_answers, read_lines
from unscene.answers.verdicts import Verdict, judge_prompts, merge_verdicts
from unscene.captions.answer_check import find_fault
from unscene.captions.canaries import list_canaries
from unscene.captions.caption_edits import (
    ALONG,
    GRAMMAR,
    LADDER,
    PLAIN,
    Phrasings,
    WantedCaption,
    find_held_out,
    find_taken,
    list_wanted,
    write_offline,
)
from unscene.captions.columns import CAPTIONS
from unscene.captions.prompt_check import check_prompts, read_text
from unscene.machine.job import Job
from unscene.rewriting.denying import negate
from unscene.run.shards import check_failed_share
from unscene.words.phrasings import find_phrasing
from unscene.words.readable import find_obstacle
from unscene.words.vocabulary import Vocabulary
from unscene.words.word_lists import find_vocabulary

# What `source` says when another one than the asked one wrote a caption.
FALLBACKS = {GRAMMAR: "grammar_fallback", LADDER: "ladder_fallback", PLAIN: "template_fallback"}
logger = logging.getLogger("unscene")


def parse_captions(job: Job) -> None:
    """Write a row for every wanted edit (mask status ok).

    inputs: samples, keywords, masks, requests, followups (the parts of prompts that had to be
    split), answers; outputs: table. Raises RuntimeError when more than `runtime.max_failed_share` of
    the answers of a model fail: each has its rewriting, but the model does not work.
    """
    phrasings = Phrasings.of(job.settings["captions"]["held_out_share"], job.settings["seed"])
    vocabulary = find_vocabulary(job.settings)
    requests = chain(read_lines(job.inputs.requests), read_lines(job.inputs.followups))
    prompts = judge_prompts(requests, index_answers(job.inputs.answers))
    verdicts = merge_verdicts(check_prompts(prompts, list_canaries(vocabulary), vocabulary))
    wanted = list_wanted(job)
    frame = CAPTIONS.frame(list_rows(wanted, verdicts, phrasings, vocabulary))
    logger.info("captions by source: %s", frame["source"].value_counts().to_dict())
    share, table = job.runtime["max_failed_share"], job.outputs.table
    check_failed_share(frame, share, f"captions ({table})")
    check_failed_share(list_paid_answers(frame, wanted, verdicts), share, f"answers to captions ({table})")
    CAPTIONS.write(frame, table)


def list_rows(
    wanted: Iterable[WantedCaption],
    verdicts: dict[str, Verdict],
    phrasings: Phrasings,
    vocabulary: Vocabulary,
) -> list[dict]:
    """Return the rows of all wanted edits, in their order."""
    return [make_row(edit, verdicts, phrasings, vocabulary) for edit in wanted]


def list_paid_answers(
    frame: pd.DataFrame, wanted: Iterable[WantedCaption], verdicts: dict[str, Verdict]
) -> pd.DataFrame:
    """Return `status` and `reason` of what models were asked: failed where something else stands in."""
    rows = []
    for edit, source, reason in zip(wanted, frame["source"], frame["reason"], strict=True):
        if edit.item is not None and not is_offline(_get(verdicts, edit).model):
            # No fault of the model, which was not told what the mask takes along.
            right = source == _get(verdicts, edit).model or reason.startswith(ALONG)
            rows.append(("ok" if right else "failed", reason.split(":")[0]))
    return pd.DataFrame(rows, columns=["status", "reason"])


def make_row(
    edit: WantedCaption, verdicts: dict[str, Verdict], phrasings: Phrasings, vocabulary: Vocabulary
) -> dict:
    """Return the row of one edit. Without captions are those that no caption names, and those whose
    caption only a model could have rewritten.
    """
    row = {
        "edit_id": edit.edit_id,
        "caption_original": edit.caption,
        "held_out": False,
        "source": "",
        "words": [],
    }
    if edit.caption is None:
        return {**row, "status": "failed", "reason": "no caption names it"}
    verdict, held_out = _get(verdicts, edit), phrasings.held_out
    phrasing, unseen = phrasings.choose(edit.edit_id), phrasings.choose_unseen(edit.edit_id)
    without, source = "", verdict.model
    fault: str | None = verdict.reason or "no answer"
    if verdict.status == "ok":
        (item,) = verdict.items.values()
        without = read_text(item)
        if is_offline(verdict.model):
            fault = None
        else:
            fault = find_fault(without, edit.caption, edit.category, vocabulary)
            fault = fault or find_held_out(without, edit.category, phrasing, held_out, vocabulary)
            fault = fault or find_taken(without, edit, vocabulary)
    if fault or is_offline(verdict.model):
        obstacle = find_obstacle(edit.caption)
        if obstacle is not None:
            return {**row, "status": "skipped", "reason": f"{fault}; {obstacle}" if fault else obstacle}
        written = write_offline(edit, phrasing, held_out, vocabulary)
        without = written.without
        if fault or written.fault:
            source, fault = FALLBACKS[written.writer], "; ".join(filter(None, (fault, written.fault)))
    negated = negate(without, edit.category, phrasing, vocabulary)
    return {
        **row,
        "caption_without": without,
        "caption_negated": negated,
        "caption_negated_held_out": negate(without, edit.category, unseen, vocabulary) if unseen else None,
        "phrasing": phrasing,
        "phrasing_held_out": unseen,
        "held_out": find_phrasing(negated) in held_out,
        "words": vocabulary.find_words(without),
        "source": source,
        "status": "ok",
        "reason": fault or "",
    }


def _get(verdicts: dict[str, Verdict], edit: WantedCaption) -> Verdict:
    return verdicts.get(edit.item, Verdict("failed", "no request", "", {}))
