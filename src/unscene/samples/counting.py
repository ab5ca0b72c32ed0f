"""How many photos the run reads of each source, where the config leaves it to the source itself.

`photos` may be left out: the source is counted once, before anything runs, and the number is kept
in the run's `state/sources.json`. With `take` a run reads a part of the source (`samples.taking`).
"""

import sys
from pathlib import Path

from unscene.run.checkout import CHECKOUT
from unscene.run.configuration import ConfigError, list_sources
from unscene.run.counts import tell_count
from unscene.run.folders import FolderError
from unscene.run.lineage import digest, fingerprint, list_folder
from unscene.run.questions import is_question
from unscene.run.tables import TableError, read_json, write_json
from unscene.samples.instances_check import check_source_instances
from unscene.samples.readers import (
    READERS,
    SourceError,
    count_items,
    is_rendered,
    iterate_items,
    locate_files,
)
from unscene.samples.readers.items import tell_absence
from unscene.words.word_lists import find_vocabulary

COUNTS = Path("state/sources.json")
# Keys of a source that decide how many items it has, beside the files themselves.
_HOW = ("format", "separator", "columns")
_FILES = ("captions", "table", "tars", "folder")
# Those of them that people write by hand.
_WRITTEN = ("captions", "table", "folder")


def complete_sources(config: dict, checkout: Path = CHECKOUT, is_plan: bool = False) -> None:
    """Give each entry of samples.sources its `photos`: how many the run reads of it.

    Called in the run's directory. A source with `take` gets {"photos", "of", "skip", "seed"} in its
    place. is_plan: a source that is not there yet has as many photos as it takes. Raises ConfigError
    when a source cannot be counted, or when it changed since it was; for a plan also when one that
    is there cannot be read, which a run's preflight says.
    """
    everywhere = config["samples"].pop("take", None)
    for source in list_sources(config):
        if everywhere and READERS[source["format"]].count and "take" not in source:
            source["take"] = everywhere
    known = _read_counts() if COUNTS.is_file() else {}
    for source in config["samples"]["sources"]:
        if "photos" not in source:
            source["photos"] = _look_up(source, known, checkout, is_plan)
        elif is_plan:
            _read_first(source, checkout)
        if is_plan:
            _look_at_instances(source, config, checkout)
        if "take" in source or "skip" in source:
            _take_part(source, config["seed"])


def _read_counts() -> dict:
    """Return what was counted before. Raises ConfigError for a file that is damaged."""
    try:
        known = read_json(COUNTS)
        if all({"photos", "how", "stamps", "content"} <= set(entry) for entry in known.values()):
            return known
    except (TableError, AttributeError, TypeError):
        pass
    raise ConfigError(
        f"{COUNTS.absolute()} is damaged; delete it, and the photos of each source are counted anew"
    )


def _take_part(source: dict, seed: int) -> None:
    if is_rendered(source):
        raise ConfigError(
            f"samples.sources, source {source['name']!r}: take and skip are for photos that are there;"
            " scenes are drawn as many as `photos` says"
        )
    of, skip = source["photos"], source.pop("skip", 0)
    photos = min(source.get("take", of), of - skip)
    if photos < 1:
        raise ConfigError(
            f"samples.sources, source {source['name']!r}, key skip: the source has {tell_count(of, 'photo')},"
            f" so nothing is left after {skip}; lower it"
        )
    source["photos"] = photos
    source["take"] = {"photos": photos, "of": of, "skip": skip, "seed": seed}


def _read_first(source: dict, checkout: Path) -> None:
    """Raise ConfigError when the captions of a source are there and cannot be read as the config
    describes them. Its photos need not be there.
    """
    located = locate_files(source, checkout)
    written = [Path(located[key]) for key in _WRITTEN if key in READERS[source["format"]].paths]
    if not all(path.exists() for path in written) or not written:
        return
    part = ("take", "skip")  # of the whole source
    whole = {key: value for key, value in source.items() if key not in part}
    for key in READERS[source["format"]].paths:
        if located.get(key) and not Path(located[key]).exists():
            whole[key] = str(written[0].parent) if key == "images" else None
    try:
        next(iterate_items(whole, range(1), checkout), None)
    except SourceError as error:
        raise ConfigError(str(error)) from error


def _look_at_instances(source: dict, config: dict, checkout: Path) -> None:
    """Raise ConfigError when a source's captions are there, and its instances are not or tell nothing of
    them. COCO's two files come together, so that one alone is most likely misspelt.
    """
    if not source.get("instances"):
        return
    located = locate_files(source, checkout)
    if not Path(located["captions"]).exists():
        return
    if not (path := Path(located["instances"])).exists():
        raise ConfigError(
            f"samples.sources, source {source['name']!r}, key instances: {tell_absence(path)}, and its"
            " captions are; correct the path, or leave `instances` out"
        )
    try:
        check_source_instances(source, find_vocabulary(config), checkout)
    except SourceError as error:
        raise ConfigError(str(error)) from error


def _look_up(source: dict, known: dict, checkout: Path, is_plan: bool) -> int:
    """Return the number of a source's items: what was counted before, else counted now and kept."""
    name, located = source["name"], locate_files(source, checkout)
    if READERS[source["format"]].count is None:
        raise ConfigError(
            f"samples.sources, source {name!r}: the format {source['format']} needs the key photos: how many"
        )
    files = {key: Path(located[key]) for key in _FILES if located.get(key)}
    absent = [(key, path) for key, path in files.items() if not path.exists()]
    if absent and is_plan and "take" in source:
        return source["take"] + source.get("skip", 0)
    if absent:
        key, path = absent[0]
        raise ConfigError(
            f"samples.sources, source {name!r}, key {key}: {tell_absence(path)}, so its photos cannot be"
            " counted; to plan before it is there, write photos: N"
        )
    before = known.get(name, {})
    try:
        stamps = {key: _stamp(path) for key, path in files.items()}
    except FolderError as error:
        raise ConfigError(f"samples.sources, source {name!r}: {error}") from None
    how = digest({key: source.get(key) for key in _HOW})
    if before.get("stamps") == stamps and before["how"] == how:
        return before["photos"]
    content = {key: _identify(path) for key, path in files.items()}
    if before and (before["content"], before["how"]) != (content, how):
        _check_unread(name, before["photos"], next(iter(files.values())))
    if before.get("content") == content and before["how"] == how:
        photos = before["photos"]
    else:
        where = next(iter(files.values()))
        once = "" if is_question() else ", once"
        print(f"Counting the photos of source {name} ({where}){once} ...", file=sys.stderr)
        try:
            photos = count_items(source, checkout)
        except SourceError as error:
            raise ConfigError(str(error)) from error
        if photos < 1:
            raise ConfigError(f"samples.sources, source {name!r}: {where} has no photo at all")
        kept = "" if is_question() else f"; kept in {COUNTS}"
        print(f"Source {name} has {tell_count(photos, 'photo')}{kept}", file=sys.stderr)
    known[name] = {"photos": photos, "how": how, "stamps": stamps, "content": content}
    if not is_question():
        write_json(known, COUNTS)
    return photos


def _check_unread(name: str, photos: int, where: Path) -> None:
    """Raise ConfigError when shards of a source were read before it changed."""
    if any(Path("results/samples").glob(f"{name}-*-of-*.parquet")):
        raise ConfigError(
            f"samples.sources, source {name!r}: {where} changed since its {tell_count(photos, 'photo')} were"
            " counted and read. A source never changes: put the old file back and add new photos as a source"
            f" of their own; or, to read all of it anew, delete its entry in {COUNTS.absolute()}"
        )


def _stamp(path: Path) -> list:
    """Return what shows cheaply that a file, or a folder's files, are the same as before."""
    if path.is_file():
        return [str(path), path.stat().st_size, path.stat().st_mtime_ns]
    return [str(path), list_folder(path)]


def _identify(path: Path) -> str:
    """Return a digest of a file's content, or of a folder's list."""
    return fingerprint(path) if path.is_file() else list_folder(path)
