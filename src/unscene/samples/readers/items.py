"""What a reader yields: one item of a source, before its photo is looked at."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from unscene.run.stops import KnownStop

# What a source may say of a photo's licence; the samples have a column for each, null where it says nothing.
LICENCES = ("license", "license_url", "author_url", "source_url")
# Endings of file names that are photos. HEIC is none that can be read: such photos are rejected, not passed
# over.
PHOTOS = (
    *("jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "tif", "tiff", "avif"),
    *("heic", "heif"),
)


class SourceError(KnownStop, ValueError):
    """A source that cannot be read as the config describes it; the message names the key and the way out."""

    @classmethod
    def at(cls, source: dict, key: str, message: str) -> "SourceError":
        """Return the error of one key of a source."""
        return cls(f"samples.sources, source {source['name']!r}, key {key}: {message}")


class Positions(Protocol):
    """Which items of a source are wanted, counted from 0: a range, or a part that `take` chose.

    All lie in [start, stop). A reader yields the items whose position is `in` it, in rising order.
    """

    @property
    def start(self) -> int: ...
    @property
    def stop(self) -> int: ...
    def __contains__(self, position: object, /) -> bool: ...
    def __iter__(self) -> Iterator[int]: ...
    def __len__(self) -> int: ...


@dataclass
class Item:
    """One photo with its captions, as the source tells it.

    key: the source's own name of the item, unique in the source. captions, mentions: as long as
    each other, where there are mentions (the true words of each caption). path: the photo on disk;
    or `content` with `name`: its bytes and file name in an archive. group: items with an equal
    group belong together. licence: values by LICENCES. problem: (reason, detail) when the item
    cannot be used whatever its photo holds.
    """

    key: str
    captions: list[str]
    mentions: list[list[str]] | None = None
    path: Path | None = None
    content: bytes | None = None
    name: str = ""
    url: str | None = None
    group: str | None = None
    licence: dict[str, object] = field(default_factory=dict)
    problem: tuple[str, str] | None = None


def to_utf8(text: str) -> str:
    """Return a text that every table can hold: halves of surrogate pairs, and bytes of a file's name that
    are no UTF-8, become `?`.
    """
    return text.encode("utf-8", "replace").decode("utf-8")


def find_path(source: dict, key: str) -> Path:
    """Return the path that key `key` of a source (its paths absolute) names; SourceError when
    nothing is there.
    """
    path = Path(source[key])
    if not path.exists():
        raise SourceError.at(source, key, tell_absence(path))
    return path


def tell_absence(path: Path) -> str:
    """Return what is said of a path of the config at which nothing is."""
    return f"{path} is not there (paths in the config are relative to the checkout){tell_home(path)}"


def tell_home(path: Path) -> str:
    """Return what is said of a `~` in a path that is not there: only a shell reads it; empty without one."""
    return "; `~` is not read as your home folder: write that out" if "~" in path.parts else ""


def leads_out(folder: Path, name: str) -> bool:
    """Tell whether a photo's name, absolute or with `..`, names something outside its folder. Links in
    the folder are its owner's, and are followed; but `..` behind one is beside what it points to.
    """
    find = os.path.realpath if ".." in Path(name).parts else os.path.abspath
    try:
        return not Path(find(folder / name)).is_relative_to(find(folder))
    except ValueError:  # no name of a file: it holds a zero byte, or half of a surrogate pair
        return True


def tell_outside(folder: Path, name: str) -> tuple[str, str]:
    """Return the problem of an item whose name leads out of its folder: such lists come from elsewhere,
    and are not to choose which files of this machine are read, or written by a fetch.
    """
    return "outside", f"{name} lies outside of {folder}, the source's `images`"


def check_count(source: dict, found: int, where: Path) -> None:
    """Raise SourceError when a source has more items than it promised: its shards would leave some
    out in silence.
    """
    if found > source["photos"]:
        raise SourceError(
            f"samples.sources, source {source['name']!r}: `photos` is {source['photos']}, but "
            f"{where} has {found} items; "
            f"write photos: {found}, or, when the source was read before, add the new items as a "
            "source of their own"
        )
