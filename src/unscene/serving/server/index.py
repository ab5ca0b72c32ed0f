"""The index of photos: one SQLite file with each photo's features and thumbnail.

Features belong to a photo's content, by its SHA-256, and to an image tower. So a photo that was
moved or renamed is not embedded again, and models with equal image towers share the features. What
is finished is committed: after a kill the next start goes on.
"""

import hashlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from .images import ON_DISK, ImageError, make_thumbnail, read_image
from .models import CHUNK_BYTES, Model
from .packed import find_stat, locate
from .sources import Catalogue, Folder, Listed, SourceError

SCHEMA = """
CREATE TABLE IF NOT EXISTS photos (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, key TEXT NOT NULL, size INTEGER, mtime_ns INTEGER,
    sha256 TEXT, width INTEGER, height INTEGER, reason TEXT, is_here INTEGER NOT NULL,
    UNIQUE (source, key));
CREATE TABLE IF NOT EXISTS thumbnails (
    sha256 TEXT PRIMARY KEY, jpeg BLOB NOT NULL, width INTEGER, height INTEGER);
CREATE TABLE IF NOT EXISTS features (
    sha256 TEXT, tower TEXT, vector BLOB NOT NULL, PRIMARY KEY (sha256, tower)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS towers (
    path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, tower TEXT NOT NULL);
"""
BATCH = 16
TELL_S, SHOW_S = 5.0, 2.0


@dataclass(frozen=True)
class Photo:
    """A photo that can be found. is_here: whether its file is; without it the thumbnail stays."""

    id: int
    listed: Listed
    sha256: str
    width: int
    height: int
    is_here: bool


@dataclass(frozen=True)
class Snapshot:
    """The photos that are searched now, and their features by image tower, float32 (photos, dim)."""

    photos: Sequence[Photo] = ()
    features: dict[str, np.ndarray] = field(default_factory=dict)
    place: dict[int, int] = field(default_factory=dict)


@dataclass
class Progress:
    """How far the index is. total: photos listed; done: of these looked at; failed: not readable."""

    total: int = 0
    done: int = 0
    failed: int = 0
    is_running: bool = False
    warning: str = ""


class PhotoIndex:
    """The index of one source for the models that are served."""

    def __init__(self, path: Path, source: Folder | Catalogue, models: Sequence[Model], max_pixels: int):
        """path: of the SQLite file. models: one for each image tower. max_pixels: see Limits."""
        self.path, self.source, self.max_pixels = path, source, max_pixels
        self._models = list({model.tower: model for model in models}.values())
        self.snapshot, self.progress = Snapshot(), Progress()
        self._stop = threading.Event()
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(connect(path)) as database:
            database.executescript(SCHEMA)
        self._show({})

    def keep_fresh(self, every_s: float) -> threading.Thread:
        """Refresh in a thread now and then every so many seconds, until `stop`."""

        def work() -> None:
            while not self._stop.is_set():
                self.refresh()
                self._stop.wait(every_s)

        self.progress = Progress(is_running=True)  # from the first answer on
        thread = threading.Thread(target=work, name="index", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """End the refreshing thread after its batch."""
        self._stop.set()

    def refresh(self) -> None:
        """Look at the source once: embed what is new or changed, notice what is gone or was moved."""
        progress = Progress(is_running=True)
        self.progress = progress
        try:
            listed = {photo.key: photo for photo in self.source.list_photos()}
        except (SourceError, OSError) as error:
            self.progress = Progress(warning=f"{error}; the index of before is searched")
            with closing(connect(self.path)) as database, database:
                database.execute("UPDATE photos SET is_here = 0 WHERE source = ?", (self.source.name,))
            self._show({}, keep_all=True)
            return
        progress.total = len(listed)
        told = shown = time.monotonic()
        log = logging.getLogger("unscene")
        with closing(connect(self.path)) as database, ThreadPoolExecutor(os.cpu_count()) as pool:
            gone = self._mark_gone(database, listed)
            due = self._list_due(database, listed, progress)
            found = iter(due)
            while batch := list(islice(found, BATCH)):
                if self._stop.is_set():
                    return
                self._embed(database, batch, pool)
                progress.done += len(batch)
                now = time.monotonic()
                if now - told > TELL_S:
                    log.info("index: %s of %s photos", f"{progress.done:,}", f"{progress.total:,}")
                    told = now
                # Showing reads all features anew: the longer that takes, the more seldom it is done.
                if now - shown > max(SHOW_S, len(self.snapshot.photos) / 2_000):
                    self._show(listed)
                    shown = now
            progress.failed = database.execute(
                "SELECT count(*) FROM photos WHERE source = ? AND reason IS NOT NULL AND is_here",
                (self.source.name,),
            ).fetchone()[0]
        if due or gone or len(self.snapshot.photos) != len(listed) - progress.failed:
            self._show(listed)
            log.info(
                "index: %s photos, %s new or changed, %s gone, %s not readable",
                *(f"{count:,}" for count in (len(self.snapshot.photos), len(due), gone, progress.failed)),
            )
        progress.is_running, progress.done = False, progress.total

    def find_thumbnail(self, sha256: str) -> bytes | None:
        """Return a photo's thumbnail, a JPEG."""
        with closing(connect(self.path)) as database:
            row = database.execute("SELECT jpeg FROM thumbnails WHERE sha256 = ?", (sha256,)).fetchone()
        return row[0] if row else None

    def find_photo(self, number: int) -> Photo | None:
        """Return a photo by the number that searches give."""
        snapshot = self.snapshot
        place = snapshot.place.get(number)
        return None if place is None else snapshot.photos[place]

    def _mark_gone(self, database: sqlite3.Connection, listed: dict[str, Listed]) -> int:
        known = database.execute(
            "SELECT id, key FROM photos WHERE source = ? AND is_here", (self.source.name,)
        )
        gone = [(number,) for number, key in known if key not in listed]
        with database:
            database.executemany("UPDATE photos SET is_here = 0 WHERE id = ?", gone)
        return len(gone)

    def _list_due(
        self, database: sqlite3.Connection, listed: dict[str, Listed], progress: Progress
    ) -> list[Listed]:
        """Return the photos whose file changed, or which a tower has no features of."""
        complete = {
            sha256
            for (sha256,) in database.execute(
                f"SELECT sha256 FROM features WHERE tower IN ({','.join('?' * len(self._models))})"
                " GROUP BY sha256 HAVING count(*) = ?",
                (*(model.tower for model in self._models), len(self._models)),
            )
        }
        rows = database.execute(
            "SELECT key, size, mtime_ns, sha256, reason, is_here FROM photos WHERE source = ?",
            (self.source.name,),
        )
        known = {key: rest for key, *rest in rows}
        due, gone = [], []
        for key, photo in listed.items():
            size, mtime_ns, sha256, reason, is_here = known.get(key, (None,) * 5)
            try:
                stat = find_stat(photo.path)
            except OSError:
                if is_here:
                    gone.append((self.source.name, key))
                progress.done += 1
                continue
            is_same = (stat.st_size, stat.st_mtime_ns) == (size, mtime_ns) and is_here
            if is_same and (sha256 in complete or reason is not None):
                progress.done += 1
            else:
                due.append(photo)
        with database:
            database.executemany("UPDATE photos SET is_here = 0 WHERE source = ? AND key = ?", gone)
        return due

    def _embed(self, database: sqlite3.Connection, batch: list[Listed], pool: ThreadPoolExecutor) -> None:
        hashed = [one for one in pool.map(self._hash, batch) if one is not None]
        # Content that is known, at another place, has its thumbnail and features already.
        known = {sha256 for _, _, sha256 in hashed if self._is_complete(database, sha256)}
        new = {sha256: photo for photo, _, sha256 in hashed if sha256 not in known}
        read = dict(zip(new, pool.map(self._read, new.values()), strict=True))
        failed = {key: str(parts) for key, parts in read.items() if isinstance(parts, ImageError)}
        good = {key: parts for key, parts in read.items() if key not in failed}
        with database:
            for number, model in enumerate(self._models if good else ()):
                features = model.embed_prepared(np.stack([parts[3][number] for parts in good.values()]))
                rows = [(key, model.tower, row.tobytes()) for key, row in zip(good, features, strict=True)]
                database.executemany("INSERT OR REPLACE INTO features VALUES (?, ?, ?)", rows)
            database.executemany(
                "INSERT OR REPLACE INTO thumbnails VALUES (?, ?, ?, ?)",
                [(sha256, jpeg, width, height) for sha256, (jpeg, width, height, _) in good.items()],
            )
            for photo, stat, sha256 in hashed:
                self._write_photo(database, photo, stat, sha256, failed.get(sha256))
                if sha256 in failed:
                    logging.getLogger("unscene").warning(
                        "index: %s is left out: %s", photo.key, failed[sha256]
                    )

    def _is_complete(self, database: sqlite3.Connection, sha256: str) -> bool:
        marks = ",".join("?" * len(self._models))
        query = f"SELECT count(*) FROM features WHERE sha256 = ? AND tower IN ({marks})"
        towers = [model.tower for model in self._models]
        return database.execute(query, (sha256, *towers)).fetchone()[0] == len(self._models)

    def _write_photo(
        self, database, photo: Listed, stat: os.stat_result, sha256: str, reason: str | None
    ) -> None:
        width, height = database.execute(
            "SELECT width, height FROM thumbnails WHERE sha256 = ?", (sha256,)
        ).fetchone() or (None, None)
        values = (stat.st_size, stat.st_mtime_ns, sha256, width, height, reason)
        database.execute(
            "INSERT INTO photos (size, mtime_ns, sha256, width, height, reason, is_here, source, key)"
            " VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?) ON CONFLICT (source, key) DO UPDATE SET"
            " size = excluded.size, mtime_ns = excluded.mtime_ns, sha256 = excluded.sha256,"
            " width = excluded.width, height = excluded.height, reason = excluded.reason, is_here = 1",
            (*values, self.source.name, photo.key),
        )

    def _hash(self, photo: Listed) -> tuple[Listed, os.stat_result, str] | None:
        try:
            stat, found = find_stat(photo.path), locate(photo.path)
            if isinstance(found, bytes):
                return photo, stat, hashlib.sha256(found).hexdigest()
            with open(found, "rb") as file:
                return photo, stat, hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return None  # gone since it was listed: the next look notices it

    def _read(self, photo: Listed) -> tuple[bytes, int, int, list[np.ndarray]] | ImageError:
        try:
            image = read_image(locate(photo.path), self.max_pixels, ON_DISK)
        except ImageError as error:
            return error
        except OSError:
            return ImageError("the picture is not there any more")
        return make_thumbnail(image), *image.size, [model.clip.prepare(image) for model in self._models]

    def _show(self, listed: dict[str, Listed], keep_all: bool = False) -> None:
        """Put what is in the file now where searches look. keep_all: the source cannot be listed, so
        what was known of its photos stays.
        """
        before = {photo.listed.key: photo.listed for photo in self.snapshot.photos}
        if not listed and not keep_all and isinstance(self.source, Catalogue):
            listed = {photo.key: photo for photo in self.source.list_photos()}
        with closing(connect(self.path)) as database:
            rows = database.execute(
                "SELECT id, key, sha256, width, height, is_here FROM photos"
                " WHERE source = ? AND reason IS NULL AND sha256 IS NOT NULL AND (is_here OR ?) ORDER BY key",
                (self.source.name, self.source.keeps_missing or keep_all),
            ).fetchall()
            photos = []
            for number, key, sha256, width, height, is_here in rows:
                one = listed.get(key) or before.get(key) or self._name_photo(key)
                if one is not None:
                    photos.append(Photo(number, one, sha256, width, height, bool(is_here)))
            features = {}
            for model in self._models:
                stored = dict(
                    database.execute(
                        "SELECT sha256, vector FROM features WHERE tower = ?", (model.tower,)
                    ).fetchall()
                )
                photos = [photo for photo in photos if photo.sha256 in stored]
                features[model.tower] = stored
        width = self._models[0].dim
        matrices = {
            tower: np.frombuffer(b"".join(stored[photo.sha256] for photo in photos), np.float32).reshape(
                -1, width
            )
            for tower, stored in features.items()
        }
        self.snapshot = Snapshot(photos, matrices, {photo.id: place for place, photo in enumerate(photos)})

    def _name_photo(self, key: str) -> Listed | None:
        return Listed(key, os.path.join(self.source.root, key)) if isinstance(self.source, Folder) else None


def connect(path: Path) -> sqlite3.Connection:
    """Open the index's file; readers and a writer get on with each other."""
    database = sqlite3.connect(path, timeout=30)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    return database


def hash_tower(path: Path, folder: Path) -> str:
    """Return a name of the image tower in an ONNX folder, from the content of its files; remembered
    in the index's file at `path` while size and time of the weights stay.
    """
    files = sorted(folder.glob("visual.onnx*")) + [folder / "preprocess_cfg.json"]
    stats = [file.stat() for file in files]
    size, mtime_ns = sum(stat.st_size for stat in stats), max(stat.st_mtime_ns for stat in stats)
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(connect(path)) as database:
        database.executescript(SCHEMA)
        name = str(folder.resolve())
        known = database.execute(
            "SELECT tower FROM towers WHERE path = ? AND size = ? AND mtime_ns = ?", (name, size, mtime_ns)
        ).fetchone()
        if known:
            return known[0]
        digest = hashlib.sha256()
        for chunk in _read_chunks(files):
            digest.update(chunk)
        tower = digest.hexdigest()[:16]
        with database:
            database.execute(
                "INSERT OR REPLACE INTO towers VALUES (?, ?, ?, ?)", (name, size, mtime_ns, tower)
            )
    return tower


def has_features(path: Path, tower: str) -> bool:
    """Tell whether photos were embedded by an image tower, in the index's file at `path`."""
    with closing(connect(path)) as database:
        query = "SELECT EXISTS (SELECT 1 FROM features WHERE tower = ?)"
        return bool(database.execute(query, (tower,)).fetchone()[0])


def _read_chunks(files: Sequence[Path]) -> Iterator[bytes]:
    for path in files:
        with open(path, "rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
