"""Checks of a caption: signs that it is no sentence."""

from itertools import pairwise

from unscene.captions.checks.texts import (
    MOTION_STEMS,
    POSTURE_STEMS,
    Case,
    get_last,
    get_stem,
    has_plural,
    split_words,
)
from unscene.captions.checks.words import NEVER_LAST, SMALL
from unscene.words.caption_words import (
    ADJECTIVES,
    AUXILIARIES,
    BASES,
    CLAUSES,
    DETERMINERS,
    LINKS,
    NUMBERS,
    PREPOSITIONS,
    QUANTITIES,
)
from unscene.words.grammar import Chunk, looks_plural
from unscene.words.pronouns import find_lost_pronouns

_BASE_STEMS = frozenset(map(get_stem, BASES))
_BOTH = frozenset(("past", "down", "off", "inside", "outside"))
_PARTICLES = frozenset(("out", "up", "down", "over", "around", "along"))
_SIDES = ("above", "below", "behind", "under", "inside", "outside")
_WHENCE = {("from", side) for side in _SIDES} | {(side, "of") for side in _SIDES}
_GOVERNED = {"a", "his", "her", "their", "its", "several", "many"} | NUMBERS - {"one"}
_OPEN = DETERMINERS | ADJECTIVES | PREPOSITIONS - {"past", "by", "through", "inside", "off"} - _PARTICLES
_CLOSING = PREPOSITIONS | LINKS | CLAUSES | AUXILIARIES | {"", "next"}
_COUNTERS = QUANTITIES | {"few", "dozen"}


def is_fragment(case: Case) -> str | None:
    """It begins or ends as no sentence does, a verb lacks its subject, or words touch that cannot."""
    new, old = case.new, case.old
    chunks = new.chunks
    first = chunks[0]
    begins_as_before = old.chunks and old.chunks[0].low == first.low and not case.names_object(old.chunks[0])
    if not begins_as_before:
        following = chunks[1] if len(chunks) > 1 else None
        if first.kind == "V" and not (
            following is not None and following.kind == "NP" and _is_bare(following)
        ):
            return "a verb without a subject"
        if first.kind in ("C", "X") or (first.kind == "S" and not any(c.low == "," for c in chunks)):
            return "it begins in the middle"
        if first.kind == "P" and not any(c.kind in ("V", "C") for c in chunks):
            return "it begins in the middle"
    if pronoun := _find_stand_in(case):
        return f"{pronoun!r} stands for the object"
    if orphan := _find_orphan(case):
        return f"{orphan!r} without a subject"
    begins = new.tokens[0].endswith("ing") and new.stems[0] in old.stems
    if begins and new.tokens[0] not in old.tokens:
        return "a verb without a subject"
    acts = new.tokens[0].endswith("ing") and get_stem(new.tokens[0]) in _BASE_STEMS
    if acts and not begins_as_before and (len(new.tokens) == 1 or new.tokens[1] in PREPOSITIONS):
        return "a verb without a subject"
    both = new.tokens[-1] == "together" or new.tokens[-2:] in (["each", "other"], ["one", "another"])
    if both and not has_plural(new) and "and" not in new.tokens:
        return f"{new.tokens[-1]!r} of one thing"
    stands_by = new.tokens[-1] == "by" and get_stem(new.tokens[-2:][0]) in POSTURE_STEMS | MOTION_STEMS
    if new.tokens[-1] in NEVER_LAST and new.tokens[-1] != old.tokens[-1] and not stands_by:
        return "it ends in the middle"
    last = chunks[-1]
    if (
        last.kind == "NP"
        and last.tokens[0].kind == "D"
        and new.tokens[-1] in ADJECTIVES - set(old.tokens[-1:])
    ):
        return f"{new.tokens[-1]!r} of nothing"
    if not any(chunk.kind == "NP" for chunk in chunks):
        return "it names nothing"
    if len(set(find_lost_pronouns(chunks)) - set(find_lost_pronouns(old.chunks))) > 0:
        return "a pronoun without what it stands for"
    return _touches(case) or _disagrees(case)


def _find_stand_in(case: Case) -> str | None:
    """Return a pronoun that stands where the object stood: `waiting for it`."""
    tokens = case.old.tokens
    new = set(pairwise(case.new.tokens)) - set(pairwise(tokens))
    for words in (words for word, words in case.old.surfaces if word == case.category):
        for place in range(1, len(tokens)):
            at = place
            if tokens[place : place + len(words)] == words:
                while at > 0 and tokens[at - 1] in DETERMINERS | ADJECTIVES:
                    at -= 1
                for pronoun in ("it", "them"):
                    if at and (tokens[at - 1], pronoun) in new:
                        return pronoun
    return None


def _find_orphan(case: Case) -> str | None:
    """Return a verb that stood behind the object, and now behind nothing that could do it."""
    verbs = case.deeds
    known = set(pairwise(["", *case.old.tokens]))
    for before, token in pairwise(["", *case.new.tokens]):
        if token in verbs and before in DETERMINERS | {"", "and"} and (before, token) not in known:
            return token
    return None


def _is_bare(chunk: Chunk) -> bool:
    return chunk.tokens[0].kind != "D"


def _touches(case: Case) -> str | None:
    """Neighbours that cannot be: `the of`, `and is`, two nouns, a word twice; or too many new ones."""
    known = set(pairwise(_plain(case.old.tokens)))
    pairs = [pair for pair in pairwise(_plain(case.new.tokens)) if pair not in known]
    for first, second in pairs:
        if first == second:
            return f"{first!r} twice"
        if first in _GOVERNED and (
            second in AUXILIARIES | LINKS
            or second in (PREPOSITIONS - _BOTH) | DETERMINERS - NUMBERS - {"few", "many", "other"}
        ):
            return f"{first!r} before {second!r}"
    if twice := _find_doubled(case):
        return f"{twice!r} twice"
    if gap := _find_gap(case):
        return f"nothing stands behind {gap!r}"
    text = " ".join(case.old.tokens)
    for place, (one, two) in enumerate(pairwise(case.new.chunks)):
        joint = f"{get_last(one)} {(split_words(two.text) or [''])[0]}"
        if joint in text:
            continue
        if one.kind == "NP" == two.kind and one.low != "there" and not one.head.endswith("ing"):
            return f"two nouns touch: {joint!r}"
        if one.kind == "C" and two.kind == "P" and one.low not in (",", ";", "but"):
            return f"{joint!r} is no English"
        is_particle = one.low in _PARTICLES or (place > 0 and case.new.chunks[place - 1].kind == "V")
        whence = (one.low, two.low) in _WHENCE or (place > 0 and case.new.chunks[place - 1].low == "from")
        if one.kind == "P" and two.kind in ("P", "C", "S", "X") and not is_particle and not whence:
            return f"{joint!r} is no English"
    for before, link, verb in zip(case.new.chunks, case.new.chunks[1:], case.new.chunks[2:], strict=False):
        if before.kind == "NP" and link.kind == "C" and verb.kind == "V" and link.low != ",":
            started = any(c.kind == "V" for c in case.new.chunks[: case.new.chunks.index(before)])
            following = case.new.chunks[case.new.chunks.index(verb) + 1 :][:1]
            adjective = bool(following) and following[0].kind == "NP" and _is_bare(following[0])
            if not started and not adjective and f"{get_last(before)} {link.low}" not in text:
                return "a verb without a subject"
    return None


def _find_doubled(case: Case) -> str | None:
    """Return a word that stands in the new caption more often than in the old one."""
    for token in case.new.tokens:
        if token not in SMALL and case.new.tokens.count(token) > max(case.old.tokens.count(token), 1):
            return token
    return None


def _find_gap(case: Case) -> str | None:
    """Return the word before the object that now stands before what was behind it: `with in the hall`."""
    tokens = [*case.old.tokens, ""]
    known, new = set(pairwise(tokens)), set(pairwise([*case.new.tokens, ""]))
    for words in (words for word, words in case.old.surfaces if word == case.category):
        for place in range(1, len(tokens) - len(words)):
            if tokens[place : place + len(words)] != words:
                continue
            after, at = tokens[place + len(words)], place - 1
            closes = after.endswith("ing") or after in _CLOSING or after in case.deeds
            while at >= 0:
                if tokens[at] in _OPEN and closes and (tokens[at], after) in new - known:
                    return tokens[at]
                acts = tokens[at].endswith(("s", "ing", "ed")) or tokens[at] in BASES
                if at == place - 1 and after in ("and", "or") and acts and (tokens[at], after) in new - known:
                    return tokens[at]
                if tokens[at] not in DETERMINERS | ADJECTIVES:
                    break
                at -= 1
    return None


def _plain(tokens: list[str]) -> list[str]:
    return ["a" if token in ("an", "the") else token for token in tokens]


def _disagrees(case: Case) -> str | None:
    """An article before a plural, or a verb of the other number behind the first noun phrase."""
    for chunk in case.new.chunks:
        first = chunk.tokens[0].low
        if chunk.kind == "NP" and first in ("a", "an") and len(chunk.tokens) > 1:
            head = chunk.head
            said = f"{first} " + " ".join(split_words(chunk.text)[1:]) in " ".join(case.old.tokens)
            counts = bool(set(split_words(chunk.text)) & _COUNTERS)
            plain = set(split_words(chunk.text)[1:-1]) <= ADJECTIVES and not head.endswith(("os", "as"))
            if looks_plural(head) and plain and not chunk.tokens[-1].word and not said and not counts:
                return f"{chunk.low!r} is no English"
    chunks = case.new.chunks
    if len(chunks) > 1 and chunks[0].kind == "NP" and chunks[1].kind == "V":
        verb = chunks[1].tokens[0].low
        single = chunks[0].tokens[0].low in ("a", "an") and not set(split_words(chunks[0].text)) & _COUNTERS
        if (
            single
            and verb in ("are", "were", "have")
            and f"{get_last(chunks[0])} {verb}" not in " ".join(case.old.tokens)
        ):
            return f"{chunks[0].low} {verb}"
        several = chunks[0].tokens[0].low in NUMBERS | {"several", "many", "these", "both"}
        if (
            several
            and verb in ("is", "was", "has")
            and f"{get_last(chunks[0])} {verb}" not in " ".join(case.old.tokens)
        ):
            return f"{chunks[0].low} {verb}"
    return None
