"""Packs: the pictures of a shard's folder in one uncompressed tar, read where they lie.

A table names a picture by its path, `results/masks/{shard}/{edit_id}.png`, whether it is a file of
its own there or a member of the folder's pack, `results/masks/{shard}/{shard}.tar`. So both forms
have the same tables, and to go from one to the other changes none. All that opens a picture of a
shard does it here: `open_stored`, `read_stored`, `is_stored`, and `list_stored` for a folder.

The pack is a plain tar: `tar` unpacks it, WebDataset reads it. Its first member, `__index__`, which
WebDataset passes over, tells where each picture lies, so that one is read without reading the
others. The same pictures give the same bytes.
"""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from unscene.run.tables import replaced_atomically

INDEX = "__index__"
_DIGEST_BYTES = 64
# So many indexes are kept in memory: about 1 MB each with 4,000 pictures.
_MOST_INDEXES = 128


class PackError(ValueError):
    """A pack that was cut or changed since it was written."""


def find_pack(folder: str | Path) -> Path:
    """Return where the pack of a folder lies, if it has one."""
    folder = Path(folder)
    return folder / f"{folder.name}.tar"


def open_stored(path: str | Path) -> io.BufferedReader | io.BytesIO:
    """Open a file for reading: the one at the path or, without it, the member of its folder's pack.

    Raises FileNotFoundError when neither is there, PackError for a damaged pack.
    """
    try:
        return open(path, "rb")
    except FileNotFoundError:
        folder, name = os.path.split(path)
        pack = os.path.join(folder, f"{os.path.basename(folder)}.tar")
        if name not in _list_members(pack):
            raise
        return io.BytesIO(_read_packed(pack, name))


def read_stored(path: str | Path) -> bytes:
    """Return the content of a file, loose or packed; see `open_stored`."""
    with open_stored(path) as file:
        return file.read()


def is_stored(path: str | Path) -> bool:
    """Tell whether a file is there, loose or packed."""
    path = Path(path)
    return path.is_file() or path.name in _list_members(find_pack(path.parent))


def list_stored(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield (name, bytes) of every file below a folder, sorted by folder and name, packed ones like
    loose ones; Snakemake's own marks are left out. name: relative to the folder, with `/`.

    Raises PackError for a pack that is not, but for the content of its members, as it was written.
    """
    pack = find_pack(folder)
    found: dict[str, int | None] = {}
    if pack.is_file():
        check_pack(pack)
        found.update((name, size) for name, (_, size) in _list_members(pack).items())
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name != pack.name and not entry.name.startswith(".snakemake"):
                found[entry.name] = None if entry.is_dir() else entry.stat().st_size
    for name in sorted(found):
        size = found[name]
        if size is not None:
            yield name, size
        else:
            yield from ((f"{name}/{below}", own) for below, own in list_stored(folder / name))


def pack_folder(folder: Path, pack: Path | None = None, expected: Mapping[str, str] | None = None) -> int:
    """Put the loose files of a folder into its pack, beside those that are in it; return how many
    there were. Hidden files stay loose.

    pack: where it lies when the folder has not its final name yet. expected: the SHA-256 of files by
    name, as far as a table tells it. At every moment each file is there in one form at least, so that
    readers go on, and a call that was killed is made again. Raises PackError for a file that is not
    the expected one, or is not read back as it was written; then nothing is removed.
    """
    pack = pack or find_pack(folder)
    _clear(folder)
    loose = list_loose(folder, pack)
    packed = [name for name in _list_members(pack) if name not in loose]
    if not loose:
        return 0
    if lost := sorted((expected or {}).keys() - {*loose, *packed}):
        raise PackError(f"{folder / lost[0]} is not there, and its table names it")
    hashes = _write_pack(folder, pack, sorted([*loose, *packed]), expected or {})
    check_pack(pack)
    for name, digest in hashes.items():
        if _hash(_read_packed(pack, name)) != digest:
            raise PackError(f"{pack}: {name} reads other than it was written; the loose files are kept")
    for name in loose:
        (folder / name).unlink(missing_ok=True)
    return len(loose)


def unpack_folder(folder: Path, expected: Mapping[str, str]) -> int:
    """Put the members of a folder's pack beside it as loose files and remove it; return how many.

    expected: as for `pack_folder`. Raises PackError when the pack is damaged; then it stays.
    """
    pack = find_pack(folder)
    if not pack.is_file():
        return 0
    _clear(folder)
    check_pack(pack)
    members = _list_members(pack)
    for name in members:
        content = _read_packed(pack, name)
        if name in expected and _hash(content) != expected[name]:
            raise _tell_damage(pack, f"{name} is not what its table tells")
        if not (folder / name).is_file():
            temporary = folder / f".{name}.tmp"
            temporary.write_bytes(content)
            temporary.replace(folder / name)
    # Once for all of them: a file alone takes milliseconds.
    os.sync()
    pack.unlink()
    return len(members)


def list_loose(folder: Path, pack: Path | None = None) -> set[str]:
    """Return the names of the loose files that a folder's pack is for."""
    pack = pack or find_pack(folder)
    with os.scandir(folder) as entries:
        return {
            entry.name
            for entry in entries
            if entry.is_file() and entry.name != pack.name and not entry.name.startswith(".")
        }


def check_pack(pack: Path) -> None:
    """Raise PackError unless every byte of a pack is as it was written, but for the content of its
    members, whose SHA-256 a table or a record tells.
    """
    with open(pack, "rb") as file:
        start, members = _read_index(pack)
        end = start
        for name, (at, size) in members.items():
            header, padding = _make_header(name, size), bytes(-size % tarfile.BLOCKSIZE)
            end = start + at + size + len(padding)
            file.seek(start + at - len(header))
            is_whole = file.read(len(header)) == header
            file.seek(size, os.SEEK_CUR)
            if not is_whole or file.read(len(padding)) != padding:
                raise _tell_damage(pack, f"the head or the end of {name} is not what was written")
        file.seek(end)
        if file.read() != _make_tail(end):
            raise _tell_damage(pack, "its end is not what was written")


def _clear(folder: Path) -> None:
    """Remove the unfinished files that a killed call left in a folder."""
    for left in folder.glob(".*.tmp"):
        left.unlink()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write_pack(folder: Path, pack: Path, names: list[str], expected: Mapping[str, str]) -> dict[str, str]:
    """Write the pack of some of a folder's files, loose or packed; return their SHA-256 by name."""
    sizes, hashes, packed = {}, {}, _list_members(pack)
    for name in names:
        path = folder / name
        sizes[name] = path.stat().st_size if path.is_file() else packed[name][1]
    places, at = {}, 0
    for name, size in sizes.items():
        at += len(_make_header(name, size))
        places[name] = [at, size]
        at += size + -size % tarfile.BLOCKSIZE
    listed = json.dumps(places, separators=(",", ":")).encode()
    index = _hash(listed).encode() + listed
    with replaced_atomically(pack) as temporary, open(temporary, "wb") as file:
        _write_member(file, INDEX, index)
        for name, size in sizes.items():
            loose = folder / name
            content = loose.read_bytes() if loose.is_file() else _read_packed(pack, name)
            if len(content) != size:
                raise PackError(f"{loose} changed while it was packed")
            hashes[name] = _hash(content)
            if hashes[name] != expected.get(name, hashes[name]):
                raise PackError(f"{loose}: it is not what its table tells")
            _write_member(file, name, content)
        file.write(_make_tail(file.tell()))
    return hashes


def _write_member(file: BinaryIO, name: str, content: bytes) -> None:
    file.write(_make_header(name, len(content)))
    file.write(content)
    file.write(bytes(-len(content) % tarfile.BLOCKSIZE))


def _make_header(name: str, size: int) -> bytes:
    """Return the head of a member, which depends on nothing but its name and size."""
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _make_tail(end: int) -> bytes:
    """Return what follows the members, which end at a position: two empty blocks, to a whole record."""
    shortest = 2 * tarfile.BLOCKSIZE
    return bytes(shortest + -(end + shortest) % tarfile.RECORDSIZE)


def _read_packed(pack: str | Path, name: str) -> bytes:
    """Return the content of a member."""
    start, members = _read_index(pack)
    at, size = members[name]
    with open(pack, "rb") as file:
        file.seek(start + at)
        content = file.read(size)
    if len(content) < size:
        raise _tell_damage(pack, f"it ends before the end of {name}")
    return content


def _list_members(pack: str | Path) -> dict[str, list[int]]:
    """Return {name: [place, bytes]} of what a pack has; nothing when it is not there."""
    try:
        return _read_index(pack)[1]
    except FileNotFoundError:
        return {}


def _read_index(pack: str | Path) -> tuple[int, dict[str, list[int]]]:
    """Return (where the index ends, {name: [where its content begins from there, bytes]})."""
    told = os.stat(pack)
    return _parse_index(os.fspath(pack), told.st_ino, told.st_size, told.st_mtime_ns)


@lru_cache(_MOST_INDEXES)
def _parse_index(pack: str, *_identity: int) -> tuple[int, dict[str, list[int]]]:
    with open(pack, "rb") as file:
        head = file.read(tarfile.BLOCKSIZE)
        try:
            size = tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape").size
        except tarfile.HeaderError as error:
            raise _tell_damage(pack, f"it does not begin with its index ({error})") from error
        index, padding = file.read(size), bytes(-size % tarfile.BLOCKSIZE)
        if head != _make_header(INDEX, size) or file.read(len(padding)) != padding:
            raise _tell_damage(pack, "it does not begin with its index")
        start = file.tell()
    digest, listed = index[:_DIGEST_BYTES], index[_DIGEST_BYTES:]
    if _hash(listed).encode() != digest:
        raise _tell_damage(pack, "its index is not what was written")
    return start, json.loads(listed)


def _tell_damage(pack: str | Path, what: str) -> PackError:
    folder = Path(pack).parent
    return PackError(
        f"{pack}: it was cut or changed since it was written ({what}); copy it anew, or remove {folder} and"
        " run again"
    )
