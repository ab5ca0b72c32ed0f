"""A noun before a noun, a hyphen or an apostrophe: whether it only says of what kind that is, as in
`a sailor suit`, `men's room`, `gowns for brides`.
"""

from unscene.words.caption_words import BODY, CLOTHES, DETERMINERS, NO_GARMENTS, PICTURES, PREPOSITIONS
from unscene.words.follower_words import (
    ADJECTIVE_MAKERS,
    ADJECTIVE_PEOPLE,
    AGENT_MAKERS,
    ANIMALS,
    BODIES,
    CLOSED,
    COLOUR_NAMES,
    COLOURS,
    CORE_PEOPLE,
    DEPICTIONS,
    ENDS,
    EVENTS,
    FAMILY_WORDS,
    GROUPS,
    HEADS,
    HUMAN_YOUNG,
    LIKENESS,
    NOUN_VERBS,
    PARTS,
    PARTS_OF_THINGS,
    PAST_VERBS,
    PLACES_OF_PEOPLE,
    PLACES_OF_ROLES,
    PLURAL_DETERMINERS,
    RELATIVES,
    ROOM_THINGS,
    SEEN_OF_PEOPLE,
)
from unscene.words.places import Place
from unscene.words.word_shapes import is_noun_verb, is_verb, looks_plural

_ROOMS = (PLACES_OF_PEOPLE - CLOTHES) | PLACES_OF_ROLES
_GARMENTS = CLOTHES - NO_GARMENTS
_OF_ONE = BODY | PICTURES | NO_GARMENTS | SEEN_OF_PEOPLE
_CLAUSES = RELATIVES | {"to", "that"}
_PERSONS = BODIES | FAMILY_WORDS | HUMAN_YOUNG


def judge_adjective(place: Place) -> bool | None:
    """Clock-shaped, bear-themed, zebra print; horse-drawn is different: the horse is there."""
    following = place.next
    if following in AGENT_MAKERS:
        return False
    if place.noun.is_plural:
        return None
    if following in ADJECTIVE_MAKERS and (place.joined or place.second not in LIKENESS):
        return True
    if following == "like" and place.second and place.second not in CLOSED:
        return True
    if place.joined and following not in CLOSED and following not in place.noun.names:
        return following not in PARTS | GROUPS
    return None


def judge_possessive(place: Place) -> bool | None:
    """`men's room`: of a kind; but: `a man's shoe`."""
    owns = place.next == "'s" or (place.noun.is_plural and place.next == "'" and place.second.isalpha())
    if not owns:
        return None
    if not place.noun.is_person:
        return place.second in ("nest", "nests", "egg", "eggs")
    owned = place.after[1:4]
    if any(word in _ROOMS for word in owned[:2]):
        return True
    determiner = place.find_determiner()
    of_a_kind = (
        determiner is None or determiner in ("a", "an", "one", "pair") or determiner in PLURAL_DETERMINERS
    )
    if not place.noun.is_plural:
        if place.noun.last in _PERSONS:  # girl's shoes; but: a girl's shoes
            return determiner is None and any(word in _GARMENTS for word in owned[:2])
        # a chef's hat; but: the chef's hat, a chef's hand
        return of_a_kind and not any(word in _OF_ONE for word in owned[:2])
    return of_a_kind or any(word in EVENTS for word in owned)


def judge_end(place: Place) -> bool | None:
    """A closed word, a mark or the end follows, or a colour: `a cat black and white`."""
    following = place.next
    if not following or following in CLOSED or not following[0].isalpha():
        return False
    if following in COLOURS:  # a cat black and white; but: a penguin blue lamp, a male black bear
        if following in COLOUR_NAMES and not place.noun.is_person and place.find_determiner() is None:
            return place.second != "and"  # canary yellow
        describes = place.second.isalpha() and place.second not in CLOSED and place.second not in COLOURS
        return describes and place.noun.last not in CORE_PEOPLE and not place.noun.is_plural
    return False if "'" in following and following.partition("'")[0] in CLOSED else None  # he's, that's


def judge_part(place: Place) -> bool | None:
    """A part, a group or a picture names its whole: `a bus window`."""
    following = place.next
    if place.noun.is_person and place.noun.form not in place.noun.people:
        return None
    if place.noun.last in ADJECTIVE_PEOPLE and place.noun.is_person:
        return None
    if following in DEPICTIONS or following in GROUPS:
        return False
    if place.noun.is_person:
        return False if following in BODY and place.noun.last in BODIES else None
    if following not in PARTS or (following in PARTS_OF_THINGS and place.noun.word in ANIMALS):
        return None  # no animal has a door
    return False


def judge_plural(place: Place) -> bool | None:
    """A plural describes only places, events and what people own: `ladies backpack`."""
    if not place.noun.is_plural:
        return None
    if not place.noun.is_person:
        return False
    of_a_kind = place.next in PLACES_OF_PEOPLE or place.next in EVENTS
    owned = place.noun.names.get(place.next) not in (None, place.noun.word) and not looks_plural(place.next)
    return of_a_kind or (owned and place.noun.form != "people" and not place.second.endswith("ing"))


def judge_target(place: Place) -> bool | None:
    """Shoes for women; but: he looks for women, a bench for the women."""
    maker = place.before[1] if len(place.before) > 1 else ""
    if not (place.noun.is_person and place.noun.is_plural and place.previous == "for" and maker.isalpha()):
        return None
    names = len(place.before) == 2 and (maker in NOUN_VERBS or is_noun_verb(maker))  # gifts for dads
    acts = not names and (maker in CLOSED or maker.endswith("ing") or maker in PAST_VERBS or is_verb(maker))
    ends = place.next in ENDS and place.next not in _CLAUSES
    placed = any(word in PREPOSITIONS and word != "of" for word in place.before[2:5])
    return True if ends and not (acts or placed) else None


def judge_name(place: Place) -> bool | None:
    """A role before a name in capitals: `the fiddler Ole Lund`."""
    known = place.next in HEADS or place.next in PLACES_OF_PEOPLE  # Designer Home for Rent
    return False if place.noun.is_person and place.is_before_name and not known else None


def judge_core(place: Place) -> bool | None:
    """Man, woman, boy hardly describe: `a woman mono skiing`."""
    known = place.next in CLOTHES or place.next in HEADS or place.next in PLACES_OF_PEOPLE
    return False if place.noun.last in CORE_PEOPLE and place.noun.is_person and not known else None


def judge_list(place: Place) -> bool | None:
    """A room with a shower sink and mirror: a list without commas."""
    listed = place.next in ROOM_THINGS or place.noun.names.get(place.next, place.noun.word) not in (
        None,
        place.noun.word,
    )
    if place.noun.is_animate or not listed:
        return None
    rest = place.after[1:4]
    if rest and place.noun.names.get(rest[0]):
        rest = rest[1:]
    return False if len(rest) > 1 and rest[0] in ("and", "&") and rest[1] not in DETERMINERS else None
