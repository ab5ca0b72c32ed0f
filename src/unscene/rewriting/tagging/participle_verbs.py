"""Whether a past participle is a verb where it stands: `a mule tied to a gate`, not `a tied mule`."""

from unscene.rewriting.tagging.spots import NO_VERB, Rules, Spot
from unscene.rewriting.tagging.verb_forms import EN, looks_plural
from unscene.words.caption_words import AUXILIARIES, PREPOSITIONS
from unscene.words.verb_lists import MORE_PARTICIPLES, NOT_PARTICIPLES, SCENE_ADVERBS

RULES = Rules()

_DONE_TO_SOMEBODY = frozenset({"show", "help", "watch", "greet", "join", "visit", "follow", "lead"})
_SHAPED_SO = frozenset({"like", "as", "in", "into", "to", "by", "after", "with", "from", "for"})
# What is done to who does it: `getting washed`.
_MADE_SO = frozenset({"be", "get", "have", "keep", "look", "seem", "feel", "lie", "lay", "sit", "stand"})
# Words that have the form of their verb, or of a describing word.
_OF_ONE_FORM = frozenset(
    {"left", "set", "open", "cut", "closed", "fed", "spread", "put", "shut", "lit", "hit", "shot"}
)
# `covered in`, `parked outside`
_BEHIND_PARTICIPLES = SCENE_ADVERBS | PREPOSITIONS


def can_be_participle(word: str) -> bool:
    in_ed = word.endswith("ed") and len(word) > 3 and word not in NOT_PARTICIPLES
    return in_ed or word in MORE_PARTICIPLES


def find_participle_stem(word: str) -> str:
    return EN.get(word, word)


@RULES.add("fin")
def is_done_to_people(at: Spot) -> bool:
    """`arrows on the floor showed guests`"""
    people = at.after.kind == "N" and at.after.is_human
    return at.stem in _DONE_TO_SOMEBODY and at.is_behind_noun and people


@RULES.add(NO_VERB, {"shaped"})
def says_of_which_shape(at: Spot) -> bool:
    """`a cone shaped shrub`"""
    return at.before.kind == "W" and at.after.low not in _SHAPED_SO


@RULES.add(NO_VERB)
def describes_an_object(at: Spot) -> bool:
    """`a nun serving baked figs`"""
    takes = at.before.form == "ing" and at.before.stem not in _MADE_SO
    return takes and not (at.ends or at.takes_object or at.after.low in SCENE_ADVERBS)


@RULES.add("en")
def stands_behind_a_verb(at: Spot) -> bool:
    """`a jug is covered`, `a mule getting washed`"""
    return at.before.kind in ("V", "A") and at.before.form != "to"


@RULES.add(NO_VERB, _OF_ONE_FORM)
def is_followed_by_its_noun(at: Spot) -> bool:
    """`the horses left ear`"""
    return at.is_behind_noun and not (at.ends or at.takes_object or at.after.low in SCENE_ADVERBS)


@RULES.add(NO_VERB)
def describes_the_noun_behind(at: Spot) -> bool:
    """`a covered cart`, `of baked figs`"""
    return at.before.kind == "D" or (at.before.kind in ("P", "X", "C", "O") and not at.ends)


@RULES.add("fin")
def is_what_somebody_did(at: Spot) -> bool:
    """`resident erected giant trees`"""
    several = looks_plural(at.after.low) or looks_plural(at.later.low)
    several = several and not (at.ends or at.later.low in AUXILIARIES)
    one = at.before.is_human and len(at.tagged) == 1 and not looks_plural(at.before.low)
    return one and several


@RULES.add("en")
def stands_behind_its_noun(at: Spot) -> bool:
    """`a cart covered in hay`, `a horse painted white`"""
    if not at.is_behind_noun:
        return False
    if at.ends or at.takes_object or at.after.low in _BEHIND_PARTICIPLES or at.word == "full":
        return True
    no_plural = at.after.kind == "N" or not at.after.low.endswith("s")
    return at.word in EN and no_plural and at.before.kind == "N"


@RULES.add("en")
def opens_what_is_added(at: Spot) -> bool:
    """`when opened`, `, seated on a mat`"""
    return at.before.kind in ("S", "C", "X") and (at.ends or at.takes_object)
