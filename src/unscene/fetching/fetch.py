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
from unscene.fetching.needs import list_broken, list_needs, list_photo_sources
from unscene.fetching.photo_lists import Absence, find_absence, iterate_missing
from unscene.fetching.photos import Dead, Manners, fetch_photos
from unscene.fetching.pieces import Piece, drop_empty, fetch_piece, list_remotes, look_up
from unscene.fetching.showing import format_bytes, format_pieces


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
        absences = [find_absence(source, config, checkout) for source in sources]
        for absence in absences:
            if absence.dead:
                path = Dead(absence.folder).path
                say(f"  photos of {absence.source['name']}: {absence.dead:,} will not come; why is in {path}")
        broken = list_broken(config, checkout)
        if not pieces and not broken and all(absence.count == 0 for absence in absences):
            say("Nothing is missing: all that the config names is there.")
            return 0
        _show(pieces, absences, say)
        for line in broken:
            say(f"  {line}")
        if is_offline():
            say(f"HF_HUB_OFFLINE is set, so nothing is fetched: put each at its path, below {checkout}")
            return 1
        _check_space(pieces, absences)
        if wishes.is_dry:
            return 1
        if not wishes.agree():
            return 1
        still = broken + _fetch_pieces(pieces, client, wishes.patience, say)
    for source in sources:  # looked at again: its lists may have come just now
        still += _fetch_photos_of(find_absence(source, config, checkout), checkout, wishes.manners, say)
    if still:
        say("Still missing:")
        for line in still:
            say(f"  {line}")
    return 1 if still else 0


def _show(pieces: list[Piece], absences: list[Absence], say: Callable[[str], None]) -> None:
    say("Not there, and named by the config (bytes that are still to come, licence):")
    for line in format_pieces(pieces):
        say(line)
    for absence in absences:
        name, most = absence.source["name"], "?" if absence.most is None else f"{absence.most:,}"
        if absence.count is None:
            say(f"  photos of {name}: up to {most}, known once its lists are there")
        elif absence.count:
            about = format_bytes(absence.count_bytes())
            say(f"  photos of {name}: {absence.count:,} of {most} (about {about}; each has its own licence)")
    left = [piece.count_left() if piece.remotes else None for piece in pieces if not piece.fault]
    unknown = left.count(None)
    rest = f" and {unknown} of unknown size" if unknown else ""
    say(f"Files: {format_bytes(_count_coming(pieces))}{rest}.")
    if any(not piece.need.is_own and piece.need.source and not piece.need.source.by_hand for piece in pieces):
        say("'not fetched yet': nobody has fetched from that address with this project; say when it is wrong")


def _check_space(pieces: list[Piece], absences: list[Absence]) -> None:
    """Raise FetchError when a disk has less room than is to come, as far as sizes are known."""
    wanted: Counter = Counter()
    for piece in pieces:
        wanted[_find_there(piece.place)] += 0 if piece.fault else piece.count_written()
    for remote in list_remotes(pieces):
        wanted[_find_there(remote.path)] += count_left(remote) or 0
    for absence in absences:
        wanted[_find_there(absence.folder)] += absence.count_bytes()
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
                    drop_empty(piece)
            still.append(f"{piece.need.path}: {piece.fault}")
    return still


def _fetch_photos_of(
    absence: Absence, checkout: Path, manners: Manners, say: Callable[[str], None]
) -> list[str]:
    """Fetch a source's photos; return a line when its lists are not there, or when none came."""
    name = absence.source["name"]
    if absence.count is None:
        return [f"photos of {name}: its lists are not there, so nobody knows which"]
    if not absence.count:
        return []
    with tqdm(total=absence.count, unit=" photos", desc=name, disable=None, leave=False) as bar:
        photos = iterate_missing(absence.source, checkout)
        counts = fetch_photos(photos, absence.folder, manners, lambda _: bar.update())
    fetched = counts.pop("fetched", 0)
    by_number = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    reasons = ", ".join(f"{reason} {number:,}" for reason, number in by_number)
    why = f", {reasons}; rows in {Dead(absence.folder).path}" if counts else ""
    say(f"  photos of {name}: {fetched:,} came{why}")
    return [] if fetched else [f"photos of {name}: none came ({reasons})"]
