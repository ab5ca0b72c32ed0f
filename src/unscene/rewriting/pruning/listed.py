"""A caption that only lists what an image may contain, as a machine writes it: each entry stands alone.

`image may contain : person , on stage , playing a guitar and indoor`: what somebody does goes with them.
"""

import re
from collections.abc import Callable

from unscene.rewriting.marking.target import Target
from unscene.rewriting.parsing.chunks import make_chunks
from unscene.rewriting.parsing.people import means_people
from unscene.rewriting.parsing.tree import Phrase
from unscene.rewriting.scene_lists import ACTIVITIES
from unscene.rewriting.tagging.reading import read_tokens
from unscene.words.caption_words import ING_NOUNS
from unscene.words.verb_lists import AFTER_ING, VERBS

_LIST = re.compile(r"(?i)^((?:image|picture|photo) may contain) ?: ?(.+?)[ .]*$")
_PLACE = re.compile(r"^(?:on|in|at) (?=\w)")  # who was there is gone: `on stage`
_BETWEEN = re.compile(r" ?, (?:and )?| and ")
# Before a bare noun these are verbs, `wearing hat`; other words in -ing make one noun with it.
_TAKING = frozenset({"wearing", "holding", "playing"})
_PLAYED_WITH = frozenset({"card", "cards", "field", "fields"})


def shorten_list(caption: str, target: Target, rewrite: Callable[[str], str | None]) -> str | None:
    """Return a list without the entries that are the target, or that it does; empty when no entry is
    left, None when the caption is no such list.

    rewrite: takes the target out of an entry that names more: `one person riding a horse`.
    """
    found = _LIST.match(caption)
    if found is None:
        return None
    entries = [entry for entry in _BETWEEN.split(found[2]) if entry.strip()]
    gone_deeds = _does_all(entries, target)
    shortened = [_shorten(entry, target, gone_deeds, rewrite) for entry in entries]
    left = [_PLACE.sub("", entry) for entry in shortened if entry]
    row = left[0] if len(left) == 1 else f"{', '.join(left[:-1])} and {left[-1]}" if left else ""
    return f"{found[1].capitalize()}: {row}" if row else ""


def _does_all(entries: list[str], target: Target) -> bool:
    """Whether the deeds of a list are the target's: it is people, or nobody else is there to do them."""
    others = (
        token
        for entry in entries
        if not _is_deed(entry, target) and not _names(entry, target)
        for token in read_tokens(entry, target.vocabulary)
    )
    return target.is_human or (target.is_animate and not any(token.is_animate for token in others))


def _shorten(
    entry: str, target: Target, gone_deeds: bool, rewrite: Callable[[str], str | None]
) -> str | None:
    """Return what stays of an entry; None when nothing does."""
    named = _names(entry, target)
    if target.is_human and means_people(Phrase(read_tokens(entry, target.vocabulary))):
        return None  # "a wedding"
    if _is_deed(entry, target):
        return None if named or gone_deeds else entry
    if not named:
        return entry
    text = rewrite(entry)
    if text is None or not set(text.lower().split()) <= {"a", "an", *entry.lower().split()}:
        return None
    return text[:1].lower() + text[1:] if text[:1] != entry[:1] else text


def _names(entry: str, target: Target) -> bool:
    return target.category in target.vocabulary.find_words(entry)


def _is_deed(entry: str, target: Target) -> bool:
    """Whether an entry is what somebody does: `standing`, `playing a guitar`; not `swimming pool`."""
    first, *rest = entry.lower().split()
    if not first.endswith("ing") or first in VERBS:  # "swing"
        return False
    if not rest:
        return first in ACTIVITIES or (first not in ING_NOUNS and _begins_with_verb(entry, target))
    takes = first in _TAKING and rest[-1] not in AFTER_ING | _PLAYED_WITH
    return takes or _begins_with_verb(entry, target)


def _begins_with_verb(entry: str, target: Target) -> bool:
    return make_chunks(read_tokens(entry, target.vocabulary))[0].kind == "V"
