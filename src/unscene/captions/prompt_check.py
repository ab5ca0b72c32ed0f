"""Answers of a model to prompts of edits, each against its own caption: which ones will do."""

import json
from collections.abc import Iterable, Iterator, Mapping

from unscene.answers.backends import is_offline
from unscene.answers.batch_lines import flatten
from unscene.answers.verdicts import Verdict
from unscene.captions.answer_check import find_fault
from unscene.words.vocabulary import Vocabulary

# With so many answers and more than half of them wrong, a prompt's right ones are chance.
FEWEST_ANSWERS = 4


def check_prompts(
    prompts: Iterable[tuple[list[str], Verdict]], canaries: Mapping[str, str], vocabulary: Vocabulary
) -> Iterator[tuple[list[str], Verdict]]:
    """Yield prompts of a file (items and verdict) with `failed` where none of the answers can be believed."""
    for items, verdict in prompts:
        fault = None
        if verdict.status == "ok" and not is_offline(verdict.model):
            fault = _find_prompt_fault(items, verdict, canaries, vocabulary)
        yield items, Verdict("failed", fault, verdict.model, {}) if fault else verdict


def _find_prompt_fault(
    items: list[str], verdict: Verdict, canaries: Mapping[str, str], vocabulary: Vocabulary
) -> str | None:
    wrong = 0
    for i, item in enumerate(items, 1):
        asked = json.loads(item)
        fault = find_fault(read_text(verdict.items.get(i, {})), asked["caption"], asked["object"], vocabulary)
        if fault and item in canaries:
            return f"canary: {asked['caption']!r} without {asked['object']}: {fault}"
        wrong += fault is not None
    if len(items) >= FEWEST_ANSWERS and wrong > len(items) / 2:
        return f"prompt: {wrong} of {len(items)} answers do not fit their captions"
    return None


def read_text(item: dict) -> str:
    """Return the caption that an answer has, on one line; empty when it has none."""
    text = item.get("without")
    return flatten(text) if isinstance(text, str) else ""
