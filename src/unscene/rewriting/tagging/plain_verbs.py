"""Whether a word is a verb in its base form or in the past: `nuns ride`, `a nun stood`; or one that
the lists of verbs lack: `a nurse shuffles the cards`.
"""

from unscene.rewriting.scene_lists import MASS, MORE_BODY
from unscene.rewriting.tagging.spots import Rules, Spot
from unscene.rewriting.tagging.verb_forms import ING, PAST, looks_plural
from unscene.words.caption_words import AUXILIARIES, DETERMINERS, PREPOSITIONS
from unscene.words.verb_lists import NOUNY, SCENE_ADVERBS, VERBS

PAST_RULES = Rules()
UNLISTED_RULES = Rules()
RULES = Rules()

_CROSSING = frozenset(
    {"cross", "ride", "watch", "enter", "board", "climb", "hold", "eat", "share", "surround"}
)
_STAYING = frozenset({"stand", "sit", "graze", "walk", "lie", "rest", "interact", "gather", "roam", "wander"})
_STAYING |= {"wait"}
_PLAIN_ACTS = frozenset({"play", "ride", "watch", "hold", "drink", "talk", "look", "laugh"})
_ALWAYS_VERBS = VERBS - NOUNY
# Words that are something else more often, where no rule above knows them.
_LISTED = VERBS - {"like", "fish", "open", "close"}
_MODALS = frozenset({"can", "could", "will", "would", "may", "might", "do", "does", "did"})
_PLURAL_PRONOUNS = frozenset({"they", "who", "others", "we", "you", "i", "which", "that"})
_SOMEBODY = frozenset({"someone", "somebody", "everyone", "everybody"})
_WHERE_TO = SCENE_ADVERBS | {"up"}
_SEEING = frozenset({"watch", "see", "help", "let"})
_NO_DEEDS = PREPOSITIONS | DETERMINERS


# The past of a verb.


@PAST_RULES.add("fin", PAST.keys() - {"saw", "left", "put", "set", "hit", "cut", "lay"})
def stands_behind_its_subject(at: Spot) -> bool:
    """`a nun rode a mule`, `a nun slowly rode a mule`"""
    return at.is_behind_noun or at.before.kind in ("S", "A")


@PAST_RULES.add("fin", {"saw"})
def is_no_tool(at: Spot) -> bool:
    """`a nun saw a mule`"""
    return at.is_behind_noun and at.takes_object


# The third person of a verb that the lists lack.


def _ends_in_s(word: str) -> bool:
    return word.endswith("s") and not word.endswith("ss")


@UNLISTED_RULES.add("fin", lambda word: word.endswith("s"))
def stands_behind_a_pronoun(at: Spot) -> bool:
    """`as he solders`"""
    return at.before.kind == "R" and at.before.low in ("he", "she")


@UNLISTED_RULES.add("fin", lambda word: _ends_in_s(word) and word.isalpha())
def is_done_by_one(at: Spot) -> bool:
    """`a nurse shuffles the cards`"""
    one = at.before.kind == "N" and at.before.is_animate and not looks_plural(at.before.low)
    return one and at.takes_object and not at.has_verb


@UNLISTED_RULES.add("fin", _ends_in_s)
def is_done_by_who_is_described(at: Spot) -> bool:
    """`a man in a suit tunes the radio`"""
    one = at.before.kind == "W" and not looks_plural(at.before.low) and at.before.low not in DETERMINERS
    if not one or not at.takes_object or at.has_verb:
        return False
    return bool(at.living) and any(token.kind == "P" for token in at.tagged)


# The base form.


@RULES.add("fin", VERBS)
def is_done_by_who_is_on_it(at: Spot) -> bool:
    """`elephants with people on them walk`"""
    return at.before.kind == "R" and at.before.low in ("them", "it", "him") and at.ends


@RULES.add("fin", lambda word: word.isalpha() and not word.endswith(("s", "ing", "ed")))
def is_done_by_several(at: Spot) -> bool:
    """`nurses deal the cards`"""
    several = at.before.kind == "N" and at.before.is_animate and looks_plural(at.before.low)
    return several and at.takes_object and not at.has_verb


@RULES.add("fin", lambda word: word.isalpha() and word not in _NO_DEEDS)
def is_done_with_the_body(at: Spot) -> bool:
    """`two geese on a lawn crane their necks`"""
    body = at.after.low == "their" and at.later.low in MORE_BODY
    return body and at.before.kind == "W" and at.has_several_doers and not at.has_verb


@RULES.add("fin", str.isalpha)
def is_done_by_somebody(at: Spot) -> bool:
    """`someone forgot his scarf`"""
    return at.before.low in _SOMEBODY and at.takes_object


@RULES.add("fin", {"train"})
def is_done_by_sportsmen(at: Spot) -> bool:
    """`players train on a pitch`"""
    return at.before.is_human and looks_plural(at.before.low) and not at.has_verb


@RULES.add("fin", _ALWAYS_VERBS)
def is_done_live(at: Spot) -> bool:
    """`nuns of the abbey sing live`"""
    together = at.before.kind == "W" and at.after.low in ("live", "together") and not at.has_verb
    return together and any(looks_plural(token.low) for token in at.tagged if token.is_human)


def _is_behind_a_pair(at: Spot) -> bool:
    """Whether one `and` and no other link stands before: `a nun and a monk`."""
    return [token.low for token in at.tagged if token.kind == "C"] == ["and"]


@RULES.add("fin", _ALWAYS_VERBS)
def is_done_by_a_pair(at: Spot) -> bool:
    """`vehicles and a cart pull up outside`"""
    goes_on = at.after.low in _WHERE_TO and at.later.low in PREPOSITIONS
    return goes_on and at.before.kind == "W" and _is_behind_a_pair(at) and not at.has_verb


_WHERE_TO = SCENE_ADVERBS | {"up"}


def _is_done_by_who_wears(at: Spot) -> bool:
    clothes = at.before.kind in ("N", "W") and looks_plural(at.before.low)
    deeds = [token for token in at.tagged if token.kind == "V"]
    return clothes and at.has_several_doers and all(token.form == "ing" for token in deeds)


@RULES.add("fin", _CROSSING)
def is_done_to_a_thing_by_who_wears(at: Spot) -> bool:
    """`nuns wearing ties cross the street`"""
    return (at.takes_object or at.after.kind == "N") and _is_done_by_who_wears(at)


@RULES.add("fin", _PLAIN_ACTS | _STAYING | {"smile", "pose"})
def is_done_somewhere_by_who_wears(at: Spot) -> bool:
    """`nuns wearing ties stand in a lane`"""
    return at.after.low in PREPOSITIONS and _is_done_by_who_wears(at)


@RULES.add("inf", VERBS)
def is_what_somebody_helps_with(at: Spot) -> bool:
    """`a nun helped load sacks`"""
    return at.before.kind == "V" and at.before.stem == "help" and at.before.form != "aux"


@RULES.add("fin", {"sit", "lie", "stand", "hang"})
def is_done_by_things_of_a_kind(at: Spot) -> bool:
    """`two sandwiches on rye bread sit on a pan`"""
    if at.before.kind != "W" or at.after.low not in PREPOSITIONS or at.two_before.low in DETERMINERS:
        return False
    first = next((i for i, token in enumerate(at.tagged) if token.kind == "P"), 0)
    things = at.tagged[first - 1]
    return first > 0 and things.kind == "N" and looks_plural(things.low) and not at.has_verb


@RULES.add("fin", {"start", "begin", "stop", "prepare", "attempt", "continue"})
def opens_another_deed(at: Spot) -> bool:
    """`people in a kitchen start to prepare food`"""
    return at.after.low == "to" and at.later.low in VERBS and not at.is_told


@RULES.add("inf", VERBS)
def is_what_somebody_sees(at: Spot) -> bool:
    """`a nun watching a plane fly over`, `a nun watching figs roll off`"""
    before = at.before
    doer = before.kind == "N" or (before.kind == "W" and (before.low in MASS or looks_plural(before.low)))
    if not doer or not (at.takes_object or at.after.low in PREPOSITIONS):
        return False
    return any(token.kind == "V" and token.stem in _SEEING for token in at.tagged[-7:])


@RULES.add("fin", _LISTED)
def stands_behind_a_plural_pronoun(at: Spot) -> bool:
    """`they ride`, `who ride`"""
    return at.before.low in _PLURAL_PRONOUNS and at.before.kind in ("R", "S")


@RULES.add("inf", _LISTED)
def stands_behind_a_modal(at: Spot) -> bool:
    """`can fly`, `do not fly`"""
    modal = at.before.kind == "V" and at.before.low in _MODALS
    return modal or (at.before.kind == "A" and at.before.low == "not")


@RULES.add("en", _LISTED)
def is_a_mistyped_participle(at: Spot) -> bool:
    """`is show in`"""
    is_be = at.before.kind == "V" and at.before.low in ("is", "are", "was")
    return is_be and at.after.low in PREPOSITIONS


@RULES.add("fin", _LISTED)
def is_the_only_deed_of_the_living(at: Spot) -> bool:
    """`a nun ride a mule`"""
    return at.before.is_animate and at.takes_object and not at.has_verb


def _is_behind_several(at: Spot) -> bool:
    return at.is_behind_noun and looks_plural(at.before.low)


@RULES.add("fin", _LISTED)
def is_done_by_the_living(at: Spot) -> bool:
    """`two nuns ride`"""
    return at.before.is_animate and _is_behind_several(at)


@RULES.add("fin", _LISTED - NOUNY)
def is_done_by_several_things(at: Spot) -> bool:
    """`jugs lie on a mat`"""
    if not _is_behind_several(at) or at.is_told_in_clause:
        return False
    strong = at.takes_object or at.ends or at.after.kind == "N"
    return strong or at.after.low in SCENE_ADVERBS or at.after.low in ING


@RULES.add("fin", _LISTED)
def is_the_only_deed_of_several(at: Spot) -> bool:
    """`lamps light the street`"""
    return _is_behind_several(at) and at.takes_object and not at.has_verb


def _is_behind_several_living(at: Spot) -> bool:
    """Whether the last mention of the living is in the plural."""
    living = at.living
    return bool(living) and looks_plural(living[-1].low)


@RULES.add("fin", _LISTED)
def stands_behind_an_adverb(at: Spot) -> bool:
    """`nuns slowly enter`, `nuns happily play`"""
    if at.before.kind != "A" or not _is_behind_several_living(at):
        return False
    return at.word not in NOUNY or (at.word in _PLAIN_ACTS and not at.has_verb)


@RULES.add("fin", _LISTED - {"light", "park"})
def is_done_by_a_row_of_the_living(at: Spot) -> bool:
    """`a nun and a monk ride along a lane`"""
    one = at.before.is_animate and not looks_plural(at.before.low)
    if not one or not any(token.kind == "C" for token in at.tagged):
        return False
    goes_on = at.takes_object or at.after.low in PREPOSITIONS
    return goes_on or at.after.low in SCENE_ADVERBS or at.after.kind == "N"


def _is_behind_a_herd(at: Spot) -> bool:
    """Whether several of the living are told more of: `two giraffes inside a fenced area`."""
    more = any(token.kind == "P" or token.low == "," for token in at.tagged)
    return more and _is_behind_several_living(at)


@RULES.add("fin", _LISTED)
def stands_behind_an_aside(at: Spot) -> bool:
    """`two dogs, one brown and one white, play with a ball`"""
    aside = at.before.low == "," and at.after.low in PREPOSITIONS
    return aside and _is_behind_a_herd(at) and not at.has_verb


@RULES.add("fin", _STAYING & _LISTED)
def is_done_by_a_herd(at: Spot) -> bool:
    """`two giraffes inside a fenced area stand together`, `a nun and a monk in blue sit next to`"""
    if at.before.kind != "W" or at.is_told:
        return False
    goes_on = at.after.low in PREPOSITIONS or at.after.low == "next"
    return _is_behind_a_herd(at) or (bool(at.living) and _is_behind_a_pair(at) and goes_on)


@RULES.add("fin", _LISTED - NOUNY)
def takes_the_only_object(at: Spot) -> bool:
    """`a jug contain the milk`"""
    return at.is_behind_noun and at.takes_object and not at.has_verb


@RULES.add("fin", (_ALWAYS_VERBS | _PLAIN_ACTS) & _LISTED)
def is_told_as_the_first_deed(at: Spot) -> bool:
    """`two nuns sit on chairs and play board games`"""
    if at.before.low != "and" or not at.after.low.isalpha() or at.after.low in AUXILIARIES:
        return False
    return at.has_several_doers and any(t.form == "fin" and t.low == t.stem for t in at.tagged)


@RULES.add("fin", _LISTED)
def stands_behind_its_like(at: Spot) -> bool:
    """`while they talk and laugh`"""
    first = at.two_before
    return at.before.low == "and" and first.form == "fin" and first.low == first.stem and at.ends


@RULES.add("fin", _LISTED - NOUNY)
def is_the_second_deed(at: Spot) -> bool:
    """`jugs lie on a mat and contain the milk`"""
    if at.before.kind != "C" or not (at.takes_object or at.ends):
        return False
    return any(token.form in ("fin", "inf") for token in at.tagged)
