"""The kinds of links, marks and pronouns, and of short words that are nouns where they stand."""

from unscene.rewriting.tagging.spots import Rules, Spot
from unscene.rewriting.tagging.verb_forms import ING, THIRD, looks_plural
from unscene.rewriting.tagging.word_ends import LINKS
from unscene.words.caption_words import (
    AUXILIARIES,
    DETERMINERS,
    LONE_PRONOUNS,
    PREPOSITIONS,
    SUBJECT_PRONOUNS,
)
from unscene.words.verb_lists import NOUNY, SCENE_ADVERBS

RULES = Rules()
LINK, MARK, OPENER = "C", "X", "S"
NOUN, PRONOUN, DETERMINER, ADVERB = "W", "R", "D", "A"

# Pronouns that stand before a noun as well: `one nun`, `all nuns`.
_NUMBERS = frozenset({"one", "some", "many", "several", "two", "three", "both", "all"})
# Words that stand before a noun and seldom alone: `any nun`.
_POINTERS = frozenset({"few", "any", "this", "these", "those"})
_RELATIVES = frozenset({"that", "which", "who", "whom", "whose"})
_SIDES = frozenset({"inside", "outside", "back", "front", "top", "side", "left", "right", "past"})
_DEGREES = frozenset({"very", "really", "almost", "just", "too", "still", "only"})
_NAMES_OF_PLACES = _SIDES | (SCENE_ADVERBS - PREPOSITIONS - _DEGREES)
_NO_ARTICLES = frozenset({"one", "all", "both"})

RULES.add_always(LINK, LINKS)


@RULES.add(NOUN, {"drawing", "painting", "rendering", "engraving"})
def is_a_picture(at: Spot) -> bool:
    """`a pencil drawing of a cow`"""
    return at.before.kind == "W" and at.after.low == "of"


@RULES.add(NOUN, {"above", "below", "behind", "afar"})
def is_a_place_to_look_from(at: Spot) -> bool:
    """`seen from above`"""
    return at.before.low == "from" and (at.ends or at.after.low in ING)


@RULES.add(NOUN, PREPOSITIONS)
def stands_behind_one(at: Spot) -> bool:
    """`a by stander`"""
    return at.before.kind == "D" and at.before.low in ("a", "an")


@RULES.add(NOUN, _NAMES_OF_PLACES)
def stands_behind_an_article(at: Spot) -> bool:
    """`the inside`, `the front`, `the left`"""
    return at.before.kind == "D" and at.before.low not in _NO_ARTICLES


@RULES.add(NOUN, {"inside", "outside"})
def says_which_place(at: Spot) -> bool:
    """`at outside tables`"""
    return at.before.kind == "P" and not (at.ends or at.after.low in DETERMINERS)


@RULES.add(NOUN, {"almost"})
def says_how_near(at: Spot) -> bool:
    """`an almost empty jug`"""
    return at.before.low in ("a", "an", "the")


RULES.add_always(MARK, lambda word: not word[0].isalnum())


def is_behind_a_thing(at: Spot) -> bool:
    """Whether the word stands behind a noun, or a number in its place: `some`, `both`."""
    number = at.before.low in ("one", "another", "some", "all", "both")
    return at.is_behind_noun or (at.before.kind == "D" and number)


def _points(at: Spot) -> bool:
    """Whether `that` is no opener of a clause about what stands before it."""
    return not is_behind_a_thing(at) and at.before.low not in (",", "and")


@RULES.add(OPENER, {"that"})
def opens_what_somebody_thinks(at: Spot) -> bool:
    """`a sign telling that they ride`"""
    return _points(at) and at.before.kind == "V" and at.after.low in SUBJECT_PRONOUNS


@RULES.add(DETERMINER, {"that"})
def points_at_a_thing(at: Spot) -> bool:
    """`near that jug`"""
    return _points(at)


RULES.add_always(OPENER, _RELATIVES)


@RULES.add(ADVERB, {"how"})
def opens_a_way(at: Spot) -> bool:
    """`teaches a boy how to ride`"""
    return at.after.low == "to" and is_behind_a_thing(at)


@RULES.add(PRONOUN, {"another"})
def is_another_one(at: Spot) -> bool:
    """`another trying to climb a gate`"""
    if at.ends or at.after.low in THIRD or at.after.low in ("looking", "watching"):
        return True
    return at.after.low in ING and (at.later.low == "to" or at.later.low in DETERMINERS)


def _has_no_noun(at: Spot) -> bool:
    if at.after.low in AUXILIARIES or (at.ends and at.after.low != "of"):
        return True
    counted = at.word == "one" or (at.before.low == "," and at.word in ("two", "three", "some"))
    return at.after.low in ING and counted


@RULES.add(PRONOUN, _NUMBERS)
def counts_without_a_noun(at: Spot) -> bool:
    """`some are asleep`, `one riding a mule`"""
    return _has_no_noun(at)


@RULES.add(DETERMINER, _POINTERS)
def points_without_a_noun(at: Spot) -> bool:
    """`these are jugs`"""
    return _has_no_noun(at)


@RULES.add(NOUN, {"like"})
def says_what_it_is_like(at: Spot) -> bool:
    """`a desert like area`"""
    return at.before.kind == "W" and at.after.low in ("area", "setting", "structure", "object")


@RULES.add(ADVERB, {"each"})
def is_each_of_them(at: Spot) -> bool:
    """`three nuns each holding a lamp`"""
    return at.after.low in ING and is_behind_a_thing(at)


@RULES.add(ADVERB, {"all"})
def is_all_of_them(at: Spot) -> bool:
    """`old jugs all lined up`"""
    return at.after.low in ("lined", "parked", "dressed") and looks_plural(at.before.low)


@RULES.add(ADVERB, {"missing"})
def is_not_there(at: Spot) -> bool:
    """`with a wheel missing`"""
    alone = at.ends or at.after.low in PREPOSITIONS or at.after.low in ING
    return alone and is_behind_a_thing(at) and at.after.low not in DETERMINERS


@RULES.add(ADVERB, {"barefoot", "barefooted", "solo"})
def says_how_somebody_is(at: Spot) -> bool:
    """`flying solo above a gate`"""
    return at.before.kind in ("N", "W", "V") and (at.ends or at.after.low in PREPOSITIONS)


@RULES.add(PRONOUN, {"one"})
def acts_as_one(at: Spot) -> bool:
    """`one carries a lamp`"""
    return at.after.low in THIRD and THIRD[at.after.low] not in NOUNY


@RULES.add(PRONOUN, {"her"})
def owns_nothing(at: Spot) -> bool:
    """`next to her`, but `her hat`"""
    return at.ends and at.after.low not in AUXILIARIES


RULES.add_always(PRONOUN, LONE_PRONOUNS)


@RULES.add(NOUN, {"can"})
def is_a_vessel(at: Spot) -> bool:
    """`a trash can`, `a can of paint`"""
    named = at.before.kind == "W" or at.before.low in ("a", "the", "one")
    return named and at.ends and at.after.low != "be"
