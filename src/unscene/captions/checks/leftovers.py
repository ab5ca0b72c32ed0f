"""Checks of a caption: whether the object, its parts or what it did are left."""

import re
from itertools import pairwise

from unscene.captions.checks.synonyms import names_kind_of
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
from unscene.captions.checks.words import (
    ACTIVITIES,
    ALIASES,
    BARE_MEASURES,
    DEEDS,
    HUMAN_VERBS,
    IRREGULAR,
    LIVING,
    OTHERS,
    OWNERS,
    PARTS,
    PLACES_NAMED_SO,
    SCENES,
    SPORTS,
    TRANSITIVE,
)
from unscene.rewriting.parsing.people import means_people
from unscene.rewriting.parsing.tree import Phrase
from unscene.rewriting.tagging.verb_forms import EN, ING, THIRD, looks_plural
from unscene.words.caption_words import (
    AUXILIARIES,
    BODY,
    CLAUSES,
    CLOTHES,
    DETERMINERS,
    LINKS,
    POSSESSIVES,
    PREPOSITIONS,
)

_HUMAN_STEMS = frozenset(map(get_stem, HUMAN_VERBS))
_TRANSITIVE_STEMS = frozenset(map(get_stem, TRANSITIVE))
_DRIFTING = frozenset(
    map(
        get_stem,
        ("fly", "float", "drift", "soar", "hang", "move", "roll", "drive", "cook", "bake", "boil", "burn"),
    )
)
_WORN = frozenset(("raincoat", "bandana", "costume"))
# Verbs whose object may be a deed; `gets a ticket` leaves a ticket.
_LIGHT_STEMS = frozenset(map(get_stem, ("give", "get", "do", "perform")))
_DEED_STEMS = frozenset(map(get_stem, DEEDS))
_OWNED = POSSESSIVES | {"it"}  # `it's` for `its`


def names_object(case: Case) -> str | None:
    """The object is named: by the lexicon, or by the words that named it before."""
    if case.category in case.new.words:
        return "it names the object"
    surfaces = [words for word, words in case.old.surfaces if word == case.category]
    if case.category.endswith("board") and {"board", "boards"} & set(case.new.tokens) - set(case.old.tokens):
        return "it names the object: 'board'"
    names = {get_stem(words[-1]) for words in surfaces}
    for token, stem in zip(case.new.tokens, case.new.stems, strict=True):
        if stem in names and token.endswith("ed") and token not in case.old.tokens:
            return f"it names the object: {token!r}"  # `bottled beer`
    for token in ALIASES.get(case.category, frozenset()) & set(case.new.tokens):
        if get_stem(token) not in case.old.stems:
            return f"it names the object: {token!r}"
    if doer := _find_doer(case):
        return f"it names the object: {doer!r}"
    for words in surfaces:
        if case.category not in case.new.words and _is_first_part(case.new, words):
            continue  # `train tracks`
        if case.new.count(words) > case.old.count(words) - surfaces.count(words):
            return f"it names the object: {' '.join(words)!r}"
    if word := _find_last_part(case, surfaces):
        return f"it names the object: {word!r}"
    if not surfaces and set(case.new.stems) >= set(case.old.stems):
        return "nothing is taken out"
    return None


def _find_doer(case: Case) -> str | None:
    """Return a new word for the people by what they did: `a defender` of `a player defends`."""
    chunks = case.old.chunks
    for place, chunk in enumerate(chunks) if case.is_person else ():
        doer = case.old.find_governor(place) if chunk.kind == "V" else None
        if doer is None or not case.names_object(chunks[doer]):
            continue
        for token in {get_last(one) for one in case.new.chunks if one.kind == "NP"} - set(case.old.tokens):
            base = token.removesuffix("s")
            stems = {get_stem(base[:-2]), get_stem(base[:-1])}
            if base.endswith(("er", "or")) and get_stem(chunk.head) in stems:
                return token
    return None


def _find_last_part(case: Case, surfaces: list[list[str]]) -> str | None:
    """Return the last word of the object's name where it is left alone: `a board` of `a surf board`."""
    for words in surfaces:
        last = get_stem(words[-1])
        mine = sum(get_stem(one[-1]) == last for one in surfaces)
        if words[-1] in PLACES_NAMED_SO:
            continue  # `a clock tower`
        left = case.new.stems.count(last) > case.old.stems.count(last) - mine
        if len(words) > 1 and left and last in case.new.heads:
            return words[-1]
    return None


def _is_first_part(text: Text, words: list[str]) -> bool:
    """Whether words stand in a text only as the first part of a place's name."""
    at = [i for i in range(len(text.tokens)) if text.tokens[i : i + len(words)] == words]
    behind = [text.tokens[i + len(words) : i + len(words) + 1] for i in at]
    return bool(behind) and all(after and after[0] in PLACES_NAMED_SO for after in behind)


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
