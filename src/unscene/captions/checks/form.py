"""Checks of a caption: signs, length and language, whatever it says."""

import re

from unscene.captions.checks.texts import Case, split_words
from unscene.words.readable import find_obstacle

_MARKUP = re.compile(r"[^\w\s.,;:!?'’\"“”()&/%$#+°–—-]|https?:|www\.|_|\bscene\b(?=\s+(?:with|without)out)")
# `Done. A white barn.`, `Here you are: a white barn.`
_PREFACE = re.compile(r"\s*(?:\w+[.!]+\s+(?=\w)|(?:[\w']+ ){0,4}[\w']+:\s)")
_ROOM_CHARACTERS, _ROOM_SHARE = 25, 1.15


def is_odd(case: Case) -> str | None:
    """Markup, another language, a text that is too long, or one that the prompt is quoted in."""
    new, old = case.new, case.old
    preface = _PREFACE.match(new.raw)
    signs = set(_MARKUP.findall(new.raw)) - set(old.raw)
    if signs or "\n" in new.raw.strip() or ("SCENE" in new.raw and "SCENE" not in old.raw):
        return f"signs that no caption has: {' '.join(sorted(signs))}"
    if re.match(r"[\"'“(]", new.raw.strip()) and not re.match(r"[\"'“(]", old.raw.strip()):
        return "it is quoted"
    if preface is not None and not set(split_words(preface.group())) <= set(old.tokens):
        return "it is prefaced"
    if not new.tokens:
        return "no words"
    if len(new.raw) > _ROOM_SHARE * len(old.raw) + _ROOM_CHARACTERS:
        return "longer than the old caption"
    obstacle = find_obstacle(new.raw)
    return obstacle if obstacle is not None and find_obstacle(old.raw) is None else None


def is_foreign(case: Case) -> str | None:
    """Of an old caption in another language: the new one is English, and no longer than such can be."""
    if "{" in case.new.raw or "\n" in case.new.raw.strip():
        return "signs that no caption has"
    if len(case.new.raw) > 12 * len(case.old.raw) + 80:
        return "longer than the old caption"
    return find_obstacle(case.new.raw)
