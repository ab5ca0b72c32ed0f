"""Checks of a caption: whether things are in it that the old one lacks, or lost that it had."""

from unscene.captions.checks.texts import MOTION_STEMS, PAIRS, POSTURE_STEMS, Case, get_stem, split_words
from unscene.captions.checks.words import ABSTRACT, DENIALS, EMPTY, LEAKS, PARTS, SCENES, SMALL, SPORTS
from unscene.words.caption_words import (
    ADJECTIVES,
    AUXILIARIES,
    BASES,
    BODY,
    CLOTHES,
    DETERMINERS,
    PLACES,
    PRONOUNS,
    TIMES,
)
from unscene.words.grammar import Chunk
from unscene.words.negation import remove_object

# Verbs whose object is no thing: nothing is left of it when nobody does it.
_DOING = frozenset(
    map(get_stem, ("play", "do", "perform", "deliver", "give", "take", "make", "enjoy", "throw", "keep"))
)
# What goes with people, though it is a word of a list.
_WORN = frozenset(("tie", "cell phone"))
_NO_THINGS = (
    PRONOUNS | ABSTRACT | BODY | CLOTHES | ADJECTIVES | SPORTS | PARTS["person"] | PARTS["dog"] | {"teeth"}
)
_BASE_STEMS = frozenset(map(get_stem, (*BASES, "build")))
_PARTS = frozenset().union(*PARTS.values())


def invents(case: Case) -> str | None:
    """A word that the old caption does not have, nor another name of what it names."""
    old, new = case.old, case.new
    known = set(old.stems)
    kept = old.words - {case.category}
    renamed = {
        token
        for word, words in new.surfaces
        if word in kept
        for token in words
        if token == words[-1] or token in word.split()
    }
    for token, stem in zip(new.tokens, new.stems, strict=True):
        if token in LEAKS and token not in old.tokens:
            return f"{token!r} is of the prompt"
        if token in DENIALS and token not in old.tokens:
            return f"it denies something: {token!r}"
        if stem in known or token in SMALL | SCENES | EMPTY or stem in POSTURE_STEMS or token in renamed:
            continue
        if token in PAIRS and PAIRS & set(old.tokens):
            continue
        if stem in MOTION_STEMS and new.is_animate and _has_lost_verb(case):
            continue
        if len(token) > 3 and token in old.joined:
            continue
        return f"{token!r} is new"
    return None


def _has_lost_verb(case: Case) -> bool:
    """Whether a verb of the old caption is gone, so that another may say how somebody is there."""
    stems = {get_stem(token.low) for chunk in case.old.chunks if chunk.kind == "V" for token in chunk.tokens}
    stems |= set(map(get_stem, case.deeds))
    return bool(stems - set(case.new.stems) - {get_stem(word) for word in AUXILIARIES})


def loses(case: Case) -> str | None:
    """Another thing, or the place, that the old caption names is lost."""
    new_stems = set(case.new.stems)
    # Words that the new caption names otherwise than the old one did.
    renamed = {word for word, words in case.new.surfaces if get_stem(words[-1]) not in case.old.stems}
    own = remove_object(case.old.text, case.category, case.vocabulary)
    kept = set(map(get_stem, split_words(own))) if own else None
    # Where the lexicon does not see the object, one lost thing is it.
    spare = not any(map(case.names_object, case.old.chunks))
    for place, chunk in enumerate(case.old.chunks):
        if chunk.kind != "NP" or case.names_object(chunk):
            continue
        head = _find_head(case.old.chunks, place)
        named = chunk.words - {case.category}
        if not head or (head in _NO_THINGS and not named) or chunk.low in DETERMINERS:
            continue
        if get_stem(head) in new_stems or head in case.new.joined or named & renamed:
            continue
        if _goes_along(case, place, bool(named)):
            continue
        if spare and not named:
            spare = False
            continue
        if named or kept is None or get_stem(head) in kept or _is_place(case.old.chunks, place):
            return f"{head!r} is lost"
    return None


def _find_head(chunks: list[Chunk], place: int) -> str:
    """Return the noun of a phrase; empty where a verb stands, which the grammar took for one."""
    words, before = split_words(chunks[place].text), chunks[place - 1] if place else None
    if not words:
        return ""
    acts = get_stem(words[-1]) in _BASE_STEMS and not chunks[place].tokens[-1].word
    if acts and before is not None and before.kind == "V" and set(split_words(before.text)) <= AUXILIARIES:
        return ""
    after = chunks[place + 1] if place + 1 < len(chunks) else None
    touches = after is not None and after.kind == "NP" and words[-1].endswith("s")
    if (acts or touches) and len(words) > 1 and words[-2] not in DETERMINERS | ADJECTIVES:
        return words[-2]
    return words[-1]


def _goes_along(case: Case, place: int, is_named: bool) -> bool:
    """Whether a noun phrase of the old caption may go with the object: it is worn, it is its whole or
    its content, or a clause tells it of the object alone.
    """
    chunks = case.old.chunks
    before = chunks[place - 1] if place else None
    after = chunks[place + 1] if place + 1 < len(chunks) else None
    if before is not None and before.kind == "V":
        verb, doer = get_stem(before.head), case.old.find_governor(place - 1)
        is_mine = doer is not None and case.names_object(chunks[doer])
        if verb == "wear" or (is_mine and verb in _DOING):
            return True
        if is_mine and not is_named and case.category not in case.vocabulary.animate:
            return True
    if case.is_person and chunks[place].words & _WORN:
        return True
    if is_named:
        return False
    if (
        after is not None
        and after.low == "of"
        and place + 2 < len(chunks)
        and case.names_object(chunks[place + 2])
    ):
        return True
    if after is not None and after.low == "of" and chunks[place].head in _PARTS:
        return True
    if _has(case, place):
        return True
    opener = next((at for at in range(place - 1, 0, -1) if chunks[at].kind == "S"), None)
    if opener is None:
        return False
    subject = (
        chunks[opener - 1] if chunks[opener].low in ("that", "which", "who", "whose") else chunks[opener + 1]
    )
    return case.names_object(subject) or (case.is_person and subject.low in PRONOUNS)


def _has(case: Case, place: int) -> bool:
    """Whether a noun phrase, or the list that it ends, hangs on the object: `a mug with a lid and bones`."""
    chunks = case.old.chunks
    while place > 1 and chunks[place - 1].low in ("and", ",") and chunks[place - 2].kind == "NP":
        place -= 2
    return (
        place > 1
        and chunks[place - 1].low in ("of", "with", "as", "like")
        and case.names_object(chunks[place - 2])
    )


def _is_place(chunks: list[Chunk], place: int) -> bool:
    return (
        place > 0
        and chunks[place - 1].kind == "P"
        and chunks[place - 1].low in PLACES - {"with", "during"}
        and chunks[place].head not in TIMES
    )
