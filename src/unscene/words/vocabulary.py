"""A word list: the words whose objects can be removed, how captions name them, and the name of an edit."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files

from unscene.words.lexicon import Lexicon, Mention, read_definition


@dataclass(frozen=True)
class Vocabulary:
    """A word list, an entry of `unscene.words.word_lists`. Whoever needs words takes one as a
    value; its order is theirs.

    title: what it is called in texts. lexicon: the file of `unscene.resources` with its forms and
    the policy. names: how captions name a word, one and several, where that is not the word and the
    word with an s. plural_only: words of which captions name several (`people`, `skis`). mass:
    words without an article (`broccoli`). people: words that are human: `he` and `she` can mean
    them, and they can be kin or crowds. animate: words of what moves by itself, people among them: a
    verb after them is theirs.
    """

    name: str
    title: str
    words: tuple[str, ...]
    lexicon: str
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    plural_only: frozenset[str] = frozenset()
    mass: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    animate: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.places

    def __hash__(self) -> int:
        return hash(self.name)

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each word in the list, from 0."""
        return {word: place for place, word in enumerate(self.words)}

    @cached_property
    def reader(self) -> Lexicon:
        """What finds the words in captions; compiled when it is first asked."""
        definition = read_definition(files("unscene.resources") / self.lexicon)
        return Lexicon(definition, self.words, self.people, self.animate)

    @property
    def rules(self) -> tuple[str, ...]:
        """The policy of what a mention is, one line each, as prompts quote it."""
        return self.reader.rules

    def find_words(self, caption: str) -> list[str]:
        """Return the words that a caption mentions, each once, in the list's order."""
        return self.sort(mention.word for mention in self.reader.find_mentions(caption))

    def find_mentions(self, caption: str) -> list[Mention]:
        """Return where a caption mentions words: (start, end, word), from left to right."""
        return self.reader.find_mentions(caption)

    def sort(self, words: Iterable[str]) -> list[str]:
        """Return words in the list's order, each once; KeyError for any other word."""
        return sorted(set(words), key=self.places.__getitem__)

    def name_object(self, word: str) -> dict[str, str]:
        """Return a noun's forms in a sentence: `a` (a dog), `A`, `no` (after "no"), `one` (dog),
        `many` (dogs), `is` after `a` and `no`.

        A noun of another list is taken as it is, and its plural as a regular one.
        """
        one, many = self.names.get(word, (word, write_plural(word)))
        is_plural = word in self.plural_only
        some = many if is_plural else one if word in self.mass else f"{choose_article(one)} {one}"
        return {
            "a": some,
            "A": some[0].upper() + some[1:],
            "no": many if is_plural else one,
            "one": one,
            "many": many,
            "is": "are" if is_plural else "is",
        }


# Sounds, not letters: a unicorn, a one-way sign, an hourglass; spelled out, an SUV and a UFO.
_OPEN_SOUND = re.compile(
    r"(?!uni(?!n|m)|us[aeu]|ut[aei]|uk|ur[ai]|eu|ew|one\b|once\b)[aeiou]|hour|heir|hono"
    r"|[AEFHILMNORSX](?![a-z])"
)


def choose_article(noun: str) -> str:
    """Return `a` or `an`, as a noun's first sound asks for."""
    spelled = noun if noun[:2].isupper() else noun.lower()
    return "an" if _OPEN_SOUND.match(spelled) else "a"


def write_plural(noun: str) -> str:
    """Return a noun's plural by the rules of spelling: dogs, buses, benches, cities."""
    if re.search(r"(?:s|x|z|ch|sh)$", noun):
        return f"{noun}es"
    return re.sub(r"(?<=[^aeiou])y$", "ie", noun) + "s"


def edit_id(image_id: str, category: str) -> str:
    """Return the name of the edit that removes `category` from photo `image_id`."""
    return f"{image_id}-{category.replace(' ', '_')}"
