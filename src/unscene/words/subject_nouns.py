"""A noun before a verb is a thing of its own, and what it does follows: `the bear waddles off`."""

from unscene.words.caption_words import BODY, CLOTHES, DETERMINERS, PLURALS, PREPOSITIONS
from unscene.words.follower_words import (
    ADJECTIVE_MAKERS,
    BODIES,
    CLASSES,
    CLOSED,
    COLLECTIVES,
    CORE_PEOPLE,
    DIRECTIONS,
    ED_NOUNS,
    ENDS,
    GROUPS,
    HEADS,
    ING_HEADS,
    LESSONS,
    MOVES,
    NO_PLURALS,
    NOUN_VERBS,
    OBJECTS,
    PAST_VERBS,
    PLACES_OF_PEOPLE,
    PLANT_PARTS,
    PLURAL_DETERMINERS,
    SIGNS,
    SINGULAR_ARTICLES,
    THIRD_VERBS,
    VERBS,
)
from unscene.words.places import Place
from unscene.words.word_shapes import is_noun_verb

_NO_VERBS = NO_PLURALS | HEADS
_MANY = PLURAL_DETERMINERS - {"one"}


def judge_activity(place: Place) -> bool | None:
    """`Horse riding` is done, a horse jumping a ditch is there."""
    following, second = place.next, place.second
    if not following.endswith("ing") or len(following) < 5 or following in ADJECTIVE_MAKERS:
        return None
    determiner = place.find_determiner()
    if following in place.noun.activities and not place.noun.is_plural:
        bare = determiner is None and place.previous not in PREPOSITIONS
        of_a_kind = second in LESSONS or (second.isalpha() and not place.noun.is_animate)
        return (of_a_kind and second not in CLOSED) or (bare and (not second or second in CLOSED))
    if determiner is None and second in CLASSES and not (place.noun.is_plural or place.noun.is_person):
        return True  # dog walking service
    if following not in ING_HEADS or second in OBJECTS or _is_many(place):
        return False
    if second in SIGNS:
        return True  # a train crossing sign
    if second and second not in CLOSED:
        return determiner is None or not place.noun.is_animate
    if place.noun.is_animate:
        return determiner is None or (following in HEADS and second not in DIRECTIONS)
    return True


def _is_many(place: Place) -> bool:
    """Whether the form is a plural, or people: clauses follow these."""
    return (
        place.noun.is_plural
        or place.noun.last in PLURALS
        or (place.noun.is_person and place.next not in HEADS)
    )


def judge_past(place: Place) -> bool | None:
    """A past form makes a clause: `a cat licked clean`."""
    following = place.next
    if (
        following in PAST_VERBS
        or (following.endswith("ed") and len(following) > 3 and following not in ED_NOUNS)
        or following.endswith("ly")
    ):
        return False
    return None


def judge_singular_verb(place: Place) -> bool | None:
    """A noun in the singular and a verb in s: `the bear waddles off`."""
    previous, following, second, noun = place.previous, place.next, place.second, place.noun
    if noun.is_plural or not following.endswith("s") or following.endswith(("ss", "us", "is", "'s")):
        return None
    if following in PLANT_PARTS and not noun.is_animate and place.find_determiner() is None:
        return None if second not in OBJECTS else False  # banana leaves
    determiner = place.find_determiner()
    if following in CLOTHES or (following in BODY and noun.last not in BODIES):
        pants = following in THIRD_VERBS and determiner in SINGULAR_ARTICLES and second in ENDS
        return False if pants else None  # a dog pants
    is_core = noun.last in CORE_PEOPLE
    if is_core and following not in HEADS:
        return False
    if noun.is_person and noun.last not in PLURALS and determiner in _MANY:
        return None  # many tourist boats
    ends = not second or second in CLOSED or second in PAST_VERBS or second.endswith("ed")
    if following not in THIRD_VERBS:
        if determiner in SINGULAR_ARTICLES and following not in _NO_VERBS:
            return False  # "a" takes no plural: a cow moos
        subject = determiner or (second and ends and previous not in PREPOSITIONS and previous != "wearing")
        known = following in HEADS or following in noun.names or not subject
        return False if noun.is_person and not known else None
    if noun.is_person or not is_noun_verb(following):
        return False
    moves = noun.is_animate and following not in HEADS
    if determiner is None:
        starts = place.previous in ("", "while", "as", "and", "when", ",", ".", "|")
        return False if starts and moves and ends else None
    if determiner in PLURAL_DETERMINERS or determiner.isdigit():
        return None
    return False if ends or moves or determiner in SINGULAR_ARTICLES else None


def judge_plural_verb(place: Place) -> bool | None:
    """A noun in the plural and a verb: `sheep graze`; but: `ladies dress shoes`."""
    following = place.next
    if following not in VERBS:
        return None
    if place.noun.is_plural or place.noun.last in COLLECTIVES or place.noun.last in PLURALS:
        if following in HEADS:
            of_a_kind = place.second in CLOSED
        else:  # ladies dress shoes; but: ladies dress in red
            of_a_kind = following in PLACES_OF_PEOPLE and place.second in CLOTHES
        return None if place.noun.is_person and of_a_kind else False
    if place.second in OBJECTS:  # he lets the baby pet a horse
        return False
    if following not in NOUN_VERBS and (place.noun.is_animate or following in MOVES):
        return False
    herd = place.previous == "of" and place.before[1:2] and place.before[1] in GROUPS  # a herd of zebra stand
    many = place.noun.is_animate and (herd or place.find_determiner() in PLURAL_DETERMINERS)
    goes_on = (
        place.second in PREPOSITIONS
        or place.second == "next"
        or (following not in NOUN_VERBS and place.second in ENDS)
    )
    return False if goes_on and (many or _is_coordinated(place)) else None


def _is_coordinated(place: Place) -> bool:
    """Whether the noun phrase is the second of two: a sign and a hydrant stand there."""
    for word in place.before[:4]:
        if word in ("and", "&"):
            return True
        if word in CLOSED and word not in DETERMINERS:
            return False
    return False
