"""The offline lexicon: which of COCO's 80 words a caption mentions, and where.

The words live in src/unscene/resources/lexicon.yaml, the policy in docs/KEYWORDS.md. All forms are one regular expression, a
trie bounded by word edges, so that the longest form at a place wins and the cost does not grow with their number.
"""

import itertools
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import yaml

from unscene.words.vocabulary import COCO80

PATH_TO_LEXICON = Path(str(files("unscene.resources"))) / "lexicon.yaml"
_ORDER = {word: place for place, word in enumerate(COCO80)}
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
    """Finds COCO's words in captions."""

    def __init__(self, definition: dict):
        """Compile a definition as read from the YAML file; LexiconError says what is wrong with it."""
        self.rules: tuple[str, ...] = tuple(definition["rules"])
        self._lists = {name: _alternatives(items) for name, items in definition["lists"].items()}
        self._meanings: dict[str, _Meaning] = {}
        unknown = set(definition["words"]) - set(COCO80)
        missing = set(COCO80) - set(definition["words"])
        if unknown or missing:
            raise LexiconError(f"words: unknown {sorted(unknown)}, missing {sorted(missing)}")
        ambiguous = self._read_ambiguous(definition["ambiguous"])
        for word, entry in definition["words"].items():
            meaning = _Meaning(word, self._compile_follower(entry.get("not_before")), None, None)
            forms = set(_expand_all(entry["forms"]))
            for form in forms:  # a plural describes no other noun: "dogs run", not "dog run"
                plural = (
                    form[-1] == "s" and (form[:-1] in forms or form[:-2] in forms) and word != "person"
                )  # janitors closet
                self._add(form, meaning._replace(not_before=None) if plural else meaning)
        for form in _expand_all(definition["blocks"]):
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

    def find_words(self, caption: str) -> list[str]:
        """Return the words that a caption mentions, each once, in COCO's order."""
        return sort_words(mention.word for mention in self.find_mentions(caption))

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
            if entry["word"] not in _ORDER:
                raise LexiconError(f"ambiguous: {entry['word']!r} is not one of the 80 words")
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


@cache
def load_lexicon(path: str | Path = PATH_TO_LEXICON) -> Lexicon:
    """Return the compiled lexicon of a YAML file."""
    with open(path, encoding="utf-8") as handle:
        return Lexicon(yaml.load(handle, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def find_words(caption: str) -> list[str]:
    """Return the words that a caption mentions by the shipped lexicon, each once, in COCO's order."""
    return load_lexicon().find_words(caption)


def find_mentions(caption: str) -> list[Mention]:
    """Return where a caption mentions words by the shipped lexicon: (start, end, word), from left to right."""
    return load_lexicon().find_mentions(caption)


def sort_words(words: Iterable[str]) -> list[str]:
    """Return words of the 80 in COCO's order, each once; KeyError for any other word."""
    return sorted(set(words), key=_ORDER.__getitem__)


def expand_form(form: str) -> list[str]:
    """Return the phrases that a form in the notation of the lexicon stands for: `(bus|train) stop(|s)` for four."""
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
