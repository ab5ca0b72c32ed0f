"""Where a caption that was written without an object is torn: its beginning, its end, and words that
cannot stand side by side.
"""

from itertools import pairwise

from unscene.rewriting.checks.fault_names import (
    NO_SUBJECT,
    TORN_END,
    TORN_NOUN,
    TORN_PLURAL,
    TORN_PREPOSITION,
    TORN_START,
    TWICE,
)
from unscene.rewriting.scene_lists import ENDLESS, MORE_CLOTHES, NO_THINGS
from unscene.rewriting.tagging.tokens import Token
from unscene.rewriting.tagging.verb_forms import ING, looks_plural
from unscene.words.caption_words import DETERMINERS

_NOTHING = Token("", "X")
# Determiners that stand alone as well: `near one another`.
_LONE_DETERMINERS = frozenset({"her", "one", "another", "both", "all", "some"})
# Prepositions that end a caption: `a nun walking by`.
_LONE_PREPOSITIONS = frozenset(
    {"by", "near by", "together", "up", "down", "out", "off", "over", "around", "past", "along", "through"}
)
_LONE_PREPOSITIONS |= {"in front of"}
_SUBJECTS = frozenset({"he", "she", "they", "i", "we"})
_ARTICLES = frozenset({"a", "an", "the"})
_OWNERS = frozenset({"his", "its", "their", "my", "your", "our"})
_NO_NOUNS = _ARTICLES | _OWNERS | {"it's"}
# Behind these a noun must stand.
_NEEDS_NOUN = frozenset({"with", "of", "at", "in", "on", "next to", "in front of", "from", "to", "into"})
_MAY_STAND_TWICE = frozenset({"very", "that", "had", "-", "!", "?", "."})
_NEEDS_DEED = NO_THINGS & ENDLESS


def find_torn_edges(tokens: list[Token]) -> list[str]:
    """Return the kinds of fault at the edges of a text, and between neighbours."""
    faults = [
        fault
        for fault, holds in (
            (TORN_END, _ends_in_the_middle),
            (TORN_START, _begins_in_the_middle),
            (NO_SUBJECT, _begins_with_a_deed),
        )
        if holds(tokens)
    ]
    for before, after in pairwise(tokens):
        faults += [fault for fault, holds in _PAIRS if holds(before, after)]
    return faults


def _ends_in_the_middle(tokens: list[Token]) -> bool:
    last, before = tokens[-1], tokens[-2] if len(tokens) > 1 else _NOTHING
    if last.low in DETERMINERS - _LONE_DETERMINERS or last.kind in ("C", "S"):
        return True
    if last.kind == "P" and not _can_end(last, before):
        return True
    if (before.low, last.low) == ("and", "one"):
        return True  # "two nuns and one" of "one has a phone"
    if last.kind == "A" and last.low.endswith("ly") and before.kind in ("N", "W"):
        return True  # "a nun gently" of "a nun gently placed on a bed"
    if before.low == "as":
        return True  # "nothing is as soft"
    if last.low in ("far", "able", "what") or (last.kind == "W" and last.low in ("high", "close", "loose")):
        return True  # "a building far", "a high"
    return (last.kind == "V" and last.form in ("aux", "to")) or last.low in ENDLESS


def _can_end(preposition: Token, before: Token) -> bool:
    """Whether a preposition needs no noun: `a nun walking by`, `a nun looking on`, `has a hat on`."""
    low = preposition.low
    if low in _LONE_PREPOSITIONS:
        return True
    return (low in ("on", "in") and before.kind == "V") or (low == "on" and before.low in MORE_CLOTHES)


def _begins_in_the_middle(tokens: list[Token]) -> bool:
    first, second = tokens[0], tokens[1] if len(tokens) > 1 else _NOTHING
    if first.kind == "D" and len(tokens) == 2 and second.low in ("other", "same"):
        return True
    if not first.text[:1].isalnum() and first.text not in ("$", "#"):
        return True  # "'s how to manage it"
    if first.kind in ("O", "C", "P") or first.low in ("very", "too", "so", "quite"):
        return True
    if first.kind == "S" and first.low != "while" and len(tokens) < 4:
        return True
    if first.low == "the" and second.low in ("left", "right") and (len(tokens) < 3 or tokens[2].low == "of"):
        return True  # "the left of the car is a bus"
    if first.low == "other" and len(tokens) == 2:
        return True  # "other units"
    doing = second.form in ("ing", "en") or (second.kind == "W" and second.low in ING)
    if first.low in ("all", "both", "each") and (doing or second.kind == "D") and second.low != "the":
        return True  # "all eating pizza"
    several = any(t.low == "and" or (t.kind == "N" and looks_plural(t.low)) for t in tokens)
    return first.low == "both" and not several  # "both the cat are asleep on the couch"


def _begins_with_a_deed(tokens: list[Token]) -> bool:
    first = tokens[0]
    return first.kind == "V" and (first.form != "ing" or first.low != "looking")


def _lacks_a_noun(before: Token, after: Token) -> bool:
    """`a of`, `from behind she has been reading`, `neither nor`"""
    if (before.low, after.low) in (("neither", "nor"), ("either", "or")):
        return True
    if before.kind == "P" and after.low in _SUBJECTS:
        return True
    if before.kind != "D" or before.low not in _ARTICLES | _OWNERS:
        return False
    verb = after.kind == "V" and after.form in ("aux", "fin", "to")
    return verb or after.kind in ("P", "C", "S", "X", "R") or after.low in _NO_NOUNS


def _lacks_what_a_preposition_tells(before: Token, after: Token) -> bool:
    """`with and`, `from of`, `a beach with A cat`"""
    if before.kind != "P":
        return False
    if after.kind == "D" and after.text.istitle():
        return True
    if before.low in ("from", "with", "of") and after.low in ("with", "of", "to"):
        return True
    links = after.kind in ("C", "S") and after.low not in ("where", "which", "who", "what", "whom")
    return links and before.low in _NEEDS_NOUN


def _is_said_twice(before: Token, after: Token) -> bool:
    """`with with`, `a the`"""
    same = before.low == after.low and before.low not in _MAY_STAND_TWICE
    return same or (before.low in ("a", "an") and after.low in _ARTICLES)


def _needs_a_deed(before: Token, after: Token) -> bool:
    """`you will be able in the car park`, `learns how in the hall`"""
    return (before.low == "able" and after.low != "to") or (before.low in _NEEDS_DEED and after.kind == "P")


def _lacks_who_will(before: Token, after: Token) -> bool:
    """`nuns ll`"""
    return after.low in ("ll", "ve", "re") and before.kind != "X"


def _counts_one_of_several(before: Token, after: Token) -> bool:
    """`a cats`"""
    return before.low in ("a", "an") and looks_plural(after.low) and after.kind == "N"


_PAIRS = (
    (TORN_NOUN, _lacks_a_noun),
    (TORN_PREPOSITION, _lacks_what_a_preposition_tells),
    (TWICE, _is_said_twice),
    (TORN_END, _needs_a_deed),
    (NO_SUBJECT, _lacks_who_will),
    (TORN_PLURAL, _counts_one_of_several),
)
