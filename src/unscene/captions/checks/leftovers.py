"""Checks of a caption: whether people that nothing names, parts or measures of the object are left."""

import re
from itertools import pairwise

from unscene.captions.checks.frame_words import SCENES
from unscene.captions.checks.leftover_words import BARE_MEASURES, LIVING, OTHERS, OWNERS, PARTS
from unscene.captions.checks.spellings import IRREGULAR
from unscene.captions.checks.synonyms import names_kind_of
from unscene.captions.checks.texts import Case, Text, get_stem, split_words
from unscene.rewriting.parsing.people import means_people
from unscene.rewriting.parsing.tree import Phrase
from unscene.rewriting.tagging.verb_forms import EN, ING, THIRD
from unscene.words.caption_words import AUXILIARIES, BODY, CLAUSES, CLOTHES, LINKS, POSSESSIVES, PREPOSITIONS

_WORN = frozenset(("raincoat", "bandana", "costume"))
_OWNED = POSSESSIVES | {"it"}  # `it's` for `its`


def keeps_others(case: Case) -> str | None:
    """With all people gone, somebody who is not named is left."""
    if not case.is_person:
        return None
    for token in case.new.tokens:
        pronoun = token in ("he", "she", "him", "his", "her", "they", "them", "their")
        if token in OTHERS and not (pronoun and _stands_for(case.new, token)):
            return f"people are gone, {token!r} is left"
    return None


def _stands_for(text: Text, pronoun: str) -> bool:
    """Whether something before a pronoun moves by itself, or is several."""
    for chunk in text.chunks:
        if pronoun in split_words(chunk.text):
            return False
        many = chunk.is_plural and pronoun in ("they", "them", "their")
        if chunk.kind == "NP" and (chunk.is_animate or many):
            return True
    return False


def keeps_parts(case: Case) -> str | None:
    """A part, the body or the clothes of what is gone are left."""
    parts = PARTS.get(case.category, frozenset())
    if case.category in LIVING | {"teddy bear"}:
        parts = (parts | CLOTHES | _WORN) - {"wool"}
    tokens = case.new.tokens
    whole = {token for word, words in case.new.surfaces if word != case.category for token in words}
    for place, token in enumerate(tokens):
        if (
            token not in parts - whole  # `wine glasses` are nobody's
            or _is_compound(case, place)
            or _is_of_another(case, token)
            or _has_owner(tokens, place)
            or _tells_view(case.new, token)
            or tokens[max(place - 1, 0) : place + 1] == ["in", "back"]
            or (token == "top" and ("on top" in case.old.text.lower() or _describes(tokens, place)))
        ):
            continue
        core = (
            (token in BODY | CLOTHES | {"raincoat"} or token not in case.old.tokens)
            and not case.new.is_animate
            and case.category in case.vocabulary.animate
        )
        if (core and not _stands_alone(case.old, token)) or _is_attached(case, token):
            return f"{token!r} belongs to the object"
    return None


def _is_compound(case: Case, place: int) -> bool:
    """Whether a word only says how something is done, as it did before: `a hand made rug`."""
    pair = case.new.tokens[place : place + 2]
    return case.old.count(pair) > 0 and (pair[-1] in EN or pair[-1] in IRREGULAR)


def _is_of_another(case: Case, token: str) -> bool:
    """Whether a part is that of something else, or only tells which thing is meant: `a pig's nose`,
    `a lion head`, `a clothing store`.
    """
    mine = {words[-1] for word, words in case.old.surfaces if word == case.category}
    for chunk in case.new.chunks:
        lows = [one.low for one in chunk.tokens]
        if token not in lows:
            continue
        at = lows.index(token)
        owners = [one for one, sign in pairwise(chunk.tokens[:at]) if sign.kind == "O"]
        things = [one for one in owners if not (one.is_human or means_people(Phrase([one])))]
        if any(get_stem(one.low) in case.old.stems for one in things):
            return True
        beast = lows[at - 1] if at else ""
        if names_kind_of("animal", [beast]) and case.old.count([beast, token]) and beast not in mine:
            return True
        pair = lows[at : at + 2]
        is_first = any(split_words(one.text)[-2:] == pair for one in case.old.chunks)
        if is_first and len(pair) == 2 and pair[1] not in THIRD | ING | EN:
            return True
    return False


def _describes(tokens: list[str], place: int) -> bool:
    """Whether a word stands before a noun: `five top pubs`."""
    return not set(tokens[place + 1 : place + 2] or ["of"]) & (PREPOSITIONS | LINKS | CLAUSES | AUXILIARIES)


def _tells_view(text: Text, token: str) -> bool:
    """Whether a word only says which view of a scene it is: `an eye view`; `an ear tag` is worn."""
    phrases = [split_words(chunk.text) for chunk in text.chunks if token in split_words(chunk.text)]
    return all(token in words[:-1] and words[-1] in SCENES for words in phrases)


def _has_owner(tokens: list[str], place: int) -> bool:
    if tokens[place + 1 : place + 2] == ["of"]:
        return True
    # `in my mouth`: whoever tells it is not in the photo.
    return place > 0 and tokens[place - 1] in OWNERS | {"my", "our", "your"}


def _stands_alone(old: Text, token: str) -> bool:
    """Whether a noun is a thing of its own in the old caption: its phrase hangs on nothing, or lies
    or hangs somewhere.
    """
    for place, chunk in enumerate(old.chunks):
        if chunk.kind == "NP" and token in split_words(chunk.text):
            following = old.chunks[place + 1] if place + 1 < len(old.chunks) else None
            before = old.chunks[place - 1] if place else None
            hangs = before is not None and before.kind == "P"
            has_verb = following is not None and following.kind == "V" and not hangs
            is_named = before is not None and (before.kind == "C" or before.low in ("there is", "there are"))
            owned = set(split_words(chunk.text)) & _OWNED or (before is not None and before.low == "whose")
            if not owned and (place == 0 or has_verb or is_named):
                return True
            if (
                token not in BODY
                and before is not None
                and before.kind == "P"
                and before.low not in ("in", "with")
            ):
                return True
    return False


def _is_attached(case: Case, token: str) -> bool:
    """Whether a noun of the old caption is said to be the object's: with it, of it, its own."""
    chunks = case.old.chunks
    for place, chunk in enumerate(chunks):
        if chunk.kind != "NP" or token not in split_words(chunk.text):
            continue
        if case.names_object(chunk) and len(chunk.tokens) > 1 and token != chunk.head:
            return True
        if any(one.word == case.category and sign.kind == "O" for one, sign in pairwise(chunk.tokens)):
            return True  # `a nun's head`
        owner = next((one for one in chunks[:place] if one.kind == "NP" and one.is_animate), None)
        if set(split_words(chunk.text)) & _OWNED:
            before = [one for one in chunks[:place] if one.kind == "NP"]
            owner = owner or (before[0] if before else None)
            if owner is not None and case.names_object(owner):
                return True
        link = chunks[place - 1] if place else None
        if place > 1 and link is not None:
            at_with = link.low in ("with", "in", "has", "have") or get_stem(link.head) == "wear"
            if at_with and case.names_object(chunks[place - 2]):
                return True
        following = chunks[place + 1 : place + 3]
        # `The dress of a nun` is a caption of the dress.
        is_theme = place == 0 and token in CLOTHES - BODY
        if (
            len(following) == 2
            and following[0].low == "of"
            and not is_theme
            and case.names_object(following[1])
        ):
            return True
    return False


def keeps_measure(case: Case) -> str | None:
    """How many or how much there was of the object is left without it: `a bunch` of bananas."""
    measures = _list_bare(case.new)
    for token in _list_bare(case.old):
        if token in measures:
            measures.remove(token)
    told = [words[-1] for word, words in case.old.surfaces if word == case.category]
    for token in measures:
        of = rf"\b{token} of (?:[\w'-]+ ){{0,2}}?(?:{'|'.join(map(re.escape, told))})\b"
        if told and re.search(of, " ".join(case.old.tokens)):
            return f"{token!r} is of the object"
    return None


def _list_bare(text: Text) -> list[str]:
    """Return the measures of a text that stand without what they measure."""
    return [one for one, after in pairwise([*text.tokens, ""]) if one in BARE_MEASURES and after != "of"]
