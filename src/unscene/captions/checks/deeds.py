"""Checks of a caption: whether somebody's doing is left without them, or what was done with the object
without it.
"""

import re
from itertools import pairwise

from unscene.captions.checks.deed_words import ACTIVITIES, DEEDS, HUMAN_VERBS, SPORTS, TRANSITIVE
from unscene.captions.checks.frame_words import SCENES
from unscene.captions.checks.spellings import IRREGULAR
from unscene.captions.checks.texts import (
    MOTION_STEMS,
    POSTURE_STEMS,
    Case,
    Text,
    get_last,
    get_stem,
    has_verb,
    split_words,
)
from unscene.rewriting.tagging.verb_forms import looks_plural
from unscene.words.caption_words import AUXILIARIES, CLAUSES, DETERMINERS, LINKS, PREPOSITIONS

_HUMAN_STEMS = frozenset(map(get_stem, HUMAN_VERBS))
_TRANSITIVE_STEMS = frozenset(map(get_stem, TRANSITIVE))
_DRIFTING = frozenset(
    map(
        get_stem,
        ("fly", "float", "drift", "soar", "hang", "move", "roll", "drive", "cook", "bake", "boil", "burn"),
    )
)
# Verbs whose object may be a deed; `gets a ticket` leaves a ticket.
_LIGHT_STEMS = frozenset(map(get_stem, ("give", "get", "do", "perform")))
_DEED_STEMS = frozenset(map(get_stem, DEEDS))


def keeps_activity(case: Case) -> str | None:
    """Somebody's doing is left without them, or what was done with the object without it."""
    old = case.old
    nouns = {token for token in set(case.new.tokens) if _is_noun(case.new, token) and _is_noun(old, token)}
    left = {get_stem(token) for token in case.new.tokens if token not in nouns}
    renamed = {token for word, words in case.new.surfaces for token in words}
    told = set(pairwise(old.tokens))
    for token, following in pairwise([*case.new.tokens, ""]):
        is_first = (token, following) in told and following not in PREPOSITIONS | DETERMINERS  # `a ski lift`
        is_first = is_first and token != "horseback"  # whatever follows, there is a horse
        if token in ACTIVITIES.get(case.category, frozenset()) - renamed and not is_first:
            return f"{token!r} goes with the object"
    done_to = _list_done_to(case)
    if deed := _find_bare_deed(case):
        return f"{deed!r} is what people did"
    hanging = _list_hanging(case.new) - _list_hanging(old) - done_to
    if hanging := hanging & left & _list_taking(old):
        return f"{min(hanging)!r} has lost its object"
    if deed := _find_moved_deed(case):
        return f"{deed!r} is what the object did"
    for place, chunk in enumerate(old.chunks) if case.is_person else ():
        doer = old.find_governor(place) if chunk.kind == "V" else None
        if doer is None or case.category not in old.chunks[doer].words or _is_in_row(old, doer):
            continue
        stems = [get_stem(token.low) for token in chunk.tokens]
        for stem in stems if not any(_is_purpose(case.new, stem) for stem in stems) else ():
            shared = any(_does_too(case, at, stem) for at in range(len(old.chunks)))
            if stem in left & _HUMAN_STEMS - _DRIFTING and not shared:
                return f"{stem!r} is what people did"
    if case.is_person and not case.new.is_animate:
        for place, token in enumerate(case.new.tokens):
            after = case.new.tokens[place + 1 : place + 2]
            ends = not after or after[0] in PREPOSITIONS | LINKS
            sport = token in SPORTS and get_stem(token) not in _DRIFTING
            if sport and ends and (place == 0 or has_verb(case.new, get_stem(token))):
                return f"{token!r} is what people did"
    return None


def _is_noun(text: Text, token: str) -> bool:
    """Whether a word ends phrases alone, behind another word: `a hot drink`, `the front row`."""
    phrases = [(chunk.kind, split_words(chunk.text)) for chunk in text.chunks]
    phrases = [(kind, words) for kind, words in phrases if token in words]
    return bool(phrases) and all(
        kind == "NP" and len(words) > 1 and words[-1] == token and words.count(token) == 1
        for kind, words in phrases
    )


def _list_done_to(case: Case) -> set[str]:
    """Return the verbs that tell what was done to a thing that is left: `a shed was torn down`."""
    had = {
        (get_stem(verb.head), get_stem(get_last(noun)))
        for verb, noun in pairwise(case.old.chunks)
        if (verb.kind, noun.kind) == ("V", "NP")
    }
    now = {
        (get_stem(verb.head), get_stem(get_last(noun)))
        for noun, verb in pairwise(case.new.chunks)
        if (noun.kind, verb.kind) == ("NP", "V") and verb.tokens[-1].form == "en"
    }
    chunks = case.new.chunks
    # `riding in a cart` of `riding a cart`.
    now |= {
        (get_stem(verb.head), get_stem(get_last(noun)))
        for verb, link, noun in zip(chunks, chunks[1:], chunks[2:], strict=False)
        if (verb.kind, link.kind, noun.kind) == ("V", "P", "NP")
    }
    return {verb for verb, _ in had & now}


def _find_bare_deed(case: Case) -> str | None:
    """Return the noun that the new caption begins with where it is a deed of the people who are gone:
    `high fives` of `a nun gives high fives`, `an angry yell` of `a nun yells`.
    """
    old, phrase = case.old.chunks, case.new.chunks[0]
    noun = get_last(phrase)
    if not noun or not case.is_person:
        return None
    is_deed = phrase.tokens[0].low in ("a", "an") and not noun.endswith("s") and noun not in SCENES
    for place, chunk in enumerate(old):
        doer = case.old.find_governor(place) if chunk.kind == "V" else None
        if doer is None or not case.names_object(old[doer]):
            continue
        if is_deed and noun not in case.old.tokens and get_stem(chunk.head) == get_stem(noun):
            return noun
        verb, following = chunk.tokens[-1], old[place + 1 : place + 2]
        gives = get_stem(verb.low) in _LIGHT_STEMS and verb.form != "en"  # not `is given a lute`
        if gives and get_stem(noun) in _DEED_STEMS and following and get_last(following[0]) == noun:
            return noun
    return None


def _find_moved_deed(case: Case) -> str | None:
    """Return what an animal or a vehicle did where a thing that is left does it now: `a cart gallops`."""
    old, new = case.old, case.new
    if case.is_person or case.category not in case.vocabulary.animate:
        return None
    deeds = set()
    for place, chunk in enumerate(old.chunks):
        doer = old.find_governor(place) if chunk.kind == "V" else None
        if doer is not None and case.names_object(old.chunks[doer]) and chunk.tokens[-1].form != "en":
            deeds.add(get_stem(chunk.head))
    deeds -= POSTURE_STEMS | MOTION_STEMS | _DRIFTING
    for noun, verb in pairwise(new.chunks):
        acts = (noun.kind, verb.kind) == ("NP", "V") and verb.tokens[0].form in ("fin", "ing")
        told = old.count([get_last(noun), verb.head])  # `trees lining the shore`
        if acts and not told and not noun.is_animate and get_stem(verb.head) in deeds:
            return verb.head
    return None


def _is_purpose(text: Text, stem: str) -> bool:
    """Whether a verb only says what a thing is for: `a bed for sleeping`."""
    told = [before for before, one in pairwise(["", *text.tokens]) if get_stem(one) == stem]
    return bool(told) and set(told) == {"for"}


def _does_too(case: Case, place: int, stem: str) -> bool:
    """Whether the verb at a place of the old caption tells that something else does the same."""
    chunk = case.old.chunks[place]
    doer = case.old.find_governor(place) if chunk.kind == "V" else None
    if doer is None or stem not in {get_stem(token.low) for token in chunk.tokens}:
        return False
    before = case.old.chunks[place - 1]
    direct = before if before.kind == "NP" and chunk.tokens[-1].form == "ing" else case.old.chunks[doer]
    # `a nun is playing with a goat`: the goat plays, too.
    with_whom = case.old.chunks[place + 1 : place + 3]
    joins = len(with_whom) == 2 and with_whom[0].low == "with" and with_whom[1].is_animate
    if joins and not case.names_object(with_whom[1]):
        return True
    return direct.is_animate and not case.names_object(direct)


def _is_in_row(text: Text, place: int) -> bool:
    """Whether a noun phrase is the last of a row: `an ambulance and a bus wait`."""
    return place > 1 and text.chunks[place - 1].kind == "C" and text.chunks[place - 2].kind == "NP"


# `a laptop that he is using`: the object of the verb stands before.
_RELATIVE = re.compile(r"\b(?:that|which) (?:\w+ ){1,2}(?:is|are|was|were) \w+ing\b")


def _list_hanging(text: Text) -> set[str]:
    """Return the verbs that need an object and have none behind them."""
    hanging = set()
    tokens = text.tokens
    befores = zip(["", "", *tokens], ["", *tokens], strict=False)
    for (first, before), token, stem, after in zip(
        befores, tokens, text.stems, [*tokens[1:], ""], strict=False
    ):
        ends = after == "" or after in PREPOSITIONS | LINKS | CLAUSES
        if (first, before) == ("ready", "to") or _RELATIVE.search(f"{text.text.lower()} "):
            continue
        done = token.endswith(("ed", "en")) or token in IRREGULAR
        # `is drawn`, `drawn by a mule`: what it is done with stands before. `For sale` is no verb.
        passive = token.endswith(("ed", "en")) or (token in IRREGULAR and not token.endswith("ing"))
        by_somebody = (after == "by" and done) or (passive and before in AUXILIARIES)
        by_somebody = by_somebody or (before in PREPOSITIONS - {"to"} and not token.endswith("ing"))
        by_somebody = by_somebody or (stem in ("hug", "kis") and looks_plural(before))  # each other
        if stem in _TRANSITIVE_STEMS and ends and before not in DETERMINERS and not by_somebody:
            hanging.add(stem)
    return hanging


def _list_taking(text: Text) -> set[str]:
    """Return the verbs that need an object and have something behind them."""
    return {
        stem
        for stem, after in zip(text.stems, text.tokens[1:], strict=False)
        if stem in _TRANSITIVE_STEMS and after not in PREPOSITIONS | LINKS | CLAUSES
    }
