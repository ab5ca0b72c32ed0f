"""Push: copy what a run has finished to a folder that outlives this machine, while the run goes on.

A job writes its record last, so what a record names is whole. Its files are copied before it is, so
what a record in the copy names has come whole, too; `merge` checks the hashes all the same.
"""

import json
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from unscene.merging.copying import copy_whole
from unscene.merging.pushers import CopyTaken, Sign
from unscene.merging.unfinished import Unfinished
from unscene.run.records import RECORDS

# Small files that no record names: they are copied when they change.
_BESIDE = ("logs", "benchmarks", "state/labels")


class Push:
    """Copies one run to one folder, each time what has come since.

    run: its directory. copy: the folder, which gets `results/`, `logs/`, `benchmarks/` and of `state/`
    the ledgers, what people wrote, and what device jobs have finished of their shards.
    """

    def __init__(self, run: Path, copy: Path):
        self.run, self.copy = run, copy
        self._known: dict[Path, object] = {}
        self._unfinished = Unfinished(run, copy)

    def push(self, is_last: bool = True) -> list[str]:
        """Copy what has come since the last call; return the jobs whose results were copied.

        Ledgers go first: what they hold was paid. is_last: no other call comes soon, so what jobs have
        finished of their shards is copied up to this moment. Raises OSError when the folder cannot be
        written.
        """
        for ledger in sorted((self.run / "state/api").glob("*/ledger.sqlite")):
            self._push_ledger(ledger)
        for file in sorted((self.run / "state").glob("*.json")):
            self._push_changed(file)
        new = self._list_new()
        # Before the results: a job that is adopted from the copy is not run again, and tells its log no more.
        for folder in _BESIDE:
            for file in sorted((self.run / folder).rglob("*")):
                if file.is_file():
                    self._push_changed(file)
        pushed = [name for path in new if (name := self._push_job(path))]
        self._unfinished.push(is_last)
        return pushed

    def _list_new(self) -> list[Path]:
        """Return the records that were not looked at yet in the order in which their jobs ended, so that no
        job is copied before those whose results it needs.
        """
        stamps = {path: _stamp(path) for path in (self.run / RECORDS).rglob("*.json")}
        new = [path for path, stamp in stamps.items() if self._known.get(path) != stamp]
        return sorted(new, key=lambda path: (stamps[path][1], path))

    def _push_job(self, path: Path) -> str | None:
        """Copy what a job has made; return the job's name, None when it is in the copy already."""
        target, stamp = self.copy / path.relative_to(self.run), _stamp(path)
        try:
            written = path.read_bytes()
            record = json.loads(written)
            is_there = target.is_file() and target.read_bytes() == written
            if not is_there:
                for output in record["outputs"]:
                    copy_whole(self.run / output, self.copy / output)
                copy_whole(path, target)
        except FileNotFoundError:  # the job is made anew just now; its next record comes
            return None
        self._known[path] = stamp
        return None if is_there else " ".join([record["rule"], *map(str, record["wildcards"].values())])

    def _push_ledger(self, ledger: Path) -> None:
        """Copy a ledger as of one moment, also while a job writes to it."""
        endpoint = ledger.with_name("endpoint.json")
        if endpoint.is_file():
            self._push_changed(endpoint)
        stamp = _stamp(ledger)
        if self._known.get(ledger) == stamp:
            return
        with tempfile.TemporaryDirectory() as folder:
            snapshot = Path(folder) / ledger.name
            try:
                with closing(sqlite3.connect(ledger, timeout=60)) as source:
                    with closing(sqlite3.connect(snapshot)) as target:
                        source.backup(target)
            except sqlite3.OperationalError as error:
                raise OSError(f"{ledger}: {error}") from error
            copy_whole(snapshot, self.copy / ledger.relative_to(self.run))
        self._known[ledger] = stamp

    def _push_changed(self, file: Path) -> None:
        target, stamp = self.copy / file.relative_to(self.run), _stamp(file)
        if self._known.get(file) == stamp:
            return
        if not target.is_file() or target.read_bytes() != file.read_bytes():
            copy_whole(file, target)
        self._known[file] = stamp


def push_while(command: Sequence[str], push: Push, every: float, tell: Callable[[list[str]], None]) -> int:
    """Run a command, and push every so many seconds what it has finished and once more at its end; return
    its exit status.

    tell: called with the jobs of each push that copied any. A folder that cannot be written stops no
    run: only the last push raises its OSError. Ctrl-C is the command's: it is waited for. Raises
    CopyTaken, and runs nothing, when another machine pushes to the same folder.
    """
    sign = Sign(push.copy)
    sign.check()
    work = subprocess.Popen(command)
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        while _is_running(work, every):
            try:
                sign.check()
                sign.renew()
                tell(push.push(is_last=False))
            except CopyTaken as error:  # both began at one time: the run is not cut off for it
                print(f"stop one of two: {error}", flush=True)
            except OSError as error:
                print(f"not pushed, tried again soon: {error}", flush=True)
    finally:
        signal.signal(signal.SIGINT, before)
    tell(push.push())
    sign.remove()
    return work.returncode


def _is_running(work: subprocess.Popen, seconds: float) -> bool:
    try:
        work.wait(seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def _stamp(file: Path) -> tuple[int, int]:
    there = file.stat()
    return there.st_size, there.st_mtime_ns
