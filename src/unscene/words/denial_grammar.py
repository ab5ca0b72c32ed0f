"""Writes that an object is absent, or present, in many constructions: texts to train absence on.

A construction is an entry of `unscene/resources/denials_{language}.yaml`: both polarities of one
frame of words ("without {a}", "with {a}"). It stands alone, or it follows a head ("a photo"), a
caption, or what a query wants. Two calls with equal states of their generators write the two
polarities of one text: all else is the same.

There are two lists of wordings: the twelve of `unscene.words.phrasings` are in the captions of
edits, which prompts explain and paid answers hold, so they stay; this one may grow.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from unscene.words.denial_entries import (
    Construction,
    Counted,
    Frame,
    GrammarError,
    GrammarFile,
    read_entries,
)
from unscene.words.phrasings import small_start
from unscene.words.vocabulary import Vocabulary

TRIES = 100  # draws for a text that is not reserved; few are
_HAS_CLAUSE = re.compile(r"\b(?:with|without|and|while|as|has|have|showing)\b")


class Named(NamedTuple):
    """A word, or two, as constructions name it: `fields`, and the texts that are never written of it."""

    fields: Mapping[str, str]
    reserved: frozenset[str]


class Wording(NamedTuple):
    """What both polarities of a text share.

    frame: None where the construction stands alone. scene: what it follows. picture: the word for
    a picture, where the construction has one. capital, stop: sentences start with a capital, the
    text ends with a full stop.
    """

    construction: Construction
    frame: Frame | None
    scene: str
    picture: str
    capital: bool
    stop: bool

    def write(self, denied: bool, fields: Mapping[str, str]) -> str:
        """Return the text of one polarity."""
        form = self.construction.denied if denied else self.construction.affirmed
        text = form.format(picture=self.picture, **fields)
        if self.frame is not None:
            text = self.frame.text.format(scene=self._end_scene(self.frame), said=text)
        if self.capital:
            text = re.sub(r"(?:^|(?<=[.?!] ))[^\W\d_]", lambda match: match[0].upper(), text)
        return f"{text}." if self.stop else text

    def _end_scene(self, frame: Frame) -> str:
        """Return the scene, with a comma where the construction would belong to its last noun ("a
        man with a bag without a dog").
        """
        is_open = frame.text == "{scene} {said}" and _HAS_CLAUSE.search(self.scene)
        return f"{self.scene}," if is_open else self.scene


class Grammar:
    """The constructions of one language, and how they are drawn.

    The generator decides all that is drawn. Constructions are equally likely, whatever the number
    of their frames.
    """

    def __init__(self, entries: GrammarFile):
        self.entries = entries
        self._named: dict[tuple[Vocabulary, str], Named] = {}
        self._fitting = {
            after: self.list_fitting(1, after) for after in ("nothing", "head", "scene", "wanted")
        }

    @property
    def constructions(self) -> tuple[Construction, ...]:
        """All constructions: those of two objects are never drawn, and no probe may be one of them."""
        return self.entries.constructions

    def write_bare(
        self, category: str, denied: bool, rng: np.random.Generator, vocabulary: Vocabulary
    ) -> str:
        """Return a text of the object alone: "a photo without any dogs", "No dog can be seen."."""
        head = _pick(("", *self.entries.heads), rng.random())
        return self._draw("head" if head else "nothing", head, self.name(category, vocabulary), rng, denied)

    def write_scene(
        self, scene: str, category: str, denied: bool, rng: np.random.Generator, vocabulary: Vocabulary
    ) -> str:
        """Return a caption that does not name the object, with the object's denial or assertion: "A
        beach at noon. There is no dog here".
        """
        scene = small_start(scene.strip().rstrip(" .!,;"))
        return self._draw("scene", scene, self.name(category, vocabulary), rng, denied)

    def write_query(
        self, wanted: str, unwanted: str, rng: np.random.Generator, vocabulary: Vocabulary
    ) -> str:
        """Return a query for photos of one object without another: "an image of a dog, no cat"."""
        scene = self.write_plain(wanted, rng, vocabulary)
        return self._draw("wanted", scene, self.name(unwanted, vocabulary), rng, True)

    def write_plain(self, category: str, rng: np.random.Generator, vocabulary: Vocabulary) -> str:
        """Return a text that names the object and says no more: "an image of a dog", "dogs"."""
        form, head = rng.random(2)
        return _pick(self.entries.wanted, form).format(
            head=_pick(self.entries.heads, head), **self.name(category, vocabulary).fields
        )

    def list_fitting(self, objects: int, after: str) -> list[tuple[Construction, tuple[Frame | None, ...]]]:
        """Return the constructions of so many objects that can follow `after`, with their frames there."""
        listed = [(entry, self.entries.list_frames(entry, after)) for entry in self.constructions]
        return [(entry, frames) for entry, frames in listed if entry.objects == objects and frames]

    def name(self, category: str, vocabulary: Vocabulary) -> Named:
        """Return a word's fields: those of the vocabulary, and those that follow from them."""
        key = (vocabulary, category)
        if key not in self._named:
            names = vocabulary.name_object(category)
            counted = count_word(category, vocabulary)
            forms = {name: form[counted].format(**names) for name, form in self.entries.fields.items()}
            fields = names | forms
            reserved = frozenset(strip_text(text.format(**fields)) for text in self.entries.reserved)
            self._named[key] = Named(fields, reserved)
        return self._named[key]

    def _draw(self, after: str, scene: str, named: Named, rng: np.random.Generator, denied: bool) -> str:
        """Return a text that follows `scene`. What is drawn does not depend on the polarity."""
        for _ in range(TRIES):
            which, frame, picture, capital, stop = rng.random(5)
            construction, frames = _pick(self._fitting[after], which)
            picture = _pick(self.entries.pictures, picture)
            wording = Wording(construction, _pick(frames, frame), scene, picture, capital < 0.5, stop < 0.5)
            texts = wording.write(False, named.fields), wording.write(True, named.fields)
            if not any(strip_text(text) in named.reserved for text in texts):
                return texts[denied]
        raise GrammarError(f"all of {TRIES} wordings that were drawn after {scene!r} are reserved")


@lru_cache
def read_grammar(language: str = "en") -> Grammar:
    """Return a language's grammar, read once a process; GrammarError says what is wrong in its file."""
    return Grammar(read_entries(language))


def count_word(category: str, vocabulary: Vocabulary) -> Counted:
    """Return how a word is counted: `mass` (broccoli), `paired` (skis), `crowd` (people), `counted`."""
    if category in vocabulary.mass:
        return "mass"
    if category not in vocabulary.plural_only:
        return "counted"
    one, many = vocabulary.names.get(category, (category, f"{category}s"))
    return "paired" if one == many else "crowd"


def strip_text(text: str) -> str:
    """Return the words of a text alone: small, without marks."""
    return " ".join(re.findall(r"[\w']+", text.lower()))


def _pick(values: Sequence, at: float):
    """Return one of the values, by a number in [0, 1)."""
    return values[int(at * len(values))]
