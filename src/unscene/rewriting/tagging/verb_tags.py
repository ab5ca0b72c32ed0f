"""Whether a word is a verb where it stands, and in which form."""

from unscene.rewriting.tagging import ing_verbs, participle_verbs, plain_verbs, third_person_verbs
from unscene.rewriting.tagging.spots import Rules, Spot
from unscene.rewriting.tagging.verb_forms import EN, PAST, THIRD
from unscene.words.caption_words import AUXILIARIES
from unscene.words.verb_lists import MORE_PARTICIPLES, NOUNY

_NOUNY_PARTICIPLES = NOUNY & (EN.keys() | MORE_PARTICIPLES)


def find_verb_form(at: Spot) -> tuple[str, str] | None:
    """Return (form, stem) when a word stands where a verb can stand and looks like one."""
    word = at.word
    if ing_verbs.can_be_ing_verb(word):
        return _decide(ing_verbs.RULES, at, ing_verbs.find_ing_stem(word))
    if _is_thing(at):
        return None
    if participle_verbs.can_be_participle(word):
        return _decide(participle_verbs.RULES, at, participle_verbs.find_participle_stem(word))
    if word in PAST and plain_verbs.PAST_RULES.decide(at):
        return "fin", PAST[word]
    if word in THIRD:
        return _decide(third_person_verbs.RULES, at, THIRD[word])
    return _decide(plain_verbs.UNLISTED_RULES, at, word[:-1]) or _decide(plain_verbs.RULES, at, word)


def _is_thing(at: Spot) -> bool:
    """Whether the word names a thing, whatever stands around: `on her dads lap`, `a banana split`,
    `the train set is`.
    """
    if at.word == "lap":
        return True
    split = at.word == "split" and at.before.low == "banana" and at.before.kind == "W"
    return split or (at.word in _NOUNY_PARTICIPLES and at.is_behind_noun and at.after.low in AUXILIARIES)


def _decide(rules: Rules, at: Spot, stem: str) -> tuple[str, str] | None:
    at.stem = stem
    form = rules.decide(at)
    return (form, stem) if form else None
