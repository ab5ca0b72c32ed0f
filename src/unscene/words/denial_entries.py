"""The file of a grammar of denials, checked as it is read: one schema for all languages."""

from collections.abc import Iterable, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Formatter
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

Kind = Literal["attachment", "sentence"]
After = Literal["nothing", "head", "scene", "wanted"]  # what a construction can follow
Counted = Literal["counted", "crowd", "paired", "mass"]  # how a word is counted: a dog, people, skis, rice
COUNTED = ("counted", "crowd", "paired", "mass")
OTHER = "other_"  # begins the fields of a second object


class GrammarError(ValueError):
    """The file of a grammar is wrong; the message names the file and the entry."""


def list_fields(text: str) -> set[str]:
    """Return the names of the {fields} of a text; ValueError where its braces are wrong."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _check_text(text: str) -> str:
    list_fields(text)
    if text != " ".join(text.split()):
        raise ValueError("has spaces too many")
    return text


Text = Annotated[str, AfterValidator(_check_text)]
FilledText = Annotated[Text, Field(min_length=1)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Frame(_Entry):
    """How a construction ({said}) is joined to what it follows ({scene})."""

    text: FilledText
    kinds: tuple[Kind, ...] = Field(min_length=1)
    after: tuple[After, ...] = Field(("head", "scene", "wanted"), min_length=1)

    @model_validator(mode="after")
    def _has_both(self) -> "Frame":
        if list_fields(self.text) != {"scene", "said"}:
            raise ValueError("text needs {scene} and {said}, and nothing else")
        return self


class Construction(_Entry):
    """One way to deny an object, or two, with the assertion in the same frame of words.

    word: its negation word. after: what it can follow. frames: the names of its frames; () for all
    of its kind.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    word: str = Field(min_length=1)
    kind: Kind
    objects: Literal[1, 2] = 1
    denied: FilledText
    affirmed: FilledText
    after: tuple[After, ...] = Field(("nothing", "head", "scene", "wanted"), min_length=1)
    frames: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_two_polarities(self) -> "Construction":
        if self.denied == self.affirmed:
            raise ValueError("denied and affirmed are the same")
        for key in ("denied", "affirmed"):
            used = list_fields(getattr(self, key))
            of_second = {name for name in used if name.startswith(OTHER)}
            if not used - of_second - {"picture"}:
                raise ValueError(f"{key} names no object")
            if bool(of_second) != (self.objects == 2):
                raise ValueError(
                    f"{key} has fields of {OTHER}...: a construction of `objects: 2`, and only that"
                )
        return self


class GrammarFile(_Entry):
    """A language's file; `unscene.resources/denials_en.yaml` explains the keys."""

    names: tuple[str, ...] = Field(min_length=1)
    fields: dict[str, dict[Counted, Text]] = {}
    pictures: tuple[FilledText, ...] = Field(min_length=1)
    heads: tuple[FilledText, ...] = Field(min_length=1)
    wanted: tuple[FilledText, ...] = Field(min_length=1)
    frames: dict[str, Frame]
    reserved: tuple[FilledText, ...] = ()
    constructions: tuple[Construction, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits_together(self) -> "GrammarFile":
        for place, fault in self._find_faults():
            raise ValueError(f"{place}: {fault}")
        return self

    def list_frames(self, construction: Construction, after: str) -> tuple[Frame | None, ...]:
        """Return the frames in which a construction can follow `after`: a head, a scene, what is
        wanted; None, and that alone, where it follows nothing.
        """
        if after not in construction.after:
            return ()
        if after == "nothing":
            return (None,)
        names = construction.frames or tuple(
            name for name, frame in self.frames.items() if construction.kind in frame.kinds
        )
        return tuple(self.frames[name] for name in names if after in self.frames[name].after)

    def _find_faults(self) -> Iterator[tuple[str, str]]:
        names = set(self.names)
        for name, forms in self.fields.items():
            if missing := set(COUNTED) - set(forms):
                yield f"fields, `{name}`", f"has no form for {sorted(missing)}"
            yield from _find_unknown(f"fields, `{name}`", forms.values(), names)
        known = names | set(self.fields)
        yield from _find_unknown("wanted", self.wanted, known | {"head"})
        yield from _find_unknown("reserved", self.reserved, known)
        seen = set()
        for entry in self.constructions:
            place = f"constructions, entry `{entry.name}`"
            if entry.name in seen:
                yield place, "is there twice"
            seen.add(entry.name)
            if unknown := [name for name in entry.frames if name not in self.frames]:
                yield place, f"frames: {unknown} are not frames of this file"
                continue
            for after in entry.after:
                if not self.list_frames(entry, after):
                    yield place, f"after: no frame of it can follow `{after}`"
            every = known | {f"{OTHER}{name}" for name in known} | {"picture"}
            yield from _find_unknown(place, (entry.denied, entry.affirmed), every)


def _find_unknown(place: str, texts: Iterable[str], known: set[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        if unknown := sorted(list_fields(text) - known):
            yield place, f"{text!r} has unknown fields {unknown}; known are {sorted(known)}"


def read_entries(language: str) -> GrammarFile:
    """Return the checked file of a language; GrammarError says what is wrong and in which entry."""
    path = files("unscene.resources") / f"denials_{language}.yaml"
    if not path.is_file():
        raise GrammarError(f"no grammar of denials for the language {language!r}: there is no {path.name}")
    return parse_entries(path)


def parse_entries(path: Traversable) -> GrammarFile:
    """Return a file's checked entries; GrammarError names the file, the entry and the fault."""
    try:
        read = yaml.load(
            path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        )
        return GrammarFile.model_validate(read)
    except yaml.YAMLError as error:
        raise GrammarError(f"{path.name}: {error}") from None
    except ValidationError as error:
        faults = [f"{_name_place(one['loc'], read)}{one['msg']}" for one in error.errors()]
        raise GrammarError(f"{path.name}: " + "; ".join(faults)) from None


def _name_place(loc: tuple, read: object) -> str:
    """Return where a fault is, an entry of the constructions by its name and not by its number."""
    parts = [str(part) for part in loc]
    if len(loc) > 1 and loc[0] == "constructions":
        entry = read["constructions"][loc[1]]  # type: ignore[index]
        name = entry.get("name") if isinstance(entry, dict) else None
        parts[1] = f"entry `{name}`" if name else f"entry {loc[1] + 1}"
    return "".join(f"{part}: " for part in [", ".join(parts[:2]), *parts[2:]] if part)
