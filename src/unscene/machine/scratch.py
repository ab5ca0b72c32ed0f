"""Scratch: what a device job has finished so far, kept outside its outputs so that a killed job continues.

Snakemake deletes the outputs of a failed job, so finished items wait in
`state/scratch/{rule}/{shard}/` until the shard is whole:

    lineage          the digest of the lineage that they belong to; another digest discards everything
    journal.jsonl    a line per finished item: its result, and the hashes of its files
    files/           the files of finished items
    batches/         device outputs of batches whose items are not all encoded yet
"""

import json
import logging
import os
import pickle
import shutil
import tempfile
import threading
import uuid
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from unscene.run.counts import tell_count
from unscene.run.locks import wait_for_lock
from unscene.run.shards import file_sha256
from unscene.run.tables import write_text


class Scratch:
    """The finished items of one job. Use as a context manager: it holds a lock, so that no other
    process joins in.

    path: the folder, kept until `discard`; None makes a temporary one in `beside` that ends with
    the block, so nothing is resumed. lineage: the digest of the job's lineage (see
    unscene.run.lineage.digest). Thread-safe.
    """

    def __init__(self, path: str | Path | None, lineage: str, beside: str | Path = "."):
        self._lineage, self._is_kept = lineage, path is not None
        if path is None:
            Path(beside).mkdir(parents=True, exist_ok=True)
            path = tempfile.mkdtemp(prefix=".scratch-", dir=beside)
        self.path = Path(path)
        self.files, self._batches = self.path / "files", self.path / "batches"
        self.results: dict[str, dict] = {}
        self._names: dict[str, list[str]] = {}
        self._open_batches: dict[str, set[str]] = {}
        self._mutex = threading.Lock()

    def __enter__(self) -> "Scratch":
        self._lock = wait_for_lock(
            self.path.with_name(f"{self.path.name}.lock"),
            "another process works on this shard; waiting for it",
        )
        try:
            self._load()
        except BaseException:
            os.close(self._lock)
            raise
        return self

    def __exit__(self, *_) -> None:
        self._journal.close()
        if not self._is_kept:
            self.discard()
        os.close(self._lock)

    def record(self, key: str, result: dict, names: Iterable[str]) -> None:
        """Keep an item for good: its result (JSON) and the files that it wrote into `files`."""
        hashes = {name: file_sha256(self.files / name) for name in names}
        line = json.dumps({"key": key, "result": result, "files": hashes}, default=_plain)
        with self._mutex:
            self._journal.write(line.encode() + b"\n")
            self._journal.flush()  # what the kernel has, a kill cannot take
            # Through JSON, so that a result is the same whether it comes from this run or from an
            # earlier one.
            self.results[key] = json.loads(line)["result"]
            self._names[key] = list(hashes)
            for name, keys in list(self._open_batches.items()):
                keys.discard(key)
                if not keys:
                    del self._open_batches[name]
                    (self._batches / name).unlink(missing_ok=True)

    def keep_outputs(self, keys: list[str], payload: object) -> None:
        """Keep a batch's device outputs until all its items are recorded, so that no device work is
        done twice.
        """
        content = pickle.dumps((keys, payload), protocol=pickle.HIGHEST_PROTOCOL)
        name = f"{uuid.uuid4().hex}-{zlib.crc32(content):08x}"
        temporary = self._batches / f".{name}.tmp"
        temporary.write_bytes(content)
        temporary.rename(self._batches / name)
        with self._mutex:
            self._open_batches[name] = set(keys)

    def read_outputs(self) -> list[tuple[list[str], Any]]:
        """Return (keys, payload) of what an earlier run kept and did not record in full; a damaged
        file is left out.
        """
        payloads = []
        for path in sorted(self._batches.iterdir()):
            content = path.read_bytes()
            if path.name.endswith(f"-{zlib.crc32(content):08x}"):
                keys, payload = pickle.loads(content)  # of this user, whole
                missing = set(keys) - self.results.keys()
                if missing:
                    self._open_batches[path.name] = missing
                    payloads.append((keys, payload))
                    continue
            path.unlink()
        return payloads

    def hand_over(self, folder: Path) -> None:
        """Put the files of all items into a shard's folder; they stay here as well until `discard`."""
        for names in self._names.values():
            for name in names:
                link_file(self.files / name, folder / name)

    def discard(self) -> None:
        """Remove everything: the shard is written, or was never to be kept."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.with_name(f"{self.path.name}.lock").unlink(missing_ok=True)

    def _load(self) -> None:
        stamp, journal = self.path / "lineage", self.path / "journal.jsonl"
        if self.path.is_dir() and (not stamp.is_file() or stamp.read_text().strip() != self._lineage):
            shutil.rmtree(self.path)
        for folder in (self.files, self._batches):
            folder.mkdir(parents=True, exist_ok=True)
        write_text(f"{self._lineage}\n", stamp)
        whole = 0
        if journal.is_file():
            for line in journal.read_bytes().splitlines(keepends=True):
                if not line.endswith(b"\n"):
                    break  # a kill cut the last line off
                whole += len(line)
                self._take(json.loads(line))
            os.truncate(journal, whole)
        self._journal = open(journal, "ab")  # noqa: SIM115
        if self.results:
            logging.getLogger("unscene").info(
                "%s of an earlier run in %s", tell_count(len(self.results), "finished item"), self.path
            )

    def _take(self, entry: dict) -> None:
        """Believe a line of the journal when its files are what it says."""
        for name, sha256 in entry["files"].items():
            path = self.files / name
            if not path.is_file() or file_sha256(path) != sha256:
                return
        self.results[entry["key"]] = entry["result"]
        self._names[entry["key"]] = list(entry["files"])


def link_file(source: Path, target: Path) -> None:
    """Give a file a second name; where the file system has no such thing, copy it."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _plain(value: object) -> object:
    """Return a numpy value as JSON knows it."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be kept in a journal")
