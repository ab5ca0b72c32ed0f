"""Checks of a caption: whether things are in it that the old one lacks, or lost that it had."""

from unscene.captions.checks.texts import PAIRS, POSTURE_STEMS, Case, get_last, get_stem, split_words
from unscene.captions.checks.words import ABSTRACT, DENIALS, EMPTY, LEAKS, SCENES, SMALL, SPORTS
from unscene.words.caption_words import ADJECTIVES, BASES, BODY, CLOTHES, DETERMINERS, PLACES, PRONOUNS, TIMES
from unscene.words.grammar import Chunk
from unscene.words.negation import remove_object

# Verbs whose object is no thing: nothing is left of it when nobody does it.
_DOING = frozenset(
    map(get_stem, ("play", "do", "perform", "deliver", "give", "take", "make", "enjoy", "throw"))
)
# What goes with people, though it is a word of a list.
_WORN = frozenset(("tie", "cell phone"))
_NO_THINGS = PRONOUNS | ABSTRACT | BODY | CLOTHES | ADJECTIVES | BASES | SPORTS


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
        if len(token) > 3 and token in old.joined:
            continue
        return f"{token!r} is new"
    return None


def loses(case: Case) -> str | None:
    """Another thing, or the place, that the old caption names is lost."""
    new_stems, new_words = set(case.new.stems), case.new.words
    own = remove_object(case.old.text, case.category, case.vocabulary)
    kept = set(map(get_stem, split_words(own))) if own else None
    for place, chunk in enumerate(case.old.chunks):
        if chunk.kind != "NP" or case.names_object(chunk):
            continue
        head = get_last(chunk)
        if not head or head in _NO_THINGS or chunk.low in DETERMINERS:
            continue
        if get_stem(head) in new_stems or head in case.new.joined or chunk.words & new_words:
            continue
        named = chunk.words - {case.category}
        if _goes_along(case, place, bool(named)):
            continue
        if named or kept is None or get_stem(head) in kept or _is_place(case.old.chunks, place):
            return f"{head!r} is lost"
    return None


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
