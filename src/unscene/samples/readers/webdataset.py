"""WebDataset tars as img2dataset writes them: `key.jpg`, `key.txt`, `key.json` side by side.

The number of items of a tar comes from the `{tar}_stats.json` beside it, else from a walk over its
headers. Both are checked when the tar itself is read. Only the tars that overlap a shard are opened
for their photos.
"""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

from unscene.samples.readers.items import PHOTOS, Item, Positions, SourceError, check_count, find_path


def iterate_tars(source: dict, wanted: Positions) -> Iterator[Item]:
    """Yield the items of a folder of tars, tars in the order of their names; the photo comes as bytes.

    The key is the sample's key, with the tar's name before it unless it starts with it (as
    img2dataset's keys do).
    """
    tars = _list_tars(source)
    counts = [_count_items(source, path) for path in tars]
    check_count(source, sum(counts), Path(source["tars"]))
    start = 0
    for path, count in zip(tars, counts, strict=True):
        inside = range(max(wanted.start, start), min(wanted.stop, start + count))
        mine = {position - start for position in inside if position in wanted}
        if mine:
            yield from _iterate_tar(source, path, count, mine)
        start += count


def count_samples(source: dict) -> int:
    """Return the number of items of all tars of a source."""
    return sum(_count_items(source, path) for path in _list_tars(source))


def _list_tars(source: dict) -> list[Path]:
    folder = find_path(source, "tars")
    tars = sorted(folder.glob("*.tar"))
    if not tars:
        raise SourceError.at(source, "tars", f"{folder} has no *.tar file")
    return tars


def _count_items(source: dict, path: Path) -> int:
    path_to_stats = path.with_name(f"{path.stem}_stats.json")
    if path_to_stats.is_file():
        try:
            return int(json.loads(path_to_stats.read_text(encoding="utf-8"))["successes"])
        except (ValueError, KeyError, TypeError) as error:
            raise SourceError(
                f"samples.sources, source {source['name']!r}, key tars: {path_to_stats} has no "
                f"number `successes` ({error}); "
                "delete it to have the tar counted"
            ) from error
    return sum(1 for _ in _iterate_samples(path))


def _iterate_tar(source: dict, path: Path, count: int, wanted: set[int]) -> Iterator[Item]:
    found, seen = 0, set()
    for key, members, tar in _iterate_samples(path):
        if found in wanted:
            item = _read_item(path, tar, key, members)
            if item.problem is None and key in seen:
                item.problem = ("duplicate_id", f"{path} has key {key} twice")
            yield item
        seen.add(key)
        found += 1
    if found > count:
        raise SourceError(
            f"samples.sources, source {source['name']!r}, key tars: {path} has {found} items, its "
            f"stats file says {count}; "
            f"delete {path.stem}_stats.json"
        )
    for position in sorted(position for position in wanted if position >= found):
        yield Item(
            key=f"{path.stem} item {position}",
            captions=[],
            problem=("broken", f"{path} ends after {found} of {count} items"),
        )


def _read_item(path: Path, tar: tarfile.TarFile, key: str, members: dict) -> Item:
    unique = key if key.startswith(path.stem) else f"{path.stem}/{key}"
    photo = next((members[kind] for kind in PHOTOS if kind in members), None)
    item = Item(key=unique, captions=[], name=Path(photo.name).name if photo else "")
    if not members:
        item.problem = ("broken", f"{path} cannot be read any further than this item")
        return item
    try:
        facts = json.loads(_read(tar, members["json"])) if "json" in members else {}
        facts = facts if isinstance(facts, dict) else {}
        text = (
            _read(tar, members["txt"]).decode("utf-8", "replace")
            if "txt" in members
            else facts.get("caption")
        )
        item.captions = [text]
        item.url = facts.get("url") or None
        if photo is None:
            item.problem = ("missing", f"{path} has no photo with key {key}")
        else:
            item.content = _read(tar, photo)
    except (tarfile.TarError, OSError, ValueError) as error:
        item.problem = ("broken", f"{path}, key {key}: {type(error).__name__}: {error}")
    return item


def _iterate_samples(path: Path) -> Iterator[tuple[str, dict, tarfile.TarFile | None]]:
    """Yield (key, its files by extension, the open tar); a tar that is cut off ends with a sample
    without files.
    """
    try:
        tar = tarfile.open(path, "r:")  # noqa: SIM115
    except (tarfile.TarError, OSError, EOFError):
        yield f"{path.stem} from its start", {}, None
        return
    with tar:
        key, members, number = None, {}, 0
        cut = path.stat().st_size % tarfile.BLOCKSIZE != 0
        while True:
            try:
                member = tar.next()
            except (tarfile.TarError, OSError, EOFError):
                member, cut = None, True
            if member is None:
                break
            tar.members = []  # tarfile would keep every header it has read
            folder, _, name = member.name.removeprefix("./").rpartition("/")
            if not member.isfile() or name.startswith("."):
                continue
            stem, _, kind = name.partition(".")
            stem = f"{folder}/{stem}" if folder else stem  # else x/a.jpg and y/a.jpg would be one item
            if key is not None and stem != key:
                yield key, members, tar
                members, number = {}, number + 1
            key = stem
            members[kind.lower()] = member
        if key is not None:
            yield key, members, tar
        if cut:
            yield f"{path.stem} after item {number + (key is not None)}", {}, None


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    return tar.extractfile(member).read()
