"""Checks of a caption: whether what is left is told as it was: how many, how, where, by whom."""

import re
from itertools import pairwise

from unscene.captions.checks.frame_words import SCENES, WHEN
from unscene.captions.checks.invented import has_lost_letter, is_compared
from unscene.captions.checks.leftover_words import LIVING
from unscene.captions.checks.new_words import LEFT_ALONE, SALIENT
from unscene.captions.checks.synonyms import says_same
from unscene.captions.checks.texts import PAIRS, Case, Text, get_last, get_stem, share_head, split_words
from unscene.captions.checks.verbs import list_verbs
from unscene.rewriting.parsing.chunks import Chunk
from unscene.rewriting.tagging.verb_forms import looks_plural
from unscene.words.caption_words import ADJECTIVES, NUMBERS

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
            ("outside", "outside of"),
        ),
        1,
    )
    for link in links
}
_LOOSE = frozenset((1, 2, 4))  # in, on, over: how a thing on another is told as one likes
# What is everywhere where it is at all: in the sun, under the sun; on a screen, in front of it.
_LIGHTS = frozenset(
    map(
        get_stem,
        ("sun", "sunlight", "sunshine", "sky", "skies", "moonlight", "light", "tv", "television", "screen"),
    )
)
_PICTURES = frozenset(("photography", "photographs", "portrait", "portraits", "photos", "pictures", "images"))
# Prepositions that hold both ways.
_EVEN = frozenset(
    (
        "in front of",
        "next to",
        "near",
        "by",
        "beside",
        "with",
        "and",
        "close to",
        "along with",
        "alongside",
        "against",
    )
)


def changes_description(case: Case) -> str | None:
    """A number, a colour or a size is said of another thing than before, or one thing is many."""
    said_before, stems = set(pairwise(case.old.tokens)), set(case.old.stems)
    behind = {(get_stem(one), two) for one, two in said_before}  # `a road closed by a guard`
    for chunk in case.new.chunks:
        if chunk.kind != "NP":
            continue
        same = [one for one in case.old.chunks if one.kind == "NP" and share_head(one, chunk)]
        # `a dish fresh from the oven`: an adjective may stand last.
        stem = get_stem(get_last(chunk))
        same = same or [one for one in case.old.chunks if stem in map(get_stem, split_words(one.text))]
        if not same:
            continue
        said = {token for one in same for token in split_words(one.text)}
        # `Two firemen talk`: the grammar may take the verb for the last noun.
        phrases = [split_words(one.text) for one in case.old.chunks if one.kind == "NP"]
        said |= {token for words in phrases if stem in map(get_stem, words) for token in words}
        exact = [one for one in same if get_stem(get_last(one)) == stem] or same
        for token, following in pairwise(split_words(chunk.text)):
            if (token, following) in said_before or f"{token}-" in chunk.low:
                continue  # `a red-roofed barn`
            if token in PAIRS and len(exact) > 1:
                continue  # `a nun and another nun`: `two nuns`
            if token in NUMBERS and (token in _list_owned(case) or token == _add_up(exact)):
                continue
            if token in NUMBERS and token not in said and not (token in PAIRS and said & PAIRS):
                return f"{token!r} is not said of {chunk.head!r}"
            same_said = token in LEFT_ALONE or says_same(token, said)
            predicated = _is_predicate(case.old, same, token) or (stem, token) in behind
            # `a black and white portrait`: whatever names the picture is so
            if get_last(chunk) in SCENES | _PICTURES and case.old.count(["black", "and", "white"]):
                continue
            if is_compared(token, said) or has_lost_letter(
                token, set(case.old.tokens) - set(case.new.tokens)
            ):
                continue
            if token in ADJECTIVES and not (token in said or same_said or predicated):
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
        if PAIRS & set(split_words(chunk.text)) and any(PAIRS & set(split_words(one.text)) for one in same):
            continue  # `two people` of `a couple`
        if len(same) > 1 and chunk.is_plural:
            continue  # `a nun and another nun`: `nuns`
        if case.old.tokens.count("each") > case.old.count(["each", "other"]) and chunk.is_plural:
            continue  # of each of several people there was one
        if _counts_one(same, get_last(chunk)) and (_list_counts(case.new, chunk) & _MANY) - said:
            return f"another number of {chunk.head!r}"
        counts = chunk.is_animate or bool(chunk.words)
        counts = counts or bool({"one", "single", "both"} & set(split_words(chunk.text)))
        if counts and chunk.is_plural not in plural and looks_plural(chunk.head) not in looks:
            return f"another number of {chunk.head!r}"
    return None


_MANY = frozenset(("several", "many", "multiple", "numerous", "pair", "couple", "few")) | NUMBERS


def _counts_one(phrases: list[Chunk], noun: str) -> bool:
    """Whether each phrase tells of one thing: `a stack of hay`, and no `group of boats`; or `card` where
    the noun is `cards`.
    """
    return all(
        not one.is_plural
        and (
            one.tokens[0].low in ("a", "an", "one")
            or (one.tokens[0].kind != "D" and noun == f"{get_last(one)}s")
        )
        for one in phrases
    )


def _list_counts(text: Text, chunk: Chunk) -> set[str]:
    """Return the words of a phrase, and of one before it that says how many: `a pair of boots`."""
    noun = re.escape(get_last(chunk))
    before = re.findall(rf"(pair|couple) of (?:\w+ )?{noun}", text.text.lower())
    return {*split_words(chunk.text), *before}


def _list_owned(case: Case) -> set[str]:
    """Return the numbers of who is gone: each of three people had a phone."""
    if case.category not in LIVING:
        return set()
    return {
        word for one in case.old.chunks if case.names_object(one) for word in split_words(one.text)
    } & NUMBERS


def _add_up(phrases: list[Chunk]) -> str:
    """Return how many a row tells of: `three men and a woman`."""
    counts = [_COUNTS.get(split_words(one.text)[0], 0) for one in phrases if split_words(one.text)]
    return _SUMS.get(sum(counts), "") if len(counts) > 1 and all(counts) else ""


_SUMS = dict(enumerate(("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), 2))
_COUNTS = {"a": 1, "an": 1, "one": 1, **{word: number for number, word in _SUMS.items()}}


def _is_predicate(old: Text, phrases: list[Chunk], token: str) -> bool:
    """Whether a word is said of a thing behind a verb: `the kitchen is yellow`."""
    for place, chunk in enumerate(old.chunks):
        words = split_words(chunk.text)
        if token in words and set(words) <= ADJECTIVES | {"very", "all"}:
            nouns = [one for one in old.chunks[:place] if one.kind == "NP"]
            verb = place and old.chunks[place - 1].kind in ("V", "A", "C")
            if (verb or words[0] == "all") and any(one in phrases for one in nouns):
                return True
    return False


def changes_relation(case: Case) -> str | None:
    """A thing is at another place than before, or did what was done to it."""
    before = set(_list_relations(case.old))
    known: dict[str, set[int]] = {}
    for _, link, noun in before:
        known.setdefault(noun, set()).add(_PLACING.get(link, 0))
    when = {noun: {link for _, link, one in before if one == noun} & WHEN for _, _, noun in before}
    for holder, link, noun in _list_relations(case.new):
        if link in WHEN and when.get(noun) and link not in when[noun]:
            return f"{noun!r} has {link!r} before it, and had not"
        kind = 0 if noun in _LIGHTS else _PLACING.get(link, 0)
        if not kind or kind in known.get(noun, {kind}):
            if (
                (noun, link, holder) in before - _list_unsure(case.old)
                and (holder, link, noun) not in before
                and link not in _EVEN
            ):
                return f"{noun!r} and {holder!r} are exchanged"
            continue
        under, over = _PLACING["under"], _PLACING["over"]
        turned = (over, {under}), (_PLACING["outside"], {_PLACING["in"]})
        if (kind == under and known[noun] - {0}) or (kind, known[noun] - {0}) in turned:
            return f"{noun!r} has {link!r} before it, and had not"
        was = {_PLACING.get(one, 0) for who, one, what in before if (who, what) == (holder, noun)} - {0}
        if was - {1, 2} or (was and kind not in _LOOSE):
            return f"{noun!r} has {link!r} before it, and had not"
    for first, verb, second in _list_deeds(case.new):
        if (second, verb, first) in _list_deeds(case.old):
            return f"{first!r} and {second!r} are exchanged"
    return None


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


def _list_unsure(text: Text) -> set[tuple[str, str, str]]:
    """Return the relations of a noun that hangs on a preposition itself: `in a park in a pram`."""
    hanging = {
        get_stem(get_last(chunk))
        for link, chunk in pairwise(text.chunks)
        if (link.kind, chunk.kind) == ("P", "NP")
    }
    return {relation for relation in _list_relations(text) if relation[0] in hanging}


def _list_deeds(text: Text) -> set[tuple[str, str, str]]:
    deeds = set()
    for first, verb, second in zip(text.chunks, text.chunks[1:], text.chunks[2:], strict=False):
        if (first.kind, verb.kind, second.kind) == ("NP", "V", "NP"):
            deeds.add((get_stem(get_last(first)), get_stem(verb.head), get_stem(get_last(second))))
    return deeds
