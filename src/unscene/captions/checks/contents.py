"""Checks of a caption: whether things are in it that the old one lacks, or lost that it had."""

import re
from os.path import commonprefix

from unscene.captions.checks.texts import (
    MOTION_STEMS,
    PAIRS,
    POSTURE_STEMS,
    Case,
    Text,
    get_stem,
    split_words,
)
from unscene.captions.checks.words import (
    ABSTRACT,
    ACTIVITIES,
    DENIALS,
    EMPTY,
    FEMALE,
    LEAKS,
    LIGHT_VERBS,
    MALE,
    OPPOSITES,
    PARTS,
    SCENES,
    SMALL,
    SPORTS,
    SYNONYMS,
    VAGUE,
)
from unscene.words.caption_words import (
    ADJECTIVES,
    ADVERBS,
    AUXILIARIES,
    BASES,
    BODY,
    CLOTHES,
    DETERMINERS,
    PLACES,
    PREPOSITIONS,
    PRONOUNS,
    TIMES,
)
from unscene.words.grammar import Chunk
from unscene.words.negation import rewrite_caption

# Verbs whose object is no thing: nothing is left of it when nobody does it.
_DOING = frozenset(
    map(get_stem, ("play", "do", "perform", "deliver", "give", "take", "make", "enjoy", "throw", "keep"))
)
# What goes with people, though it is a word of a list.
_WORN = frozenset(("tie", "cell phone"))
_NO_THINGS = (
    PRONOUNS
    | ABSTRACT
    | BODY
    | CLOTHES
    | ADJECTIVES
    | SPORTS
    | PARTS["person"]
    | PARTS["dog"]
    | frozenset().union(*SYNONYMS[:5])
    | ADVERBS
    | {"far", "teeth", "either", "perfect", "photography", "stock", "horseback"}
)
_CLOTHING = (CLOTHES | PARTS["person"]) - BODY - PARTS["dog"] - {"hair", "beard", "mustache", "smile"}
_PERSONAL = frozenset(("he", "she", "they", "his", "her", "their", "him", "them", "who", "whose"))
_HARMLESS = {"another", "full"} | SMALL | SCENES | EMPTY | VAGUE | PREPOSITIONS | _PERSONAL
_LIGHT_STEMS = frozenset(map(get_stem, LIGHT_VERBS))
_MODALS = AUXILIARIES | {"should", "must", "shall"}
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
        if stem in known or token in renamed | _HARMLESS or stem in POSTURE_STEMS | _LIGHT_STEMS:
            continue
        if token in ("someone", "somebody") and old.words & case.vocabulary.people:
            continue
        if any(token in group and group & set(old.tokens) for group in (PAIRS, *SYNONYMS)):
            continue
        if _is_still_life(new, token):
            continue
        if stem in MOTION_STEMS and new.is_animate and _has_lost_verb(case):
            continue
        if len(token) > 3 and (token in old.joined or _is_derived(token, old.tokens)):
            continue
        return f"{token!r} is new"
    return _contradicts(case)


def _is_still_life(text: Text, token: str) -> bool:
    """Whether a word is the verb of a thing that does not move by itself: what it does is no deed."""
    for place, chunk in enumerate(text.chunks):
        if chunk.kind == "V" and token in split_words(chunk.text):
            doer = text.find_governor(place)
            return doer is not None and not text.chunks[doer].is_animate
    return False


def _is_derived(token: str, tokens: list[str]) -> bool:
    """Whether a word begins as one of the old caption's: `candlelit` of `candles`."""
    shared = max((len(commonprefix((token, other))) for other in tokens), default=0)
    return shared >= 5 and shared >= 0.6 * len(token)


def _contradicts(case: Case) -> str | None:
    """A word that is the opposite of one of the old caption, or somebody of the other sex."""
    new, old = set(case.new.tokens), set(case.old.tokens)
    for pair in (*OPPOSITES, *(pair[::-1] for pair in OPPOSITES)):
        if pair[0] in old - new and pair[1] in new - old:
            return f"{pair[1]!r} was {pair[0]!r}"
    for own, other in ((MALE, FEMALE), (FEMALE, MALE)):
        if new & own and not old & own and old & other:
            return f"{min(new & own)!r} is new"
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
    own = rewrite_caption(case.old.text, case.category, case.vocabulary)
    kept = set(map(get_stem, split_words(own.text))) if own is not None and own.way == "grammar" else None
    if kept is not None and set(case.new.tokens) <= SMALL | SCENES:
        return "all that is left is lost"
    # Where the lexicon does not see the object, one lost thing is it.
    spare = not any(map(case.names_object, case.old.chunks))
    for place, chunk in enumerate(case.old.chunks):
        if chunk.kind != "NP" or case.names_object(chunk):
            continue
        named = chunk.words - {case.category}
        unnamed = named <= case.vocabulary.people and {"someone", "somebody"} & set(case.new.tokens)
        if named and (named & renamed or unnamed):
            continue
        head = _find_head(case.old.chunks, place)
        things = _list_things(chunk, case)
        if head in case.old.aside:
            continue
        if not head or chunk.low in DETERMINERS or (not named and head not in things):
            continue
        # `Tom waves at`: the last word may be a verb that nobody knows.
        following = case.old.chunks[place + 1 : place + 2]
        is_verb = head.endswith("s") and len(things) > 1 and bool(following) and following[0].kind == "P"
        things = things if is_verb and not named else [head]
        if any(
            get_stem(t) in new_stems or t in case.new.joined or _is_derived(t, case.new.tokens)
            for t in things
        ):
            continue
        if _goes_along(case, place, bool(named)):
            continue
        if spare and not named:
            spare = False
            continue
        if named or kept is None or get_stem(head) in kept or _is_place(case.old.chunks, place):
            return f"{head!r} is lost"
    return None


def _list_things(chunk: Chunk, case: Case) -> list[str]:
    """Return the nouns of a phrase that are things of their own."""
    gone = _NO_THINGS | PARTS.get(case.category, frozenset()) | ACTIVITIES.get(case.category, frozenset())
    if case.category not in case.vocabulary.animate:
        gone = gone - _CLOTHING
    words = split_words(chunk.text)
    return [word for word in words if word not in gone | DETERMINERS | SMALL]


def _find_head(chunks: list[Chunk], place: int) -> str:
    """Return the noun of a phrase; empty where a verb stands, which the grammar took for one."""
    words, before = split_words(chunks[place].text), chunks[place - 1] if place else None
    if not words:
        return ""
    while words and words[-1] in _MODALS:
        words.pop()
    if not words:
        return ""
    named = [token for token in chunks[place].tokens if token.word]
    if named:
        return split_words(named[-1].text)[-1]
    if words[-1].endswith(("ed", "en")) and words[0] not in DETERMINERS:
        return ""  # a participle
    acts = get_stem(words[-1]) in _BASE_STEMS and not chunks[place].tokens[-1].word
    if acts and before is not None and before.kind == "V" and set(split_words(before.text)) <= AUXILIARIES:
        return ""
    after = chunks[place + 1] if place + 1 < len(chunks) else None
    touches = after is not None and after.kind in ("NP", "P") and words[-1].endswith("s")
    alone = after is not None and (after.kind == "NP" or (place > 0 and chunks[place - 1].kind == "X"))
    if touches and alone and len(words) == 1:
        return ""
    if (acts or touches) and len(words) > 1 and words[-2] not in DETERMINERS | ADJECTIVES | SMALL:
        return words[-2]
    return words[-1]


def _goes_along(case: Case, place: int, is_named: bool) -> bool:
    """Whether a noun phrase of the old caption may go with the object: it is worn, it is its whole or
    its content, or a clause tells it of the object alone.
    """
    chunks = case.old.chunks
    after = chunks[place + 1] if place + 1 < len(chunks) else None
    start = place  # of the list that it ends
    while start > 1 and chunks[start - 1].low in ("and", ",") and chunks[start - 2].kind == "NP":
        if chunks[start].tokens[0].kind == "D":
            break
        start -= 2
    verb_chunk = chunks[start - 1] if start else None
    if verb_chunk is not None and verb_chunk.kind == "V":
        verb, doer = get_stem(verb_chunk.head), case.old.find_governor(start - 1)
        is_mine = doer is not None and case.names_object(chunks[doer])
        if is_mine and (verb == "wear" or verb in _DOING):
            return True
        if is_mine and not is_named and case.category not in case.vocabulary.animate:
            return True
    if _owns(case, chunks[place]):
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
        chunks[opener - 1]
        if chunks[opener].low in ("that", "which", "who", "whose", "where")
        else chunks[opener + 1]
    )
    return case.names_object(subject) or (case.is_person and subject.low in PRONOUNS)


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
