"""The probes of the evaluation: wordings that deny or assert an object, by kind.

`resources/absence_probes_{language}.yaml` has them and says what the kinds are. Whoever wrote them
had not seen the grammar of the training texts, so none of them is a training text's twin.
"""

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from unscene.words.phrasings import SCENE, fill_phrasing
from unscene.words.vocabulary import Vocabulary

_OF_ONE = {"a", "A", "no", "many", "is", "isnt", "many_are"}
# Kind -> (fields that a wording may have, of which it has each set's at least one).
KINDS: dict[str, tuple[set[str], list[set[str]]]] = {
    **{kind: (_OF_ONE, [_OF_ONE]) for kind in ("known", "unseen_words", "affirmative", "nonsense")},
    **{kind: (_OF_ONE | {"scene"}, [_OF_ONE, {"scene"}]) for kind in ("scene", "affirmative_scene")},
    "two": (_OF_ONE | {"a2", "no2", "many2"}, [_OF_ONE, {"a2", "no2", "many2"}]),
    "query": (_OF_ONE | {"wanted", "wanted_many"}, [_OF_ONE, {"wanted", "wanted_many"}]),
}


class ProbeError(ValueError):
    """The file of probes is wrong; the message names the file and the wording."""


@dataclass(frozen=True)
class Probe:
    """One wording. word: its word of negation, None of a plain assertion; tricky: an assertion with
    such a word ("nothing but dogs").
    """

    kind: str
    name: str
    word: str | None
    text: str
    tricky: bool = False

    def write(self, forms: Mapping[str, str], scene: str | None = None) -> str:
        """Return the sentence of an object, or two, whose forms `name_forms` gives."""
        written = self.text.format(scene=SCENE, **forms)
        return written if scene is None else fill_phrasing(written, scene)


@dataclass(frozen=True)
class Probes:
    """The wordings of a language, in the order of their file."""

    wordings: tuple[Probe, ...]

    def __iter__(self) -> Iterator[Probe]:
        return iter(self.wordings)

    def of(self, kind: str) -> list[Probe]:
        """Return the wordings of one kind."""
        return [probe for probe in self.wordings if probe.kind == kind]

    @property
    def known_words(self) -> set[str | None]:
        """The negation words of the wordings that a training may know."""
        return {probe.word for probe in self.of("known")}


def name_forms(
    vocabulary: Vocabulary, word: str, second: str | None = None, wanted: str | None = None
) -> dict[str, str]:
    """Return the fields of a wording: of the object, of a second one, and of the one that is wanted."""
    forms = vocabulary.name_object(word)
    are = "is" if word in vocabulary.mass else "are"
    forms |= {"isnt": f"{forms['is']}n't", "many_are": f"{forms['many']} {are}"}
    if second is not None:
        other = vocabulary.name_object(second)
        forms |= {f"{field}2": other[field] for field in ("a", "no", "many")}
    if wanted is not None:
        other = vocabulary.name_object(wanted)
        forms |= {"wanted": other["a"], "wanted_many": other["many"]}
    return forms


@cache
def read_probes(language: str = "en") -> Probes:
    """Return the probes of a language; ProbeError where its file is not as its head says."""
    name = f"absence_probes_{language}.yaml"
    return parse_probes(yaml.safe_load((files("unscene.resources") / name).read_text(encoding="utf-8")), name)


def parse_probes(document: object, name: str) -> Probes:
    """Return the probes of a file's content. name: the file, for what ProbeError says."""
    if not isinstance(document, dict) or set(document) != set(KINDS):
        found = sorted(document) if isinstance(document, dict) else type(document).__name__
        raise ProbeError(f"{name}: it must have the kinds {', '.join(KINDS)}; it has {found}")
    wordings = tuple(_parse_probe(row, kind, name) for kind, rows in document.items() for row in rows)
    for field in ("name", "text"):
        seen: set[tuple[str, str]] = set()
        for probe in wordings:
            key = (probe.kind, getattr(probe, field))
            if key in seen:
                raise ProbeError(f"{name}, {probe.kind}: the {field} {key[1]!r} stands there twice")
            seen.add(key)
    return Probes(wordings)


def _parse_probe(row: object, kind: str, name: str) -> Probe:
    allowed = {"name", "word", "text"} | ({"tricky"} if kind == "affirmative" else set())
    if not isinstance(row, dict) or set(row) != allowed or not all(row[key] for key in ("name", "text")):
        raise ProbeError(f"{name}, {kind}: {row!r} must have {', '.join(sorted(allowed))}, and no other key")
    fields = {field for _, field, _, _ in string.Formatter().parse(row["text"]) if field is not None}
    may_have, must_have = KINDS[kind]
    if fields - may_have or not all(fields & some for some in must_have):
        raise ProbeError(
            f"{name}, {kind}, {row['name']}: the fields {sorted(fields)} do not fit; allowed are "
            f"{', '.join(sorted(may_have))}, and of each of {[sorted(some) for some in must_have]} one"
        )
    is_affirmative = kind.startswith("affirmative")
    if not is_affirmative and not row["word"]:
        raise ProbeError(f"{name}, {kind}, {row['name']}: `word` is empty")
    return Probe(kind, row["name"], row["word"], row["text"], bool(row.get("tricky", False)))
