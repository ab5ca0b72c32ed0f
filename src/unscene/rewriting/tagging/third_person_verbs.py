"""Whether a word in the third person is a verb where it stands: `a nun rides a mule`, not `long rides`."""

from unscene.rewriting.scene_lists import COLOURS, GROUNDS
from unscene.rewriting.tagging.spots import NO_VERB, Rules, Spot
from unscene.rewriting.tagging.tokens import Token
from unscene.rewriting.tagging.verb_forms import THIRD, looks_plural
from unscene.words.caption_words import ADJECTIVES, PREPOSITIONS, SUBJECT_PRONOUNS
from unscene.words.verb_lists import ACTS, BEHIND_VERBS, HOLDING, NOUNY, SCENE_ADVERBS, VERBS

RULES = Rules()

THINGS_IN_S = frozenset(
    {
        "leaves",
        "flies",
        "saws",
        "ties",
        "plants",
        "rocks",
        "faces",
        "boards",
        "bats",
        "logs",
        "sprinkles",
        "fries",
    }
)
_COUNTERS = frozenset({"many", "several", "some", "various", "different", "few", "these", "those"})
_ON_SIGNS = frozenset({"street", "road", "traffic", "neon", "warning"})
_ON_WATER = frozenset({"ocean", "sea", "big", "large", "small"})
_POSES = frozenset({"looks", "sits", "stands", "talks", "waits", "smiles", "poses", "leans", "speaks"})
_HOW_DONE = SCENE_ADVERBS | {"hard"}
_GOING = frozenset({"walk", "ride", "run", "stand", "rest", "march", "play", "travel"})
_VARIED = ADJECTIVES | {"different", "various", "assorted"}
_DOING = HOLDING | {"ride", "eat", "watch", "use"}


@RULES.add(NO_VERB)
def is_counted(at: Spot) -> bool:
    """`figs on various plates`"""
    return at.before.low in _COUNTERS and at.before.low != "some"


@RULES.add(NO_VERB)
def is_the_subject_of_a_clause(at: Spot) -> bool:
    """`while waves come in`"""
    return at.before.kind == "S" and at.after.low in VERBS and at.after.low not in NOUNY


@RULES.add(NO_VERB, {"signs"})
def is_a_sign(at: Spot) -> bool:
    """`street signs`, not `a nun near the road signs a jug`"""
    return at.before.low in _ON_SIGNS and not at.takes_object


@RULES.add(NO_VERB, {"skates"})
def is_a_pair_of_skates(at: Spot) -> bool:
    """`ice skates`"""
    return at.before.low in ("ice", "roller")


@RULES.add(NO_VERB, {"waves"})
def is_of_water(at: Spot) -> bool:
    """`big waves`"""
    return at.before.low in _ON_WATER


@RULES.add(NO_VERB, {"drinks"})
def is_a_drink_in_a_row(at: Spot) -> bool:
    """`enjoying pizza and drinks`, `is full of foods and drinks`"""
    first = at.two_before
    thing = bool(first.word) and not first.is_animate
    return at.before.kind == "C" and (thing or (looks_plural(first.low) and not at.after.low))


def _is_of_the_living(at: Spot) -> bool:
    """`a bird flies over`"""
    return at.after.low in PREPOSITIONS and at.before.kind == "N" and bool(at.living)


@RULES.add("fin", THINGS_IN_S)
def takes_the_only_object(at: Spot) -> bool:
    """`a couch faces a window`"""
    return at.is_behind_noun and at.takes_object and not at.has_verb


@RULES.add(NO_VERB, THINGS_IN_S)
def is_a_thing(at: Spot) -> bool:
    """`a vase with leaves`"""
    return not at.before.is_animate and at.before.kind != "R" and not _is_of_the_living(at)


@RULES.add("fin", THINGS_IN_S)
def is_the_only_deed_of_the_living(at: Spot) -> bool:
    """`a bird flies over a hill`"""
    return _is_of_the_living(at) and not at.has_verb


@RULES.add("fin")
def stands_behind_another_verb(at: Spot) -> bool:
    """`a truck with its lights flashing drives down`, `a mill not used contains a jug`"""
    if at.before.form not in ("ing", "en") or at.stem in NOUNY:
        return False
    return at.after.low in PREPOSITIONS or (at.takes_object and at.stem in ("contain", "feature"))


@RULES.add("fin")
def stands_behind_a_relative_clause(at: Spot) -> bool:
    """`a cat that my dog loves sleeps on a mat`"""
    who = next((i for i, token in enumerate(at.tagged) if token.kind == "S"), len(at.tagged))
    has_subject = len(at.tagged) - who > 2 and at.two_before.kind in ("N", "W", "R")
    return at.before.form == "fin" and has_subject and at.after.low in PREPOSITIONS


@RULES.add("fin", _POSES)
def is_a_pose(at: Spot) -> bool:
    """`a nun in white socks sits on`"""
    return at.is_behind_noun and at.after.low in PREPOSITIONS


@RULES.add("fin")
def is_done_by_who_is_dressed_so(at: Spot) -> bool:
    """`a nun in white crosses the lane`"""
    dressed = at.before.low in COLOURS and at.two_before.low == "in"
    return dressed and at.takes_object and bool(at.living)


@RULES.add("fin", _POSES | {"works"})
def is_done_at_a_place(at: Spot) -> bool:
    """`a nun with a lamp in the yard smiles`"""
    placed = at.before.low in GROUNDS and at.tagged[0].kind == "D" and not at.has_verb
    return placed and (not at.after.low or at.after.low in _HOW_DONE)


@RULES.add("fin", lambda word: THIRD[word] not in NOUNY)
def stands_behind_an_aside(at: Spot) -> bool:
    """`a monk, wearing a hat, lies on a cot`"""
    aside = at.before.low == "," and len(at.tagged) > 3 and any(t.low == "," for t in at.tagged[:-1])
    return aside and not at.is_told and at.after.low not in (",", "and")


@RULES.add("fin")
def stands_behind_its_subject(at: Spot) -> bool:
    """`who rides`, `she rides`, `a nun slowly rides`"""
    adverb = at.before.kind == "A" and len(at.tagged) > 1
    return at.before.kind == "S" or at.before.low in SUBJECT_PRONOUNS or adverb


def _is_behind_another_deed(at: Spot) -> bool:
    return at.before.kind == "C" and at.is_told and at.after.low != "of"


@RULES.add("fin")
def is_the_second_deed(at: Spot) -> bool:
    """`a nun sits on a mat and reads a book`, `a nun sits and smiles at a dog`"""
    if not _is_behind_another_deed(at):
        return False
    acts = at.stem in ACTS and (at.after.low in PREPOSITIONS or not at.after.low)
    return at.takes_object or (at.ends and (at.stem not in NOUNY or acts))


@RULES.add(NO_VERB)
def is_the_second_thing(at: Spot) -> bool:
    """`a nun waits near swings and slides`"""
    return _is_behind_another_deed(at)


@RULES.add("fin")
def is_done_by_who_has_several(at: Spot) -> bool:
    """`a man with glasses holds a child`"""
    several = at.before.kind == "W" and looks_plural(at.before.low) and at.takes_object
    if not several or at.has_verb or at.tagged[0].low not in ("a", "an", "the"):
        return False
    return "with" in [token.low for token in _open_row(at.tagged)]


@RULES.add("fin")
def is_done_by_a_crowd(at: Spot) -> bool:
    """`a crowd of nuns riding horses walks along a lane`"""
    herd = at.before.kind == "N" and at.before.is_animate and looks_plural(at.before.low)
    one = herd and at.tagged[0].low in ("a", "an") and not at.is_told
    return one and at.stem in _GOING and at.after.low in PREPOSITIONS


def _is_behind_several(at: Spot) -> bool:
    return at.before.kind in ("N", "W") and looks_plural(at.before.low)


@RULES.add("fin")
def is_done_behind_several(at: Spot) -> bool:
    """`a nun holding apples sits`"""
    return _is_behind_several(at) and at.stem not in NOUNY and not at.is_told and (at.takes_object or at.ends)


@RULES.add(NO_VERB)
def is_a_noun_behind_several(at: Spot) -> bool:
    """`sports drinks`"""
    return _is_behind_several(at)


@RULES.add(NO_VERB)
def stands_behind_no_noun(at: Spot) -> bool:
    """`the rides`, `with drinks`"""
    return not at.is_behind_noun


# From here on the word stands behind a noun that is no plural.


@RULES.add("fin")
def is_a_verb_anywhere(at: Spot) -> bool:
    """`a jug contains`"""
    return at.stem not in NOUNY


@RULES.add(NO_VERB)
def is_described(at: Spot) -> bool:
    """`riding the high waves`"""
    described = at.before.kind == "W" and (at.before.low in ADJECTIVES or at.before.low == "high")
    return described and at.two_before.kind in ("D", "P")


@RULES.add(NO_VERB)
def is_a_kind_of_several(at: Spot) -> bool:
    """`many different food types`"""
    return _is_counted(at.tagged)


def _goes_on_as_a_verb(at: Spot) -> bool:
    """Whether what stands behind makes it a verb more often than a noun."""
    return at.takes_object or at.after.low in BEHIND_VERBS or at.after.low in ("", ",", "and", "or")


@RULES.add("fin")
def is_done_by_the_living(at: Spot) -> bool:
    """`a cat watches`"""
    return at.before.is_animate and (_goes_on_as_a_verb(at) or at.after.kind == "N" or not at.ends)


def _ends_a_title(at: Spot) -> bool:
    """`birthday gifts`"""
    return len(at.tagged) == 1 and at.before.kind == "W" and not looks_plural(at.before.low)


@RULES.add("fin")
def goes_on_as_a_verb(at: Spot) -> bool:
    """`a jug falls on a mat`"""
    if at.after.low in ("", "and", ",", "or", "with") or not _goes_on_as_a_verb(at):
        return False
    return not (at.is_told_in_clause or _ends_a_title(at))


@RULES.add("fin")
def takes_an_object(at: Spot) -> bool:
    """`jug holds the door`"""
    return at.takes_object and not at.is_told_in_clause


@RULES.add("fin")
def takes_a_name(at: Spot) -> bool:
    """`a tram with a lamp on its roof passes Big Ben`"""
    named = at.after.text[:1].isupper() and not any(t.text[:1].isupper() for t in at.tagged[1:])
    one = named and at.before.kind == "W" and not looks_plural(at.before.low)
    return one and not (at.is_told_in_clause or _ends_a_title(at))


@RULES.add("fin", lambda word: THIRD[word] in _DOING)
def is_done_to_a_mention(at: Spot) -> bool:
    """`a monk in a hood holds apples`"""
    return at.after.kind == "N" and bool(at.living) and not at.is_told_in_clause


@RULES.add("fin", {"holds", "displays", "features"})
def holds_things(at: Spot) -> bool:
    """`a shelf holds different vases`, `a bowl holds soup`"""
    bare = at.before.kind == "N" or at.after.low in _VARIED
    return bare and not (at.is_told_in_clause or at.ends)


def _is_counted(tagged: list[Token]) -> bool:
    """Whether the noun phrase that is open is of several, and no living thing."""
    for token in reversed(tagged):
        if token.kind == "D":
            return token.low in _COUNTERS
        if token.kind != "W" or looks_plural(token.low):
            return False
    return False


def _open_row(tagged: list[Token]) -> list[Token]:
    """Return the row of nouns that is open at the end, with the preposition before it."""
    start = next((i for i in reversed(range(len(tagged))) if tagged[i].kind not in ("W", "C", "D")), 0)
    return tagged[start:]
