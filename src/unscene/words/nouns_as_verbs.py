"""Forms of nouns that are verbs where they stand: `vines crowd the gate`, `they train`."""

from unscene.words.caption_words import PREPOSITIONS, PRONOUNS
from unscene.words.follower_words import (
    ARTICLES,
    CLOSED,
    COLOURS,
    CORE_PEOPLE,
    CROWDING,
    MODALS,
    OBJECT_PRONOUNS,
    OBJECTS,
    RELATIVES,
    SUBJECTS,
    THIRD_VERBS,
    VERBS,
)
from unscene.words.places import Place
from unscene.words.word_shapes import looks_plural

_PRONOUNS = PRONOUNS | {""}


def judge_verb(place: Place) -> bool | None:
    """A verb by the words around it: `they train`, `ship it`, `vines crowd the gate`."""
    previous, following = place.previous, place.next
    if " " in place.noun.form:
        return None
    if not place.noun.is_plural:
        speaks = previous in SUBJECTS or (previous == "i" and len(place.before) == 1)
        acts = place.noun.form in VERBS or (following in OBJECTS and not place.noun.is_person)
        if (speaks and acts) or (not previous and following in OBJECT_PRONOUNS):
            return True  # they train; ship it
    elif place.noun.form in THIRD_VERBS and following in ARTICLES and previous in _PRONOUNS:
        return True  # bears a scar
    if not previous:
        return None
    if place.noun.is_plural:
        acts = previous in RELATIVES or (previous in CORE_PEOPLE and not place.noun.is_person)
        noun_before = previous.isalpha() and previous not in CLOSED and previous not in COLOURS
        verb = place.noun.form in THIRD_VERBS and following in ARTICLES
        acts = acts or (verb and noun_before and not looks_plural(previous))
        return True if acts else None
    other = previous.endswith("s") and place.noun.names.get(previous) not in (None, place.noun.word)
    if place.noun.form in VERBS and (other or place.names_people(previous)) and following in PREPOSITIONS:
        return True
    subject = previous in MODALS or _is_plural_noun(previous)
    acts = following in OBJECTS or (following in CROWDING and previous != "to")
    return True if subject and acts and place.noun.word != previous else None


def _is_plural_noun(word: str) -> bool:
    return looks_plural(word) and word not in CLOSED and word not in ("sports", "overalls", "glasses")
