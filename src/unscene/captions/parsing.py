"""Read the answers of one shard into a table: the captions of each edit, checked, with a plain
template where they fail.
"""

import logging
from collections.abc import Iterable
from itertools import chain

from unscene.answers.batch_lines import index_answers, read_lines
from unscene.answers.results import Verdict, judge_items
from unscene.captions.caption_edits import WantedCaption, find_fault, list_wanted, plain_captions, same_text
from unscene.captions.columns import CAPTIONS
from unscene.machine.job import Job
from unscene.run.shards import check_failed_share
from unscene.words.phrasings import find_phrasing, hold_out, negate
from unscene.words.vocabulary import Vocabulary
from unscene.words.word_lists import find_vocabulary

logger = logging.getLogger("unscene")


def parse_captions(job: Job) -> None:
    """Write a row for every wanted edit (mask status ok).

    inputs: samples, keywords, masks, requests, followups (the parts of prompts that had to be
    split), answers; outputs: table.
    """
    held_out = hold_out(job.settings["captions"]["held_out_share"], job.settings["seed"])
    requests = chain(read_lines(job.inputs.requests), read_lines(job.inputs.followups))
    verdicts = judge_items(requests, index_answers(job.inputs.answers))
    frame = CAPTIONS.frame(list_rows(list_wanted(job), verdicts, held_out, find_vocabulary(job.settings)))
    logger.info("captions by source: %s", frame["source"].value_counts().to_dict())
    check_failed_share(frame, job.runtime["max_failed_share"], f"captions ({job.outputs.table})")
    CAPTIONS.write(frame, job.outputs.table)


def list_rows(
    wanted: Iterable[WantedCaption],
    verdicts: dict[str, Verdict],
    held_out: list[str],
    vocabulary: Vocabulary,
) -> list[dict]:
    """Return the rows of all wanted edits, in their order."""
    return [make_row(edit, verdicts, held_out, vocabulary) for edit in wanted]


def make_row(
    edit: WantedCaption, verdicts: dict[str, Verdict], held_out: list[str], vocabulary: Vocabulary
) -> dict:
    """Return the row of one edit; only an edit that no caption names has no captions."""
    if edit.caption is None:
        return {
            "edit_id": edit.edit_id,
            "held_out": False,
            "source": "",
            "status": "failed",
            "reason": "no caption names it",
        }
    verdict = verdicts.get(edit.item, Verdict("failed", "no request", "", {}))
    without = negated = ""
    source, fault = verdict.model, verdict.reason
    if verdict.status == "ok":
        (item,) = verdict.items.values()
        without, negated = same_text(item.get("without")), same_text(item.get("negated"))
        fault = find_fault(without, negated, edit.category, held_out, vocabulary)
    if fault:
        source = "template_fallback"
        without, negated = plain_captions(edit.category, edit.phrasing, vocabulary)
    return {
        "edit_id": edit.edit_id,
        "caption_original": edit.caption,
        "caption_without": without,
        "caption_negated": negated,
        "caption_negated_held_out": negate(without, edit.category, edit.held_out_phrasing, vocabulary)
        if edit.held_out_phrasing
        else None,
        "phrasing": find_phrasing(negated) or "free",
        "phrasing_held_out": edit.held_out_phrasing,
        "held_out": find_phrasing(negated) in held_out,
        "source": source,
        "status": "ok",
        "reason": fault or "",
    }
