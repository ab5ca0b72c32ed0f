"""A need, looked up: which files come from where, how many bytes are left, and what is made of them."""

import json
import shutil
import time
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from unscene.edits.removers.base import RemovalError
from unscene.edits.removers.pipeline_folder import check_pipeline_folder
from unscene.fetching.choosing import choose_files
from unscene.fetching.downloads import (
    PART,
    PATIENCE,
    FetchError,
    Patience,
    Remote,
    count_left,
    download,
    find_part,
)
from unscene.fetching.hub import Listing, copy_from_cache, list_repository, locate_file
from unscene.fetching.needs import Need
from unscene.plan.licences import UNKNOWN, find_known
from unscene.run.folders import put_in_place
from unscene.run.shards import file_sha256
from unscene.run.tables import replaced_atomically, write_json
from unscene.run.weight_files import find_broken_weights

if TYPE_CHECKING:
    import httpx2

_NOTE = PART + "source.json"


@dataclass
class Piece:
    """A need with its files. place: where it lands. raw: the folder in which the files are gathered
    until they are whole, None for one file. fault: why it cannot be fetched.
    """

    need: Need
    place: Path
    remotes: dict[str, Remote] = field(default_factory=dict)
    listing: Listing | None = None
    raw: Path | None = None
    licence: str = UNKNOWN
    fault: str | None = None

    def count_left(self) -> int | None:
        """Return the bytes that are still to come; None when the size of a file is not known."""
        left = [count_left(remote) for remote in self.remotes.values()]
        return None if None in left else sum(left)

    def count_written(self) -> int:
        """Return the bytes that are written beside what comes: a CLIP is written out again."""
        return sum(remote.size or 0 for remote in self.remotes.values()) if self.need.kind == "clip" else 0


def look_up(need: Need, checkout: Path, client: "httpx2.Client | None", is_half: bool) -> Piece:
    """Return the piece of a need; what is wrong is its `fault`.

    client: None where the network is not to be asked. is_half: take weights of 16 bits where there
    are both.
    """
    piece = Piece(need, checkout / need.path)
    licence, note = find_known(need.path) or (UNKNOWN, "")
    piece.licence = f"{licence} ({note})" if note else licence
    if need.source is None:
        piece.fault = f"no address is known: put it there, or give one with --from {need.path}=hf:OWNER/NAME"
    elif need.source.by_hand:
        piece.fault = f"{need.source.by_hand}: put it there by hand"
    else:
        try:
            _locate(piece, client, is_half)
        except FetchError as error:
            piece.fault = str(error)
    return piece


def _locate(piece: Piece, client: "httpx2.Client | None", is_half: bool) -> None:
    need, source = piece.need, piece.need.source
    is_folder = need.kind != "file"
    if is_folder:
        piece.raw = piece.place.with_name(PART + piece.place.name)
    if source.hub:
        if client is None:
            return
        piece.listing = list_repository(source.hub, _find_revision(piece))
        if piece.listing.licence:
            piece.licence = piece.listing.licence
        names = _choose(piece, is_half)
        for name in names:
            path = piece.raw / name if is_folder else piece.place
            piece.remotes[name] = locate_file(piece.listing, name, path)
        return
    name = PurePosixPath(urlsplit(source.url).path).name
    if is_folder and need.kind != "clip":
        raise FetchError(f"{source.url}: one file, and {need.keys[0]} takes a folder; give hf:OWNER/NAME")
    path = piece.raw / name if is_folder else piece.place.with_name(name) if source.member else piece.place
    size = source.bytes if source.bytes or client is None else _ask_size(source.url, client)
    piece.remotes[name] = Remote(source.url, path, size, source.sha256)


def _choose(piece: Piece, is_half: bool) -> list[str]:
    """Return the files of the listing that are wanted."""
    source, files = piece.need.source, piece.listing.files
    wanted = source.file or (piece.place.name if piece.need.kind == "file" else None)
    if wanted is None:
        return choose_files(piece.need.kind, files, source.hub, is_half and piece.need.kind == "diffusers")
    if wanted not in files:
        there = ", ".join(sorted(files)[:8])
        raise FetchError(
            f"{source.hub}: it has no file {wanted!r} (there are: {there}); name one with hf:…:FILE"
        )
    if source.sha256 and files[wanted][1] not in (None, source.sha256):
        raise FetchError(
            f"{source.hub}: {wanted} has SHA-256 {files[wanted][1]}, and {source.sha256} is right"
        )
    return [wanted]


def _find_revision(piece: Piece) -> str | None:
    """Return the commit of what came before, else the source's: no folder is of two commits."""
    source, note = piece.need.source, _read_note(piece.raw)
    return note["commit"] if note.get("address") == source.address else source.revision


def _read_note(raw: Path | None) -> dict:
    path = raw / _NOTE if raw else None
    return json.loads(path.read_text(encoding="utf-8")) if path and path.is_file() else {}


def _ask_size(url: str, client: "httpx2.Client") -> int | None:
    """Return the size that a server names without sending the file; None when it does not."""
    import httpx2

    try:
        response = client.head(url, headers={"Accept-Encoding": "identity"})
    except httpx2.HTTPError:
        return None
    length = response.headers.get("Content-Length", "")
    is_file = response.status_code == 200 and not response.headers.get("Content-Type", "").startswith(
        "text/html"
    )
    return int(length) if is_file and length.isdigit() else None


def list_remotes(pieces: Iterable[Piece]) -> list[Remote]:
    """Return the files of pieces that can be fetched; one that two of them need is listed once."""
    wanted = [remote for piece in pieces if not piece.fault for remote in piece.remotes.values()]
    return list({remote.path: remote for remote in wanted}.values())


def fetch_piece(
    piece: Piece, client: "httpx2.Client", tell: Callable[[int], None], patience: Patience = PATIENCE
) -> str:
    """Fetch what is missing of a piece, check it, and put it in place; return what there is to say.

    Raises FetchError, and what the kinds' own checks raise, when that cannot be done: then what came
    is kept, and the next call goes on.
    """
    if piece.raw is not None:
        _open_raw(piece)
    for name, remote in piece.remotes.items():
        if remote.path.exists():
            continue
        if (
            not find_part(remote.path).exists()
            and piece.listing
            and copy_from_cache(piece.listing, name, remote)
        ):
            tell(remote.size or 0)
            continue
        download(remote, client, patience, tell)
    hashes = {name: remote.sha256 or file_sha256(remote.path) for name, remote in piece.remotes.items()}
    sizes = {name: remote.path.stat().st_size for name, remote in piece.remotes.items()}
    told = _finish(piece)
    source = piece.need.source
    write_json(
        {
            "path": piece.need.path,
            "from": source.address,
            "commit": piece.listing.commit if piece.listing else None,
            "licence": piece.licence,
            "made": told,
            "files": [{"name": name, "bytes": sizes[name], "sha256": hashes[name]} for name in hashes],
            "fetched": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        },
        piece.place.with_name(piece.place.name + ".fetched.json"),
    )
    return told


def _open_raw(piece: Piece) -> None:
    """Make the folder in which files are gathered; one of another source or commit is started anew."""
    commit = piece.listing.commit if piece.listing else None
    note = {"address": piece.need.source.address, "commit": commit}
    if piece.raw.is_dir() and _read_note(piece.raw) != note:
        shutil.rmtree(piece.raw)
    piece.raw.mkdir(parents=True, exist_ok=True)
    (piece.raw / _NOTE).write_text(json.dumps(note), encoding="utf-8")


def drop_empty(piece: Piece) -> None:
    """Remove the folder in which the files of a piece are gathered, where not a byte of them came."""
    if piece.raw is None or not piece.raw.is_dir():
        return
    came = [path for path in piece.raw.rglob("*") if path.is_file() and path.name != _NOTE]
    if not any(path.stat().st_size for path in came):
        shutil.rmtree(piece.raw)


def _finish(piece: Piece) -> str:
    source = piece.need.source
    if source.member:
        _extract(next(iter(piece.remotes.values())).path, source.member, piece.place)
        return f"{source.member} of {next(iter(piece.remotes))}"
    if piece.raw is None:
        return ""
    told = ""
    if piece.need.kind == "clip":
        from unscene.fetching.clip_forms import make_open_clip_folder

        told = make_open_clip_folder(piece.raw, piece.place, source.hub, source.model)
        shutil.rmtree(piece.raw)
        return told
    if piece.need.kind == "diffusers":
        try:
            check_pipeline_folder(piece.raw)
        except RemovalError as error:
            raise FetchError(str(error)) from error
    elif fault := find_broken_weights(piece.raw):
        raise FetchError(fault)
    for left in piece.raw.rglob(PART + "*"):
        left.unlink()
    put_in_place(piece.raw, piece.place)
    return told


def _extract(archive: Path, member: str, path: Path) -> None:
    """Take one file out of a zip; its checksum is compared on the way."""
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(member) as file:
            with replaced_atomically(path) as temporary, open(temporary, "wb") as out:
                shutil.copyfileobj(file, out, 2**20)
    except KeyError as error:
        raise FetchError(f"{archive}: it holds no {member}") from error
    except (zipfile.BadZipFile, EOFError) as error:
        raise FetchError(f"{archive}: {error}; delete it and run the same line again") from error
