"""Reads a caption into words with their kinds: determiners, nouns, verbs, prepositions. Closed word
lists and what stands next to a word; no model, no guess by learning.

It knows what captions are made of ("A man holding a red kite on the beach while a dog runs by"),
not English at large. A word that it does not know is taken for a noun or an adjective.
"""

from dataclasses import replace

from unscene.rewriting.scene_lists import SPLIT_PLACES
from unscene.rewriting.tagging.spots import Spot
from unscene.rewriting.tagging.tagging import find_kind
from unscene.rewriting.tagging.tokens import Token, join_owners, split_tokens
from unscene.rewriting.tagging.verb_forms import ING
from unscene.rewriting.tagging.word_ends import MARKS, ends_phrase
from unscene.words.caption_words import (
    DETERMINERS,
    LONG_PREPOSITIONS,
    PREPOSITIONS,
)
from unscene.words.verb_lists import NOUNY, VERBS
from unscene.words.vocabulary import Vocabulary

_LONG: dict[str, list[tuple[str, ...]]] = {}
_SIDES = tuple(("on", "the", which, "side", "of") for which in ("other", "far", "opposite"))
_MORE = (("such", "as"), ("from", "inside"), ("from", "above"), ("far", "behind"))
for _phrase in (*LONG_PREPOSITIONS, *_MORE, *_SIDES):
    _LONG.setdefault(_phrase[0], []).append(_phrase)


# How things stand to each other: `back to back`.
_FACING = frozenset({"back", "face", "nose", "head", "end", "side"})
# What stands before a side that is named: no preposition begins behind it.
_FIRST_OF_SIDE = frozenset({"other", "opposite", "far", "same"})


def read_tokens(caption: str, vocabulary: Vocabulary) -> list[Token]:
    """Return a caption's tokens with their kinds, the final full stop left out."""
    return _tag(split_tokens(join_owners(caption.strip().rstrip(" .!")), vocabulary))


def _tag(tokens: list[Token]) -> list[Token]:
    """Give every token its kind, and join prepositions of several words."""
    tagged: list[Token] = []
    place = 0
    nothing = Token("", "X")
    while place < len(tokens):
        token = tokens[place]
        before = tagged[-1] if tagged else nothing
        after = tokens[place + 1] if place + 1 < len(tokens) else nothing
        long = _find_long(tokens, place)
        if long and (before.kind == "D" or before.low in _FIRST_OF_SIDE):
            long = None  # "the inside of a refrigerator", "the other side of a bus"
        rest = tokens[place + len(long) :] if long else []
        if long and long[0] == "from" and (not rest or ends_phrase(rest[0]) or rest[0].low in ING):
            long = None
        beside = long is not None and long[0] in ("next", "close")  # "next to open crates"
        if long and long[-1] == "to" and rest and not beside and _is_infinitive(rest):  # "reaching up to eat"
            long = None
        named = before.kind == "D" or not (ends_phrase(after) or after.low in PREPOSITIONS)
        if token.text == "US" and named:
            token.kind = "W"  # no pronoun
        if token.kind:
            tagged.append(token)
        elif token.low == "close" and after.low == "up" or token.low == "close-up":
            joined = token.low == "close-up"
            tagged.append(Token(token.text if joined else f"{token.text} {after.text}", "W"))
            place += not joined
        elif token.low == "upside-down" or (token.low == "upside" and after.low == "down"):
            joined = token.low == "upside-down"
            behind = place + 2 - joined
            adverb = before.kind == "V" or behind >= len(tokens) or ends_phrase(tokens[behind])
            tagged.append(
                Token(token.text if joined else f"{token.text} {after.text}", "A" if adverb else "W")
            )
            place += not joined
        elif f"{token.low} {after.low}" in SPLIT_PLACES or (
            token.low in ("home", "first", "second", "third") and after.low in ("base", "plate")
        ):
            tagged.append(Token(f"{token.text} {after.text}", "W"))
            place += 1
        elif token.low == "half" and after.low in ("a", "an"):
            tagged.append(Token(f"{token.text} {after.text}", "D"))
            place += 1
        elif (token.low, after.low) == ("cross", "legged") or (token.low, after.low) == ("inside", "out"):
            tagged.append(Token(f"{token.text} {after.text}", "A"))
            place += 1
        elif token.low in ("macaroni", "mac") and [t.low for t in tokens[place + 1 : place + 3]] == [
            "and",
            "cheese",
        ]:
            tagged.append(Token(" ".join(t.text for t in tokens[place : place + 3]), "W"))
            place += 2
        elif token.low in _FACING and [t.low for t in tokens[place + 1 : place + 3]] == ["to", token.low]:
            tagged.append(Token(" ".join(t.text for t in tokens[place : place + 3]), "A"))
            place += 2
        elif token.low == "side" and [t.low for t in tokens[place + 1 : place + 3]] == ["by", "side"]:
            tagged.append(Token("side by side", "A"))
            place += 2
        elif token.low == "one" and [t.low for t in tokens[place + 2 : place + 4]] == ["the", "other"]:
            tagged.append(Token(" ".join(t.text for t in tokens[place : place + 4]), "A"))
            place += 3
        elif token.low == "up" and [t.low for t in tokens[place + 1 : place + 3]] == ["and", "down"]:
            tagged.append(Token("up and down", "P"))
            place += 2
        elif token.low in ("someone", "somebody") and after.low == "else":
            tagged.append(replace(token, text=f"{token.text} {after.text}", kind="R"))
            tagged[-1].low = token.low
            place += 1
        elif token.low in ("each", "one") and after.low in ("other", "another") and _ends_pair(tokens, place):
            tagged.append(Token(f"{token.text} {after.text}", "R"))
            place += 1
        elif long and not (
            long == ("near", "by")
            and place + 2 < len(tokens)
            and tokens[place + 2].kind == ""
            and tokens[place + 2].low in MARKS
        ):
            text = " ".join(t.text for t in tokens[place : place + len(long)])
            tagged.append(Token(text, "P"))
            place += len(long) - 1
        else:
            _name_kind(token, tagged, tokens[place + 1 : place + 8])
            tagged.append(token)
        place += 1
    return tagged


def _ends_pair(tokens: list[Token], place: int) -> bool:
    """Whether `one other` stands for somebody, and no noun is behind: not `one other mule`."""
    rest = tokens[place + 2 :]
    return [t.low for t in tokens[place : place + 2]] != ["one", "other"] or not rest or ends_phrase(rest[0])


def _is_infinitive(rest: list[Token]) -> bool:
    """Whether what follows `to` is a verb: `over to pick a flower`."""
    with_up = len(rest) > 2 and rest[1].low in ("up", "off", "out", "down")  # "to pick up a kite"
    behind = rest[1 + with_up :]
    has_object = bool(behind) and (behind[0].low in DETERMINERS or behind[0].kind == "N")
    nouny = rest[0].low in NOUNY and not has_object
    return rest[0].low == "be" or (rest[0].low in VERBS and not nouny)


def _find_long(tokens: list[Token], place: int) -> tuple[str, ...] | None:
    for phrase in _LONG.get(tokens[place].low, ()):
        if all(place + i < len(tokens) and tokens[place + i].low == word for i, word in enumerate(phrase)):
            return phrase
    return None


def _name_kind(token: Token, tagged: list[Token], rest: list[Token]) -> None:
    token.kind, token.form, token.stem = find_kind(Spot(token.low, tagged, rest))
