"""Which photos of a source are not there, and where they come from: asked of the source's own reader."""

import tempfile
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml

from unscene.fetching.photos import Photo
from unscene.samples.readers import iterate_items


def iterate_missing(source: dict, checkout: Path) -> Iterator[Photo]:
    """Yield the photos of a source that the run will read and that are not there, in its order.

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
