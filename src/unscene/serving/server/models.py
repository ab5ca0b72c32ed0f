"""The models that are served: two towers each, asked in batches that form by themselves."""

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .onnx_clip import OnnxClip, load_tower

BASE, TUNED = "base", "tuned"
TEXT_BATCH, PHOTO_BATCH = 32, 16
CACHED_TEXTS = 8192
CHUNK_BYTES = 2**22
SHORTEST = 4  # tokens that an exported text tower of free length takes


class ModelError(ValueError):
    """A folder that holds no model, or a text that the model cannot read whole."""


class BusyError(RuntimeError):
    """More calls wait for a model than the limit allows."""


class Batcher:
    """Runs a function of many items for callers of one. While a batch runs the next one gathers,
    so a lone call waits for nothing and many share one run.
    """

    def __init__(self, name: str, run: Callable[[list], Sequence], size: int, waiting: int):
        """run: items -> results, one each. size: items of one run. waiting: see Limits."""
        self._run, self._size, self._waiting = run, size, waiting
        self._queue: queue.SimpleQueue = queue.SimpleQueue()
        self.batches = self.items = 0
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def submit_all(self, items: Sequence) -> list[Future]:
        """Queue items; return their futures. Raises BusyError when too many wait already."""
        if self._queue.qsize() + len(items) > max(self._waiting, len(items)):
            raise BusyError
        futures = []
        for item in items:
            future: Future = Future()
            self._queue.put((item, future))
            futures.append(future)
        return futures

    def _work(self) -> None:
        while True:
            batch = [self._queue.get()]
            while len(batch) < self._size:
                try:
                    batch.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            live = [(item, future) for item, future in batch if future.set_running_or_notify_cancel()]
            if not live:
                continue
            try:
                results = self._run([item for item, _ in live])
            except Exception as error:  # one model's failure is its callers' answer, not the thread's end
                for _, future in live:
                    future.set_exception(error)
                continue
            self.batches, self.items = self.batches + 1, self.items + len(live)
            for (_, future), result in zip(live, results, strict=True):
                future.set_result(result)


class ImageTower:
    """An image tower that is loaded when the first photo comes, once for all models that share it.
    Who only searches by text waits for it never, and it takes none of the memory.
    """

    def __init__(self, path: Path):
        self._path, self._lock, self._session = path, threading.Lock(), None

    def load(self) -> Any:
        """Return its session."""
        with self._lock:
            if self._session is None:
                self._session = load_tower(self._path)
            return self._session

    def get_inputs(self) -> Sequence:
        """Return what its session says of its inputs."""
        return self.load().get_inputs()

    def run(self, outputs: Sequence[str] | None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Run its session."""
        return self.load().run(outputs, inputs)


@dataclass(frozen=True)
class Tokens:
    """A text as the text tower reads it: its tokens up to the last one that counts."""

    ids: np.ndarray


@dataclass(frozen=True)
class _Known:
    """What is remembered of a text: its features, and how many tokens it has."""

    features: np.ndarray
    tokens: int


class Model:
    """One CLIP: texts and photos to features of length 1. Results do not depend on who asks beside."""

    def __init__(self, name: str, clip: OnnxClip, tower: str, waiting: int):
        """tower: names the image tower; models with equal ones share the photos' features."""
        self.name, self.clip, self.tower = name, clip, tower
        self._text_input = clip.text.get_inputs()[0]
        self._padding = clip.tokenizer.padding
        # A text tower of free length costs what the texts cost; one of fixed length, the whole context.
        self.is_free_length = not isinstance(self._text_input.shape[1], int)
        self.dim = int(clip.text.get_outputs()[0].shape[-1])
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._lock = threading.Lock()
        self.texts = Batcher(f"{name}-texts", self._run_texts, TEXT_BATCH, waiting)
        self.photos = Batcher(f"{name}-photos", self._run_photos, PHOTO_BATCH, waiting)
        self.hits = 0

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the tokens of texts. ModelError names the first text that is longer than the context:
        cut, a denial at its end would be lost without a word.
        """
        # One by one: for the few texts of a call, handing them to threads costs more than it saves.
        encoded = [self.clip.tokenizer.encode(text) for text in texts]
        for number, one in enumerate(encoded):
            if one.overflowing:
                raise ModelError(f"text {number} is longer than the model's {len(one.ids)} tokens")
        return [Tokens(np.array(one.ids[: sum(one.attention_mask)], np.int32)) for one in encoded]

    def submit_texts(self, texts: Sequence[str]) -> tuple[list[Future], int]:
        """Return a future of the features of each text, float32 (dim,), and the tokens of all texts."""
        futures: list[Future | None] = []
        count = 0
        with self._lock:
            for text in texts:
                known = self._known.get(text)
                futures.append(None if known is None else _finished(known.features))
                if known is not None:
                    self.hits += 1
                    count += known.tokens
                    self._known.move_to_end(text)
        missing = [number for number, future in enumerate(futures) if future is None]
        if missing:
            tokens = self.tokenize([texts[number] for number in missing])
            pending = self.texts.submit_all(tokens)
            for number, one, future in zip(missing, tokens, pending, strict=True):
                futures[number] = future
                count += len(one.ids)
                future.add_done_callback(partial(self._remember, texts[number], len(one.ids)))
        return futures, count  # type: ignore[return-value]

    def embed_prepared(self, pixels: np.ndarray) -> np.ndarray:
        """Return the features of prepared photos, float32 (photos, dim)."""
        return self.clip.visual.run(None, {self.clip.visual.get_inputs()[0].name: pixels})[0]

    def _remember(self, text: str, tokens: int, done: Future) -> None:
        if done.cancelled() or done.exception() is not None:
            return
        with self._lock:
            self._known[text] = _Known(done.result(), tokens)
            while len(self._known) > CACHED_TEXTS:
                self._known.popitem(last=False)

    def _run_texts(self, batch: list[Tokens]) -> np.ndarray:
        longest = max(len(one.ids) for one in batch)
        length = max(longest, SHORTEST) if self.is_free_length else self._padding["length"]
        tokens = np.full((len(batch), length), self._padding["pad_id"], np.int32)
        for row, one in zip(tokens, batch, strict=True):
            row[: len(one.ids)] = one.ids
        return self.clip.text.run(None, {self._text_input.name: tokens})[0]

    def _run_photos(self, batch: list[np.ndarray]) -> np.ndarray:
        return self.embed_prepared(np.stack(batch))


def _finished(result: np.ndarray) -> Future:
    future: Future = Future()
    future.set_result(result)
    return future
