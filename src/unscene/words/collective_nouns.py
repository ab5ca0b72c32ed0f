"""Couple, family, crowd: whether they are people, or only count what is named: `a couple pears`."""

from unscene.words.caption_words import NUMBERS
from unscene.words.follower_words import (
    AMOUNTS,
    ANIMALS,
    CLOSED,
    COLLECTIVES,
    COUNTS,
    KIN_GROUPS,
    NOUN_VERBS,
    PAST_VERBS,
    THIRD_VERBS,
    VERBS,
)
from unscene.words.places import Place
from unscene.words.word_shapes import looks_plural


def judge_count(place: Place) -> bool | None:
    """Couple, family, crowd before what they count."""
    if place.noun.last not in COLLECTIVES:
        return None
    word_before = place.noun.names.get(place.previous)
    if place.previous in ANIMALS or word_before in ANIMALS:
        return True
    if place.next == "of":
        if place.noun.last in COUNTS:
            return True
        if place.noun.last in KIN_GROUPS:
            return None if place.second in NUMBERS or place.second == "all" else True
        described = place.after[1:4]
        return True if any(_is_other(place, word) for word in described) else None
    if place.noun.last == "couple" and place.previous in ("a", "the", "another", "last", "first", "next"):
        return _counts_things(place)
    return None


def _counts_things(place: Place) -> bool | None:
    """Whether `a couple` stands before the noun that it counts: a couple (old) lemons."""
    following, second = place.next, place.second
    if following in AMOUNTS or following in ANIMALS:
        return True
    if following in CLOSED or following.endswith("ing") or following in PAST_VERBS:
        return None
    if looks_plural(following):
        if following in THIRD_VERBS and second != "of":
            return True if following[:-1] in NOUN_VERBS and second and second not in CLOSED else None
        return True
    return True if looks_plural(second) and second not in THIRD_VERBS and following not in VERBS else None


def _is_other(place: Place, word: str) -> bool:
    """Whether a word names something of another word of the list, or an animal."""
    return word in ANIMALS or place.noun.names.get(word, place.noun.word) not in (place.noun.word, None)
