"""Whether a word in -ing is a verb where it stands: `a nun holding a lamp`, not `a parking lot`."""

from unscene.rewriting.scene_lists import MASS
from unscene.rewriting.tagging.spots import NO_VERB, Rules, Spot
from unscene.rewriting.tagging.verb_forms import ING, looks_plural
from unscene.rewriting.tagging.word_ends import ends_phrase
from unscene.words.caption_words import ADJECTIVES, AUXILIARIES, PREPOSITIONS
from unscene.words.verb_lists import AFTER_ING, ALWAYS_ING_NOUNS, HOLDING, NOT_ING, SCENE_ADVERBS

RULES = Rules()

# Verbs with a thing behind them, and no deed: `facing blooming trees`.
_TAKING = (HOLDING - {"hand"}) | {"wear", "face", "feed", "pet", "surround"}
_PLENTY = frozenset({"lots", "plenty", "loads", "tons"})
_SEVERAL = frozenset({"lots", "plenty", "dozens", "hundreds", "row", "rows", "variety", "bunch", "pile"})
_DESCRIBING = ADJECTIVES | frozenset(
    {"local", "modern", "public", "private", "nearby", "rural", "common", "regular"}
)
_ENDS_OF_DESCRIBING = ("ed", "y", "ous", "al", "ic")
# Behind these a word in -ing is a deed: `instead of sitting`.
_BEFORE_DEEDS = frozenset(
    {"of", "for", "from", "by", "after", "before", "without", "about", "like", "as", "in"}
)
_GOING_ON = HOLDING | {"wear", "eat", "ride", "play", "use", "watch"}
# What takes an object begins no caption as a describing word: `Riding mules`, but `Smiling lady`.
_BEFORE_OBJECTS = frozenset({"ride", "hold", "wear", "eat", "watch", "play", "feed"})


def can_be_ing_verb(word: str) -> bool:
    return word.endswith("ing") and len(word) > 4 and word not in ALWAYS_ING_NOUNS


def find_ing_stem(word: str) -> str:
    return ING.get(word, word[:-3])


@RULES.add(NO_VERB)
def describes_an_object(at: Spot) -> bool:
    """`a nun facing blooming trees`"""
    return at.before.form == "ing" and at.before.stem in _TAKING and not (at.ends or at.takes_object)


@RULES.add(NO_VERB)
def describes_a_mention(at: Spot) -> bool:
    """`a low flying airplane`, `an old standing clock`"""
    described = at.before.low in ADJECTIVES and at.two_before.kind == "D"
    return at.after.kind == "N" and (described or at.before.low in ("low", "high"))


@RULES.add(NO_VERB)
def is_a_deed_of_several(at: Spot) -> bool:
    """`a small gathering of friends`"""
    return at.after.low == "of" and at.before.kind == "W" and at.before.low in ADJECTIVES


@RULES.add(NO_VERB, {"sitting", "rocking"})
def is_for_sitting(at: Spot) -> bool:
    """`a leather sitting bench`"""
    is_thing = at.after.kind == "N" and not at.after.is_animate
    return is_thing and at.before.kind == "W" and at.two_before.kind == "D"


@RULES.add(NO_VERB)
def describes_a_thing_in_a_title(at: Spot) -> bool:
    """`Large running mower`"""
    goes_on = not (at.ends or at.takes_object or at.after.kind == "N")
    return len(at.tagged) == 1 and at.before.low in ADJECTIVES and goes_on


@RULES.add(NO_VERB)
def stands_behind_an_article(at: Spot) -> bool:
    """`the knitting nun`, `a nun's knitting`"""
    return at.before.kind in ("D", "O")


@RULES.add(NO_VERB)
def is_first_of_a_compound(at: Spot) -> bool:
    """`a shelf with cooking equipment`"""
    return at.after.low in AFTER_ING and at.before.kind != "V" and at.later.low != "of"


@RULES.add(NO_VERB)
def says_of_which_kind_several_are(at: Spot) -> bool:
    """`lots of cooking hot dogs`"""
    several = at.before.low == "of" and at.two_before.low in _SEVERAL
    return several and at.after.kind == "N" and (looks_plural(at.after.low) or at.after.is_animate)


@RULES.add(NO_VERB)
def describes_a_thing_without_article(at: Spot) -> bool:
    """`the local watering hole`: an object would have its article."""
    after = at.after
    bare = after.kind in ("", "W", "N") and after.low.isalpha() and not after.is_animate
    if not bare or not ends_phrase(at.later) or looks_plural(after.low) or after.low in MASS:
        return False
    return at.before.kind == "W" and at.before.low in _DESCRIBING


@RULES.add(NO_VERB)
def is_an_unknown_noun(at: Spot) -> bool:
    """`from the plastic casing`"""
    ends_noun = at.before.kind == "W" and at.two_before.kind == "D" and at.ends
    return ends_noun and at.word not in ING and at.before.low not in ADJECTIVES


@RULES.add(NO_VERB, NOT_ING | {"touring"})
def is_a_noun_without_a_doer(at: Spot) -> bool:
    """`a wall with elegant molding`, but `a nun painting a wall`"""
    acts = at.is_behind_noun and at.after.low in PREPOSITIONS
    acts = acts or (at.before.is_human and at.after.kind == "N")
    acts = acts or (at.before.is_animate and at.after.low in _PLENTY)
    return not (at.word in ING and (at.takes_object or acts or at.before.low in AUXILIARIES))


@RULES.add(NO_VERB, {"looking"})
def says_how_a_thing_looks(at: Spot) -> bool:
    """`a pixilated looking tie`"""
    describes = at.before.low in ADJECTIVES or at.before.low.endswith(_ENDS_OF_DESCRIBING)
    goes_on = at.before.kind == "W" and not (at.ends or at.takes_object)
    return goes_on and (at.after.kind == "N" or describes)


@RULES.add("ing", ING)
def is_a_deed_behind_a_preposition(at: Spot) -> bool:
    """`a nun tired from sitting`, `after loading sacks`"""
    if at.before.kind != "P":
        return False
    if at.takes_object:
        return True
    if at.after.kind == "" and at.after.low == "machine":
        return False
    return at.after.kind == "N" or not at.ends or at.before.low in _BEFORE_DEEDS


@RULES.add(NO_VERB)
def is_a_thing_behind_a_preposition(at: Spot) -> bool:
    """`a nun near knitting`, `a gown with beading`"""
    return at.before.kind == "P"


@RULES.add("ing")
def is_the_second_deed(at: Spot) -> bool:
    """`sitting and reading`, `standing and pursing his lips`"""
    known = at.word in ING or at.after.low in ("his", "her", "their", "its")
    return at.before.kind == "C" and known and any(t.kind == "V" and t.form == "ing" for t in at.tagged)


@RULES.add("ing")
def goes_on_behind_a_participle(at: Spot) -> bool:
    """`are seated in a row and holding electric lamps`"""
    goes_on = at.before.low == "and" and at.stem in _GOING_ON and not at.ends
    return goes_on and any(t.form == "aux" and t.stem == "be" for t in at.tagged)


@RULES.add(NO_VERB)
def describes_the_first_noun(at: Spot) -> bool:
    """`and blooming trees`"""
    if at.before.kind not in ("X", "C") or at.before.low == ",":
        return False
    known = at.after.kind == "N" and at.word in ING
    return not (at.takes_object or at.ends or at.after.low in SCENE_ADVERBS or known)


@RULES.add(NO_VERB)
def describes_the_first_mention(at: Spot) -> bool:
    """`Smiling lady`"""
    first = not at.tagged and at.after.kind == "N" and not at.takes_object
    return first and at.stem not in _BEFORE_OBJECTS


@RULES.add("ing")
def is_done(at: Spot) -> bool:
    """`a nun knitting`, `is sitting`"""
    return at.word in ING or at.is_behind_noun or at.before.kind == "V"
