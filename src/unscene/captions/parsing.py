"""Read the answers of one shard into a table: the captions of each edit, checked, with a plain template where they fail."""

import logging
from collections.abc import Iterable
from itertools import chain

import pandas as pd

from unscene.answers.batch_lines import Verdict, index_answers, judge_items, read_lines
from unscene.captions.caption_edits import WantedCaption, find_fault, list_wanted, plain_captions, same_text
from unscene.run.shards import check_failed_share
from unscene.run.tables import write_table
from unscene.words.phrasings import find_phrasing, hold_out, negate

COLUMNS = [
    "edit_id", "caption_original", "caption_without", "caption_negated", "caption_negated_held_out",
    "phrasing", "phrasing_held_out", "held_out", "source", "status", "reason",
]  # fmt: skip
logger = logging.getLogger("unscene")


def parse_captions(
    path_to_samples,
    path_to_keywords,
    path_to_masks,
    path_to_requests,
    path_to_followups,
    path_to_answers,
    path_to_table,
    held_out_share: float,
    seed: int,
    max_failed_share: float,
) -> None:
    """Write a row for every wanted edit (mask status ok). Follow-ups are the parts of prompts that had to be split.

    source: the model's name, `template`, or `template_fallback` where the answer or its check failed (`reason` says why).
    `held_out` says whether caption_negated uses a held-out phrasing: by the checks it never does.
    """
    wanted = list_wanted(path_to_masks, path_to_keywords, path_to_samples, held_out_share, seed)
    requests = chain(read_lines(path_to_requests), read_lines(path_to_followups))
    verdicts = judge_items(requests, index_answers(path_to_answers))
    frame = pd.DataFrame(list_rows(wanted, verdicts, hold_out(held_out_share, seed)), columns=COLUMNS)
    frame = frame.astype({column: "bool" if column == "held_out" else "string" for column in COLUMNS})
    logger.info("captions by source: %s", frame["source"].value_counts().to_dict())
    check_failed_share(frame, max_failed_share, f"captions ({path_to_table})")
    write_table(frame, path_to_table, COLUMNS)


def list_rows(
    wanted: Iterable[WantedCaption], verdicts: dict[str, Verdict], held_out: list[str]
) -> list[dict]:
    """Return the rows of all wanted edits, in their order."""
    return [make_row(edit, verdicts, held_out) for edit in wanted]


def make_row(edit: WantedCaption, verdicts: dict[str, Verdict], held_out: list[str]) -> dict:
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
        fault = find_fault(without, negated, edit.category, held_out)
    if fault:
        source = "template_fallback"
        without, negated = plain_captions(edit.category, edit.phrasing)
    return {
        "edit_id": edit.edit_id,
        "caption_original": edit.caption,
        "caption_without": without,
        "caption_negated": negated,
        "caption_negated_held_out": negate(without, edit.category, edit.held_out_phrasing)
        if edit.held_out_phrasing
        else None,
        "phrasing": find_phrasing(negated) or "free",
        "phrasing_held_out": edit.held_out_phrasing,
        "held_out": find_phrasing(negated) in held_out,
        "source": source,
        "status": "ok",
        "reason": fault or "",
    }
