"""What a reader yields: one item of a source, before its photo is looked at."""

from dataclasses import dataclass, field
from pathlib import Path

# What a source may say of a photo's licence; the samples have a column for each, null where it says nothing.
LICENCES = ("license", "license_url", "author_url", "source_url")


class SourceError(ValueError):
    """A source that cannot be read as the config describes it; the message names the key and the way out."""


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


def find_path(source: dict, key: str) -> Path:
    """Return the path that key `key` of a source (its paths absolute) names; SourceError when
    nothing is there.
    """
    path = Path(source[key])
    if not path.exists():
        raise SourceError(
            f"samples.sources, source {source['name']!r}, key {key}: {path} is not there "
            "(paths in the config are relative to the checkout)"
        )
    return path


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
