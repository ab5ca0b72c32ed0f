"""Which photos of a source are not there, and where they come from: asked of the source's own reader."""

import io
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml

from unscene.fetching.photos import Dead, Photo
from unscene.run.configuration import ConfigError
from unscene.samples.counting import complete_sources
from unscene.samples.readers import SourceError, iterate_items


@dataclass(frozen=True)
class Absence:
    """The photos of a source that are not there. most: those that the run reads, None when unknown.
    count: those that may still come, None while the source's lists are not there. dead: those that
    never will.
    """

    source: dict
    folder: Path
    most: int | None
    count: int | None = None
    dead: int = 0

    def count_bytes(self) -> int:
        """Return the bytes to expect, at most."""
        photos = self.count if self.count is not None else self.most or 0
        return photos * assume_bytes(self.source)


def find_absence(source: dict, config: dict, checkout: Path) -> Absence:
    """Return which photos of a source are not there, as far as that can be told by now."""
    folder, stated = checkout / source["images"], source.get("take", source.get("photos"))
    one = {"seed": config["seed"], "samples": {**config["samples"], "sources": [dict(source)]}}
    try:
        # Counted in no run's directory: the run itself keeps the number.
        with tempfile.TemporaryDirectory() as nowhere, chdir(nowhere), redirect_stderr(io.StringIO()):
            complete_sources(one, checkout)
    except ConfigError:
        return Absence(source, folder, stated)
    (completed,) = one["samples"]["sources"]
    counts, dead = Counter(), Dead(folder)
    try:
        for photo in iterate_missing(completed, checkout):
            counts[dead.is_lasting(photo)] += 1
    except SourceError:
        return Absence(completed, folder, completed["photos"])
    return Absence(completed, folder, completed["photos"], counts[False], counts[True])


def iterate_missing(source: dict, checkout: Path) -> Iterator[Photo]:
    """Yield the photos that the run will read of a completed source and that are not there.

    Raises SourceError while the source's own lists are not there.
    """
    folder = checkout / source["images"]
    with tempfile.TemporaryDirectory() as empty:
        # A reader refuses a source whose folder of photos is not there: it then reads an empty one.
        read_from = folder if folder.is_dir() else Path(empty)
        for item in iterate_items(
            {**source, "images": str(read_from.resolve())}, range(source["photos"]), checkout
        ):
            if item.path is None or item.problem is not None:
                continue
            path = folder / item.path.relative_to(read_from.resolve())
            if not path.exists():
                # COCO's own address before Flickr's, where many photos are gone by now.
                yield Photo(path, item.licence.get("source_url") or item.url)


@cache
def _read_assumptions() -> dict:
    text = (files("unscene.resources") / "throughput.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["bytes"]


def assume_bytes(source: dict) -> int:
    """Return the bytes that a photo of a source is assumed to have (resources/throughput.yaml)."""
    told = _read_assumptions()
    pixels = told["photo_pixels"]["value"]
    return round(pixels.get(source["format"], max(pixels.values())) * told["photo_per_pixel"]["value"])
