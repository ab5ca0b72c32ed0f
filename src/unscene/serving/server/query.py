"""What a query asks for: the text, what it takes out by `-term`, and what the text itself denies."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_TERM = re.compile(r'(?<!\S)-\s*(?:"([^"]*)"|([^\s"-][^\s"]*))')
_WORD = re.compile(r"\w+(?:'\w+)?")
_ANY = r"(?:(?:a|an|any|the|single|of|trace|sign|signs)\s+)*"
_DENIED = re.compile(
    r"(?:\b(?:no|not|never|without|lacks?|lacking|missing|minus|excludes?|excluding|devoid|free|absence)"
    r"|n't)(?:\s+(?:show|include|contain|feature|have|see|depict)\w*)?\s+(?:of\s+)?"
    + _ANY
    + r"(?:[\w-]+\s+)?$",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"^\s+(?:(?:is|are|was|were)\s+)?(?:not\b|nowhere\b|absent\b|missing\b|never\b)|^\s+(?:isn't|aren't)\b"
    r"|^-free\b",
    re.IGNORECASE,
)
_ALTERNATIVE = re.compile(r"^\s*(?:,\s*)?(?:or|nor)\s+" + _ANY + r"$", re.IGNORECASE)
_CLAUSE = re.compile(r"[.;:,!?]|\bbut\b(?!\s+(?:no|not|without)\b)|\bwith\b(?!\s+no\b)", re.IGNORECASE)


@dataclass(frozen=True)
class Query:
    """text: what is looked for, perhaps empty. terms: what is taken out, each once, in order."""

    text: str
    terms: tuple[str, ...]


def parse_query(query: str) -> Query:
    """Part `a beach -dog -"beach umbrella"` into its text and the terms behind a minus.

    A minus counts at the start of a word only: a t-shirt stays whole.
    """
    terms = [(quoted or plain).strip() for quoted, plain in _TERM.findall(query)]
    text = " ".join(_TERM.sub(" ", query).split())
    return Query(text, tuple(dict.fromkeys(term for term in terms if term)))


class Forms:
    """The words that photos are labelled with, by the ways to say them: `puppies` -> `dog`."""

    def __init__(self, forms: Mapping[str, str]):
        """forms: form -> word."""
        self._forms = {tuple(_WORD.findall(form.lower())): word for form, word in forms.items()}
        self._longest = max(map(len, self._forms), default=0)

    def find_word(self, term: str) -> str | None:
        """Return the word that a term names, or None."""
        term = re.sub(r"^(?:a|an|any|the)\s+", "", term.lower().strip())
        return self._forms.get(tuple(_WORD.findall(term)))

    def find_all(self, text: str) -> list[tuple[int, int, str]]:
        """Return where a text names words, denied or not: start, end, word; the longest form wins."""
        parts = list(_WORD.finditer(text.lower()))
        found, place = [], 0
        while place < len(parts):
            for length in range(min(self._longest, len(parts) - place), 0, -1):
                span = parts[place : place + length]
                word = self._forms.get(tuple(part.group() for part in span))
                if word is not None:
                    found.append((span[0].start(), span[-1].end(), word))
                    place += length - 1
                    break
            place += 1
        return found

    def find_denied(self, text: str) -> list[str]:
        """Return the words whose objects a text denies, each once, in the text's order."""
        denied: list[str] = []
        end, joined = 0, False
        for start, stop, word in self.find_all(text):
            clause = _CLAUSE.split(text[:start])[-1]
            follows = joined and bool(_ALTERNATIVE.match(text[end:start]))
            joined = bool(_DENIED.search(clause) or _DENIED_AFTER.match(text[stop:]) or follows)
            end = stop
            if joined and word not in denied:
                denied.append(word)
        return denied


def name_terms(terms: Sequence[str]) -> list[str]:
    """Return terms as texts that a CLIP knows the form of: `dog` -> `a photo of a dog`."""
    return [term if " " in term.strip() else f"a photo of a {term}" for term in terms]
