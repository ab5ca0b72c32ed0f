"""What the device stages share: the torch settings of a job, decoding ahead, batches of one shape."""

import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import numpy as np

from unscene.photos.images import PhotoError, read_photo
from unscene.run.shards import file_sha256


def prepare_torch(device: str, threads: int) -> None:
    """Make torch repeatable and give it the job's threads. Call after `lease_device` and before a
    model is loaded.

    Equal bits are promised for one kind of device, thread count and batch shape; on a GPU also for one
    place in the batch (docs/ENGINE.md).
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch

    torch.set_num_threads(threads)
    if device == "cuda":
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.deterministic = True
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        torch.use_deterministic_algorithms(True, warn_only=True)
        # Else torch fills every tensor before it is written: up to half of the kernels of a frozen step.
        torch.utils.deterministic.fill_uninitialized_memory = False


def run_ahead(
    function: Callable[[Any], Any],
    items: Iterable,
    workers: int,
    ahead: int,
    count_bytes: Callable[[Any], int] = lambda _: 0,
    max_bytes: float = math.inf,
) -> Iterator[tuple[Any, Any]]:
    """Yield (item, function(item)) in the order of the items, computed by threads in advance.

    Up to `ahead` items are, or fewer when they would take more than `max_bytes` together by
    `count_bytes`. An exception in `function` is raised here, at its item; so `function` turns bad
    input into a value.
    """
    with ThreadPoolExecutor(max_workers=workers) as pool:
        waiting: deque[tuple[object, Future, int]] = deque()
        source, taken, following = iter(items), 0, None
        try:
            while True:
                while len(waiting) < max(1, ahead):
                    following = following or next(([item] for item in source), None)
                    if following is None:
                        break
                    cost = count_bytes(following[0])
                    if waiting and taken + cost > max_bytes:
                        break
                    waiting.append((following[0], pool.submit(function, following[0]), cost))
                    taken, following = taken + cost, None
                if not waiting:
                    return
                item, future, cost = waiting.popleft()
                value = future.result()
                taken -= cost
                yield item, value
        finally:
            for _, future, _ in waiting:
                future.cancel()


class BoundedPool:
    """A thread pool whose `submit` waits while `limit` tasks are unfinished, so that results never
    pile up in memory.
    """

    def __init__(self, workers: int, limit: int):
        self._pool = ThreadPoolExecutor(max_workers=workers)
        self._slots = BoundedSemaphore(max(limit, workers))

    def submit(self, function: Callable, *arguments: object) -> Future:
        """Run function(*arguments) in a thread; the future holds its value or exception."""
        self._slots.acquire()
        future = self._pool.submit(function, *arguments)
        future.add_done_callback(lambda _: self._slots.release())
        return future

    def __enter__(self) -> "BoundedPool":
        return self

    def __exit__(self, *_) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def cut_batches(items: Iterable, size: int) -> Iterator[list]:
    """Yield lists of `size` items; the last may be shorter."""
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch


def pad_tail(batch: list, size: int, filler: object) -> list:
    """Return the batch lengthened to `size` with `filler`: the device always sees one shape."""
    if len(batch) > size:
        raise ValueError(f"a batch of {len(batch)} is larger than the batch size {size}")
    return batch + [filler] * (size - len(batch))


def read_checked_photo(path: str | Path, sha256: str | None) -> np.ndarray:
    """Read a photo as RGB uint8 (height, width, 3), upright.

    Raises PhotoError; with reason `changed` when the file is not the one that the table recorded.
    """
    image = read_photo(path)
    if sha256 and file_sha256(path) != sha256:
        raise PhotoError(
            "changed", f"{path}: its content is not what samples recorded; read the samples again"
        )
    return np.asarray(image)
