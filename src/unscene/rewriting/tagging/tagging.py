"""The kind of a word by itself and by its neighbours: closed lists, no model."""

from unscene.rewriting.tagging import adverb_kinds, pronoun_kinds
from unscene.rewriting.tagging.spots import Spot
from unscene.rewriting.tagging.verb_tags import find_verb_form
from unscene.rewriting.tagging.word_ends import ends_phrase
from unscene.words.caption_words import AUXILIARIES, DETERMINERS
from unscene.words.verb_lists import VERBS

_FORMS_OF_BE = frozenset({"is", "are", "was", "were", "be", "been", "being", "wasn't", "weren't"})
_DENYING = frozenset({"can't", "cannot", "don't", "doesn't", "won't", "couldn't", "wasn't", "weren't"})
_AIMING = frozenset({"try", "attempt", "want", "plan", "hope", "prepare", "begin", "start"})
# Nouns behind `to`, where they could be verbs: `rides to work`.
_WHERE_TO = frozenset({"work", "play", "row", "shop", "race"})
_BEFORE_DEEDS = frozenset({"about", "ready", "trying", "preparing", "attempting", "going", "getting"})


def find_kind(at: Spot) -> tuple[str, str, str]:
    """Return (kind, form, stem) of a word where it stands, as `Token` names them."""
    kind = pronoun_kinds.RULES.decide(at)
    if kind:
        return kind, "", ""
    helper = _find_helper(at)
    if helper:
        return "V", *helper
    kind = adverb_kinds.RULES.decide(at)
    if kind:
        return kind, "", ""
    verb = find_verb_form(at)
    return ("V", *verb) if verb else ("W", "", "")


def _find_helper(at: Spot) -> tuple[str, str] | None:
    """Return (form, stem) of an auxiliary, of `to` before a verb, or of the verb behind that."""
    word = at.word
    if word == "to":
        return ("to", "") if _opens_deed(at) else None
    if at.before.kind == "V" and at.before.form == "to":
        return "inf", word
    if word in AUXILIARIES or word in _DENYING:
        return "aux", "be" if word in _FORMS_OF_BE else word
    return None


def _opens_deed(at: Spot) -> bool:
    """Whether a verb stands behind `to`: `tries to ride`, but `rides to work`, `next to a jug`."""
    following = at.after.low
    if at.after.kind or following in DETERMINERS:
        return False
    aims = at.before.kind == "V" and at.before.stem in _AIMING and not at.ends
    if not (following in VERBS or following in ("be", "have") or at.before.low == "about" or aims):
        return False
    ends = at.later.low in ("", ".") or ends_phrase(at.later)
    nouny = following in _WHERE_TO and ends and at.before.low not in _BEFORE_DEEDS
    return not nouny
