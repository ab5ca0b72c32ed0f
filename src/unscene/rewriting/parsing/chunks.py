"""Runs of words of one kind: noun phrases, verb groups, prepositions."""

from dataclasses import dataclass

from unscene.rewriting.parsing.tree import Phrase
from unscene.rewriting.scene_lists import GROUNDS, QUANTITY_HEADS
from unscene.rewriting.tagging.tokens import Token
from unscene.rewriting.tagging.verb_forms import EN, looks_plural
from unscene.words.caption_words import ADJECTIVES, NUMBERS
from unscene.words.verb_lists import GIVING, MORE_PARTICIPLES, NOT_PARTICIPLES, NOUNY


@dataclass
class Chunk:
    """A run of tokens of one kind: NP, V, P, C, S, A, X."""

    kind: str
    tokens: list[Token]

    @property
    def low(self) -> str:
        return " ".join(token.low for token in self.tokens)

    @property
    def text(self) -> str:
        return " ".join(token.text for token in self.tokens)

    @property
    def head(self) -> str:
        return self.tokens[-1].low

    @property
    def words(self) -> set[str]:
        """The words of the list that the chunk mentions."""
        return {token.word for token in self.tokens if token.word}

    @property
    def is_animate(self) -> bool:
        """Whether the chunk mentions what moves by itself."""
        return any(token.is_animate for token in self.tokens)

    @property
    def is_human(self) -> bool:
        """Whether the chunk mentions people."""
        return any(token.is_human for token in self.tokens)

    @property
    def is_plural(self) -> bool:
        """Whether a noun phrase is of several, by its determiner, else by its head."""
        return Phrase(self.tokens).is_plural


_SHAPES = frozenset({"square", "round", "flat", "thin", "thick", "shiny", "soft", "plain"})


_SEVERAL = (NUMBERS - {"one"}) | {"several", "many", "these", "those", "few"}
_FLAVOURS = frozenset(
    {"chocolate", "vanilla", "cinnamon", "jelly", "maple", "sugar", "powdered", "strawberry"}
)


_ALL_KINDS = frozenset({"shapes", "sizes", "colors", "colours", "styles", "patterns"})
_SERVICES = frozenset(
    {"garbage", "trash", "fire", "police", "utility", "delivery", "recycling", "tow", "dump"}
)


def make_chunks(tokens: list[Token]) -> list[Chunk]:
    """Return the chunks of a caption's tokens, what belongs together joined."""
    return _merge(_chunk(tokens))


def _chunk(tokens: list[Token]) -> list[Chunk]:
    chunks: list[Chunk] = []
    for token in tokens:
        kind = "NP" if token.kind in ("D", "W", "N", "R", "O") else token.kind
        if token.kind == "X" and token.text in (",", ";"):
            kind = "C"
        last = chunks[-1] if chunks else None
        starts = False
        if last is not None and last.kind == "NP":
            owned = last.tokens[-1].kind == "O"
            counted = (
                last.tokens[-1].low in ("last", "first", "next", "other", "only") and token.low in NUMBERS
            )
            tiers = last.tokens[0].low in ("a", "an") and token.low in NUMBERS  # "a small two tier cake"
            sized = token.low in NUMBERS and all(
                t.low in ADJECTIVES for t in last.tokens
            )  # "Large four sided"
            fresh = token.kind == "D" and not (owned or counted or tiers or sized)
            place_first = (
                len(chunks) == 2
                and chunks[0].kind == "P"
                and last.tokens[0].kind == "D"
                and last.tokens[-1].low in GROUNDS
                and token.is_animate
                and looks_plural(token.low)
            )  # "In a library children read"
            given = (
                len(chunks) > 1
                and chunks[-2].kind == "V"
                and chunks[-2].tokens[-1].stem in GIVING
                and token.kind == "W"
                and last.tokens[-1].is_animate
                and looks_plural(last.tokens[-1].low)
            )  # "feeding giraffes leaves"
            starts = (
                place_first
                or given
                or (fresh and any(t.kind != "D" for t in last.tokens))
                or ((token.kind == "R" and not _is_such_a_one(last, token)) or last.tokens[-1].kind == "R")
            )
        if last is not None and last.kind == kind == "V" and token.form == "fin":
            # "that my dog loves sleeps", "a bathroom not being used contains a sink"
            starts = last.tokens[-1].form in ("fin", "en")
        if last is not None and last.kind == kind and kind in ("NP", "V", "C") and not starts:
            last.tokens.append(token)
        else:
            chunks.append(Chunk(kind, [token]))
    return chunks


def _is_such_a_one(chunk: Chunk, token: Token) -> bool:
    """Whether `one` goes on a noun phrase: `a smaller one`, `the baby one`; or `others`: `two others`."""
    described = len(chunk.tokens) > 1 and chunk.tokens[0].kind == "D"
    described = described or (len(chunk.tokens) == 1 and chunk.low in ("young", "little"))
    counted = len(chunk.tokens) == 1 and chunk.low in NUMBERS
    return (described and token.low in ("one", "ones")) or (counted and token.low == "others")


def _merge(chunks: list[Chunk]) -> list[Chunk]:
    """Join verbs with their adverbs, `a group of` with its noun, `black and white` with its noun."""
    merged: list[Chunk] = []
    place = 0
    while place < len(chunks):
        chunk, last = chunks[place], merged[-1] if merged else None
        after = chunks[place + 1] if place + 1 < len(chunks) else None
        if last is not None and last.kind == "V" and chunk.kind in ("V", "A"):
            full = (
                any(t.form in ("fin", "ing", "en", "inf") for t in last.tokens) or last.tokens[-1].kind == "A"
            )
            helping = all(t.form in ("aux", "") for t in last.tokens)
            if helping and chunk.tokens[0].low in ("been", "being", "have", "be"):
                full = False  # "that has just been thrown"
            if chunk.kind == "V" and full and chunk.tokens[0].form in ("fin", "aux", "to"):
                merged.append(chunk)
            else:
                last.tokens += chunk.tokens
        elif (
            chunk.kind == "A"
            and after is not None
            and after.kind == "V"
            and chunk.low not in ("aboard", "missing")
        ):
            after.tokens = chunk.tokens + after.tokens
        elif (
            last is not None
            and last.kind == "NP"
            and after is not None
            and after.kind == "NP"
            and _joins(last, chunk, after)
        ):
            last.tokens += chunk.tokens + after.tokens
            place += 1
        else:
            merged.append(chunk)
        place += 1
    return merged


def is_done_to(word: str) -> bool:
    """Whether a word describes what has been done to a thing: `used`, `broken`."""
    return word in EN.keys() | MORE_PARTICIPLES and word not in NOUNY | NOT_PARTICIPLES


def _joins(first: Chunk, link: Chunk, second: Chunk) -> bool:
    """Whether two noun phrases are one: `a group` of `dogs`, `a red` and `white umbrella`."""
    if link.low == "of":
        return first.tokens[-1].low in QUANTITY_HEADS or first.low in (
            "some",
            "all",
            "many",
            "several",
            "one",
            "two",
            "three",
            "both",
        )
    if len(first.tokens) > 2 and first.tokens[-2].low == "very" and link.low == ",":
        return second.tokens[-1].word is not None  # "a very ornate, three layered cake"
    if (
        link.low not in ("and", "or", ",", ", and", "&")
        or second.tokens[0].kind == "D"
        or first.tokens[-1].kind != "W"
    ):
        return False
    if first.tokens[-1].low in _ALL_KINDS and second.low in _ALL_KINDS and link.low == "and":
        return True  # "kites of all shapes and sizes"
    last = second.tokens[-1]
    several = first.tokens[0].low in _SEVERAL and not looks_plural(first.tokens[-1].low)
    shared = several and last.kind == "N" and looks_plural(last.low) and len(second.tokens) > 1
    if shared and link.low in ("and", "or"):
        return True  # "several plaid and red umbrellas"
    sweet = first.tokens[-1].low in _FLAVOURS and all(token.low != "hot" for token in first.tokens)
    if sweet and last.word in ("donut", "cake") and len(second.tokens) > 1:
        start = second.tokens[0].low
        if start in _FLAVOURS or start.endswith("ed") or is_done_to(start):
            return True  # "the chocolate and glazed donuts", not "sugar and small cakes"
    served = {first.low, second.tokens[0].low} <= _SERVICES and last.word == "truck"
    if served and len(second.tokens) > 1:
        return True  # "garbage and police trucks"
    describes = first.tokens[-1].low in ADJECTIVES | _SHAPES
    if link.low in ("and", "or") and is_done_to(first.tokens[-1].low) and second.tokens[-1].word:
        start = second.tokens[0].low
        if len(second.tokens) > 1 and (
            is_done_to(start) or start.endswith("ed") or start in ADJECTIVES | _SHAPES
        ):
            return True  # "a row of used and broken jugs"
    counted = first.tokens[0].low in NUMBERS and first.tokens[0].low != "one"
    if counted and " " in second.low and second.tokens[-1].kind == "N":
        one = not looks_plural(first.tokens[-1].low) and looks_plural(second.tokens[-1].low)
        if one and link.low in ("and", "&"):
            return True  # "two honey and cheese sandwiches"
    start = second.tokens[0].low.split()[0]
    if link.low == ",":
        if first.head == "shaped":
            return True  # "a cone shaped, small shrub"
        numbered = len(first.tokens) == 2 and first.tokens[0].kind == "D"
        if numbered and first.tokens[1].low.endswith("ed") and second.tokens[-1].word:
            return True  # "three trapped, captive mules"
        return (
            describes
            and all(t.kind == "D" or t.low in ADJECTIVES | _SHAPES | {"very"} for t in first.tokens)
            and len(first.tokens) > (first.tokens[0].kind == "D")
        )
    no_noun = all(t.kind == "D" or t.low in ADJECTIVES for t in first.tokens) and len(first.tokens) > 1
    return describes and (start in ADJECTIVES or start == "very" or no_noun)
