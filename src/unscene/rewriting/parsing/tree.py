"""The tree of a caption: who does what, what hangs on what.

A caption is a row of clauses. A clause has a group of noun phrases in front ("a man and a dog"); its
verbs and prepositions hang on that group, and their objects are groups again. What may hang on two
places hangs on the one that is right more often; the rules of the removal allow for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from unscene.rewriting.scene_lists import HUMAN_NOUNS
from unscene.rewriting.tagging.tokens import Token
from unscene.rewriting.tagging.verb_forms import looks_plural
from unscene.words.caption_words import NUMBERS


@dataclass
class Phrase:
    """A noun phrase: its words, and what hangs on it alone."""

    tokens: list[Token]
    mods: list["Mod"] = field(default_factory=list)

    @property
    def low(self) -> str:
        return " ".join(token.low for token in self.tokens)

    @property
    def head(self) -> str:
        return self.tokens[-1].low if self.tokens else ""

    @property
    def named(self) -> list[Token]:
        """The words that say what it is: not the owner in front (`a man's` bicycle)."""
        last = max((i for i, token in enumerate(self.tokens) if token.kind == "O"), default=-1)
        return self.tokens[last + 1 :]

    @property
    def words(self) -> set[str]:
        return {token.word for token in self.named if token.word}

    @property
    def is_animate(self) -> bool:
        return any(token.is_animate for token in self.named) or self.is_human

    @property
    def is_human(self) -> bool:
        """Whether it is people; `a crowd` is, `a crowd of birds` is not."""
        named = self.named
        if any(token.is_human for token in named):
            return True
        return bool(named) and named[-1].low in HUMAN_NOUNS and not any(token.word for token in named)

    @property
    def is_plural(self) -> bool:
        if not self.tokens:
            return False
        first = self.tokens[0].low
        if first in ("a", "an", "one", "another", "each", "every", "this", "that"):
            return any(
                token.low in ("dozen", "few", "couple", "group", "pair", "bunch", "lot")
                for token in self.tokens[:3]
            ) and looks_plural(self.head)
        if first in NUMBERS or first in ("these", "those", "several", "many", "few", "both"):
            return True
        return looks_plural(self.head)

    @property
    def is_pronoun(self) -> bool:
        return bool(self.tokens) and self.tokens[-1].kind == "R"


@dataclass
class Group:
    """Noun phrases in a row (one, mostly), the links between them, and what hangs on all of them."""

    members: list[Phrase]
    links: list[str] = field(default_factory=list)
    mods: list["Mod"] = field(default_factory=list)

    @property
    def head(self) -> str:
        return self.members[-1].head

    @property
    def is_animate(self) -> bool:
        return any(member.is_animate for member in self.members)

    @property
    def is_human(self) -> bool:
        return any(member.is_human for member in self.members)

    @property
    def is_plural(self) -> bool:
        return len(self.members) > 1 or self.members[0].is_plural


@dataclass
class Prep:
    """A preposition with its group."""

    text: str
    group: Group | None = None
    link: str = ""

    @property
    def low(self) -> str:
        return self.text.lower()


@dataclass
class Verb:
    """A verb group with its objects and what hangs on it. opener: `while`, `and`, `who`, a comma."""

    tokens: list[Token]
    opener: str = ""
    objects: list[Group] = field(default_factory=list)
    mods: list["Mod"] = field(default_factory=list)

    @property
    def stem(self) -> str:
        full = next(
            (t.stem for t in reversed(self.tokens) if t.kind == "V" and t.form not in ("aux", "to")), ""
        )
        return full or ("have" if self.tokens[-1].low in ("has", "have", "had", "having") else "be")

    @property
    def form(self) -> str:
        return next((t.form for t in self.tokens if t.kind == "V"), "")

    @property
    def is_finite(self) -> bool:
        return self.form in ("fin", "aux") and self.tokens[0].low not in ("being", "been", "be", "having")


@dataclass
class Loose:
    """An adverb, or a mark that belongs to nothing."""

    text: str


@dataclass
class Clause:
    """A group with its verbs. opener: what joins it to what stands before."""

    opener: str = ""
    group: Group | None = None


Mod = Prep | Verb | Loose | Clause


def write_clauses(clauses: list[Clause]) -> str:
    """Return clauses as text, without a capital or a full stop."""
    return " ".join(part for clause in clauses for part in _words_of(clause))


def _words_of(node) -> Iterator[str]:
    if isinstance(node, Phrase):
        yield from (token.text for token in node.tokens)
        for mod in node.mods:
            yield from _words_of(mod)
    elif isinstance(node, Group):
        for place, member in enumerate(node.members):
            if place and node.links[place - 1]:
                yield node.links[place - 1]
            yield from _words_of(member)
        for mod in node.mods:
            yield from _words_of(mod)
    elif isinstance(node, Prep):
        yield from (text for text in (node.link, node.text) if text)
        if node.group is not None:
            yield from _words_of(node.group)
    elif isinstance(node, Verb):
        if node.opener:
            yield node.opener
        yield from (token.text for token in node.tokens)
        for group in node.objects:
            yield from _words_of(group)
        for mod in node.mods:
            yield from _words_of(mod)
    elif isinstance(node, Clause):
        if node.opener:
            yield node.opener
        if node.group is not None:
            yield from _words_of(node.group)
    else:
        yield node.text


def walk(node) -> Iterator:
    """Yield a node and everything under it, in the order of the text."""
    yield node
    if isinstance(node, Group):
        for member in node.members:
            yield from walk(member)
        children = node.mods
    elif isinstance(node, Phrase):
        children = node.mods
    elif isinstance(node, Prep | Clause):
        children = [node.group] if node.group is not None else []
    elif isinstance(node, Verb):
        children = [*node.objects, *node.mods]
    else:
        children = []
    for child in children:
        yield from walk(child)


def list_mods(group: Group) -> list[Mod]:
    return [*group.mods, *(mod for member in group.members for mod in member.mods)]
