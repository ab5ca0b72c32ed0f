"""A caption as the checks of it read it: words, stems, chunks and mentions."""

import html
import re
import unicodedata
from functools import cached_property, lru_cache
from typing import NamedTuple

from unscene.captions.checks.deed_words import MOTIONS, POSTURES
from unscene.captions.checks.spellings import IRREGULAR, SAME_PHRASES
from unscene.rewriting.parsing.chunks import Chunk, make_chunks
from unscene.rewriting.tagging.reading import read_tokens
from unscene.words.caption_words import AUXILIARIES, BASES, CLAUSES, DETERMINERS, LINKS, PREPOSITIONS
from unscene.words.vocabulary import Vocabulary

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_SPLIT = re.compile(r"(?i)\b(side|suit|brief|country) (walks?|cases?|sides?)\b")
_PHRASE = re.compile(rf"(?i)\b(?:{'|'.join(map(re.escape, sorted(SAME_PHRASES, key=len, reverse=True)))})\b")
_DIGITS = {"2": "two", "3": "three", "4": "four", "5": "five", "6": "six", "7": "seven", "8": "eight"}
_DIGITS |= {"1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth", "5th": "fifth"}
PAIRS = {"couple", "pair", "two", "both", "double", "twin"}


class Text:
    """A caption, read once: its words in lower case, their stems, its chunks and mentions."""

    def __init__(self, text: str, vocabulary: Vocabulary):
        self.raw = text
        # Tags and entities of web captions are no words.
        text = re.sub(r"<[^<>]*>", " ", html.unescape(text))
        text = _SPLIT.sub(r"\1\2", re.sub(r"(?<=[a-z]);(?=[a-z])", "", text))
        text = _PHRASE.sub(lambda match: SAME_PHRASES[match.group().lower()], text)
        self.text = text = re.sub(r"(?i)\b(there|it|that)['’]s\b", r"\1 is", _fold(text))
        self.vocabulary = vocabulary
        self.tokens = split_words(text)
        self.stems = [get_stem(token) for token in self.tokens]
        self.chunks = make_chunks(read_tokens(text, vocabulary))

    @cached_property
    def words(self) -> set[str]:
        """The words of the list that it mentions."""
        return set(self.vocabulary.find_words(self.text))

    @cached_property
    def surfaces(self) -> list[tuple[str, list[str]]]:
        """Each mention: its word, and the words of the text that name it."""
        return [
            (mention.word, split_words(self.text[mention.start : mention.end]))
            for mention in self.vocabulary.find_mentions(self.text)
        ]

    @cached_property
    def joined(self) -> str:
        """All its words without spaces: `bed room` and `bedroom` are one."""
        return "".join(self.tokens)

    @cached_property
    def is_animate(self) -> bool:
        """Whether it mentions what moves by itself."""
        return any(chunk.is_animate for chunk in self.chunks)

    @cached_property
    def heads(self) -> set[str]:
        """The stems of the last words of its noun phrases."""
        return {get_stem(get_last(chunk)) for chunk in self.chunks if chunk.kind == "NP"}

    @cached_property
    def aside(self) -> set[str]:
        """Its words in brackets: who took the photo, where somebody stands in it."""
        return {word for part in re.findall(r"\(([^()]*)\)", self.text) for word in split_words(part)}

    def count(self, words: list[str]) -> int:
        """Return how often these words stand in it, one behind the other."""
        return sum(self.tokens[i : i + len(words)] == words for i in range(len(self.tokens)))

    def find_governor(self, place: int) -> int | None:
        """Return the place of the noun phrase that the verb at a place belongs to: the nearest before
        it that hangs on no preposition, else the nearest.
        """
        nearest = None
        at = place - 1
        while at >= 0:
            chunk = self.chunks[at]
            if chunk.kind == "NP":
                if at == 0 or self.chunks[at - 1].kind != "P":
                    return at
                nearest = at if nearest is None else nearest
                at -= 1
            elif chunk.kind == "S" and chunk.low in ("while", "as", "when", "where"):
                break
            elif at and self.chunks[at - 1].kind == "NP" and _is_relative(chunk, at == place - 1):
                return at - 1
            at -= 1
        return nearest


class Case(NamedTuple):
    """What is compared: the old caption, the new one, and the word whose object is gone."""

    old: Text
    new: Text
    category: str
    vocabulary: Vocabulary

    @property
    def deeds(self) -> set[str]:
        """Words that stand behind the object in the old caption and tell what it does."""
        tokens, found = self.old.tokens, set()
        things = {words[-1] for word, words in self.old.surfaces if word != self.category}
        for words in (words for word, words in self.old.surfaces if word == self.category):
            for place in range(len(words), len(tokens)):
                if tokens[place - len(words) : place] != words or tokens[place] in things:
                    continue
                while place + 1 < len(tokens) and tokens[place] in AUXILIARIES:
                    place += 1
                if _is_deed(tokens[place], tokens[place + 1 : place + 2]):
                    found.add(tokens[place])
        return found

    @property
    def is_person(self) -> bool:
        """Whether people were removed."""
        return self.category in self.vocabulary.people

    def names_object(self, chunk: Chunk) -> bool:
        """Whether a chunk of the old caption names what is gone; where none has a word of the list for
        the people that are gone, the first noun phrase does: `a constable`.
        """
        if self.category in chunk.words:
            return True
        if not self.is_person or chunk.kind != "NP" or chunk.words or self.category in self.old.words:
            return False
        return chunk is next(one for one in self.old.chunks if one.kind == "NP")


def _is_relative(chunk: Chunk, is_next: bool) -> bool:
    """Whether a word stands for the noun before it: `the shadow of a nun who sings`, and where its verb
    is the next one, `a nun at a fair that was held`.
    """
    return chunk.low == "who" or (is_next and chunk.low in ("that", "which"))


def _is_deed(token: str, following: list[str]) -> bool:
    """Whether a word behind a noun is its verb: by the word, or by what stands behind it."""
    if token in AUXILIARIES | PREPOSITIONS | LINKS | CLAUSES:
        return False
    if following and following[0] in DETERMINERS:
        return True
    governs = not following or following[0] in PREPOSITIONS
    return token.endswith("ing") or (governs and (token.endswith(("s", "ed")) or token in BASES))


@lru_cache(maxsize=1 << 14)
def get_stem(word: str) -> str:
    """Return what forms of a word share, well enough to compare them: `riding`, `rides`, `ridden`."""
    word = IRREGULAR.get(word, word)
    if word.endswith("ings") and len(word) > 6:  # `buildings`, `building`
        word = word[:-1]
    if word.endswith(("ies", "ied")) and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("ing") and len(word) > 5:
        word = word[:-3]
    elif (word.endswith("ed") and len(word) > 4) or re.search(r".(?:s|x|z|ch|sh)es$", word):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        word = word[:-1]
    if len(word) > 4 and word.endswith("y") and not word.endswith("rry"):  # `carry` is no `car`
        word = word[:-1]
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word


def split_words(text: str) -> list[str]:
    """Return the words of a text in lower case, numbers as words."""
    words = (match.group().lower().replace("’", "'").removesuffix("'s") for match in _WORD.finditer(text))
    return [_DIGITS.get(word, word) for word in words]


def _fold(text: str) -> str:
    """Return a text without the accents of its letters: a café is a cafe."""
    parts = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(sign for sign in parts if not unicodedata.combining(sign)))


def get_last(chunk: Chunk) -> str:
    """Return the last word of a chunk."""
    return (split_words(chunk.text) or [""])[-1]


def share_head(first: Chunk, second: Chunk) -> bool:
    """Whether two noun phrases name the same kind of thing."""
    return get_stem(get_last(first)) == get_stem(get_last(second)) or bool(
        first.tokens[-1].word and first.tokens[-1].word == second.tokens[-1].word
    )


def has_verb(text: Text, stem: str) -> bool:
    """Whether a text has a verb of this stem."""
    return any(
        chunk.kind == "V" and stem in [get_stem(token.low) for token in chunk.tokens] for chunk in text.chunks
    )


def has_plural(text: Text) -> bool:
    """Whether a text names several of a kind."""
    return any(
        chunk.kind == "NP" and (chunk.is_plural or PAIRS & set(split_words(chunk.text)))
        for chunk in text.chunks
    )


BASE_STEMS = frozenset(map(get_stem, BASES))
POSTURE_STEMS = frozenset(map(get_stem, POSTURES))
MOTION_STEMS = frozenset(map(get_stem, MOTIONS))
