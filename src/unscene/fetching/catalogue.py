"""Which address belongs to a path that a config names: the catalogue, the user's own, `--from`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePosixPath

import yaml

from unscene.fetching.downloads import FetchError

_ADDRESS = re.compile(r"hf:(?P<hub>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?(:(?P<file>.+))?")


@dataclass(frozen=True)
class Source:
    """A row of the catalogue; resources/weights.yaml says what the values mean."""

    lands: str
    hub: str | None = None
    revision: str | None = None
    file: str | None = None
    url: str | None = None
    sha256: str | None = None
    bytes: int | None = None
    member: str | None = None
    model: str | None = None
    by_hand: str | None = None

    @property
    def address(self) -> str:
        """The source in one line, as `--from` takes it."""
        if self.hub:
            revision, file = self.revision and f"@{self.revision}", self.file and f":{self.file}"
            return f"hf:{self.hub}{revision or ''}{file or ''}"
        return self.url or f"by hand: {self.by_hand}"


def find_source(path: str, own: Sequence[Source] = ()) -> tuple[Source | None, bool]:
    """Return the source of a path, as the config has it, and whether it is one of `own`, which go
    before the catalogue; (None, False) when neither knows it.
    """
    name = PurePosixPath(path).name
    for source in (*own, *_read_catalogue()):
        if any(re.fullmatch(source.lands, one, re.IGNORECASE) for one in (path, name)):
            filled = {
                key: (getattr(source, key) or "").replace("{name}", name) for key in ("hub", "url", "member")
            }
            return replace(source, **{key: value or None for key, value in filled.items()}), source in own
    return None, False


def read_own(path: Path) -> list[Source]:
    """Return the rows of a catalogue of the user's own, which has the form of resources/weights.yaml."""
    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise FetchError(f"--catalogue: {path} cannot be read ({error})") from error
    return _make_sources(rows, str(path))


def parse_address(told: str) -> Source:
    """Return the source of one `--from PATH=ADDRESS`: `hf:owner/name@revision:file`, or https://…"""
    path, _, address = told.partition("=")
    if not path or not address:
        raise FetchError(f"--from: {told!r} has not the form PATH=ADDRESS")
    lands = re.escape(path)
    if found := _ADDRESS.fullmatch(address):
        return Source(lands, **found.groupdict())
    url, _, sha256 = address.partition("#sha256=")
    if url.startswith(("https://", "http://")):
        return Source(lands, url=url, sha256=sha256 or None)
    raise FetchError(
        f"--from: {address!r} is no address; give hf:owner/name, hf:owner/name@revision,"
        " hf:owner/name@revision:file, or https://… (with #sha256=… at its end, where known)"
    )


def _make_sources(rows: object, where: str) -> list[Source]:
    known = {field.name for field in fields(Source)}
    if not isinstance(rows, list):
        raise FetchError(f"{where}: a catalogue is a list of rows, each with `lands` and `hub` or `url`")
    sources = []
    for row in rows:
        unknown = set(row) - known if isinstance(row, dict) else {"no keys"}
        if unknown or "lands" not in row or not any(row.get(key) for key in ("hub", "url", "by_hand")):
            raise FetchError(
                f"{where}: {row!r}: a row has `lands`, `hub` or `url`, and {', '.join(sorted(known))}"
            )
        try:
            re.compile(row["lands"])
        except re.error as error:
            raise FetchError(f"{where}: {row['lands']!r} is no regular expression ({error})") from error
        sources.append(Source(**row))
    return sources


@cache
def _read_catalogue() -> list[Source]:
    text = (files("unscene.resources") / "weights.yaml").read_text(encoding="utf-8")
    return _make_sources(yaml.safe_load(text), "resources/weights.yaml")
