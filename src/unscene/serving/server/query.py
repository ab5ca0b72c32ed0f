"""What a query asks for: the text, what it takes out by `-term`, and what the text itself denies."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .denials import find_denials

# Any dash is a minus at the start of a word. Alone it is one only where it is the minus of a keyboard
# or of mathematics, since the longer ones part two thoughts.
_MINUS = r"\-" "\N{MINUS SIGN}"  # for sets of characters, in which a bare one makes a range
_DASHES = f"{_MINUS}\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}\N{EN DASH}\N{EM DASH}"
_QUOTES = '"\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}'
# A quote that nobody closed holds all that follows.
_TERM = re.compile(
    rf"(?<!\S)(?:[{_DASHES}]+|[{_MINUS}]\s+)"
    rf"(?:[{_QUOTES}]([^{_QUOTES}]*)(?:[{_QUOTES}]|$)|([^\s{_QUOTES}{_DASHES}][^\s{_QUOTES}]*))"
)
_WORD = re.compile(r"\w+(?:'\w+)?")
_JOINED = re.compile(r"\s+|-")
# A verb or an adverb tells of a thing (a dog running), and is not described by it.
_TELLS = ("ed", "ing", "ly")


@dataclass(frozen=True)
class Query:
    """text: what is looked for, perhaps empty. terms: what is taken out, each once, in order."""

    text: str
    terms: tuple[str, ...]


def parse_query(query: str) -> Query:
    """Part `a beach -dog -"beach umbrella"` into its text and the terms behind a minus.

    A minus counts at the start of a word only: a t-shirt stays whole. A dash is a minus there, too.
    """
    terms = [(quoted or plain).strip() for quoted, plain in _TERM.findall(query)]
    text = " ".join(_TERM.sub(" ", query).split())
    return Query(text, tuple(dict.fromkeys(term for term in terms if term)))


class Forms:
    """The words that photos are labelled with, by the ways to say them: `puppies` -> `dog`."""

    def __init__(
        self,
        forms: Mapping[str, str | None],
        plurals: Iterable[str] = (),
        followers: Iterable[str] = (),
    ):
        """forms: form -> word, or None for what only looks like one (a corn dog). plurals: the last words
        of forms that name several. followers: the words that may stand behind a thing; any other one is
        a noun that the thing describes (a bus stop shows no bus). None where nothing is known of that.
        """
        self._forms = {tuple(_WORD.findall(form.lower())): word for form, word in forms.items()}
        self._plurals, self._followers = frozenset(plurals), frozenset(followers)
        self._longest = max(map(len, self._forms), default=0)

    def with_terms(self, terms: Iterable[str]) -> "Forms":
        """Return these forms, and terms that stand for themselves."""
        more = Forms({term: term for term in terms}, self._plurals, self._followers)
        more._forms = self._forms | more._forms
        more._longest = max(self._longest, more._longest)
        return more

    def find_word(self, term: str) -> str | None:
        """Return the word that a term names, or None."""
        term = re.sub(r"^(?:a|an|any|the)\s+", "", term.lower().strip())
        return self._forms.get(tuple(_WORD.findall(term)))

    def find_all(self, text: str) -> list[tuple[int, int, str]]:
        """Return where a text names words, denied or not: start, end, word. The longest form wins, and
        one that describes a noun names nothing; of "dogless" the dog is named.
        """
        text = _lower(text)
        parts = list(_WORD.finditer(text))
        found, place = [], 0
        while place < len(parts):
            start, end = parts[place].span()
            length, word = self._match(text, parts[place : place + self._longest])
            if length:
                end = parts[place + length - 1].end()
                if self._describes(text, parts[place + length - 1 : place + length + 1]):
                    word = None
            elif parts[place].group().endswith("less"):
                end -= len("less")
                word = self._forms.get((text[start:end],))
            if word is not None:
                found.append((start, end, word))
            place += max(length, 1)
        return found

    def find_denied(self, text: str) -> list[str]:
        """Return the words whose objects a text denies, each once, in the text's order."""
        return self._find(text, True)

    def find_asserted(self, text: str) -> list[str]:
        """Return the words whose objects a text names and does not deny, each once, in its order."""
        return self._find(text, False)

    def _find(self, text: str, is_denied: bool) -> list[str]:
        found = self.find_all(text)
        denials = find_denials(text, [(start, end) for start, end, _ in found])
        named = (word for (*_, word), denied in zip(found, denials, strict=True) if denied == is_denied)
        return list(dict.fromkeys(named))

    def _describes(self, text: str, parts: Sequence[re.Match[str]]) -> bool:
        """Tell whether the first of two parts, a form or its last word, only describes the second."""
        if not self._followers or len(parts) < 2 or parts[0].group() in self._plurals:
            return False
        follower = parts[1].group()
        if follower in self._followers or not follower.isalpha() or not _is_joined(text, parts):
            return False
        return text[parts[0].end()] == "-" or not follower.endswith(_TELLS)

    def _match(self, text: str, parts: Sequence[re.Match[str]]) -> tuple[int, str | None]:
        """Return of how many parts the longest form at their start is, 0 for none, and its word. A mark
        ends a form: in "no bus, stop sign" there is no bus stop.
        """
        joined = min(1, len(parts))
        while 0 < joined < len(parts) and _is_joined(text, parts[joined - 1 : joined + 1]):
            joined += 1
        for length in range(joined, 0, -1):
            form = tuple(part.group() for part in parts[:length])
            if form in self._forms:
                return length, self._forms[form]
        return 0, None


def _lower(text: str) -> str:
    """Return a text in small letters, each in its own place (a Turkish capital would take two)."""
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


def _is_joined(text: str, parts: Sequence[re.Match[str]]) -> bool:
    """Tell whether nothing but spaces or a hyphen stands between two parts of a text."""
    return _JOINED.fullmatch(text, parts[0].end(), parts[1].start()) is not None


def name_terms(terms: Sequence[str]) -> list[str]:
    """Return terms as texts that a CLIP knows the form of: `dog` -> `a photo of a dog`."""
    return [term if " " in term.strip() else f"a photo of a {term}" for term in terms]
