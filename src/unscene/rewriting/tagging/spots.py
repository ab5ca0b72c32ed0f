"""A word where it stands, and rules that decide what it is there: the first one that holds."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from unscene.rewriting.tagging.tokens import Token
from unscene.rewriting.tagging.verb_forms import looks_plural
from unscene.rewriting.tagging.word_ends import ends_phrase
from unscene.words.caption_words import DETERMINERS

# What rules about verbs answer where a word is none.
NO_VERB = ""
_NOTHING = Token("", "X")
_DEGREES = frozenset({"only", "just", "also", "even"})
_FINITE = frozenset({"fin", "aux"})


@dataclass
class Spot:
    """What a rule looks at. word: in small letters. tagged: the tokens before it, with their kinds.
    rest: the next seven, without. stem: the base form of the verb that the word would be.
    """

    word: str
    tagged: list[Token]
    rest: list[Token]
    stem: str = ""

    def __post_init__(self) -> None:
        tagged, rest = self.tagged, self.rest
        self.before = tagged[-1] if tagged else _NOTHING
        self.after = rest[0] if rest else _NOTHING
        self.later = rest[1] if len(rest) > 1 else _NOTHING
        self.ends = ends_phrase(self.after)  # a noun phrase cannot go on behind the word
        self.is_behind_noun = self.before.kind in ("N", "W", "R")

    @property
    def two_before(self) -> Token:
        return self.tagged[-2] if len(self.tagged) > 1 else _NOTHING

    @property
    def takes_object(self) -> bool:
        """Whether an object with its article stands behind the word: `holds only a bed`."""
        return (self.later if self.after.low in _DEGREES else self.after).low in DETERMINERS

    @property
    def has_verb(self) -> bool:
        """Whether a verb stands before the word, in any form."""
        return any(token.kind == "V" for token in self.tagged)

    @property
    def is_told(self) -> bool:
        """Whether a finite verb stands before the word: `a man sits`, not `a man sitting`."""
        return any(token.form in _FINITE for token in self.tagged)

    @property
    def is_told_in_clause(self) -> bool:
        """Whether a finite verb stands between the opener of the clause and the word."""
        for token in reversed(self.tagged):
            if token.form in _FINITE:
                return True
            if token.kind == "S":
                return False
        return False

    @property
    def living(self) -> list[Token]:
        """The mentions of people, animals and vehicles before the word."""
        return [token for token in self.tagged if token.is_animate]

    @property
    def has_several_doers(self) -> bool:
        """Whether the first of the living is in the plural: `two nuns in a lane`."""
        living = self.living
        return bool(living) and looks_plural(living[0].low)


Words = Container[str] | Callable[[str], bool]


class Rule(NamedTuple):
    """words: a set of words that the rule is about, or a test of a word; None for all words."""

    answer: str
    words: Words | None
    holds: Callable[[Spot], bool]


class Rules:
    """Rules in the order in which they stand in their file. The first one that holds decides.

    The docstring of a rule gives captions that it decides; behind `but` or `not` ones that it does not.
    """

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._list = lru_cache(maxsize=10_000)(self._list_rules)

    def add(self, answer: str, words: Words | None = None) -> Callable:
        """Add the function below as a rule: where it holds at a spot, the answer is given."""

        def add(holds: Callable[[Spot], bool]) -> Callable[[Spot], bool]:
            self.rules.append(Rule(answer, words, holds))
            return holds

        return add

    def add_always(self, answer: str, words: Words) -> None:
        """Add the answer for words that have it wherever they stand, where no rule above holds."""
        self.add(answer, words)(lambda at: True)

    def decide(self, at: Spot) -> str | None:
        """Return the answer of the first rule that holds; None where none does."""
        rule = self.find(at)
        return rule.answer if rule is not None else None

    def find(self, at: Spot) -> Rule | None:
        """Return the first rule that holds."""
        for rule in self._list(at.word):
            if rule.holds(at):
                return rule
        return None

    def _list_rules(self, word: str) -> tuple[Rule, ...]:
        """Return the rules that are about a word."""
        return tuple(
            rule
            for rule in self.rules
            if rule.words is None or (rule.words(word) if callable(rule.words) else word in rule.words)
        )
