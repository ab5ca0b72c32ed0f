"""The offline lexicon: which words of a list a caption mentions, and where.

A list's forms stand in a file of src/unscene/resources, the policy in docs/KEYWORDS.md. All forms
are one regular expression, a trie bounded by word edges, so that the longest form at a place wins
and the cost does not grow with their number.
"""

import itertools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import yaml

_GAP = r"[\s\-]+"
_CURLY = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "\u00a0": " ", "\u2013": "-", "\u2010": "-", "\u2011": "-"}
)


class LexiconError(ValueError):
    """The lexicon file is wrong: an unknown word, a form with two meanings, a bad pattern."""


class Mention(NamedTuple):
    """A place in a caption, as character positions, that mentions a word."""

    start: int
    end: int
    word: str


class _Meaning(NamedTuple):
    word: str | None  # None: the form mentions nothing
    not_before: re.Pattern | None
    drop: re.Pattern | None
    keep: re.Pattern | None


class Lexicon:
    """Finds words in captions.

    rules, examples: of the policy, as prompts quote them; an example is a caption and its words.
    """

    def __init__(self, definition: dict, words: Iterable[str]):
        """Compile a definition (`read_definition`) of exactly these words; LexiconError says what
        is wrong with it.
        """
        self.rules: tuple[str, ...] = tuple(definition["rules"])
        self.examples: tuple[tuple[str, list[str]], ...] = tuple(
            (example["caption"], example["words"]) for example in definition["examples"]
        )
        self._words = tuple(words)
        self._lists = {name: _alternatives(items) for name, items in definition.get("lists", {}).items()}
        self._meanings: dict[str, _Meaning] = {}
        unknown = set(definition["words"]) - set(self._words)
        missing = set(self._words) - set(definition["words"])
        if unknown or missing:
            raise LexiconError(f"words: unknown {sorted(unknown)}, missing {sorted(missing)}")
        ambiguous = self._read_ambiguous(definition.get("ambiguous", ()))
        for word, entry in definition["words"].items():
            meaning = _Meaning(word, self._compile_follower(entry.get("not_before")), None, None)
            forms = set(_expand_all(entry["forms"]))
            for form in forms:  # a plural describes no other noun ("dogs run", not "dog run"), mostly
                plural = form[-1] == "s" and (form[:-1] in forms or form[:-2] in forms)
                keeps = not plural or entry.get("plurals_describe")
                self._add(form, meaning if keeps else meaning._replace(not_before=None))
        for form in _expand_all(definition.get("blocks", ())):
            self._add(form, _Meaning(None, None, None, None))
        self._meanings |= ambiguous
        self._regex = re.compile(rf"(?<![\w]){_compile_trie(self._meanings)}(?![\w])")

    def find_mentions(self, caption: str) -> list[Mention]:
        """Return the places that mention a word, from left to right; spans are positions in `caption`."""
        text = _lower(caption)
        found = []
        for match in self._regex.finditer(text):
            form = match.group()
            meaning = self._meanings.get(form) or self._meanings[re.sub(_GAP, " ", form)]
            if meaning.word is None:
                continue
            start, end = match.span()
            if meaning.not_before is not None and meaning.not_before.match(text, end):
                continue
            if meaning.drop is not None or meaning.keep is not None:
                marked = f"{text[:start]}\0{text[end:]}"
                if meaning.drop is not None and meaning.drop.search(marked):
                    continue
                if meaning.keep is not None and not meaning.keep.search(marked):
                    continue
            found.append(Mention(start, end, meaning.word))
        return found

    def is_ambiguous(self, caption: str) -> bool:
        """Return whether a caption holds a form whose meaning depends on what stands around it."""
        text = _lower(caption)
        for match in self._regex.finditer(text):
            form = match.group()
            meaning = self._meanings.get(form) or self._meanings[re.sub(_GAP, " ", form)]
            if meaning.drop is not None or meaning.keep is not None:
                return True
        return False

    def list_forms(self, word: str) -> list[str]:
        """Return all forms that (can) mention a word, sorted."""
        return sorted(form for form, meaning in self._meanings.items() if meaning.word == word)

    def _add(self, form: str, meaning: _Meaning) -> None:
        known = self._meanings.setdefault(form, meaning)
        if known.word != meaning.word:
            raise LexiconError(f"the form {form!r} means both {known.word!r} and {meaning.word!r}")

    def _read_ambiguous(self, entries: Iterable[dict]) -> dict[str, _Meaning]:
        meanings = {}
        for entry in entries:
            if entry["word"] not in self._words:
                raise LexiconError(f"ambiguous: {entry['word']!r} is not in the word list")
            drop, keep = (self._compile_patterns(entry.get(kind)) for kind in ("drop", "keep"))
            for form in _expand_all(entry["forms"]):
                meanings[form] = _Meaning(entry["word"], None, drop, keep)
        return meanings

    def _compile_follower(self, followers: list[str] | None) -> re.Pattern | None:
        if not followers:
            return None
        verb = rf"{self._lists['verb_like']}{_GAP}{self._lists['closed']}(?!\w)"
        return re.compile(rf"{_GAP}(?!{verb})(?:{'|'.join(map(self._fill, followers))})(?!\w)")

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


def _lower(caption: str) -> str:
    text = caption.translate(_CURLY).lower()
    if len(text) != len(caption):  # a few letters grow when lowered; positions must stay
        text = "".join(c.lower() if len(c.lower()) == 1 else c for c in caption.translate(_CURLY))
    return text


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
