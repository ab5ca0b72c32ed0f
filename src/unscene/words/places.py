"""A form of a word, and the place in a caption where it stands, with the words around it."""

import re
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from functools import cached_property

from unscene.words.caption_words import ADJECTIVES, DETERMINERS
from unscene.words.follower_words import (
    ADJECTIVE_MAKERS,
    AFTER_NOUNS,
    CLOSED,
    COUNTS,
    CROWDS,
    FAMILY_WORDS,
    IRREGULAR_PLURALS,
    KIN_GROUPS,
    YOUNG,
)
from unscene.words.plain_text import PlainText

NEAR = 96  # letters on each side of a form that rules and patterns see
_AHEAD = 48  # letters after it that rules see
_TOKEN = re.compile(r"'s?(?!\w)|\w+(?:'\w+)?|\S")


def _joins(after: list[str], tight: bool) -> bool:
    """Whether a hyphen joins a form to the word after it. One behind a space is a dash ("a photo of a
    dog - stock photo"), but before a word that makes an adjective of it ("a clock - shaped cake").
    """
    if len(after) < 2 or after[0] != "-" or not after[1][0].isalpha():
        return False
    return tight or after[1] in ADJECTIVE_MAKERS


@dataclass(frozen=True)
class Noun:
    """A form of a word: what is known of it before any caption is read.

    last: its last word. is_person, is_animate: what its word is. activities: what is done with it
    (horse riding). names: the forms of one word that the list has, with their words; people: those of
    one person.
    """

    form: str
    word: str
    is_plural: bool
    is_person: bool
    is_animate: bool
    activities: frozenset[str]
    names: Mapping[str, str | None]
    people: Set[str]

    @cached_property
    def last(self) -> str:
        """The last word of the form."""
        return self.form.rsplit(" ", 1)[-1]

    @cached_property
    def is_many_sided(self) -> bool:
        """Whether the form has rules of its own, whatever follows: crowds, kin and young."""
        return self.last in COUNTS | KIN_GROUPS | CROWDS | FAMILY_WORDS | YOUNG


class Place:
    """A noun where it stands in a caption: in `text`, from `start` to `end`.

    after, before: the words and marks around it, nearest first. joined: whether a hyphen joins it to
    the next word.
    """

    __slots__ = ("_before", "after", "end", "joined", "noun", "plain", "start")

    def __init__(self, noun: Noun, plain: PlainText, start: int, end: int):
        self.noun, self.plain, self.start, self.end = noun, plain, start, end
        self._before: list[str] | None = None
        after = _TOKEN.findall(plain.text, end, end + _AHEAD)
        self.joined = _joins(after, tight=plain.text.startswith("-", end))
        self.after = after[1:] if self.joined else after

    @property
    def before(self) -> list[str]:
        """The words and marks before the form, nearest first."""
        if self._before is None:
            self._before = _TOKEN.findall(self.plain.text, max(0, self.start - NEAR), self.start)[::-1]
        return self._before

    @property
    def is_before_name(self) -> bool:
        """Whether a word in capitals follows a form that is none itself, unless it opens the caption:
        `the singer Adele`, `Singer Adele performs`.
        """
        text, after = self.plain.text, self.end + 1
        follows = text[self.end : after] == " " and text[after : after + 1].isalpha()
        if not follows or not self.plain.is_capital(after):
            return False
        opens = self.start == 0 and any(map(str.islower, self.plain.caption[self.end :].split()[1:3]))
        return opens or not self.plain.is_capital(self.start)

    @property
    def ends_name(self) -> bool:
        """Whether the form and the word before it are capitals in a sentence that has small letters:
        `fans of the Chicago Bears`. Numbers, articles and adjectives begin no name.
        """
        if not self.start or not self.plain.is_capital(self.start):
            return False
        if self.previous in CLOSED or self.previous in ADJECTIVES:
            return False
        caption, start = self.plain.caption, self.plain.at(self.start)
        before = caption[:start].split()[-1:]
        others = (word for word in caption.split() if word.isalpha() and word not in CLOSED)
        return bool(before) and before[0][0].isupper() and any(map(str.islower, others))

    @property
    def next(self) -> str:
        """The word after the form; empty at the end."""
        return self.after[0] if self.after else ""

    @property
    def second(self) -> str:
        """The word after the next one; empty at the end."""
        return self.after[1] if len(self.after) > 1 else ""

    @property
    def previous(self) -> str:
        """The word before the form; empty at the start."""
        return self.before[0] if self.before else ""

    def names_people(self, word: str) -> bool:
        """Whether a word is a plural of people, by the list."""
        people = self.noun.people
        return word in ("men", "women", "people", "children") or (word.endswith("s") and word[:-1] in people)

    def find_determiner(self) -> str | None:
        """Return the article, number or possessive of the noun phrase; None when it has none."""
        before = self.before[:8]
        for i, word in enumerate(before):
            if word in DETERMINERS or word.isdigit():
                return word
            further = before[i + 1] if i + 1 < len(before) else ""
            if (word == "and" and (further == "," or further in ADJECTIVES)) or (
                word in (",", "-") and further not in CLOSED
            ):
                continue
            if (word in CLOSED and word not in AFTER_NOUNS) or (
                word.endswith("ing") and further in self.noun.names
            ):
                return None
        return None


def is_plural_form(form: str, forms: Collection[str]) -> bool:
    """Return whether a form is a plural: irregular, or another form of the word with an s."""
    last = form.rsplit(" ", 1)[-1]
    if last in IRREGULAR_PLURALS or last.endswith("men"):
        return True
    if " of " in form:
        return form.split(" of ")[0].endswith("s")
    if not form.endswith("s") or form.endswith("ss"):
        return False
    return (
        form[:-1] in forms
        or (form.endswith("es") and form[:-2] in forms)
        or (form[:-3] + "y" in forms and form.endswith("ies"))
    )
