"""The probes of the evaluation: wordings that deny or assert an object, by kind.

`resources/absence_probes_{language}.yaml` has them and says what the kinds are. Whoever wrote them
had not seen the grammar of the training texts. Where both say the same all the same, a probe is no
test: `hold_out` leaves such twins out, by what the grammar can write.
"""

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import yaml

from unscene.words.coco80 import COCO80
from unscene.words.denial_entries import OTHER
from unscene.words.denial_grammar import Grammar, Wording, read_grammar, strip_text
from unscene.words.phrasings import PLAIN_PHRASINGS, SCENE, explain_phrasing, fill_phrasing
from unscene.words.vocabulary import Vocabulary

_OF_ONE = {"a", "A", "no", "many", "is", "isnt", "many_are"}
# Kind -> (fields that a wording may have, of which it has each set's at least one).
KINDS: dict[str, tuple[set[str], list[set[str]]]] = {
    **{kind: (_OF_ONE, [_OF_ONE]) for kind in ("known", "unseen_words", "affirmative", "nonsense")},
    **{kind: (_OF_ONE | {"scene"}, [_OF_ONE, {"scene"}]) for kind in ("scene", "affirmative_scene")},
    "two": (_OF_ONE | {"a2", "no2", "many2"}, [_OF_ONE, {"a2", "no2", "many2"}]),
    "query": (_OF_ONE | {"wanted", "wanted_many"}, [_OF_ONE, {"wanted", "wanted_many"}]),
}


# A word of each way to be counted: two wordings can be twins of the one and not of the other ("no
# broccoli" is one broccoli and several), and each second object.
_SAMPLES = (("dog", "cat"), ("person", "dog"), ("skis", "cat"), ("broccoli", "cat"))
_WANTED, _SCENE = "bus", "a red wall"


_LISTS = ("small_words", "picture_words")


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
    small_words: frozenset[str] = frozenset()
    picture_words: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[Probe]:
        return iter(self.wordings)

    def of(self, kind: str) -> list[Probe]:
        """Return the wordings of one kind."""
        return [probe for probe in self.wordings if probe.kind == kind]

    @property
    def known_words(self) -> set[str | None]:
        """The negation words of the wordings that a training may know."""
        return {probe.word for probe in self.of("known")}

    def strip(self, text: str) -> tuple[str, ...]:
        """Return the words of a text that tell it from its twins: no small words, one for a picture."""
        words = (word for word in strip_text(text).split() if word not in self.small_words)
        return tuple("picture" if word in self.picture_words else word for word in words)


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


@cache
def read_held_out(language: str = "en") -> Probes:
    """Return the probes that are asked: those that the grammar of the training texts does not write."""
    return hold_out(read_probes(language), read_grammar(language))


def hold_out(probes: Probes, grammar: Grammar) -> Probes:
    """Return the probes without the grammar's twins, each as `known` or `unseen_words` by whether the
    grammar denies by its word.
    """
    texts = [text for entry in grammar.constructions for text in (entry.denied, entry.affirmed)]
    written = {word for text in texts for word in strip_text(text.replace("isnt", "isn't")).split()}
    twins = find_twins(probes, grammar)
    kept = []
    for probe in probes:
        if probe in twins:
            continue
        if probe.kind in ("known", "unseen_words"):
            probe = replace(probe, kind="known" if _has_word(written, probe.word) else "unseen_words")
        kept.append(probe)
    return replace(probes, wordings=tuple(kept))


def find_twins(probes: Probes, grammar: Grammar) -> set[Probe]:
    """Return the probes that say of some object what the grammar can write of it, but for what
    `Probes.strip` leaves away; the grammar's heads and pictures are words for a picture, too.
    """
    entries = grammar.entries
    named = {word for text in (*entries.heads, *entries.pictures) for word in strip_text(text).split()}
    probes = replace(probes, picture_words=probes.picture_words | named - probes.small_words)
    twins = set()
    for word, second in _SAMPLES:
        forms = name_forms(COCO80, word, second, _WANTED)
        written = {probes.strip(text) for text in _list_written(grammar, word, second)}
        for probe in probes:
            text = probe.write(forms, _SCENE if "scene" in probe.kind else None)
            if probes.strip(text) in written:
                twins.add(probe)
    return twins


def _list_written(grammar: Grammar, word: str, second: str) -> Iterator[str]:
    """Yield what training texts say of a word: the grammar, alone and with a second one, in both
    polarities, after nothing, a head, a scene and all that is wanted, with one of its words for a
    picture; and the phrasings of edits' captions.
    """
    for phrasing, plain in PLAIN_PHRASINGS.items():  # of a noun phrase, and of a photo alone
        yield fill_phrasing(explain_phrasing(word, phrasing, COCO80), _SCENE)
        yield plain.format(**COCO80.name_object(word))
    other = {f"{OTHER}{name}": form for name, form in grammar.name(second, COCO80).fields.items()}
    fields = {**grammar.name(word, COCO80).fields, **other}
    entries, wanted = grammar.entries, grammar.name(_WANTED, COCO80).fields
    before = {
        "nothing": [""],
        "head": [entries.heads[0]],
        "scene": [_SCENE],
        "wanted": [text.format(head=entries.heads[0], **wanted) for text in entries.wanted],
    }
    for after, scenes in before.items():
        for objects in (1, 2):
            for construction, frames in grammar.list_fitting(objects, after):
                for frame in frames:
                    for scene in scenes:
                        wording = Wording(construction, frame, scene, entries.pictures[0], False, False)
                        yield wording.write(True, fields)
                        yield wording.write(False, fields)


def parse_probes(document: object, name: str) -> Probes:
    """Return the probes of a file's content. name: the file, for what ProbeError says."""
    expected = {*KINDS, *_LISTS}
    if not isinstance(document, dict) or set(document) != expected:
        found = sorted(document) if isinstance(document, dict) else type(document).__name__
        raise ProbeError(f"{name}: it must have the keys {', '.join(sorted(expected))}; it has {found}")
    wordings = tuple(_parse_probe(row, kind, name) for kind in KINDS for row in document[kind])
    for field in ("name", "text"):
        seen: set[tuple[str, str]] = set()
        for probe in wordings:
            key = (probe.kind, getattr(probe, field))
            if key in seen:
                raise ProbeError(f"{name}, {probe.kind}: the {field} {key[1]!r} stands there twice")
            seen.add(key)
    return Probes(wordings, *(frozenset(document[key]) for key in _LISTS))


def _has_word(written: set[str], word: str | None) -> bool:
    return all(
        any(each == part or (part == "n't" and each.endswith(part)) for each in written)
        for part in strip_text(word or "").split()
    )


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
