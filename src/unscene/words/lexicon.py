"""The offline lexicon: which words of a list a caption mentions, and where.

A list's forms stand in a file of src/unscene/resources, the policy in docs/KEYWORDS.md. All forms
are one regular expression, a trie bounded by word edges, so that the longest form at a place wins
and the cost does not grow with their number. What stands around a form is read as far as NEAR
letters, and the scene once a caption, so the time grows with the length and not with its square.
"""

import itertools
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

import yaml

from unscene.words.noun_rules import mentions_nothing, stands_alone
from unscene.words.places import NEAR, Noun, Place, is_plural_form
from unscene.words.plain_text import MOST_CHARACTERS, PlainText

_GAP = r"[\s\-]+"


class LexiconError(ValueError):
    """The lexicon file is wrong: an unknown word, a form with two meanings, a bad pattern."""


class Mention(NamedTuple):
    """A place in a caption, as character positions, that mentions a word."""

    start: int
    end: int
    word: str


class _Meaning(NamedTuple):
    """What a form can mean. near, scene: a pattern that must not and one that must match around the
    form, or anywhere in the caption.
    """

    noun: Noun | None  # None: the form mentions nothing
    not_before: re.Pattern | None = None
    drop: re.Pattern | None = None
    keep: re.Pattern | None = None
    drop_scene: re.Pattern | None = None
    keep_scene: re.Pattern | None = None
    depends: bool = False  # whether these patterns decide

    @property
    def word(self) -> str | None:
        """The word that the form can mean."""
        return self.noun.word if self.noun else None


class Lexicon:
    """Finds words in captions.

    rules, examples: of the policy, as prompts quote them; an example is a caption and its words.
    """

    def __init__(
        self,
        definition: dict,
        words: Iterable[str],
        people: Collection[str] = (),
        animate: Collection[str] = (),
    ):
        """Compile a definition (`read_definition`) of exactly these words; LexiconError says what
        is wrong with it. people, animate: the words that are human, and those that move by themselves.
        """
        self.rules: tuple[str, ...] = tuple(definition["rules"])
        self.examples: tuple[tuple[str, list[str]], ...] = tuple(
            (example["caption"], example["words"]) for example in definition["examples"]
        )
        self._words = tuple(words)
        self._people, self._animate = frozenset(people), frozenset(animate)
        self._lists = {name: _alternatives(items) for name, items in definition.get("lists", {}).items()}
        self._meanings: dict[str, tuple[_Meaning, ...]] = {}
        self._names: dict[str, str | None] = {}
        self._persons: set[str] = set()
        unknown = set(definition["words"]) - set(self._words)
        missing = set(self._words) - set(definition["words"])
        if unknown or missing:
            raise LexiconError(f"words: unknown {sorted(unknown)}, missing {sorted(missing)}")
        ambiguous = definition.get("ambiguous", ())
        for word, entry in definition["words"].items():
            others = [form for item in ambiguous if item["word"] == word for form in item["forms"]]
            self._add_word(word, entry, _expand_all(others))
        for form in _expand_all(definition.get("blocks", ())):
            self._add(form, _Meaning(None))
        self._meanings |= self._read_ambiguous(ambiguous)
        self._index_nouns()
        self._regex = re.compile(rf"(?<![\w]){_compile_trie(self._meanings)}(?![\w])")

    def find_mentions(self, caption: str) -> list[Mention]:
        """Return the places that mention a word, from left to right; spans are positions in
        `caption`. None in a text of more than MOST_CHARACTERS characters (`find_obstacle` says so).
        """
        if len(caption) > MOST_CHARACTERS:
            return []
        plain = PlainText(caption)
        text = plain.text
        found: list[Mention] = []
        scene: dict[re.Pattern, bool] = {}
        for match in self._regex.finditer(text):
            form = match.group()
            start, end = match.span()
            for meaning in self._meanings.get(form) or self._meanings[re.sub(_GAP, " ", form)]:
                noun, follower = meaning.noun, meaning.not_before
                if noun is None or (follower is not None and follower.match(text, end)):
                    continue
                if meaning.depends and not _fits(meaning, (start, end), text, scene):
                    continue
                alone = stands_alone(noun, text, start, end)
                if alone and noun.is_plural and start and plain.is_capital(start):
                    alone = False  # it may be a team's name
                if alone or not mentions_nothing(Place(noun, plain, start, end)):
                    found.append(Mention(plain.at(start), plain.end_at(end), noun.word))
                    break
        return found

    def is_ambiguous(self, caption: str) -> bool:
        """Return whether a caption holds a form whose meaning depends on what stands around it."""
        forms = (re.sub(_GAP, " ", match.group()) for match in self._regex.finditer(PlainText(caption).text))
        return any(meaning.depends for form in forms for meaning in self._meanings[form])

    def _add_word(self, word: str, entry: dict, others: list[str]) -> None:
        """Add the forms of a word; others: its forms that are ambiguous."""
        followers = _expand_all(entry.get("not_before", ()))
        activities = frozenset(item for item in followers if item.endswith("ing") and " " not in item)
        follower = self._compile_follower([item for item in followers if item not in activities])
        forms = set(_expand_all(entry["forms"]))
        known = forms | set(others)
        for form in forms:  # a plural describes no other noun ("dogs run", not "dog run"), mostly
            noun = self._make_noun(form, word, known, activities)
            self._add(form, _Meaning(noun, None if noun.is_plural else follower))

    def _make_noun(self, form: str, word: str, forms: Collection[str], activities: frozenset[str]) -> Noun:
        is_plural = is_plural_form(form, forms)
        return Noun(
            form,
            word,
            is_plural,
            word in self._people,
            word in self._animate,
            activities,
            self._names,
            self._persons,
        )

    def _index_nouns(self) -> None:
        """Fill what the rules know of the list: forms of one word, and which of them are one person."""
        for form, (meaning, *_) in self._meanings.items():
            if " " in form:
                continue
            self._names[form] = meaning.word
            if meaning.noun and meaning.noun.is_person and not meaning.noun.is_plural:
                self._persons.add(form)

    def _add(self, form: str, meaning: _Meaning) -> None:
        known, *_ = self._meanings.setdefault(form, (meaning,))
        if known.word != meaning.word:
            raise LexiconError(f"the form {form!r} means both {known.word!r} and {meaning.word!r}")

    def _read_ambiguous(self, entries: Iterable[dict]) -> dict[str, tuple[_Meaning, ...]]:
        """Read forms that mean a word only in some places; of several words the first that fits counts."""
        forms_of: dict[str | None, set[str]] = {word: set() for word in self._words}
        for form, (meaning, *_) in self._meanings.items():
            forms_of.setdefault(meaning.word, set()).add(form)
        meanings: dict[str, tuple[_Meaning, ...]] = {}
        for entry in entries:
            if entry["word"] not in self._words:
                raise LexiconError(f"ambiguous: {entry['word']!r} is not in the word list")
            near: dict[str, re.Pattern | None] = {}
            for kind in ("drop", "keep"):
                patterns = entry.get(kind, ())
                near[kind] = self._compile_patterns([p for p in patterns if "@" in p])
                near[f"{kind}_scene"] = self._compile_patterns([p for p in patterns if "@" not in p])
            forms = _expand_all(entry["forms"])
            known = forms_of[entry["word"]] | set(forms)
            for form in forms:
                noun = self._make_noun(form, entry["word"], known, frozenset())
                meaning = _Meaning(noun, **near, depends=any(near.values()))
                meanings[form] = (*meanings.get(form, ()), meaning)
        return meanings

    def _compile_follower(self, followers: list[str] | None) -> re.Pattern | None:
        if not followers:
            return None
        return re.compile(rf"{_GAP}(?:{'|'.join(map(self._fill, followers))})(?!\w)")

    def _compile_patterns(self, patterns: list[str] | None) -> re.Pattern | None:
        if not patterns:
            return None
        return re.compile("|".join(f"(?:{self._fill(pattern)})" for pattern in patterns))

    def _fill(self, pattern: str) -> str:
        """Put lists and gaps into a pattern."""
        filled = re.sub(r"<(\w+)>", lambda match: self._lists[match.group(1)], pattern.replace(" ", _GAP))
        return filled.replace("@", "\0")


def read_definition(path: Path) -> dict:
    """Return a lexicon's definition as its YAML file has it."""
    text = path.read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def expand_form(form: str) -> list[str]:
    """Return the phrases that a form in the notation of the lexicon stands for: `(bus|train)
    stop(|s)` for four.
    """
    parts = re.split(r"\(([^()]*)\)", form)
    if any(character in "()?*+[]" for part in parts[::2] for character in part):
        raise LexiconError(f"the form {form!r} has more than plain groups (a|b)")
    choices = [part.split("|") if place % 2 else [part] for place, part in enumerate(parts)]
    phrases = ("".join(choice) for choice in itertools.product(*choices))
    return [re.sub(_GAP, " ", phrase).strip() for phrase in phrases]


def _expand_all(forms: Iterable[str]) -> list[str]:
    return [phrase for form in forms for phrase in expand_form(form)]


def _fits(meaning: _Meaning, span: tuple[int, int], text: str, scene: dict[re.Pattern, bool]) -> bool:
    """Whether no drop and, when there are some, a keep of a meaning matches."""
    start, end = span
    near = f"{text[max(0, start - NEAR) : start]}\0{text[end : end + NEAR]}"
    for pattern in (meaning.drop_scene, meaning.keep_scene):
        if pattern is not None and pattern not in scene:
            scene[pattern] = pattern.search(text) is not None
    if meaning.drop is not None and meaning.drop.search(near):
        return False
    if meaning.drop_scene is not None and scene[meaning.drop_scene]:
        return False
    if meaning.keep is None and meaning.keep_scene is None:
        return True
    if meaning.keep_scene is not None and scene[meaning.keep_scene]:
        return True
    return meaning.keep is not None and meaning.keep.search(near) is not None


def _alternatives(items: Iterable[str]) -> str:
    ordered = sorted(items, key=len, reverse=True)
    return "(?:" + "|".join(re.escape(item).replace(r"\ ", _GAP) for item in ordered) + ")"


def _compile_trie(forms: Iterable[str]) -> str:
    """Return a regular expression that matches the longest of the forms; a space matches any gap."""
    root: dict = {}
    for form in forms:
        node = root
        for character in form:
            node = node.setdefault(character, {})
        node[""] = {}
    return _trie_pattern(root)


def _trie_pattern(node: dict) -> str:
    branches = []
    for character in sorted(key for key in node if key):
        tail, head = node[character], _GAP if character == " " else re.escape(character)
        while len(tail) == 1 and "" not in tail:  # a run without branches is plain text
            (character, tail), *_ = tail.items()
            head += _GAP if character == " " else re.escape(character)
        branches.append(head if list(tail) == [""] else head + _trie_pattern(tail))
    pattern = branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
    return f"(?:{pattern})?" if "" in node else (pattern if len(branches) == 1 else pattern)
