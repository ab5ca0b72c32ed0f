"""A small grammar of captions: words, noun phrases, verb groups, prepositions. Closed word lists,
no model, no guess by learning.

It knows what captions are made of ("A man holding a red kite on the beach while a dog runs by"),
not English at large. What it cannot read becomes a noun phrase, and callers check what they make of
it.
"""

import re
from dataclasses import dataclass, field

from unscene.words.caption_words import (
    ADJECTIVES,
    ADVERBS,
    AUXILIARIES,
    BASES,
    CLAUSES,
    DETERMINERS,
    ING_NOUNS,
    LINKS,
    LONG_PREPOSITIONS,
    NUMBERS,
    PARTICIPLES,
    PLURALS,
    POSITIONS,
    PREPOSITIONS,
    QUANTITIES,
    third_person,
)
from unscene.words.vocabulary import Vocabulary

_WORD = re.compile(r"\w+(?:['\u2019\-]\w+)*|[^\w\s]")


@dataclass
class Token:
    """A word or a mark. A mention of a word of the list is one token, whatever its number of words."""

    text: str
    kind: str = ""  # D W N V P C S A X, as in Chunk; D is a determiner, W a noun or adjective, N a mention
    word: str | None = None
    is_animate: bool = False
    is_human: bool = False

    @property
    def low(self) -> str:
        return self.text.lower()


@dataclass
class Chunk:
    """A run of tokens: NP noun phrase, V verb group, P preposition, C and/or/comma, S opener of a
    clause, A adverb, X mark.
    """

    kind: str
    tokens: list[Token] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(token.text for token in self.tokens)

    @property
    def low(self) -> str:
        return self.text.lower()

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
        """Whether a noun phrase is plural, by its determiner, else by its head; `a group of dogs`
        counts as singular.
        """
        first = self.tokens[0].low
        if first in ("a", "an", "one", "another", "each", "every", "this") and self.head not in (
            "dozen",
            "few",
        ):
            return False
        if first in NUMBERS or first in ("these", "those", "several", "many", "few", "both"):
            return True
        return looks_plural(self.head)


def looks_plural(noun: str) -> bool:
    """Return whether a noun looks plural: ends in s (not ss, us, is), or is one of the irregular ones."""
    noun = noun.split(" ")[-1]
    return noun in PLURALS or (noun.endswith("s") and not noun.endswith(("ss", "us", "is", "'s")))


_THIRD = frozenset(third_person(base) for base in BASES)


def is_finite(chunk: Chunk) -> bool:
    """Return whether a verb group can be the predicate of a sentence: `runs`, `is running`, not `running`."""
    first = chunk.tokens[0].low
    return first in AUXILIARIES or first in _THIRD or first in BASES


def get_stem(verb: Chunk) -> str:
    """Return the base form of a verb group's last verb, well enough to look it up."""
    word = next((t.low for t in reversed(verb.tokens) if t.kind == "V"), "")
    lying = {
        "lying": "lie",
        "lies": "lie",
        "laying": "lay",
        "laid": "lay",
        "driven": "drive",
        "flies": "fly",
        "grown": "grow",
    }
    if word in lying:
        return lying[word]
    if word.endswith("ing"):
        stem = word[:-3]
        if len(stem) > 2 and stem[-1] == stem[-2]:
            stem = stem[:-1]
        return stem if stem in POSITIONS else stem + "e"
    for ending in ("ed", "es", "s"):
        if word.endswith(ending) and word[: -len(ending)] in POSITIONS:
            return word[: -len(ending)]
    return word


def parse_caption(caption: str, vocabulary: Vocabulary) -> list[Chunk]:
    """Return the chunks of a caption, final full stop left out."""
    return merge_chunks(_chunk(_tag(_tokenize(caption, vocabulary))))


def _tokenize(caption: str, vocabulary: Vocabulary) -> list[Token]:
    tokens, end = [], 0
    text = caption.strip().rstrip(" .!")
    for mention in vocabulary.find_mentions(text):
        tokens += [Token(match.group()) for match in _WORD.finditer(text, end, mention.start)]
        stop = mention.end
        if text[stop : stop + 2].lower() in ("'s", "\u2019s"):
            stop += 2
        if mention.start >= end:
            word = mention.word
            kinds = word in vocabulary.animate, word in vocabulary.people
            tokens.append(Token(text[mention.start : stop], "N", word, *kinds))
        end = stop
    return tokens + [Token(match.group()) for match in _WORD.finditer(text, end)]


def _tag(tokens: list[Token]) -> list[Token]:
    """Give every token its kind and join prepositions of several words."""
    tagged: list[Token] = []
    place = 0
    while place < len(tokens):
        token, before = tokens[place], tagged[-1] if tagged else Token("", "X")
        after = tokens[place + 1] if place + 1 < len(tokens) else Token("", "X")
        long = next(
            (p for p in LONG_PREPOSITIONS if tuple(t.low for t in tokens[place : place + len(p)]) == p), None
        )
        if token.kind == "N":
            tagged.append(token)
        elif token.low == "close" and after.low == "up":
            tagged.append(Token(f"{token.text} {after.text}", "W"))
            place += 1
        elif long:
            tagged.append(Token(" ".join(t.text for t in tokens[place : place + len(long)]), "P"))
            place += len(long) - 1
        else:
            tagged.append(Token(token.text, _kind_of(token, before, after)))
        place += 1
    return tagged


def _kind_of(token: Token, before: Token, after: Token) -> str:
    word, noun_before = token.low, before.kind in ("N", "W")
    verb_next = after.low in BASES or after.low in ("be", "have")
    if word in LINKS:
        return "C"
    if not word[0].isalnum():
        return "X"
    if word == "that" and not noun_before:
        return "D"
    if word == "her" and (after.kind == "X" or after.low in PREPOSITIONS | LINKS | CLAUSES):
        return "W"
    if (
        word == "to"
        and verb_next
        and not (after.low in ("park", "play", "work", "face", "row") and after.kind == "N")
    ):
        return "V"
    if word in CLAUSES and not (word == "as" and after.low == "a" and before.kind == "V"):
        return "S"
    if word in AUXILIARIES:
        return "V"
    if word in DETERMINERS:
        return "D"
    ends = after.kind == "X" or after.low in PREPOSITIONS | LINKS | CLAUSES | AUXILIARIES | {
        "next",
        "close",
        "front",
    }
    if (
        word in ADVERBS
        and (ends or before.kind == "V" or word not in PREPOSITIONS)
        and (word not in PREPOSITIONS or ends)
    ):
        return "A"
    if word in PREPOSITIONS:
        return "P"
    if word.endswith("ly") and len(word) > 4 and (before.kind == "V" or after.low.endswith(("ing", "ed"))):
        return "A"
    if before.kind == "V" and before.low == "to":
        return "V"
    if word.endswith("ing") and len(word) > 4 and word not in ING_NOUNS:
        adjective = (
            before.kind in ("D", "P") and (after.kind == "N" or after.low not in DETERMINERS) and not ends
        )
        return "W" if adjective or (before.kind == "D") else "V"
    if (word.endswith("ed") and len(word) > 3) or word in PARTICIPLES:
        follows = ends or after.low in ADVERBS or word in ("full",)
        return (
            "V"
            if (noun_before or before.kind in ("V", "A", "S"))
            and (follows or before.kind == "V" or after.low in DETERMINERS)
            else "W"
        )
    if word in _THIRD and (before.kind in ("S", "A") or (noun_before and not looks_plural(before.low))):
        return "V"
    if word in BASES and (
        before.low in ("who", "that", "which", "they") or (noun_before and looks_plural(before.low))
    ):
        return "V"
    return "W"


def _chunk(tokens: list[Token]) -> list[Chunk]:
    chunks: list[Chunk] = []
    for token in tokens:
        kind = "NP" if token.kind in ("D", "W", "N") else token.kind
        last = chunks[-1] if chunks else None
        starts = (
            token.kind == "D"
            and last is not None
            and last.kind == "NP"
            and any(t.kind != "D" for t in last.tokens)
        )
        if last is not None and last.kind == kind and kind in ("NP", "V", "C") and not starts:
            last.tokens.append(token)
        else:
            chunks.append(Chunk(kind, [token]))
    return chunks


def merge_chunks(chunks: list[Chunk]) -> list[Chunk]:
    """Join what belongs together: verbs with their adverbs, `a group of` with its noun, `black and
    white` with its noun.
    """
    merged: list[Chunk] = []
    place = 0
    while place < len(chunks):
        chunk = chunks[place]
        last = merged[-1] if merged else None
        if last is not None and chunk.kind in ("V", "A") and last.kind == "V":
            last.tokens += chunk.tokens
        elif (
            last is not None
            and last.kind == "NP"
            and _is_np(chunks, place + 1)
            and _joins(last, chunk, chunks[place + 1])
        ):
            last.tokens += chunk.tokens + chunks[place + 1].tokens
            place += 1
        else:
            merged.append(Chunk(chunk.kind, list(chunk.tokens)))
        place += 1
    return merged


def _joins(first: Chunk, link: Chunk, second: Chunk) -> bool:
    """Whether two noun phrases are one: `a group` of `dogs`, `a red` and `white umbrella`."""
    if link.low == "of":
        return first.head in QUANTITIES
    return link.low in ("and", "or", ",", ", and") and _are_adjectives(first, second)


def _are_adjectives(first: Chunk, second: Chunk) -> bool:
    """Whether `first and second` describes one thing: `a red and white umbrella`, `a big, brown dog`."""
    bare = second.tokens[0].kind != "D"
    return (
        bare
        and first.head in ADJECTIVES
        and second.tokens[0].low in ADJECTIVES | {"very"}
        and first.tokens[-1].kind == "W"
    )


def _is_np(chunks: list[Chunk], place: int) -> bool:
    return place < len(chunks) and chunks[place].kind == "NP"
