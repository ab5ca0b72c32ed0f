"""Whether a noun in a caption names a thing, or only describes another, counts one, or is a verb.

`a sailor suit` shows no sailor, `a couple pears` no couple, and in `vines crowd the gate` nobody
crowds. The rules read the words around a form; they know kinds of words, no word list.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from unscene.words.caption_words import (
    BODY,
    CLOTHES,
    DETERMINERS,
    NO_GARMENTS,
    NUMBERS,
    PICTURES,
    PLURALS,
    PREPOSITIONS,
    PRONOUNS,
)
from unscene.words.follower_words import (
    ADJECTIVE_MAKERS,
    ADJECTIVE_PEOPLE,
    AGENT_MAKERS,
    AMOUNTS,
    ANIMALS,
    ARTICLES,
    CLASSES,
    CLOSED,
    COLOUR_NAMES,
    COLOURS,
    CORE_PEOPLE,
    COUNTS,
    CREATURES,
    CROWDS,
    DEPICTIONS,
    DIRECTIONS,
    ED_NOUNS,
    EVENTS,
    FAMILY_WORDS,
    GROUPS,
    HEADS,
    HUMAN_YOUNG,
    ING_HEADS,
    KIN_GROUPS,
    LESSONS,
    LIKENESS,
    MODALS,
    MOVES,
    NO_PLURALS,
    NOUN_VERBS,
    OBJECT_PRONOUNS,
    OBJECTS,
    PARENTS,
    PARTS,
    PARTS_OF_THINGS,
    PAST_VERBS,
    PETS,
    PLACES_OF_PEOPLE,
    PLACES_OF_ROLES,
    PLANT_PARTS,
    PLURAL_DETERMINERS,
    RELATIVES,
    ROOM_THINGS,
    SEEN_OF_PEOPLE,
    SIGNS,
    SINGULAR_ARTICLES,
    SIZES,
    SUBJECTS,
    THIRD_VERBS,
    VERBS,
    WORN_PARTS,
    YOUNG,
)
from unscene.words.places import Noun, Place

_ROOMS = (PLACES_OF_PEOPLE - CLOTHES) | PLACES_OF_ROLES
_GARMENTS = CLOTHES - NO_GARMENTS
_COLLECTIVES = COUNTS | KIN_GROUPS | CROWDS
_NO_VERBS = NO_PLURALS | HEADS
_OF_ONE = BODY | PICTURES | NO_GARMENTS | SEEN_OF_PEOPLE
_BESIDE_PARENTS = frozenset(("her", "his", "its", "their", "and", "with"))
_CROWDING = frozenset(("around", "into", "onto", "together"))
# Most forms in the singular stand before one of these: no rule but that of costumes can speak.
_ENDS = CLOSED | {""}
_MANY = PLURAL_DETERMINERS - {"one"}
_PRONOUNS = PRONOUNS | {""}
_CLAUSES = RELATIVES | {"to", "that"}
_PLAIN_ENDS = _ENDS - OBJECTS - _CROWDING - {"of", "like"}
_BODIES = CORE_PEOPLE | {"baby", "infant", "toddler"}
_PERSONS = _BODIES | FAMILY_WORDS | HUMAN_YOUNG
_SPEAKERS = RELATIVES | CORE_PEOPLE | {"for"}
_FIRST = re.compile(r"\s*(\w+(?:'\w+)?|[^\s\-']|$)")


class Rule(NamedTuple):
    """A rule: its name, a caption that it exists for, the words of that caption by COCO's list, and
    the function. The function returns True when the form mentions nothing, False when it mentions its
    word, None when the rule says nothing.
    """

    name: str
    caption: str
    words: str
    judge: Callable[[Place], bool | None]


def stands_alone(noun: Noun, text: str, start: int, end: int) -> bool:
    """Return whether a noun surely mentions its word, by the words before and after it alone. Most do,
    and the rules need not be asked; they say the same (a test compares the two).
    """
    if noun.last in PREPOSITIONS:  # a glass of
        return True
    if noun.is_many_sided or noun.form in VERBS or "dressed" in text:
        return False
    following = _FIRST.match(text, end)
    if following is None or (following[1] or "") not in _PLAIN_ENDS:
        return False
    return not noun.is_plural or text[text.rfind(" ", 0, start - 1) + 1 : start].strip() not in _SPEAKERS


def mentions_nothing(place: Place) -> bool:
    """Return whether a form mentions nothing where it stands: the first rule that speaks decides."""
    for rule in RULES:
        verdict = rule.judge(place)
        if verdict is not None:
            return verdict
    return True


def _judge_open(place: Place) -> bool | None:
    return False if place.noun.last in PREPOSITIONS else None


def _judge_verb(place: Place) -> bool | None:
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
        acts = acts or (verb and noun_before and not _looks_plural(previous))
        return True if acts else None
    other = previous.endswith("s") and place.noun.names.get(previous) not in (None, place.noun.word)
    if place.noun.form in VERBS and (other or place.names_people(previous)) and following in PREPOSITIONS:
        return True
    subject = previous in MODALS or _is_plural_noun(previous)
    acts = following in OBJECTS or (following in _CROWDING and previous != "to")
    return True if subject and acts and place.noun.word != previous else None


def _judge_count(place: Place) -> bool | None:
    if place.noun.last not in _COLLECTIVES:
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
    if _looks_plural(following):
        if following in THIRD_VERBS and second != "of":
            return True if following[:-1] in NOUN_VERBS and second and second not in CLOSED else None
        return True
    return True if _looks_plural(second) and second not in THIRD_VERBS and following not in VERBS else None


def _judge_family(place: Place) -> bool | None:
    """Mothers and babies of animals."""
    if place.noun.last not in FAMILY_WORDS:
        return None
    if place.previous == "its" or place.previous in ANIMALS:
        return True
    has_young = place.noun.last in PARENTS and place.next in ("and", "with")
    if _describes_animal(place.after[:6]) or (has_young and YOUNG.intersection(place.after[1:5])):
        return True
    animal = next((word for word in place.before if word in ANIMALS or word in place.noun.people), "")
    near = place.before[:3]
    owned = any(word in near for word in ("her", "his", "their", "its"))
    beside = ("with" in near or "and" in near) and place.noun.last not in HUMAN_YOUNG and animal not in PETS
    return True if animal in ANIMALS and (owned or beside) and place.next not in ("girl", "boy") else None


def _judge_young(place: Place) -> bool | None:
    """A giraffe and her calf: no cow."""
    near = place.previous in _BESIDE_PARENTS or place.previous in ANIMALS
    if place.noun.last not in YOUNG or place.noun.is_person or not near:
        return None
    parent = next((word for word in place.before if word in ANIMALS), "")
    return True if parent and place.noun.names.get(parent) != place.noun.word else None


def _describes_animal(after: list[str]) -> bool:
    """Whether words of kin lead to an animal: `(mother) and baby brown bear`."""
    linked = False
    for i, word in enumerate(after):
        if word in ANIMALS:
            return not linked
        before_animal = i + 1 < len(after) and after[i + 1] in ANIMALS
        if word in ("and", "or", "&"):
            linked = not i or after[i - 1] not in COLOURS
        elif word in FAMILY_WORDS or word in ("young", "juvenile", "its", "it's"):
            linked = False
        elif linked and before_animal and word in SIZES:  # a father and small penguin
            linked = after[i + 1] in PETS
        elif linked and (
            word in NUMBERS
            or (
                word in ARTICLES and (FAMILY_WORDS | {"young", "juvenile"}).intersection(after[i + 1 : i + 2])
            )
        ):
            continue
        elif word in CLOSED or word.endswith("ing") or (_is_verb(word) and not before_animal):
            return False
    return False


def _is_verb(word: str) -> bool:
    return word in VERBS or word in THIRD_VERBS or word.endswith("ed")


def _judge_costume(place: Place) -> bool | None:
    words = place.before[:5]
    if place.next in WORN_PARTS and not place.noun.is_person:
        return True if any(word in ("wearing", "wears", "wore", "dressed") for word in words) else None
    if not ("dressed" in words or "disguised" in words):
        return None
    if place.noun.is_person and (
        not ANIMALS.intersection(place.before) or place.noun.people & set(place.before)
    ):
        return None
    for i, word in enumerate(words):
        if word in ("as", "like"):
            dressed = "dressed" in words[i + 1 : i + 3] or "disguised" in words[i + 1 : i + 2]
            return True if dressed else None
        if (word in CLOSED and word not in DETERMINERS) or word.endswith("ing") or word in place.noun.names:
            return None
    return None


def _judge_adjective(place: Place) -> bool | None:
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


def _judge_possessive(place: Place) -> bool | None:
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


def _judge_creature(place: Place) -> bool | None:
    """A lady beetle; but: the lady bugs him."""
    is_verb = place.next in THIRD_VERBS and (place.second in OBJECTS or place.second in DETERMINERS)
    return True if place.noun.is_person and place.next in CREATURES and not is_verb else None


def _judge_team(place: Place) -> bool | None:
    """The Durham Bulls; but: two Shire Horses."""
    known = not place.noun.is_plural or place.noun.word not in ANIMALS or not place.ends_name
    return None if known or place.find_determiner() in PLURAL_DETERMINERS else True


def _judge_end(place: Place) -> bool | None:
    following = place.next
    if not following or following in CLOSED or not following[0].isalpha():
        return False
    if following in COLOURS:  # a cat black and white; but: a penguin blue lamp, a male black bear
        if following in COLOUR_NAMES and not place.noun.is_person and place.find_determiner() is None:
            return place.second != "and"  # canary yellow
        describes = place.second.isalpha() and place.second not in CLOSED and place.second not in COLOURS
        return describes and place.noun.last not in CORE_PEOPLE and not place.noun.is_plural
    return False if "'" in following and following.partition("'")[0] in CLOSED else None  # he's, that's


def _judge_part(place: Place) -> bool | None:
    following = place.next
    if place.noun.is_person and place.noun.form not in place.noun.people:
        return None
    if place.noun.last in ADJECTIVE_PEOPLE and place.noun.is_person:
        return None
    if following in DEPICTIONS or following in GROUPS:
        return False
    if place.noun.is_person:
        return False if following in BODY and place.noun.last in _BODIES else None
    if following not in PARTS or (following in PARTS_OF_THINGS and place.noun.word in ANIMALS):
        return None  # no animal has a door
    return False


def _judge_activity(place: Place) -> bool | None:
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


def _judge_past(place: Place) -> bool | None:
    following = place.next
    if (
        following in PAST_VERBS
        or (following.endswith("ed") and len(following) > 3 and following not in ED_NOUNS)
        or following.endswith("ly")
    ):
        return False
    return None


def _judge_singular_verb(place: Place) -> bool | None:
    previous, following, second, noun = place.previous, place.next, place.second, place.noun
    if noun.is_plural or not following.endswith("s") or following.endswith(("ss", "us", "is", "'s")):
        return None
    if following in PLANT_PARTS and not noun.is_animate and place.find_determiner() is None:
        return None if second not in OBJECTS else False  # banana leaves
    determiner = place.find_determiner()
    if following in CLOTHES or (following in BODY and noun.last not in _BODIES):
        pants = following in THIRD_VERBS and determiner in SINGULAR_ARTICLES and second in _ENDS
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
    if noun.is_person or not _is_noun_verb(following):
        return False
    moves = noun.is_animate and following not in HEADS
    if determiner is None:
        starts = place.previous in ("", "while", "as", "and", "when", ",", ".", "|")
        return False if starts and moves and ends else None
    if determiner in PLURAL_DETERMINERS or determiner.isdigit():
        return None
    return False if ends or moves or determiner in SINGULAR_ARTICLES else None


def _is_noun_verb(verb: str) -> bool:
    """Whether a verb in its third person is as often a noun in the plural."""
    return any(verb[:-cut] in NOUN_VERBS for cut in (1, 2)) or verb[:-3] + "y" in NOUN_VERBS


def _judge_plural_verb(place: Place) -> bool | None:
    following = place.next
    if following not in VERBS:
        return None
    if place.noun.is_plural or place.noun.last in _COLLECTIVES or place.noun.last in PLURALS:
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
        or (following not in NOUN_VERBS and place.second in _ENDS)
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


def _judge_plural(place: Place) -> bool | None:
    if not place.noun.is_plural:
        return None
    if not place.noun.is_person:
        return False
    of_a_kind = place.next in PLACES_OF_PEOPLE or place.next in EVENTS
    owned = place.noun.names.get(place.next) not in (None, place.noun.word) and not _looks_plural(place.next)
    return of_a_kind or (owned and place.noun.form != "people" and not place.second.endswith("ing"))


def _judge_target(place: Place) -> bool | None:
    """Shoes for women; but: he looks for women, a bench for the women."""
    maker = place.before[1] if len(place.before) > 1 else ""
    if not (place.noun.is_person and place.noun.is_plural and place.previous == "for" and maker.isalpha()):
        return None
    names = len(place.before) == 2 and (maker in NOUN_VERBS or _is_noun_verb(maker))  # gifts for dads
    acts = not names and (maker in CLOSED or maker.endswith("ing") or maker in PAST_VERBS or _is_verb(maker))
    ends = place.next in _ENDS and place.next not in _CLAUSES
    placed = any(word in PREPOSITIONS and word != "of" for word in place.before[2:5])
    return True if ends and not (acts or placed) else None


def _judge_name(place: Place) -> bool | None:
    known = place.next in HEADS or place.next in PLACES_OF_PEOPLE  # Designer Home for Rent
    return False if place.noun.is_person and place.is_before_name and not known else None


def _judge_core(place: Place) -> bool | None:
    known = place.next in CLOTHES or place.next in HEADS or place.next in PLACES_OF_PEOPLE
    return False if place.noun.last in CORE_PEOPLE and place.noun.is_person and not known else None


def _judge_list(place: Place) -> bool | None:
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


def _is_other(place: Place, word: str) -> bool:
    """Whether a word names something of another word of the list, or an animal."""
    return word in ANIMALS or place.noun.names.get(word, place.noun.word) not in (place.noun.word, None)


def _looks_plural(word: str) -> bool:
    return word in PLURALS or (
        len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "'s"))
    )


def _is_plural_noun(word: str) -> bool:
    return _looks_plural(word) and word not in CLOSED and word not in ("sports", "overalls", "glasses")


RULES = (
    Rule("a form with a preposition at its end takes what follows", "A glass of milk", "cup", _judge_open),
    Rule("a form after a subject or before its object is a verb", "Vines crowd the gate", "", _judge_verb),
    Rule("couple, family, crowd count what follows", "A couple pears in a net", "", _judge_count),
    Rule("mothers and babies of animals are animals", "A father and baby zebra", "zebra", _judge_family),
    Rule("the young of another animal", "A whale with her calf", "", _judge_young),
    Rule("dressed as", "A boy dressed as a bear", "person", _judge_costume),
    Rule("-shaped, -themed make adjectives", "A truck-shaped cookie", "", _judge_adjective),
    Rule("men's room: of a kind, not of somebody", "The men's restroom is closed", "", _judge_possessive),
    Rule("insects and plants by people's words", "A lady beetle on a stem", "", _judge_creature),
    Rule("teams have animals' names", "A cap of the Durham Bulls", "", _judge_team),
    Rule("for a kind of people", "Gowns for brides", "", _judge_target),
    Rule("a closed word, a mark or the end follow", "A cowboy on a hat", "person", _judge_end),
    Rule("a part, group or picture names its whole", "A bus window", "bus", _judge_part),
    Rule(
        "horse riding is done, a horse jumping a ditch is there",
        "The mare jumping a ditch",
        "horse",
        _judge_activity,
    ),
    Rule("a past form makes a clause", "A cat licked clean", "cat", _judge_past),
    Rule("a noun in the singular and a verb in s", "The bear waddles off", "bear", _judge_singular_verb),
    Rule("a noun in the plural and a verb", "Sheep graze on a hill", "sheep", _judge_plural_verb),
    Rule("a plural describes only places", "Divers reconnoitre a wreck", "person", _judge_plural),
    Rule("a role before a name in capitals", "The fiddler Ole Lund", "person", _judge_name),
    Rule("man, woman, boy hardly describe", "A woman mono skiing", "person", _judge_core),
    Rule("a list without commas", "With oven sink and kettle", "oven|sink", _judge_list),
)
