"""The kinds of openers of clauses, prepositions, determiners and adverbs."""

from itertools import pairwise

from unscene.rewriting.tagging.pronoun_kinds import ADVERB, DETERMINER, NOUN, OPENER, is_behind_a_thing
from unscene.rewriting.tagging.spots import Rules, Spot
from unscene.rewriting.tagging.tokens import Token
from unscene.rewriting.tagging.verb_forms import EN, ING, THIRD, looks_plural
from unscene.rewriting.tagging.word_ends import LINKS, MARKS
from unscene.words.caption_words import AUXILIARIES, CLAUSES, DETERMINERS, PREPOSITIONS
from unscene.words.verb_lists import NOT_ADVERBS, NOT_ING, PARTICLE_VERBS, SCENE_ADVERBS, VERBS

RULES = Rules()
PREPOSITION = "P"

_POSES = frozenset({"position", "positions", "stance", "pose"})
_NEAR = frozenset({"near", "past", "between", "behind", "beside", "next to", "in front of", "among"})
# Adverbs that describe a noun as often: `the high wall`, `an open jug`.
_ADJECTIVES_TOO = frozenset({"high", "back", "close", "hard", "live", "fast", "low", "forward"})
_DESCRIBING = _ADJECTIVES_TOO | {"light", "open", "very"}


def _is_deed(word: str) -> bool:
    return word in ING and word not in NOT_ING


# Openers of clauses.


@RULES.add(PREPOSITION, {"as"})
def says_what_somebody_is(at: Spot) -> bool:
    """`dressed as a nun`, but `as a nun rides`"""
    return at.after.low in ("a", "an", "well", "part") and not _clause_follows(at.rest)


@RULES.add(ADVERB, {"so"})
def says_how_many(at: Spot) -> bool:
    """`so many jugs`"""
    return at.after.low in ("many", "much")


RULES.add_always(OPENER, CLAUSES | {"with-as"})

# Particles of verbs, and prepositions.


@RULES.add(ADVERB, {"out", "down", "up", "over", "off", "around", "along"})
def belongs_to_the_verb(at: Spot) -> bool:
    """`a nun sitting down near a mat`"""
    behind = at.after.low in PREPOSITIONS or at.after.low == "together" or at.ends
    return at.before.kind == "V" and behind


@RULES.add(ADVERB, {"on", "off", "up", "down", "outside", "inside"})
def belongs_to_what_stands_before(at: Spot) -> bool:
    """`a nun outside holding a lamp`"""
    return is_behind_a_thing(at) and _is_deed(at.after.low)


@RULES.add(ADVERB, {"up", "out", "off", "down"})
def belongs_to_the_verb_before_its_object(at: Spot) -> bool:
    """`a nun holding up her lamp`"""
    return at.before.stem in PARTICLE_VERBS and not at.ends


@RULES.add(ADVERB, {"around"})
def stands_between_deeds(at: Spot) -> bool:
    """`sitting around looking at a fire`"""
    return at.before.kind == "V" and _is_deed(at.after.low)


@RULES.add(PREPOSITION, {"near"})
def stands_before_what_moves(at: Spot) -> bool:
    """`near passing trucks`"""
    return at.after.low in ING and at.later.kind == "N"


@RULES.add(ADVERB, SCENE_ADVERBS & PREPOSITIONS)
def has_no_noun(at: Spot) -> bool:
    """`a nun walks by`, but `in ready position`"""
    posing = at.after.low == "ready" and at.later.low in _POSES
    return at.ends and at.after.low != "of" and not posing


RULES.add_always(PREPOSITION, SCENE_ADVERBS & PREPOSITIONS)
RULES.add_always(DETERMINER, DETERMINERS)

# Adverbs.


@RULES.add(NOUN, {"overhead"})
def says_which_lights(at: Spot) -> bool:
    """`cubicles and overhead lights`"""
    return at.before.kind == "C" and not at.ends


@RULES.add(NOUN, {word for word in SCENE_ADVERBS if word.endswith("ly")})
def stands_behind_an_article(at: Spot) -> bool:
    """`one carefully laid mat`"""
    return at.before.kind == "D"


RULES.add_always(ADVERB, SCENE_ADVERBS - _DESCRIBING)


@RULES.add(NOUN, ING)
def describes_what_is_near(at: Spot) -> bool:
    """`near passing trucks`"""
    return at.before.kind == "P" and at.before.low in _NEAR and at.after.kind == "N"


@RULES.add(ADVERB, lambda word: word.endswith(("-down", "-up")))
def says_in_which_pose(at: Spot) -> bool:
    """`a nun lying belly-down`"""
    return at.before.kind == "V"


@RULES.add(NOUN, {"very"})
def begins_a_phrase(at: Spot) -> bool:
    """`with very tall walls`"""
    return at.before.kind in ("X", "P", "C")


@RULES.add(ADVERB, {"very"})
def stands_behind_no_noun(at: Spot) -> bool:
    """`is very tall`"""
    return not at.is_behind_noun and at.before.kind != "D"


@RULES.add(ADVERB, _ADJECTIVES_TOO)
def says_how_it_is_done(at: Spot) -> bool:
    """`a kite flying high`"""
    return at.before.kind in ("V", "A") and at.before.form != "aux" and at.ends


RULES.add_always(PREPOSITION, PREPOSITIONS)

# Words in -ly that no list has.


def _is_in_ly(word: str) -> bool:
    return word.endswith("ly") and len(word) > 4 and word not in NOT_ADVERBS


def _is_before_a_verb(at: Spot) -> bool:
    return any(at.after.low in verbs for verbs in (ING, THIRD, EN, VERBS))


@RULES.add(NOUN, _is_in_ly)
def describes_a_noun(at: Spot) -> bool:
    """`a costly jug`, `a fairly scholarly looking nun`"""
    before = at.before
    very = before.kind == "W" and (before.low.endswith("ly") or before.low in ("very", "so"))
    opens = before.kind in ("P", "X", "C") and not _is_before_a_verb(at)
    return before.kind == "D" or very or opens


@RULES.add(ADVERB, _is_in_ly)
def says_how(at: Spot) -> bool:
    """`sits lazily`, `a nun lazily sitting`"""
    behind_noun = at.is_behind_noun and (_is_before_a_verb(at) or at.ends)
    return at.before.kind == "V" or behind_noun


RULES.add_always(NOUN, _is_in_ly)


@RULES.add(NOUN, {"shot"})
def is_a_picture(at: Spot) -> bool:
    """`a panoramic shot of a pier`"""
    return at.after.low == "of"


def _clause_follows(rest: list[Token]) -> bool:
    """Whether a noun phrase and a finite verb stand next."""
    for before, token in pairwise(rest[:8]):
        if token.low in AUXILIARIES or token.low in THIRD:
            return True
        if token.low in VERBS and before.kind == "N" and looks_plural(before.low):
            return True  # "as people look on"
        if token.low in MARKS | LINKS | CLAUSES:
            return False
    return False
