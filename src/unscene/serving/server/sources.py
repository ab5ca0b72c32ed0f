"""Where the photos come from: a folder of one's own, or what a run says of its photos and pairs."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from .images import SUFFIXES
from .packed import is_there

CATALOGUE = "catalogue.json"


class SourceError(ValueError):
    """Photos that cannot be listed; the message says why and the way out."""


@dataclass(frozen=True)
class Listed:
    """A photo of a source. key: its name there. objects: the words of what is in it, unknown: of what
    may be; None when nobody says.
    """

    key: str
    path: str
    objects: tuple[str, ...] | None = None
    unknown: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()
    credit: str = ""


class Folder:
    """All pictures of a folder and the folders in it. Hidden ones, and links that lead out, are left out."""

    def __init__(self, root: Path):
        if not root.is_dir():
            raise SourceError(f"--photos: {root} is no folder")
        self.root = root.resolve()
        self.name = str(self.root)
        self.keeps_missing = False

    def list_photos(self) -> Iterator[Listed]:
        """Give the folder's photos, sorted by name. SourceError when the folder itself is gone."""
        if not self.root.is_dir():
            raise SourceError(f"{self.root} is not there")
        for folder, folders, files in os.walk(self.root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                path = Path(folder, name)
                if name.startswith(".") or path.suffix.lower() not in SUFFIXES:
                    continue
                key = path.relative_to(self.root).as_posix()
                if is_text(key) and self.holds(path):
                    yield Listed(key, str(path))

    def holds(self, path: str | Path) -> bool:
        """Tell whether a path, links followed, is a file of this folder."""
        real = Path(path).resolve()
        return real.is_relative_to(self.root) and real.is_file()


# What a catalogue tells as it is used; the second, of compound nouns, one of an earlier unscene lacks.
_TOLD = ("forms", "examples", "photos", "pairs", "refused")
_OF_COMPOUNDS = ("plurals", "followers")


@dataclass
class Catalogue:
    """What `unscene serve` wrote of a run: its photos by reference, its pairs and refused edits, and
    the words that its photos are labelled with.
    """

    path: Path
    name: str = "run"
    keeps_missing: bool = True
    forms: dict[str, str] = field(default_factory=dict)
    plurals: list[str] = field(default_factory=list)
    followers: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)
    photos: list[dict] = field(default_factory=list)
    pairs: list[dict] = field(default_factory=list)
    refused: list[dict] = field(default_factory=list)
    about: dict = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Catalogue":
        """Read a catalogue; SourceError says what is wrong with it."""
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            compounds = {key: known.get(key, []) for key in _OF_COMPOUNDS}
            self = cls(path, **{key: known[key] for key in _TOLD}, **compounds)
            self.about = known["about"]
            self.root = (path.parent / known["root"]).resolve()
            rows = (*self.pairs, *self.refused)
            self._named = [photo["path"] for photo in self.photos]
            self._named += [row[part] for row in rows for part in PARTS.values() if row.get(part)]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SourceError(
                f"{path}: cannot be read ({error}); delete it, and unscene serve makes it anew"
            ) from error
        return self

    @cached_property
    def _files(self) -> set[str]:
        """Where all files lie that the run names; looked up when the first one is sent."""
        return resolve_all(self.root, self._named)

    @cached_property
    def _listed(self) -> list[Listed]:
        return [
            Listed(
                photo["image_id"],
                os.path.join(self.root, photo["path"]),
                tuple(photo["objects"]),
                tuple(photo["unknown"]),
                tuple(photo["captions"]),
                photo.get("credit") or "",
            )
            for photo in self.photos
        ]

    def list_photos(self) -> Iterator[Listed]:
        """Give the run's untouched photos."""
        return iter(self._listed)

    def holds(self, path: str | Path) -> bool:
        """Tell whether a path, links followed, is a file that the run names."""
        real = Path(path).resolve()
        return str(real) in self._files and is_there(real)


# The pictures of a pair by the name in its address, and the catalogue's key of their path.
PARTS = {"original": "original_path", "edited": "edited_path", "mask": "mask_path"}


def resolve_all(root: Path, names: Sequence[str]) -> set[str]:
    """Return where the files of names below a folder lie, links followed, as `Path.resolve` says of
    each: a folder is looked up once, since of 30,000 photos that takes a second less.
    """
    folders: dict[str, str] = {}
    found = set()
    for name in names:
        folder, last = os.path.split(os.path.join(root, name))
        if folder not in folders:
            folders[folder] = os.path.realpath(folder)
        path = os.path.join(folders[folder], last)
        found.add(os.path.realpath(path) if os.path.islink(path) else path)
    return found


def is_text(name: str) -> bool:
    """Tell whether a file's name is text that JSON can hold; names of other encodings are not."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
