"""Checks of a caption: what of the old one may go with the object that is gone."""

import re

from unscene.captions.checks.frame_words import WHEN
from unscene.captions.checks.leftover_words import EVERY_PART, LIVING
from unscene.captions.checks.synonyms import names_kind_of
from unscene.captions.checks.texts import Case, get_last, get_stem, split_words
from unscene.rewriting.parsing.chunks import Chunk
from unscene.rewriting.scene_lists import GROUNDS, LARGE, LARGE_WORDS, SCENERY, SCREENS, SCULPTURES
from unscene.words.caption_words import PRONOUNS

# Verbs whose object is no thing: nothing is left of it when nobody does it.
_DOING = frozenset(
    map(get_stem, ("play", "do", "perform", "deliver", "give", "take", "make", "enjoy", "throw", "keep"))
)
# What people stand or sit on, so that it may go with them: nobody knows from the caption alone. What
# they hold is found by `find_held`.
_BOARDS = frozenset(("skis", "snowboard", "skateboard", "surfboard", "bicycle", "motorcycle"))
# Verbs whose object is the doer's alone.
_OWNING = frozenset(map(get_stem, ("wear", "have", "ride", "eat", "hold", "carry", "use")))
# What an animal does to a thing that nothing else holds.
_TAKING = frozenset(map(get_stem, ("eat", "chew", "catch", "bite", "nibble", "munch", "drink", "lick")))
CONTENT_STEMS = frozenset(
    map(
        get_stem,
        (
            "full",
            "fill",
            "cover",
            "top",
            "decorate",
            "load",
            "paint",
            "stuff",
            "pack",
            "wrap",
            "dress",
            "comprise",
            "compose",
        ),
    )
)
_MADE = frozenset(map(get_stem, ("made", "built", "fashion", "construct", "compose", "comprise", "form")))
_DEPICTING = SCULPTURES | {"drawing", "painting", "picture", "photo", "toy", "balloon"}


def goes_along(case: Case, place: int, is_named: bool) -> bool:
    """Whether a noun phrase of the old caption may go with the object: it is worn, it is its whole or
    its content, or a clause tells it of the object alone.
    """
    chunks = case.old.chunks
    after = chunks[place + 1] if place + 1 < len(chunks) else None
    following = chunks[place + 2 : place + 3]
    of_object = after is not None and after.low == "of" and following and case.names_object(following[0])
    if of_object and chunks[place].head not in GROUNDS | LARGE | SCENERY:
        return True  # `the last car of a train`; `the chapel of a nun` stays
    if _is_made_of(case, place):
        return True
    if _carries(case, place) or (not is_named and _belongs(case, place)):
        return True
    start = place  # of the list that it ends
    while start > 1 and chunks[start - 1].low in ("and", ",") and chunks[start - 2].kind == "NP":
        if chunks[start].tokens[0].kind == "D":
            break
        start -= 2
    verb_chunk = chunks[start - 1] if start else None
    # The grammar may take the verb for a noun: `a cat chews`.
    takes = verb_chunk is not None and case.names_object(verb_chunk) and not is_named and not case.is_person
    if takes and get_stem(verb_chunk.head) in _TAKING:
        return True
    if verb_chunk is not None and verb_chunk.kind == "V":
        verb, doer = get_stem(verb_chunk.head), case.old.find_governor(start - 1)
        is_mine = doer is not None and case.names_object(chunks[doer])
        if start > 1 and verb_chunk.tokens[0].form == "ing":  # `next to a hydrant spraying water`
            is_mine = is_mine or case.names_object(chunks[start - 2])
        does = verb in _DOING and not (verb == "play" and _names_instrument(chunks[place]))
        if is_mine and (verb in ("wear", "rid") or does or (verb in _OWNING and not is_named)):
            return True
        if is_mine and not is_named and not case.is_person and verb in _TAKING:
            return True
        if is_mine and not is_named and case.category not in case.vocabulary.animate:
            return True
        if is_mine and not is_named and verb_chunk.low in ("is", "are", "was", "were"):
            return True  # what the object is: `the cat was a beauty`
    if _owns(case, chunks[place]) or _is_carried(case, place) or _depicts(case, place):
        return True
    if case.is_person and _stands_on(case, place):
        return True
    if is_named:
        return False
    if _hangs_on_lost(case, start) or _describes_object(case, place):
        return True
    if chunks[place].head in ("sky", "air") and place > 1 and case.names_object(chunks[place - 2]):
        return True
    if after is not None and after.low == "of" and chunks[place].head in EVERY_PART | {"water", "waters"}:
        return True
    if _has(case, place) or _lies_in_it(case, place):
        return True
    opener = next((at for at in range(place - 1, 0, -1) if _opens_clause(chunks, at)), None)
    if opener is None:
        return False
    subject = (
        chunks[opener - 1] if chunks[opener].low in ("that", "which", "who", "whose") else chunks[opener + 1]
    )
    return case.names_object(subject) or (case.is_person and subject.low in PRONOUNS)


def _opens_clause(chunks: list[Chunk], place: int) -> bool:
    """Whether a clause begins at a place: `while a nun sings`, `after a nun sang`."""
    following = chunks[place + 1 : place + 3]
    clause = [one.kind for one in following] == ["NP", "V"] and following[1].tokens[0].form in ("fin", "aux")
    return chunks[place].kind == "S" or (clause and chunks[place].low in WHEN | {"since", "until"})


def _hangs_on_lost(case: Case, place: int) -> bool:
    """Whether a noun phrase is with one that may go and went, `a nun in a robe with a red hem`, or is what
    the object is shaped like: `a kite in the form of a whale`.
    """
    chunks = case.old.chunks
    if place < 2 or chunks[place - 2].kind != "NP":
        return False
    if chunks[place - 1].low == "of" and chunks[place - 2].head in ("form", "shape"):
        return place > 3 and case.names_object(chunks[place - 4])
    if chunks[place - 1].low != "with":
        return False
    holder = chunks[place - 2]
    went = get_stem(get_last(holder)) not in case.new.stems and not holder.words
    return went and goes_along(case, place - 2, False)


def _describes_object(case: Case, place: int) -> bool:
    """Whether a noun is the first of several words before the object: `a hay eating horse`."""
    following = case.old.chunks[place + 1 : place + 3]
    if len(following) < 2 or following[0].low.split()[1:] or not case.names_object(following[1]):
        return False
    bare = following[1].tokens[0].kind != "D" and not following[1].is_plural
    return following[0].kind == "V" and following[0].tokens[0].form == "ing" and bare


def _names_instrument(chunk: Chunk) -> bool:
    """Whether a noun phrase is a musical instrument, which stays where nobody plays it."""
    return chunk.head.startswith("instrument") or names_kind_of("instrument", [chunk.head])


def _is_made_of(case: Case, place: int) -> bool:
    """Whether the object is said to be made of a thing: `a chair fashioned from bats`."""
    chunks = case.old.chunks
    place = find_row_start(chunks, place)
    at = next((at for at in range(place - 1, -1, -1) if chunks[at].kind not in "VPA"), None)
    words = {get_stem(word) for chunk in chunks[(at or 0) + 1 : place] for word in split_words(chunk.text)}
    return at is not None and case.names_object(chunks[at]) and bool(words & _MADE)


def _is_carried(case: Case, place: int) -> bool:
    """Whether a small thing is said to be with somebody who is gone: `a nun with a red jug`."""
    chunks = case.old.chunks
    if case.category not in LIVING or place < 2:
        return False
    large = chunks[place].head in GROUNDS | LARGE | SCENERY or chunks[place].words & LARGE_WORDS
    small = not (
        large or chunks[place].is_animate or (chunks[place].is_plural and chunks[place - 2].head in GROUNDS)
    )
    at = place - 2  # behind the place where who is gone was
    while at > 1 and chunks[at].kind == "NP" and chunks[at - 1].kind == "P" and chunks[at].head in GROUNDS:
        at -= 2
    if at and chunks[at].kind == "V":
        at -= 1
    return small and chunks[place - 1].low == "with" and case.names_object(chunks[at])


def _depicts(case: Case, place: int) -> bool:
    """Whether a noun is a work that shows the object: `a statue resembling a bear`."""
    chunks = case.old.chunks
    shows = (
        chunks[place].head in _DEPICTING and len(chunks) > place + 2 and case.names_object(chunks[place + 2])
    )
    return shows and chunks[place + 1].low in (
        "resembling",
        "of",
        "like",
        "depicting",
        "showing",
        "that looks like",
    )


def _belongs(case: Case, place: int) -> bool:
    """Whether a noun phrase hangs on the object by words of content, over one or several steps: a
    basket full of sunflowers on a bicycle, a cup of cocoa topped with marshmallows; or is its own part.
    """
    chunks = case.old.chunks
    place = find_row_start(chunks, place)
    mine = case.category not in LIVING
    if mine and chunks[place].tokens[0].low == "its":
        owner = next((one for one in chunks[:place] if one.kind == "NP"), None)
        return owner is not None and case.names_object(owner)
    if place > 1 and chunks[place - 1].kind == "P" and chunks[place - 2].kind == "V":
        doer = case.old.find_governor(place - 2)
        filled = {get_stem(word) for word in split_words(chunks[place - 2].text)} & CONTENT_STEMS
        if filled and doer is not None and case.names_object(chunks[doer]):
            return True
    at = place - 1
    while at >= 0 and (chunks[at].kind != "NP" or case.names_object(chunks[at])):
        if case.names_object(chunks[at]):
            links = chunks[at + 1 : place]
            # `on top of` fills nothing.
            told = [get_stem(w) for c in links if c.kind != "P" for w in split_words(c.text)]
            filled = not CONTENT_STEMS.isdisjoint(told)
            return filled and all(c.kind in "VPA" for c in links)
        if chunks[at].kind not in "VPA":
            return False
        at -= 1
    if at < 0:
        return False
    words = {get_stem(word) for chunk in chunks[at + 1 : place] for word in split_words(chunk.text)}
    words |= {get_stem(word) for word in split_words(chunks[at].text)[-1:]}
    linked = words & (CONTENT_STEMS | {"of", "with"})
    return mine and bool(linked) and not chunks[at].words and (_has(case, at) or _belongs(case, at))


def _stands_on(case: Case, place: int) -> bool:
    """Whether a noun phrase is the board that the removed people are on: `a boy riding a skateboard`,
    `a man with skis`.
    """
    chunks = case.old.chunks
    words = chunks[place].words
    if not words or not words <= _BOARDS:
        return False
    before = find_row_start(chunks, place) - 1
    if before < 1:
        return False
    if chunks[before].low in ("with", "on") and case.names_object(chunks[before - 1]):
        return True
    verb = before - 1 if chunks[before].low == "on" else before
    doer = case.old.find_governor(verb) if chunks[verb].kind == "V" else None
    return doer is not None and case.names_object(chunks[doer])


def find_row_start(chunks: list[Chunk], place: int) -> int:
    """Return the place of the first of the row that a noun phrase ends. An article begins a thing of its
    own behind nouns without one: `a bottle of milk, a basket`.
    """
    while place > 1 and chunks[place - 1].low in ("and", ",") and chunks[place - 2].kind == "NP":
        if chunks[place].tokens[0].kind == "D" and chunks[place - 2].tokens[0].kind != "D":
            break
        place -= 2
    return place


def _carries(case: Case, place: int) -> bool:
    """Whether a noun phrase is shown on the object, or is the wall that it hangs on."""
    after = case.old.chunks[place + 1 : place + 3]
    if case.category in SCREENS and _has(case, place):
        return True
    if len(after) == 2 and after[0].low == "on" and case.names_object(after[1]):
        return case.category in SCREENS | {"stop sign", "book"}
    before = case.old.chunks[max(place - 2, 0) : place]
    on_wall = len(before) == 2 and before[1].low == "on" and case.names_object(before[0])
    return on_wall and case.old.chunks[place].head in ("wall", "walls", "ceiling")


def _owns(case: Case, chunk: Chunk) -> bool:
    """Whether the object is said to be somebody's: `a lady's handbag`."""
    names = [" ".join(words) for word, words in case.old.surfaces if word == case.category]
    owner = re.escape(_find_owner(chunk))
    return any(
        re.search(rf"{owner}\s?['’]s?\s(?:\w+\s){{0,2}}{re.escape(name)}", case.old.text.lower())
        for name in names
    )


def _find_owner(chunk: Chunk) -> str:
    return chunk.head.removesuffix("'s").removesuffix("’s")


def _has(case: Case, place: int) -> bool:
    """Whether a noun phrase, or the list that it ends, hangs on the object: `a mug with a lid and bones`."""
    chunks = case.old.chunks
    if len(chunks) > place + 2 and chunks[place + 2].head in ("background", "distance"):
        return False  # `a kite with trees in the background`
    place = find_row_start(chunks, place)
    return (
        place > 1
        and chunks[place - 1].low in ("of", "with", "as", "like")
        and case.names_object(chunks[place - 2])
    )


def _lies_in_it(case: Case, place: int) -> bool:
    """Whether a noun phrase is the object's content: `a vase on a table with flowers in it`."""
    around = [chunk.low for chunk in case.old.chunks[max(place - 1, 0) : place + 3]]
    first = next((one for one in case.old.chunks if one.kind == "NP"), None)
    mine = first is not None and case.names_object(first)
    return mine and len(around) == 4 and around[0] == "with" and around[2:] == ["in", "it"]
