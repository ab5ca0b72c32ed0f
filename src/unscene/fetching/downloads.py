"""One file from an address to its path: goes on after a break, is checked, and appears whole or not at all.

Until a file is whole it lies beside its place as `.part-NAME`, with a note of where it came from. The
next try asks for the rest alone. Where the content's hash is known, the hash decides at the end
whether both halves are of one file. Where it is not, the server is asked for the rest only if the
file is still the same (If-Range with its ETag or date; RFC 9110, 13.1.5); a server that names
neither starts again.

`huggingface_hub` 2.4 has no part in this: the file that it writes to has a random name and is
deleted when it fails, so a large file that breaks off with its process is fetched anew.
"""

import errno
import hashlib
import json
import logging
import os
import re
import shutil
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from unscene.run.shards import file_sha256
from unscene.run.weight_files import find_broken_weights

if TYPE_CHECKING:
    import httpx2

PART = ".part-"
_CHUNK_BYTES = 2**20
_LONGEST_WAIT_S = 300


class FetchError(ValueError):
    """What cannot be fetched, and the way out; one message for people."""


@dataclass(frozen=True)
class Remote:
    """A file at an address. size in bytes, sha256, git_sha1 (of a blob): what it must be, where known."""

    url: str
    path: Path
    size: int | None = None
    sha256: str | None = None
    git_sha1: str | None = None
    headers: dict = field(default_factory=dict)

    @property
    def has_hash(self) -> bool:
        """Tell whether the content itself is known."""
        return bool(self.sha256 or self.git_sha1)


@dataclass(frozen=True)
class Patience:
    """How long a server is borne with: tries in a row that bring nothing, seconds to wait after the
    first, seconds without a byte, and the slowest rate in bytes a second over a window of seconds.
    """

    tries: int = 5
    wait_s: float = 1.0
    silence_s: float = 30.0
    slowest: float = 1000.0
    window_s: float = 60.0


PATIENCE = Patience()


class _Again(Exception):
    """A fault that may pass; wait_s is what the server asked for."""

    def __init__(self, told: str, wait_s: float | None = None):
        super().__init__(told)
        self.wait_s = wait_s


def open_client(patience: Patience = PATIENCE) -> "httpx2.Client":
    """Return a client that follows redirects and takes the environment's proxies (HTTPS_PROXY, NO_PROXY)."""
    import httpx2

    timeout = httpx2.Timeout(patience.silence_s, connect=min(patience.silence_s, 20.0))
    return httpx2.Client(follow_redirects=True, timeout=timeout, headers={"User-Agent": "unscene-fetch"})


def find_part(path: Path) -> Path:
    """Return where a file lies until it is whole."""
    return path.with_name(PART + path.name)


def count_left(remote: Remote) -> int | None:
    """Return the bytes that are still to come, None when the size is not known."""
    if remote.path.exists():
        return 0
    return None if remote.size is None else max(remote.size - _measure(find_part(remote.path)), 0)


def download(
    remote: Remote,
    client: "httpx2.Client",
    patience: Patience = PATIENCE,
    tell: Callable[[int], None] = lambda received: None,
) -> None:
    """Fetch a file to its path, unless it is there; FetchError when that cannot be done.

    tell: is called with the number of bytes just received.
    """
    if remote.path.exists():
        return
    if not remote.url.startswith(("https://", "http://")):
        raise FetchError(f"{remote.url}: only https:// and http:// addresses are fetched")
    remote.path.parent.mkdir(parents=True, exist_ok=True)
    path_to_lock = remote.path.with_name(f"{PART}{remote.path.name}.lock")
    try:
        with FileLock(path_to_lock, timeout=0):
            try:
                if not remote.path.exists():
                    _download(remote, client, patience, tell)
            finally:
                path_to_lock.unlink(missing_ok=True)  # who waited for it finds the file, or starts anew
    except Timeout as error:
        raise FetchError(f"{remote.path}: another fetch is at work on it; wait for that one") from error


def _download(remote: Remote, client: "httpx2.Client", patience: Patience, tell: Callable) -> None:
    part, fruitless, refused = find_part(remote.path), 0, 0
    while True:
        before = _measure(part)
        try:
            _receive(remote, client, patience, tell)
        except _Again as again:
            fruitless = 0 if _measure(part) > before else fruitless + 1
            if fruitless >= patience.tries:
                raise FetchError(
                    f"{remote.url}: {again}, {fruitless} times; run the same line again"
                ) from again
            wait_s = patience.wait_s * 2 ** max(fruitless - 1, 0) if again.wait_s is None else again.wait_s
            wait_s = min(wait_s, _LONGEST_WAIT_S)
            logging.getLogger("unscene").warning(
                "%s: %s; asked again in %.0f s", remote.path.name, again, wait_s
            )
            time.sleep(wait_s)
            continue
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise FetchError(
                    f"{part}: no space is left there; make room and run the same line again"
                ) from error
            raise
        fault = find_fault(part, remote)
        if fault is None:
            break
        # A whole file that is wrong: the halves are of two files, or the server has another one.
        _discard(part)
        refused += 1
        if refused == 2:
            raise FetchError(f"{remote.url}: {fault}, twice; it is not the file that is wanted")
    os.replace(part, remote.path)
    _note_path(part).unlink(missing_ok=True)


def find_fault(path: Path, remote: Remote) -> str | None:
    """Return what is wrong with a fetched file, None when nothing is: size, hashes, and its own form."""
    size = _measure(path)
    if remote.size is not None and size != remote.size:
        return f"{size} bytes came, and {remote.size} are right"
    if remote.sha256 and (found := file_sha256(path)) != remote.sha256.lower():
        return f"its SHA-256 is {found}, and {remote.sha256} is right"
    if remote.git_sha1 and not remote.sha256 and (found := _hash_git(path)) != remote.git_sha1:
        return f"its git hash is {found}, and {remote.git_sha1} is right"
    if path.suffix == ".zip" and not zipfile.is_zipfile(path):
        return "it is no zip file, or is cut off"
    return find_broken_weights(path)


def _receive(remote: Remote, client: "httpx2.Client", patience: Patience, tell: Callable) -> None:
    """Ask for what is missing and append it to the part; _Again for faults that may pass."""
    import httpx2

    part, note = find_part(remote.path), _read_note(find_part(remote.path))
    have = _find_usable(remote, part, note)
    if remote.size is not None and have == remote.size:
        return
    headers = {"Accept-Encoding": "identity", **remote.headers}
    if have:
        headers["Range"] = f"bytes={have}-"
        if not remote.has_hash:
            headers["If-Range"] = note["validator"]
    try:
        with client.stream("GET", remote.url, headers=headers) as response:
            start = _check_answer(remote, response, have, note)
            if start is None:
                return
            _write(remote, response, start, patience, tell)
    except httpx2.TransportError as error:
        raise _Again(_describe(error)) from error
    except httpx2.TooManyRedirects as error:
        raise FetchError(f"{remote.url}: it is redirected without an end") from error


def _find_usable(remote: Remote, part: Path, note: dict) -> int:
    """Return the bytes of a part that can be gone on from; what cannot is deleted."""
    have = _measure(part)
    is_known = remote.has_hash or (note.get("url") == remote.url and note.get("validator"))
    if have and (not is_known or (remote.size is not None and have > remote.size)):
        _discard(part)
        return 0
    return have


def _check_answer(remote: Remote, response: "httpx2.Response", have: int, note: dict) -> int | None:
    """Return the place in the file at which the answer starts, None when nothing is missing."""
    status, part = response.status_code, find_part(remote.path)
    total = _read_total(response)
    if status == 416 and have:
        if total == have and not remote.size:
            return None
        _discard(part)
        raise _Again("the server has less of it than came before")
    if status in (408, 425, 429) or status >= 500:
        raise _Again(f"the server answers {status}", read_wait(response.headers.get("Retry-After")))
    if status in (401, 403):
        raise FetchError(
            f"{remote.url}: the server refuses it ({status}); accept its terms on its page, and give"
            " your token (HF_TOKEN, or `hf auth login`)"
        )
    if status not in (200, 206):
        raise FetchError(f"{remote.url}: the server answers {status}; the address is wrong or gone")
    if response.headers.get("Content-Type", "").startswith("text/html") and remote.path.suffix != ".html":
        raise FetchError(
            f"{remote.url}: a web page came in place of the file (a login, or a notice); open the address"
            " in a browser on this network"
        )
    if status == 206:
        _check_rest(remote, response, have, note)
    expected = remote.size
    if expected is not None and total is not None and total != expected:
        raise _Again(f"the server offers {total} bytes where {expected} are right")
    left = (total or expected or 0) - (have if status == 206 else 0)
    free = shutil.disk_usage(part.parent).free
    if left > free:
        raise FetchError(f"{part.parent}: {left} bytes are still to come, and {free} are free; make room")
    return have if status == 206 else 0


def _check_rest(remote: Remote, response: "httpx2.Response", have: int, note: dict) -> None:
    """Raise _Again, after deleting the part, when a 206 is not the rest of what is there."""
    place = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    validator = _find_validator(response)
    is_other = not remote.has_hash and validator is not None and validator != note.get("validator")
    if place is None or int(place[1]) != have or is_other:
        _discard(find_part(remote.path))
        raise _Again("the server has another file now" if is_other else "the server sent another part")


def _write(
    remote: Remote, response: "httpx2.Response", start: int, patience: Patience, tell: Callable
) -> None:
    part = find_part(remote.path)
    is_coded = response.headers.get("Content-Encoding", "identity") != "identity"
    note = {"url": remote.url, "validator": None if is_coded else _find_validator(response)}
    _note_path(part).write_text(json.dumps(note), encoding="utf-8")
    since, received = time.monotonic(), 0
    with open(part, "ab" if start else "wb") as file:
        for piece in response.iter_bytes():
            file.write(piece)
            tell(len(piece))
            received += len(piece)
            passed = time.monotonic() - since
            if passed > patience.window_s:
                if received < patience.slowest * passed:
                    raise _Again(f"only {received} bytes came in {passed:.0f} s")
                since, received = time.monotonic(), 0
        file.flush()
        os.fsync(file.fileno())


def read_wait(told: str | None) -> float | None:
    """Return the seconds that a Retry-After asks for: a number, or a date; None without."""
    if not told:
        return None
    try:
        return max(float(told), 0.0)
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(told).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError):
        return None


def _read_total(response: "httpx2.Response") -> int | None:
    """Return the size of the whole file that an answer names."""
    if found := re.search(r"/(\d+)$", response.headers.get("Content-Range", "")):
        return int(found[1])
    if response.status_code != 200 or response.headers.get("Content-Encoding", "identity") != "identity":
        return None
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else None


def _find_validator(response: "httpx2.Response") -> str | None:
    """Return what If-Range may be asked with: a strong ETag, else the date of the last change."""
    etag = response.headers.get("ETag")
    return etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified")


def _hash_git(path: Path) -> str:
    digest = hashlib.sha1(b"blob %d\0" % _measure(path))
    with open(path, "rb") as file:
        while piece := file.read(_CHUNK_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _measure(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _note_path(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _read_note(part: Path) -> dict:
    try:
        note = json.loads(_note_path(part).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _note_path(part).unlink(missing_ok=True)


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
