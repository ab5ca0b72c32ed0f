"""Readers of photo-caption sources: one small module a format, one entry a format in `READERS`.

To add a format: a module with a function (source, range of positions) -> items, and its entry here.
Everything that a config or another stage may ask of a format (keys, paths, whether it knows
instances) is computed from the entry.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from unscene.run.checkout import CHECKOUT
from unscene.samples.readers.items import Item, Positions, SourceError
from unscene.samples.taking import choose_part


@dataclass(frozen=True)
class Reader:
    """A format of samples.sources.

    needed, allowed: keys that a source of it must and may have beside name, format and photos.
    paths: those of them that are paths. load: returns the function (source with absolute paths,
    positions) -> items, importing what it needs. count: returns the function source -> number of
    its items; without it a source must say `photos`. cut: returns the function source -> None that
    makes reading a part of it cheap in this run. locate: returns a source with the paths of the files
    that the run itself makes for it. instances: the key of the file that says which objects
    the photos have, "" when the format knows no such thing. like: the format whose photos the plan
    takes these for; "" when the figures of the plan have this one.
    rendered: the run itself draws the photos, whose scenes say nothing about CLIP.
    cited: the work that a paper cites for such photos, as `[@key]` of references.bib.
    """

    name: str
    doc: str
    needed: tuple[str, ...]
    load: Callable[[], Callable[[dict, Positions], Iterator[Item]]]
    count: Callable[[], Callable[[dict], int]] | None = None
    cut: Callable[[], Callable[[dict], None]] | None = None
    allowed: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    locate: Callable[[dict], dict] = dict
    instances: str = ""
    like: str = ""
    rendered: bool = False
    cited: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys of this format."""
        return self.needed + self.allowed


def _load(module: str, function: str) -> Callable[[], Callable]:
    return lambda: getattr(import_module(module), function)


def _locate_scenes(source: dict) -> dict:
    """An embedded source lies where the run rendered it, in COCO's format, with photos of what is
    behind its objects.
    """
    name, folder = source["name"], Path("results/scenes").absolute() / source["name"]
    return {
        **source,
        "captions": str(folder / f"captions_{name}.json"),
        "images": str(folder / "images"),
        "instances": str(folder / f"instances_{name}.json"),
        "truth": str(folder / "truth.parquet"),
    }


READERS = {
    reader.name: reader
    for reader in (
        Reader(
            "embedded",
            "Small drawn scenes in COCO's own format, rendered into results/scenes/; they check "
            "the code and are no evidence "
            "about CLIP.",
            needed=("seed",),
            load=_load("unscene.samples.readers.coco", "iterate_coco"),
            cut=_load("unscene.samples.readers.coco_files", "cut_captions"),
            locate=_locate_scenes,
            instances="instances",
            rendered=True,
        ),
        Reader(
            "coco",
            "captions_*.json and a folder of photos; instances_*.json to measure agreement, and "
            "for masks with "
            "masks.truth: union.",
            needed=("captions", "images"),
            allowed=("instances",),
            paths=("captions", "images", "instances"),
            load=_load("unscene.samples.readers.coco", "iterate_coco"),
            cut=_load("unscene.samples.readers.coco_files", "cut_captions"),
            count=_load("unscene.samples.readers.coco", "count_images"),
            instances="instances",
            cited="[@lin2014coco]",
        ),
        Reader(
            "table",
            "CSV, TSV, JSON Lines or parquet with a column of paths and one of captions; several rows "
            "of one path are several captions, and so is a list.",
            needed=("table",),
            allowed=("images", "separator", "columns"),
            paths=("table", "images"),
            load=_load("unscene.samples.readers.table", "iterate_table"),
            count=_load("unscene.samples.readers.table", "count_rows"),
        ),
        Reader(
            "folder",
            "Photos with their captions beside them: dog.jpg and dog.txt, a caption a line, or dog.json.",
            needed=("folder",),
            paths=("folder",),
            load=_load("unscene.samples.readers.folder", "iterate_folder"),
            count=_load("unscene.samples.readers.folder", "count_photos"),
            like="table",
        ),
        Reader(
            "cc_tsv",
            "Conceptual Captions: caption, tab, URL; the photo is {line:08d}.jpg in images or "
            "named by a third column.",
            needed=("table", "images"),
            paths=("table", "images"),
            load=_load("unscene.samples.readers.cc_tsv", "iterate_lines"),
            cited="[@sharma2018cc]",
            count=_load("unscene.samples.readers.cc_tsv", "count_captions"),
        ),
        Reader(
            "webdataset",
            "A folder of tar files as img2dataset writes them.",
            needed=("tars",),
            paths=("tars",),
            load=_load("unscene.samples.readers.webdataset", "iterate_tars"),
            count=_load("unscene.samples.readers.webdataset", "count_samples"),
        ),
    )
}


def locate_files(source: dict, checkout: Path = CHECKOUT) -> dict:
    """Return an entry of samples.sources with all its paths absolute: `checkout`'s, or the run's
    own for rendered scenes.
    """
    reader = READERS[source["format"]]
    here = {key: str(checkout / source[key]) for key in reader.paths if source.get(key)}
    return reader.locate({**source, **here})


def is_rendered(source: dict) -> bool:
    """Tell whether a source shows drawn scenes, which the run renders, and no photos."""
    return READERS[source["format"]].rendered


def are_rendered(sources: Iterable[dict]) -> bool:
    """Tell whether all photos are drawn scenes: nobody learns from them, so that they may be few."""
    return all(map(is_rendered, sources))


def find_like(source: dict) -> str:
    """Return the format that the plan's figures have for the photos of a source."""
    return READERS[source["format"]].like or source["format"]


def has_instances(source: dict) -> bool:
    """Tell whether a source says which objects its photos have."""
    return bool(find_instances(source))


def find_instances(source: dict, checkout: Path = CHECKOUT) -> Path | None:
    """Return the path of a source's instances file, or None when it has none."""
    path = locate_files(source, checkout).get(READERS[source["format"]].instances)
    return Path(path) if path else None


def iterate_items(source: dict, item_range: range, checkout: Path = CHECKOUT) -> Iterator[Item]:
    """Yield the items of a source whose positions lie in `item_range`, in the source's own order.

    `source` is an entry of samples.sources, as `unscene.samples.counting` completes it: where it
    takes a part, positions count in that part. A source that ends early yields fewer items. Raises
    SourceError when a file of the source is missing or unreadable, and when the source has more
    items than its `photos` says.
    """
    read, located = READERS[source["format"]].load(), locate_files(source, checkout)
    if "take" not in source:
        yield from read(located, item_range)
        return
    part = choose_part(source["take"], item_range)
    if len(part):
        yield from read({**located, "photos": source["take"]["of"]}, part)


def cut_items(source: dict, checkout: Path = CHECKOUT) -> None:
    """Make reading a part of a source cheap, once a run: called in its directory, before a shard is read.

    Raises SourceError like `iterate_items`.
    """
    cut = READERS[source["format"]].cut
    if cut is not None:
        cut()(locate_files(source, checkout))


def count_items(source: dict, checkout: Path = CHECKOUT) -> int:
    """Return the number of items of a source, whose `photos` need not be known. Reads its files;
    raises SourceError like `iterate_items`.
    """
    count = READERS[source["format"]].count
    if count is None:
        raise SourceError.at(
            source, "photos", f"the format {source['format']} cannot be counted; write photos: N"
        )
    return count()(locate_files(source, checkout))


__all__ = [
    "READERS",
    "Item",
    "Reader",
    "SourceError",
    "count_items",
    "cut_items",
    "find_instances",
    "find_like",
    "has_instances",
    "iterate_items",
    "locate_files",
]
