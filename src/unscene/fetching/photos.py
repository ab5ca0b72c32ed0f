"""Photos by their addresses: many small files, from hosts that are dead, slow, or answer with something else.

What does not come is a row with a reason, in a list beside the folder of photos; the run itself then
counts that photo as missing. What cannot change (gone, no photo, too large) is not asked for again.
"""

import asyncio
import io
import ipaddress
import json
import os
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from unscene.fetching.downloads import PART, FetchError, read_wait
from unscene.photos.images import open_image

if TYPE_CHECKING:
    import httpx2

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "MPO")
# Reasons that another try does not change.
LASTING = ("gone", "refused", "no_photo", "too_large", "no_address", "outside", "private_address")
_TRIES = 3
_LONGEST_WAIT_S = 60.0


@dataclass(frozen=True)
class Photo:
    """A photo that is not there. url: None when the source names none."""

    path: Path
    url: str | None


@dataclass(frozen=True)
class Manners:
    """How photos are asked for: requests at a time, those to one host, bytes and seconds that one
    may take, and whether addresses of private networks are asked (a list from the web may name
    them, and a machine behind a wall answers).
    """

    at_a_time: int = 32
    per_host: int = 8
    most_bytes: int = 30_000_000
    seconds: float = 60.0
    private: bool = False


class _Dead(Exception):
    """A photo that does not come: (reason, detail)."""


class _Later(Exception):
    """A fault that may pass; wait_s is what the host asked for."""

    def __init__(self, reason: str, detail: str, wait_s: float | None = None):
        super().__init__(reason, detail)
        self.wait_s = wait_s


class Dead:
    """The list of photos that did not come, beside their folder: a JSON line each, the last counts."""

    def __init__(self, folder: Path):
        self._folder, self.path = folder, folder.with_name(folder.name + ".not_fetched.jsonl")
        self._lasting: dict[str, str | None] = {}  # the address at which a photo will never come
        if self.path.is_file():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                try:
                    row = json.loads(line)
                    if row["reason"] in LASTING:
                        self._lasting[row["path"]] = row["url"]
                    else:
                        self._lasting.pop(row["path"], None)
                except (ValueError, KeyError, TypeError):
                    continue  # a line that a stop cut off

    def is_lasting(self, photo: Photo) -> bool:
        """Tell whether a photo was asked for at this address, and will never come."""
        name = self._name(photo)
        return name in self._lasting and self._lasting[name] == photo.url

    def add(self, photo: Photo, reason: str, detail: str) -> None:
        """Note a photo that did not come."""
        row = {"path": self._name(photo), "url": photo.url, "reason": reason, "detail": detail[:200]}
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row | {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}) + "\n")

    def _name(self, photo: Photo) -> str:
        return os.path.relpath(photo.path, self._folder)


def fetch_photos(
    photos: Iterator[Photo],
    folder: Path,
    manners: Manners,
    tell: Callable[[Counter], None] = lambda counts: None,
) -> Counter:
    """Fetch photos into their paths, all below `folder`; return how many came, by `fetched` and by reason.

    tell: is called with the counts after each photo.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return asyncio.run(_fetch_all(photos, folder, manners, tell))
    except ExceptionGroup as group:  # of the workers
        first = group.exceptions[0]
        if isinstance(first, OSError):
            raise FetchError(
                f"{folder}: a photo cannot be written ({first}); run the same line again"
            ) from first
        raise first from None


async def _fetch_all(photos: Iterator[Photo], folder: Path, manners: Manners, tell: Callable) -> Counter:
    import httpx2

    counts: Counter = Counter()
    dead, hosts = Dead(folder), defaultdict(lambda: asyncio.Semaphore(manners.per_host))
    timeout = httpx2.Timeout(manners.seconds / 2, pool=None)
    limits = httpx2.Limits(max_connections=manners.at_a_time)
    hooks = {"request": [_refuse_private]} if not manners.private else {}
    async with httpx2.AsyncClient(
        follow_redirects=True,
        timeout=timeout,
        limits=limits,
        event_hooks=hooks,
        headers={"User-Agent": "unscene-fetch"},
    ) as client:

        async def work() -> None:
            for photo in photos:  # one iterator for all workers
                if dead.is_lasting(photo):
                    counts["known to be dead"] += 1
                else:
                    try:
                        content = await _fetch_patiently(photo, folder, client, hosts, manners)
                        part = photo.path.with_name(PART + photo.path.name)
                        photo.path.parent.mkdir(parents=True, exist_ok=True)
                        part.write_bytes(content)
                        part.replace(photo.path)
                        counts["fetched"] += 1
                    except _Dead as error:
                        reason, detail = error.args
                        dead.add(photo, reason, detail)
                        counts[reason] += 1
                tell(counts)

        async with asyncio.TaskGroup() as group:
            for _ in range(manners.at_a_time):
                group.create_task(work())
    return counts


async def _refuse_private(request: "httpx2.Request") -> None:
    """Refuse an address of this machine or its network, also when a redirect leads there."""
    if is_private(request.url.host):
        raise _Dead("private_address", f"{request.url.host}: an address of a private network")


def is_private(host: str) -> bool:
    """Tell whether a host, as an address names it, is this machine or one of a private network."""
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host


async def _fetch_patiently(photo: Photo, folder: Path, client, hosts: dict, manners: Manners) -> bytes:
    """Return a photo's bytes; _Dead with the reason when they do not come."""
    if not photo.path.resolve().is_relative_to(folder.resolve()):
        raise _Dead("outside", f"{photo.path} lies outside {folder}")
    if not photo.url or urlsplit(photo.url).scheme not in ("http", "https"):
        raise _Dead("no_address", f"{photo.url!r} is no http address")
    for left in reversed(range(_TRIES)):
        async with hosts[urlsplit(photo.url).netloc]:
            try:
                return await asyncio.wait_for(_fetch_once(photo, client, manners), manners.seconds)
            except TimeoutError as error:
                raise _Dead("too_slow", f"it did not come in {manners.seconds:.0f} s") from error
            except _Later as later:
                if not left:
                    raise _Dead(*later.args) from later
                wait_s = 2.0 ** (_TRIES - 1 - left) if later.wait_s is None else later.wait_s
                # Inside the host's turn: a host that asks for calm gets it from all.
                await asyncio.sleep(min(wait_s, _LONGEST_WAIT_S))
    raise AssertionError


async def _fetch_once(photo: Photo, client: "httpx2.AsyncClient", manners: Manners) -> bytes:
    import httpx2

    content = bytearray()
    try:
        async with client.stream("GET", photo.url) as response:
            status = response.status_code
            if status in (408, 425, 429) or status >= 500:
                raise _Later("busy", f"status {status}", read_wait(response.headers.get("Retry-After")))
            if status in (404, 410):
                raise _Dead("gone", f"status {status}")
            if status != 200:
                raise _Dead("refused", f"status {status}")
            if int(response.headers.get("Content-Length", "0") or 0) > manners.most_bytes:
                raise _Dead("too_large", f"{response.headers['Content-Length']} bytes")
            async for piece in response.aiter_bytes():
                content += piece
                if len(content) > manners.most_bytes:
                    raise _Dead("too_large", f"more than {manners.most_bytes} bytes")
    except httpx2.ConnectError as error:
        raise _Later("unreachable", str(error)) from error
    except (httpx2.TransportError, httpx2.DecodingError) as error:
        raise _Later("broken_off", f"{type(error).__name__}: {error}") from error
    except (httpx2.InvalidURL, httpx2.TooManyRedirects, ValueError) as error:
        raise _Dead("refused", f"{type(error).__name__}: {error}") from error
    if fault := find_photo_fault(bytes(content)):
        raise _Dead("no_photo", fault)
    return bytes(content)


def find_photo_fault(content: bytes) -> str | None:
    """Return why bytes are no photo, None when they are: a page, a cut picture, another format."""
    from PIL import Image

    if content.lstrip()[:15].lower().startswith((b"<!doctype", b"<html", b"<?xml", b"<svg")):
        return "a web page, or a drawing"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # a run has a limit of its own
            with open_image(io.BytesIO(content), formats=FORMATS) as image:
                image.verify()
    except Exception as error:  # Pillow raises many kinds at bytes that are no picture
        return f"{type(error).__name__}: {error}"
    return None
