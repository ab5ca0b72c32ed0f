"""Checks of a caption: whether things are in it that the old one lacks."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import pairwise
from os.path import commonprefix

from unscene.captions.checks.deed_words import EVENTS
from unscene.captions.checks.frame_words import MOMENTS, SCENES
from unscene.captions.checks.new_words import (
    DENIALS,
    EMPTY,
    FEMALE,
    LEAKS,
    LEFT_ALONE,
    LIGHT_NOUNS,
    MALE,
    MEASURES,
    OPPOSITES,
    ORDINALS,
    SALIENT,
    SMALL,
    USUAL_PLACES,
    VAGUE,
)
from unscene.captions.checks.synonyms import follows_from, says_same
from unscene.captions.checks.texts import (
    MOTION_STEMS,
    PAIRS,
    POSTURE_STEMS,
    Case,
    Text,
    get_last,
    get_stem,
    split_words,
)
from unscene.captions.checks.verbs import may_be_new
from unscene.rewriting.negation import rewrite_caption
from unscene.rewriting.parsing.chunks import Chunk
from unscene.words.caption_words import (
    ADVERBS,
    AUXILIARIES,
    BODY,
    CLAUSES,
    DETERMINERS,
    NUMBERS,
    PREPOSITIONS,
)

_PERSONAL = frozenset(("he", "she", "they", "his", "her", "their", "him", "them", "who", "whose"))
_HARMLESS = (
    {"another", "full", "further", "farther", "far", "done"}
    | ADVERBS
    | CLAUSES
    | SMALL
    | SCENES
    | EMPTY
    | VAGUE
    | PREPOSITIONS
    | _PERSONAL
)


def invents(case: Case) -> str | None:
    """A word that the old caption does not have, nor another name of what it names."""
    old, new = case.old, case.new
    if (more := _find_more(case)) and not _mends(case, more):
        return f"{more!r} is one more"
    known, told = set(old.stems), list_told(case)
    own = rewrite_caption(old.text, case.category, case.vocabulary)
    if own is not None and own.tells_scene:
        known |= set(map(get_stem, split_words(own.text)))  # `venue` of `she leaves a race`
    others = list_others(case)
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
        harmless = token in _HARMLESS or token.removesuffix("s") in SCENES
        if stem in known or token in renamed or harmless or stem in POSTURE_STEMS:
            continue
        if token in ("someone", "somebody") and old.words & case.vocabulary.people:
            continue
        if (token in PAIRS and PAIRS & set(told)) or says_same(token, told) or follows_from(token, told):
            continue
        if not others and token in USUAL_PLACES.get(case.category, frozenset()):
            continue
        if (token in BODY or token in ("fur", "coat", "mane")) and new.is_animate:
            continue
        if _measures(new, token, known):
            continue
        if token in ORDINALS or any(sign.isdigit() for sign in token):
            return f"{token!r} is new"
        if token in EVENTS and case.is_person:
            continue
        if token in NUMBERS or is_compared(token, old.tokens):
            continue  # what is counted is looked at where descriptions are
        if token == "other" and "other side" in new.text.lower():
            continue
        if _describes_scene(new, token):
            continue
        if token in LEFT_ALONE or _only_describes(case, token, told):
            continue
        if _is_still_life(new, token):
            continue
        if may_be_new(case, token) or _is_built(case, token):
            continue
        if stem in MOTION_STEMS and new.is_animate and _has_lost_verb(case):
            continue
        if is_spelt_alike(token, told) or _mends(case, token):
            continue
        if len(token) > 3 and (token in old.joined or is_derived(token, old.tokens)):
            continue
        return f"{token!r} is new"
    return _contradicts(case)


def list_others(case: Case) -> set[str]:
    """Return the words that tell of more than the object and when it was, as far as we can rewrite it."""
    own = rewrite_caption(case.old.text, case.category, case.vocabulary)
    words = set(split_words(own.text)) if own is not None and own.tells_scene else set()
    return words - SMALL - SCENES - MOMENTS - {"today"}


def list_told(case: Case) -> list[str]:
    """Return the words of the old caption but those that name the object."""
    tokens = list(case.old.tokens)
    for words in (words for word, words in case.old.surfaces if word == case.category):
        for place in range(len(tokens)):
            if tokens[place : place + len(words)] == words:
                del tokens[place : place + len(words)]
                break
    return tokens


def _only_describes(case: Case, token: str, told: list[str]) -> bool:
    """Whether a new word describes a thing that was told, and nothing that one would see to be untrue."""
    if token in SALIENT:
        return False
    known = set(map(get_stem, told))
    for chunk in case.new.chunks:
        words = split_words(chunk.text)
        if token in words and _lost_description(case, chunk):
            return False
        if (
            chunk.kind == "NP"
            and token in words[:-1]
            and not any(token in t.low for t in chunk.tokens if t.word)
        ):
            return get_stem(words[-1]) in known
    return False


def _describes_scene(text: Text, token: str) -> bool:
    """Whether a word describes only the picture or what is behind: `a simple scene`, `a blank backdrop`."""
    nouns = SCENES | {"background", "backdrop"}
    return token in ("backdrop", "simple", "blank", "ordinary", "general") and bool(
        {token, *(two for one, two in pairwise(text.tokens) if one == token)} & nouns
    )


def _lost_description(case: Case, chunk: Chunk) -> bool:
    """Whether another word described a thing before: `a parked tram` of `a speeding tram`."""
    noun = get_last(chunk)
    same = [one for one in case.old.chunks if one.kind == "NP" and get_stem(get_last(one)) == get_stem(noun)]
    said = {word for one in same if not case.names_object(one) for word in split_words(one.text)[:-1]}
    said |= {word for word, following in pairwise(case.old.tokens) if following == noun}
    said -= DETERMINERS | NUMBERS | SMALL | PREPOSITIONS
    return any(get_stem(word) not in case.new.stems for word in said)


def _measures(text: Text, token: str, known: set[str]) -> bool:
    """Whether a word says how much there is of a thing that was told: `a sheet of foil`."""
    if token not in MEASURES:
        return False
    for first, second, third in zip(text.tokens, text.tokens[1:], [*text.stems[2:], ""], strict=False):
        if first == token and second == "of":
            return third in known or third in map(get_stem, SMALL)
    return False


def _find_more(case: Case) -> str | None:
    """Return a word of somebody new: more single people than the old caption names."""
    new, old = (
        [one for one in text.chunks if one.is_human and one.kind == "NP"] for text in (case.new, case.old)
    )
    if len(new) <= len(old):
        return None
    many = any(one.is_plural for one in old)
    known = case.old.heads | (set(map(get_stem, MALE | FEMALE)) if many else set())
    lasts = [get_last(one) for one in new if not one.is_plural]
    return next((word for word in lasts if get_stem(word) not in known | set(case.old.stems)), None)


def _is_still_life(text: Text, token: str) -> bool:
    """Whether a word is the verb of a thing that does not move by itself: what it does is no deed."""
    for place, chunk in enumerate(text.chunks):
        if chunk.kind == "V" and token in split_words(chunk.text):
            doer = text.find_governor(place)
            return doer is not None and not text.chunks[doer].is_animate
    return False


def _is_built(case: Case, token: str) -> bool:
    """Whether a word says with another ending, or a general noun, what the old caption says:
    `shirtless` of `no shirt`, `the sun sets` of `sunset`.
    """
    old = case.old
    if token.endswith("less") and get_stem(token.removesuffix("less")) in old.stems:
        return bool({"no", "without"} & set(old.tokens))
    if any(word.startswith(token) and get_stem(word[len(token) :]) in case.new.stems for word in old.tokens):
        return True  # `the sun sets` of `sunset`
    if token.startswith("mid") and token.removeprefix("mid") in old.tokens:
        return True
    ends = [token[len(word) :] for word in old.stems if token.startswith(word)]
    if any(get_stem(end) in old.stems or (len(end) > 4 and is_derived(end, old.tokens)) for end in ends):
        return True  # `at sunset` of `the setting sun`, `bookshelves` of `shelving with books`
    for before, word in pairwise(case.new.tokens):
        if word == token and before in ("a", "the") and token in LIGHT_NOUNS:
            return True
    return len(token) > 5 and any(get_stem(token) in word for word in old.tokens)


def is_spelt_alike(token: str, tokens: list[str]) -> bool:
    """Whether a word is one of the old caption's with a letter or two put right: `mantel`, `mantle`; of a
    short one, two letters exchanged: `table`, `talbe`.
    """
    if len(token) > 4 and any(_is_shuffled(token, other) for other in tokens):
        return True
    if len(token) < 6:
        return False
    long = [other for other in tokens if len(other) > 5]
    sounds = _sound(token)
    return bool(get_close_matches(token, long, 1, 0.83)) or any(
        len(sounds) > 4 and token[0] == other[0] and _sound(other) == sounds for other in long
    )


def _is_shuffled(first: str, second: str) -> bool:
    ends = (first[0], first[-1]) == (second[0], second[-1])
    return first != second and ends and sorted(first) == sorted(second)


def _sound(word: str) -> str:
    """Return the consonants of a word, none of them doubled: what misspelling seldom changes."""
    return re.sub(r"(.)\1+", r"\1", re.sub(r"[aeiouy]", "", word))


def _mends(case: Case, token: str) -> bool:
    """Whether a short word is one that the old caption misspells and the new one lacks: `art` for `cart`."""
    gone = set(list_told(case)) - set(case.new.tokens)
    if has_lost_letter(token, gone):
        return True
    before = {one for one, two in pairwise(["", *case.new.tokens]) if two == token}
    alike = [word for word in gone if 2 < len(word) == len(token) < 5 and _differ_once(word, token)]
    return any((one, word) in set(pairwise(case.old.tokens)) for one in before for word in alike)


def _differ_once(first: str, second: str) -> bool:
    return sum(one != two for one, two in zip(first, second, strict=True)) == 1


def is_compared(token: str, told: Iterable[str]) -> bool:
    """Whether a word compares with something that may be gone: `an older barn`, `an old barn`."""
    return not {f"{token}er", f"{token}r"}.isdisjoint(told)


def has_lost_letter(token: str, gone: set[str]) -> bool:
    """Whether a short word is another one with one letter more or less."""
    return len(token) > 2 and any(
        len(word) > 2
        and abs(len(word) - len(token)) == 1
        and _lacks_one_letter(*sorted((word, token), key=len))
        for word in gone
    )


def _lacks_one_letter(short: str, long: str) -> bool:
    return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


def is_derived(token: str, tokens: list[str]) -> bool:
    """Whether a word begins as one of the old caption's: `candlelit` of `candles`."""
    shared = max((len(commonprefix((token, other))) for other in tokens), default=0)
    people = shared >= 4 and token.endswith(("ian", "ish", "ese", "ean"))  # `Norwegian` of `Norway`
    return people or (shared >= 5 and shared >= 0.6 * len(token))


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
