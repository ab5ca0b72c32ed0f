"""The engine of the device stages: decoding, device work and encoding overlap, in batches of one
shape, and nothing is done twice.

    read (threads)  ->  work (this thread, the device)  ->  keep (threads)  ->  scratch

The device never waits for a decoder or an encoder as long as these keep up; what waits in between
is bounded in items and bytes.
"""

import gc
import logging
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from unscene.machine.batching import BoundedPool, run_ahead
from unscene.machine.devices import name_used_device
from unscene.machine.scratch import Scratch
from unscene.photos.images import PhotoError
from unscene.run.counts import tell_count
from unscene.run.logs import progress
from unscene.run.stops import KnownStop
from unscene.run.tables import write_json

# Of what is read ahead, and of one batch: huge photos make batches shorter, which changes no result.
MAX_BYTES = 2**30
# So many items in a row that fail on the device, and none that succeeds, are no bad photos but a
# bad device or model.
MAX_FAILURES_IN_A_ROW = 8


class StageStopped(KnownStop, RuntimeError):
    """The job was told to stop; what it finished is kept, and running it again continues from there."""


class DeviceError(RuntimeError):
    """Device work fails whatever it is given."""


@dataclass(frozen=True)
class Batch:
    """How an item went through the device: the batch's size, with padding, and the seconds of
    device work per item.
    """

    size: int
    seconds: float


class DeviceStage:
    """What a stage tells the engine. Only `work` runs on the device's thread; `read` and `keep` run
    in several threads.
    """

    name = "items"
    unit = "item"

    def key(self, item) -> str:
        """Return the item's name, different for each item."""
        raise NotImplementedError

    def count_bytes(self, item) -> int:
        """Return about how much memory the item takes while it is worked on."""
        return 0

    def read(self, item):
        """Return the item's input, ready for the device. Raises PhotoError when there is something
        wrong with it.
        """
        raise NotImplementedError

    def work(self, items: list, inputs: list, batch_size: int) -> list:
        """Return an output per item, in batches of exactly `batch_size` (tails padded); there are
        never more items.
        """
        raise NotImplementedError

    def keep(self, item, value, output, batch: Batch, folder: Path) -> tuple[dict, list[str]]:
        """Finish an item: write its files into `folder`; return its result (JSON) and the names of
        its files.
        """
        raise NotImplementedError

    def follow(self, item, result: dict):
        """Return the item to do next in place of one with this result (another attempt), or None."""
        return None


@dataclass
class Timing:
    """What a run of the engine did, in seconds and counts. `items` are those of this run, `resumed`
    those of earlier ones.
    """

    items: int = 0
    resumed: int = 0
    batches: int = 0
    batch_size: int = 0
    wall_s: float = 0.0
    device_s: float = 0.0

    @property
    def busy_share(self) -> float:
        """Share of the wall time in which the device worked."""
        return self.device_s / self.wall_s if self.wall_s else 0.0

    def write(self, path: str | Path) -> None:
        """Write the figures as JSON, with the name of the device that did the work."""
        rate = self.items / self.wall_s if self.wall_s else 0.0
        further = {"busy_share": self.busy_share, "items_per_s": rate, "device": name_used_device()}
        write_json(asdict(self) | further, path)


class Engine:
    """Drives a stage over items. `runtime` is the config's block `runtime`."""

    def __init__(self, stage: DeviceStage, runtime: dict, scratch: Scratch):
        self._stage, self._scratch = stage, scratch
        self._workers, self._full_size = runtime["workers"], runtime["batch_size"]
        self._size = self._full_size
        self._keeping: deque = deque()
        self._outputs = {
            key: (output, batch)
            for keys, (outputs, batch) in scratch.read_outputs()
            for key, output in zip(keys, outputs, strict=True)
        }
        self._failures = 0
        self._broken: dict[str, dict] = {}
        self._stop = threading.Event()
        self.timing = Timing(batch_size=self._size)

    def run(self, items: Iterable) -> dict[str, dict]:
        """Return {key: result} of all items and of those that follow them.

        An item that cannot be read, or on which the device fails, has the result {"status":
        "failed", "reason": ...}. Raises StageStopped after SIGTERM and DeviceError when nothing
        works.
        """
        items = list(items)
        started = time.monotonic()
        self.timing.resumed = len(self._scratch.results)
        with (
            stop_on_sigterm(self._stop),
            BoundedPool(self._workers, 2 * self._full_size) as self._pool,
            progress(total=len(items), desc=self._stage.name, unit=self._stage.unit) as self._bar,
        ):
            waiting = items
            while waiting:
                self._run_round(waiting)
                followers = [self._stage.follow(item, self._result(item)) for item in waiting]
                waiting = [item for item in followers if item is not None]
        self.timing.wall_s = time.monotonic() - started
        self._log()
        return self._scratch.results | self._broken

    def _run_round(self, items: list) -> None:
        undone = [item for item in items if self._stage.key(item) not in self._scratch.results]
        self._bar.update(len(items) - len(undone))
        read = run_ahead(
            self._read, undone, self._workers, 2 * self._full_size, self._stage.count_bytes, MAX_BYTES
        )
        for batch in self._cut_batches(self._set_aside(read)):
            self._check_stop()
            self._work_through(batch)
        self._wait_for_keeping(0)

    def _read(self, item):
        try:
            return self._stage.read(item)
        except PhotoError as error:
            return error

    def _set_aside(self, read: Iterable[tuple]) -> Iterator[tuple]:
        """Pass on what needs the device: neither what could not be read nor what an earlier run
        took off the device already.

        What could not be read is not recorded: another run may find the disk in better health.
        """
        for item, value in read:
            key = self._stage.key(item)
            if isinstance(value, PhotoError):
                logging.getLogger("unscene").warning("%s: %s", key, value)
                self._broken[key] = {"status": "failed", "reason": value.reason}
                self._bar.update(1)
            elif key in self._outputs:
                self._submit(item, value, *self._outputs.pop(key))
            else:
                yield item, value

    def _cut_batches(self, read: Iterable[tuple]) -> Iterator[list[tuple]]:
        batch: list[tuple] = []
        taken = 0
        for item, value in read:
            cost = self._stage.count_bytes(item)
            if batch and (len(batch) == self._size or taken + cost > MAX_BYTES):
                yield batch
                batch, taken = [], 0
            batch.append((item, value))
            taken += cost
        if batch:
            yield batch

    def _work_through(self, batch: list[tuple]) -> None:
        """Do the device work of a batch, in halves where memory is short, and one by one where an
        item breaks it.
        """
        while batch:
            part = batch[: self._size]
            try:
                outputs, seconds = self._work(part)
            except Exception as error:
                if not is_out_of_memory(error):
                    self._work_singly(part, error)
                    batch = batch[len(part) :]
                    continue
                message = str(error).splitlines()[0]
            else:
                self._failures = 0
                self._hand_over(part, outputs, seconds)
                batch = batch[len(part) :]
                continue
            # Out of the handler: its traceback held the tensors.
            release_memory()
            if self._size > 1:
                self._size //= 2
                logging.getLogger("unscene").warning(
                    "out of memory: batches of %d from here on (%s)", self._size, message
                )
            else:
                self._fail(part[0][0], "out_of_memory", message)
                batch = batch[1:]

    def _work_singly(self, part: list[tuple], error: Exception) -> None:
        """Find the items that the device cannot take; the others get their result. All of several
        failing is no item's fault.
        """
        logging.getLogger("unscene").warning(
            "a batch failed (%s: %s); its items go one by one", type(error).__name__, error
        )
        failed = []
        for single in part:
            try:
                outputs, seconds = self._work([single])
            except Exception as own:
                if is_out_of_memory(own):
                    raise
                failed.append((single[0], f"{type(own).__name__}: {own}"))
            else:
                self._failures = 0
                self._hand_over([single], outputs, seconds)
        if len(failed) == len(part) > 1:
            raise DeviceError(
                f"{self._stage.name}: each item of a batch fails on the device; the first: {error}"
            ) from error
        for item, message in failed:
            self._fail(item, "device_error", message)

    def _fail(self, item, reason: str, message: str) -> None:
        key = self._stage.key(item)
        logging.getLogger("unscene").warning("%s: %s: %s", key, reason, message)
        self._failures += 1
        if self._failures >= MAX_FAILURES_IN_A_ROW:
            raise DeviceError(
                f"{self._stage.name}: {self._failures} items in a row fail on the device; {key}: {message}"
            )
        self._broken[key] = {"status": "failed", "reason": reason}
        self._bar.update(1)

    def _work(self, part: list[tuple]) -> tuple[list, float]:
        started = time.monotonic()
        try:
            outputs = self._stage.work([item for item, _ in part], [value for _, value in part], self._size)
        finally:
            seconds = time.monotonic() - started
            self.timing.device_s += seconds
            self.timing.batches += 1
        if len(outputs) != len(part):
            raise DeviceError(f"{self._stage.name}: {len(outputs)} outputs for {len(part)} items")
        return outputs, seconds / len(part)

    def _hand_over(self, part: list[tuple], outputs: list, seconds: float) -> None:
        """Keep what the device made before it is given more, then encode it in the background."""
        batch = Batch(self._size, seconds)
        keys = [self._stage.key(item) for item, _ in part]
        self._scratch.keep_outputs(keys, (outputs, batch))
        for (item, value), output in zip(part, outputs, strict=True):
            self._submit(item, value, output, batch)
        self.timing.items += len(part)

    def _submit(self, item, value, output, batch: Batch) -> None:
        cost = self._stage.count_bytes(item)
        self._wait_for_keeping(max(0, MAX_BYTES - cost))
        self._keeping.append((self._pool.submit(self._keep, item, value, output, batch), cost))

    def _keep(self, item, value, output, batch: Batch) -> None:
        result, names = self._stage.keep(item, value, output, batch, self._scratch.files)
        self._scratch.record(self._stage.key(item), result, names)
        self._bar.update(1)

    def _wait_for_keeping(self, max_bytes: int) -> None:
        """Take note of what is kept, and wait until what is not takes `max_bytes` at most; 0: until
        all is kept.
        """
        while self._keeping:
            future, _ = self._keeping[0]
            waiting = sum(cost for _, cost in self._keeping)
            if not future.done() and max_bytes and waiting <= max_bytes:
                return
            self._keeping.popleft()[0].result()

    def _result(self, item) -> dict:
        key = self._stage.key(item)
        return self._broken.get(key) or self._scratch.results[key]

    def _check_stop(self) -> None:
        if not self._stop.is_set():
            return
        self._wait_for_keeping(0)
        raise StageStopped(
            f"{self._stage.name}: stopped by SIGTERM;"
            f" {tell_count(len(self._scratch.results), 'finished item')} in {self._scratch.path},"
            " run again to continue from there"
        )

    def _log(self) -> None:
        timing = self.timing
        logging.getLogger("unscene").info(
            "%s: %s (%d from an earlier run) in %.1f s, %.2f/s; device busy %.1f %% of it; %s of %d",
            self._stage.name,
            tell_count(timing.items, "item"),
            timing.resumed,
            timing.wall_s,
            timing.items / timing.wall_s if timing.wall_s else 0.0,
            100 * timing.busy_share,
            tell_count(timing.batches, "batch", "batches"),
            self._size,
        )


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an exception says that memory, the device's or the host's, is exhausted."""
    said = ("out of memory", "not enough memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError)
        and (type(error).__name__ == "OutOfMemoryError" or any(text in str(error) for text in said))
    )


def release_memory() -> None:
    """Give back what the device's allocator holds and nobody uses."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


@contextmanager
def stop_on_sigterm(stop: threading.Event) -> Iterator[None]:
    """Set the event at SIGTERM (pre-emption, a time limit) in place of dying; a second SIGTERM ends
    the process.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(*_) -> None:
        stop.set()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    before = signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
