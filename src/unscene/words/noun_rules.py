"""Whether a noun in a caption names a thing, or only describes another, counts one, or is a verb.

`a sailor suit` shows no sailor, `a couple pears` no couple, and in `vines crowd the gate` nobody
crowds. The rules read the words around a form; they know kinds of words, no word list.
This is their table; what a rule looks at lies in the file of its kind.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from unscene.words.animal_families import judge_family, judge_young
from unscene.words.attributive_nouns import (
    judge_adjective,
    judge_core,
    judge_end,
    judge_list,
    judge_name,
    judge_part,
    judge_plural,
    judge_possessive,
    judge_target,
)
from unscene.words.caption_words import PREPOSITIONS
from unscene.words.collective_nouns import judge_count
from unscene.words.follower_words import CORE_PEOPLE, CROWDING, ENDS, OBJECTS, RELATIVES, VERBS
from unscene.words.namesakes import judge_costume, judge_creature, judge_team
from unscene.words.nouns_as_verbs import judge_verb
from unscene.words.places import Noun, Place
from unscene.words.subject_nouns import judge_activity, judge_past, judge_plural_verb, judge_singular_verb

# Most forms in the singular stand before one of these: no rule but that of costumes can speak.
_PLAIN_ENDS = ENDS - OBJECTS - CROWDING - {"of", "like"}
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


RULES = (
    Rule("a form with a preposition at its end takes what follows", "A glass of milk", "cup", _judge_open),
    Rule("a form after a subject or before its object is a verb", "Vines crowd the gate", "", judge_verb),
    Rule("couple, family, crowd count what follows", "A couple pears in a net", "", judge_count),
    Rule("mothers and babies of animals are animals", "A father and baby zebra", "zebra", judge_family),
    Rule("the young of another animal", "A whale with her calf", "", judge_young),
    Rule("dressed as", "A boy dressed as a bear", "person", judge_costume),
    Rule("-shaped, -themed make adjectives", "A truck-shaped cookie", "", judge_adjective),
    Rule("men's room: of a kind, not of somebody", "The men's restroom is closed", "", judge_possessive),
    Rule("insects and plants by people's words", "A lady beetle on a stem", "", judge_creature),
    Rule("teams have animals' names", "A cap of the Durham Bulls", "", judge_team),
    Rule("for a kind of people", "Gowns for brides", "", judge_target),
    Rule("a closed word, a mark or the end follow", "A cowboy on a hat", "person", judge_end),
    Rule("a part, group or picture names its whole", "A bus window", "bus", judge_part),
    Rule(
        "horse riding is done, a horse jumping a ditch is there",
        "The mare jumping a ditch",
        "horse",
        judge_activity,
    ),
    Rule("a past form makes a clause", "A cat licked clean", "cat", judge_past),
    Rule("a noun in the singular and a verb in s", "The bear waddles off", "bear", judge_singular_verb),
    Rule("a noun in the plural and a verb", "Sheep graze on a hill", "sheep", judge_plural_verb),
    Rule("a plural describes only places", "Divers reconnoitre a wreck", "person", judge_plural),
    Rule("a role before a name in capitals", "The fiddler Ole Lund", "person", judge_name),
    Rule("man, woman, boy hardly describe", "A woman mono skiing", "person", judge_core),
    Rule("a list without commas", "With oven sink and kettle", "oven|sink", judge_list),
)
