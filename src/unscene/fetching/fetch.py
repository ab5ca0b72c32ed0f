"""`unscene fetch`: what a config names and is not there is shown, fetched, and said where it did not come."""

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from unscene.clip.models import ClipError
from unscene.fetching.catalogue import Source
from unscene.fetching.downloads import PATIENCE, FetchError, Patience, count_left, open_client
from unscene.fetching.hub import is_offline
from unscene.fetching.needs import list_needs, list_photo_sources
from unscene.fetching.photo_lists import assume_bytes, iterate_missing
from unscene.fetching.photos import Dead, Manners, fetch_photos
from unscene.fetching.pieces import Piece, fetch_piece, list_remotes, look_up
from unscene.fetching.showing import format_bytes, format_pieces
from unscene.samples.readers import SourceError


@dataclass(frozen=True)
class Wishes:
    """How to fetch. own: the user's sources, before the catalogue. is_dry: show only. agree: asks
    the person whether to begin. photos: whether photos are fetched, too.
    """

    own: Sequence[Source] = ()
    is_dry: bool = False
    agree: Callable[[], bool] = lambda: True
    photos: bool = True
    manners: Manners = field(default_factory=Manners)
    patience: Patience = PATIENCE


def fetch_config(config: dict, checkout: Path, wishes: Wishes, say: Callable[[str], None] = print) -> int:
    """Fetch what a config names and is not there; return the command's status: 0 when nothing is missing.

    Raises FetchError when the disk is too small for it.
    """
    needs = list_needs(config, checkout, wishes.own)
    sources = list_photo_sources(config) if wishes.photos else []
    is_half = config["runtime"]["precision"] != "float32"
    with open_client(wishes.patience) as client:
        asked = None if is_offline() else client
        pieces = [look_up(need, checkout, asked, is_half) for need in needs]
        counts = {source["name"]: _count_missing(source, checkout, say) for source in sources}
        if not pieces and not any(count != 0 for count in counts.values()):
            say("Nothing is missing: all that the config names is there.")
            return 0
        _show(pieces, sources, counts, say)
        if is_offline():
            say("HF_HUB_OFFLINE is set, so nothing is fetched: put each at its path, below " + str(checkout))
            return 1
        _check_space(pieces, sources, counts, checkout)
        if wishes.is_dry:
            return 0
        if not wishes.agree():
            return 1
        still = _fetch_pieces(pieces, client, wishes.patience, say)
    for source in sources:
        still += _fetch_photos_of(source, checkout, wishes.manners, say)
    if still:
        say("Still missing:")
        for line in still:
            say(f"  {line}")
    return 1 if still else 0


def _show(pieces: list[Piece], sources: list[dict], counts: dict, say: Callable[[str], None]) -> None:
    say("Not there, and named by the config (bytes that are still to come, licence):")
    for line in format_pieces(pieces):
        say(line)
    for source in sources:
        count = counts[source["name"]]
        if count is None:
            say(f"  photos of {source['name']}: up to {source['photos']:,}, known once its lists are there")
        elif count:
            about = format_bytes(count * assume_bytes(source))
            of = f"{count:,} of {source['photos']:,}"
            say(f"  photos of {source['name']}: {of} (about {about}; each has its own licence)")
    left = [piece.count_left() if piece.remotes else None for piece in pieces if not piece.fault]
    unknown = left.count(None)
    rest = f" and {unknown} of unknown size" if unknown else ""
    say(f"Files: {format_bytes(_count_coming(pieces))}{rest}.")
    if any(not piece.need.is_own and piece.need.source and not piece.need.source.by_hand for piece in pieces):
        say("'not fetched yet': nobody has fetched from that address with this project; say when it is wrong")


def _count_missing(source: dict, checkout: Path, say: Callable[[str], None]) -> int | None:
    """Return how many photos of a source may still come, None while its lists are not there. Those
    that never will are told.
    """
    dead, counts = Dead(checkout / source["images"]), Counter()
    try:
        for photo in iterate_missing(source, checkout):
            counts[dead.is_lasting(photo)] += 1
    except SourceError:
        return None
    if counts[True]:
        say(f"  photos of {source['name']}: {counts[True]:,} will not come; why is in {dead.path}")
    return counts[False]


def _check_space(pieces: list[Piece], sources: list[dict], counts: dict, checkout: Path) -> None:
    """Raise FetchError when a disk has less room than is to come, as far as sizes are known."""
    wanted: Counter = Counter()
    for piece in pieces:
        wanted[_find_there(piece.place)] += 0 if piece.fault else piece.count_written()
    for remote in list_remotes(pieces):
        wanted[_find_there(remote.path)] += count_left(remote) or 0
    for source in sources:
        count = counts[source["name"]]
        photos = source["photos"] if count is None else count
        wanted[_find_there(checkout / source["images"])] += photos * assume_bytes(source)
    by_disk: dict[int, tuple[Path, int]] = {}
    for folder, count in wanted.items():
        first, before = by_disk.get(folder.stat().st_dev, (folder, 0))
        by_disk[folder.stat().st_dev] = (first, before + count)
    for folder, count in by_disk.values():
        free = shutil.disk_usage(folder).free
        if count > free:
            raise FetchError(
                f"{folder}: {format_bytes(count)} are to come, and {format_bytes(free)} are free; make room,"
                " or make the folder a link to a larger disk"
            )


def _count_coming(pieces: Sequence[Piece]) -> int:
    """Return the bytes that are still to come, as far as they are known."""
    return sum(count_left(remote) or 0 for remote in list_remotes(pieces))


def _find_there(path: Path) -> Path:
    return next(folder for folder in (path, *path.absolute().parents) if folder.is_dir())


def _fetch_pieces(pieces: list[Piece], client, patience: Patience, say: Callable[[str], None]) -> list[str]:
    """Fetch the pieces; return a line for each that did not come."""
    still = []
    with tqdm(total=_count_coming(pieces), unit="B", unit_scale=True, disable=None, leave=False) as bar:
        for piece in pieces:
            bar.set_description(piece.need.path)
            if piece.fault is None:
                try:
                    told = fetch_piece(piece, client, bar.update, patience)
                    bar.clear()
                    say(f"  there: {piece.need.path}" + (f" ({told})" if told else ""))
                    continue
                except (FetchError, ClipError) as error:
                    piece.fault = str(error)
            still.append(f"{piece.need.path}: {piece.fault}")
    return still


def _fetch_photos_of(source: dict, checkout: Path, manners: Manners, say: Callable[[str], None]) -> list[str]:
    """Fetch a source's photos; return a line when its lists are not there or none came."""
    try:
        count = sum(1 for _ in iterate_missing(source, checkout))  # again: its lists may have come just now
    except SourceError as error:
        return [f"photos of {source['name']}: {error}"]
    if not count:
        return []
    folder = checkout / source["images"]
    with tqdm(total=count, unit=" photos", desc=source["name"], disable=None, leave=False) as bar:
        counts = fetch_photos(iterate_missing(source, checkout), folder, manners, lambda _: bar.update())
    fetched = counts.pop("fetched", 0)
    reasons = ", ".join(f"{reason} {number:,}" for reason, number in counts.most_common())
    where = f"; rows in {folder.name}.not_fetched.jsonl beside the folder" if counts else ""
    say(f"  photos of {source['name']}: {fetched:,} came" + (f", {reasons}{where}" if counts else ""))
    return (
        []
        if fetched or set(counts) == {"known to be dead"}
        else [f"photos of {source['name']}: none came ({reasons})"]
    )
