"""Checks of a caption: whether what is left is told as it was: how many, how, where, by whom."""

import re
from itertools import pairwise

from unscene.captions.checks.synonyms import says_same
from unscene.captions.checks.texts import (
    PAIRS,
    POSTURE_STEMS,
    Case,
    Text,
    get_last,
    get_stem,
    share_head,
    split_words,
)
from unscene.captions.checks.verbs import list_verbs
from unscene.captions.checks.words import CONTAINERS, LEFT_ALONE, SALIENT
from unscene.words.caption_words import ADJECTIVES, AUXILIARIES, NUMBERS
from unscene.words.chunks import Chunk
from unscene.words.verb_forms import looks_plural

# Prepositions that place a thing, by where; what is not here says too little to contradict.
_PLACING = {
    link: number
    for number, links in enumerate(
        (
            ("in", "inside", "inside of", "within", "into", "in the middle of"),
            ("on", "on top of", "atop", "upon", "onto"),
            ("under", "below", "beneath", "underneath"),
            ("over", "above"),
            ("behind",),
            ("in front of",),
            ("between", "in between"),
        ),
        1,
    )
    for link in links
}
_LOOSE = frozenset((1, 2, 4))  # in, on, over: how a thing on another is told as one likes
_HANDY = frozenset(("phone", "phones", "cellphone", "cellphones", "laptop", "laptops"))
_SHAPES = frozenset(("round", "square", "flat", "thin", "thick", "soft", "hot", "cold"))
# What is everywhere where it is at all: in the sun, under the sun.
_LIGHTS = frozenset(map(get_stem, ("sun", "sunlight", "sunshine", "sky", "skies", "moonlight", "light")))
# Prepositions that hold both ways.
_EVEN = frozenset(
    ("next to", "near", "by", "beside", "with", "and", "close to", "along with", "alongside", "against")
)


def changes_description(case: Case) -> str | None:
    """A number, a colour or a size is said of another thing than before, or one thing is many."""
    said_before, stems = set(pairwise(case.old.tokens)), set(case.old.stems)
    for chunk in case.new.chunks:
        if chunk.kind != "NP":
            continue
        same = [one for one in case.old.chunks if one.kind == "NP" and share_head(one, chunk)]
        if not same:
            continue
        said = {token for one in same for token in split_words(one.text)}
        # `Two firemen talk`: the grammar may take the verb for the last noun.
        stem = get_stem(get_last(chunk))
        phrases = [split_words(one.text) for one in case.old.chunks if one.kind == "NP"]
        said |= {token for words in phrases if stem in map(get_stem, words) for token in words}
        for token, following in pairwise(split_words(chunk.text)):
            if (token, following) in said_before or f"{token}-" in chunk.low:
                continue  # `a red-roofed barn`
            if token in PAIRS and len(same) > 1:
                continue  # `a nun and another nun`: `two nuns`
            if token in NUMBERS and token not in said and not (token in PAIRS and said & PAIRS):
                return f"{token!r} is not said of {chunk.head!r}"
            same_said = token in LEFT_ALONE or says_same(token, said)
            predicated = _is_predicate(case.old, same, token)
            if token in ADJECTIVES | _SHAPES and not (token in said or same_said or predicated):
                # Said of another thing before, or seen to be untrue.
                if token not in case.old.tokens and token not in SALIENT:
                    continue
                return f"{token!r} is not said of {chunk.head!r}"
        joined = " ".join(case.old.tokens)
        if any(f"{get_last(one)} and" in joined for one in same):
            continue  # `a bush and tree area`
        crowd = re.match(r"(?:an? |the )?(\w+) of ", chunk.low)
        if crowd is not None and crowd.group(1) in case.old.tokens:
            continue  # `a crowd of people` of `a crowd`
        verbs = list_verbs(case.old) | list_verbs(case.new)
        heads = {get_stem(get_last(one)) for one in same}
        if {get_last(one) for one in [chunk, *same]} & verbs or (stem in stems and stem not in heads):
            continue
        plural, looks = {one.is_plural for one in same}, {looks_plural(one.head) for one in same}
        if (len(plural), len(looks)) != (1, 1):
            continue
        if len(same) > 1 and chunk.is_plural:
            continue  # `a nun and another nun`: `nuns`
        counts = chunk.is_animate or bool(chunk.words)
        if counts and chunk.is_plural not in plural and looks_plural(chunk.head) not in looks:
            return f"another number of {chunk.head!r}"
    return None


def _is_predicate(old: Text, phrases: list[Chunk], token: str) -> bool:
    """Whether a word is said of a thing behind a verb: `the kitchen is yellow`."""
    for place, chunk in enumerate(old.chunks):
        words = split_words(chunk.text)
        if token in words and set(words) <= ADJECTIVES | {"very", "all"}:
            nouns = [one for one in old.chunks[:place] if one.kind == "NP"]
            verb = place and old.chunks[place - 1].kind in ("V", "A", "C")
            if verb and any(one in phrases for one in nouns):
                return True
    return False


def changes_relation(case: Case) -> str | None:
    """A thing is at another place than before, or did what was done to it."""
    before = _list_relations(case.old)
    known: dict[str, set[int]] = {}
    for _, link, noun in before:
        known.setdefault(noun, set()).add(_PLACING.get(link, 0))
    for holder, link, noun in _list_relations(case.new):
        kind = 0 if noun in _LIGHTS else _PLACING.get(link, 0)
        if not kind or kind in known.get(noun, {kind}):
            if (noun, link, holder) in before and (holder, link, noun) not in before and link not in _EVEN:
                return f"{noun!r} and {holder!r} are exchanged"
            continue
        under, over = _PLACING["under"], _PLACING["over"]
        if (kind == under and known[noun] - {0}) or (kind == over and known[noun] - {0} == {under}):
            return f"{noun!r} has {link!r} before it, and had not"
        was = {_PLACING.get(one, 0) for who, one, what in before if (who, what) == (holder, noun)} - {0}
        if was - {1, 2} or (was and kind not in _LOOSE):
            return f"{noun!r} has {link!r} before it, and had not"
    for first, verb, second in _list_deeds(case.new):
        if (second, verb, first) in _list_deeds(case.old):
            return f"{first!r} and {second!r} are exchanged"
    return None


def changes_doer(case: Case) -> str | None:
    """A thing did what another one did, which is still there."""
    stems = case.old.stems
    verbs = {get_stem(token.low) for chunk in case.old.chunks if chunk.kind == "V" for token in chunk.tokens}
    for verb, doer in _list_doers(case.new):
        if verb not in verbs - POSTURE_STEMS or doer not in stems:
            continue
        places = [
            at for at, one in enumerate(case.old.chunks) if verb in map(get_stem, split_words(one.text))
        ]
        if any(t.form == "en" for at in places for t in case.old.chunks[at].tokens):
            continue  # `a valley dotted with farms`: `farms dot a valley`
        doers = [case.old.find_governor(at) for at in places]
        had = {get_stem(get_last(one)) for at in places for one in case.old.chunks[at + 1 : at + 2]}
        if places and doer not in had and all(case.is_done_by_object(at) for at in places):
            return f"{verb!r} is what the object did"
        if any(at is not None and case.names_object(case.old.chunks[at]) for at in doers):
            continue
        # `climbs the steps carrying a bag`: who did it stands before.
        told = case.new.stems[: case.new.stems.index(verb)] if verb in case.new.stems else []
        if any(at is not None and get_stem(get_last(case.old.chunks[at])) in told for at in doers):
            continue
        described = (verb, doer) in pairwise(stems)
        joins_in = any(one in ("with", "alongside") for one in _list_links(case.old, doer))
        if doer not in stems[: stems.index(verb)] and not described and not joins_in:
            return f"{verb!r} was not done by {doer!r}"
    return None


def _list_links(text: Text, noun: str) -> list[str]:
    """Return the prepositions that a noun stands behind."""
    return [
        link.low
        for link, chunk in pairwise(text.chunks)
        if link.kind == "P" and chunk.kind == "NP" and get_stem(get_last(chunk)) == noun
    ]


def _list_relations(text: Text) -> list[tuple[str, str, str]]:
    """Return what hangs on which noun by which preposition: (who, preposition, noun)."""
    relations = []
    for place in range(1, len(text.chunks)):
        link, noun = text.chunks[place - 1], text.chunks[place]
        if link.kind == "P" and noun.kind == "NP":
            at = place - 2
            if at >= 0 and text.chunks[at].kind != "NP":
                at = text.find_governor(at) if text.find_governor(at) is not None else -1
            holder = get_stem(get_last(text.chunks[at])) if at >= 0 else ""
            relations.append((holder, link.low, get_stem(get_last(noun))))
    return relations


def _list_doers(text: Text) -> set[tuple[str, str]]:
    """Return which verb belongs to which noun: (verb, noun)."""
    doers = set()
    for place, chunk in enumerate(text.chunks):
        doer = text.find_governor(place) if chunk.kind == "V" else None
        by_whom = [one.low for one in text.chunks[place + 1 : place + 2]] == ["by"]
        passive = any(t.form == "aux" for t in chunk.tokens) or by_whom
        passive = passive and chunk.tokens[-1].form == "en"
        if doer is not None and not passive:
            main = [t.low for t in chunk.tokens if t.kind == "V" and t.low not in AUXILIARIES]
            doers |= {(get_stem(word), get_stem(get_last(text.chunks[doer]))) for word in main[-1:]}
    return doers


def _list_deeds(text: Text) -> set[tuple[str, str, str]]:
    deeds = set()
    for first, verb, second in zip(text.chunks, text.chunks[1:], text.chunks[2:], strict=False):
        if (first.kind, verb.kind, second.kind) == ("NP", "V", "NP"):
            deeds.add((get_stem(get_last(first)), get_stem(verb.head), get_stem(get_last(second))))
    return deeds


def is_glued(case: Case) -> str | None:
    """What hung on the object hangs on something else: a plate that held it holds who held it."""
    for first, link, second in zip(case.new.chunks, case.new.chunks[1:], case.new.chunks[2:], strict=False):
        word = get_last(second)
        if (first.kind, link.kind, second.kind) != ("NP", "P", "NP") or link.low not in ("on", "in", "of"):
            continue
        if word not in CONTAINERS | _HANDY or second.low.endswith("home plate"):
            continue
        places = [
            place
            for place, chunk in enumerate(case.old.chunks)
            if place > 1 and chunk.kind == "NP" and share_head(chunk, second)
        ]
        holders = [case.old.chunks[place - 2] for place in places if case.old.chunks[place - 1].kind == "P"]
        loose = all(case.names_object(holder) or holder.kind == "V" for holder in holders)
        if holders and loose and (first.is_animate or word in _HANDY):
            return f"{word!r} hung on something else"
    return None
