"""Batches of a training run: photos, views and captions of each step, read ahead of the device."""

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from unscene.clip.models import can_cut_texts
from unscene.clip.tokens import get_text_lengths, tokenize
from unscene.run.seeds import derive_seed
from unscene.training.arms import choose_photos, choose_texts, draw_step, list_true_negations
from unscene.training.pairs import CAPTIONS
from unscene.training.photo_cache import StackedPhotos, TrainingSet
from unscene.training.samplers import BatchPlan
from unscene.training.trainings import Training
from unscene.training.workers import Workers

if TYPE_CHECKING:
    import torch

    from unscene.training.pool_batches import PoolBatch


@dataclass(frozen=True)
class Batch:
    """One process's share of a batch of pairs.

    photos: uint8 (2, pairs, side, side, 3), the two halves; or, of a frozen image tower, their
    normalised features, float32 (2, pairs, dim). views: side, x, y, flip, each (2, pairs). tokens:
    int64 (captions, length), each caption once, cut to the longest. text_at: position in tokens by
    role; text_key: a number of the caption by role that is the same in every process; each int64
    (pairs,). pool: what an arm shows beside its pairs.
    """

    photos: "torch.Tensor"
    views: tuple[np.ndarray, ...]
    tokens: "torch.Tensor"
    text_at: dict[str, np.ndarray]
    text_key: dict[str, np.ndarray]
    pool: "PoolBatch | None" = None

    def __len__(self) -> int:
        return self.photos.shape[1]


@dataclass(frozen=True)
class Reading:
    """What a reader of batches goes by: the training, the texts it needs, and the process that it reads for.

    can_cut: the text tower takes texts of any length. roles: of the captions that the loss reads.
    rank, size: this process and how many there are.
    """

    training: Training
    tokenizer: object
    can_cut: bool
    device: "torch.device"
    roles: Sequence[str]
    rank: int = 0
    size: int = 1

    @classmethod
    def of(
        cls, model, tokenizer, training: Training, roles: Sequence[str], workers: Workers | None = None
    ) -> "Reading":
        """Return the reading for a model and this process of `workers` (None: the only one)."""
        workers = workers or Workers()
        device = next(model.parameters()).device
        return cls(training, tokenizer, can_cut_texts(model), device, roles, workers.rank, workers.size)

    @property
    def own(self) -> slice:
        """This process's places in a batch."""
        pairs = self.training.settings["batch_pairs"]
        return slice(self.rank * pairs // self.size, (self.rank + 1) * pairs // self.size)


class CacheReader:
    """Batches of a plan, from the photo cache; every process reads its own slice of each batch."""

    def __init__(self, training_set: TrainingSet, plan: BatchPlan, reading: Reading):
        import torch

        self._set, self._plan, self._reading = training_set, plan, reading
        pairs = plan.first.shape[1]
        if pairs % reading.size:
            raise ValueError(
                f"train.batch_pairs={pairs} cannot be shared evenly by runtime.devices={reading.size}"
            )
        table = training_set.table
        captions = [
            *(table[column] for column in CAPTIONS),
            list_true_negations(table, reading.training.seeds[0], reading.training.vocabulary),
        ]
        texts, text_id = np.unique(np.stack([np.asarray(c, str) for c in captions], 1), return_inverse=True)
        self.texts, self._text_id = texts, text_id.reshape(len(table), 4)
        self._tokens = tokenize(reading.tokenizer, texts.tolist())
        self._lengths = (
            get_text_lengths(self._tokens).numpy()
            if reading.can_cut
            else np.full(len(texts), self._tokens.shape[1])
        )
        self._jpeg = reading.training.arm.get("jpeg", False)
        self._photos = training_set.photos
        if not self._jpeg:  # a JPEG is made of photos in memory
            self._photos = _place_photos(training_set.photos, reading.device)
        self._torch = torch

    def read(self, step: int) -> Batch:
        """Return this process's share of a step's batch."""
        first, second = self._plan.first[step], self._plan.second[step]
        training, own, roles = self._reading.training, self._reading.own, self._reading.roles
        arm, settings = training.arm, training.settings
        draws = draw_step(training.seeds, step, len(first), settings["crop_scale"], arm)
        shown = choose_photos(arm, first, second, self._set.at, draws)[:, own]
        photos = self._get_photos(shown)
        if self._jpeg:
            photos = compress_photos(photos, draws.quality[:, own])
        ids = choose_texts(arm, self._text_id, first, second, draws, settings["true_negations"])
        keys = {role: ids[role][own] for role in {*roles, "plain"}}
        told = np.array([ids[role] for role in roles], np.int64).reshape(len(roles), len(first))
        cut = int(self._lengths[np.unique(told)].max(initial=1))
        unique, at = np.unique(told[:, own], return_inverse=True)
        return Batch(
            photos,
            draws.share(own).views,
            self._tokens[self._torch.from_numpy(unique), :cut],
            dict(zip(roles, at.reshape(told[:, own].shape), strict=True)),
            keys,
        )

    def _get_photos(self, shown: np.ndarray) -> "torch.Tensor":
        if isinstance(self._photos, self._torch.Tensor):
            return self._photos[self._torch.from_numpy(shown).to(self._photos.device)]
        photos = self._photos[shown.ravel()]
        return self._torch.from_numpy(photos.reshape(*shown.shape, *photos.shape[1:]))


def compress_photos(photos: "torch.Tensor", quality: np.ndarray) -> "torch.Tensor":
    """Return photos as they come out of a JPEG. photos: uint8 (2, pairs, side, side, 3); quality:
    (2, pairs), 1 to 95.

    An edit is drawn by another program than its photo was; behind the same JPEG the two differ less
    in what JPEG takes away.
    """
    import torch

    flat = photos.flatten(0, 1).numpy()
    compressed = []
    for pixels, own_quality in zip(flat, quality.ravel().tolist(), strict=True):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=own_quality)
        compressed.append(np.asarray(Image.open(file).convert("RGB")))
    return torch.from_numpy(np.stack(compressed)).reshape(photos.shape)


def read_ahead(reader, steps: range, ahead: int = 2) -> Iterator[Batch]:
    """Yield the batches of the steps in order, read by a thread while the device works."""
    with ThreadPoolExecutor(1) as pool:
        waiting = [pool.submit(reader.read, step) for step in steps[:ahead]]
        for step in steps:
            batch = waiting.pop(0).result()
            if step + ahead in steps:
                waiting.append(pool.submit(reader.read, step + ahead))
            yield batch


def make_text_keys(texts: Sequence[str]) -> np.ndarray:
    """Return a number for each text that depends on the text alone, int64."""
    return np.array([derive_seed(text) for text in texts], np.int64)


def _place_photos(photos: "np.ndarray | StackedPhotos", device: "torch.device"):
    """Copy the cache to the GPU when it takes less than half of its free memory; else it stays
    mapped from disk.
    """
    import torch

    if device.type == "cuda" and photos.nbytes < torch.cuda.mem_get_info(device)[0] / 2:
        return torch.from_numpy(np.ascontiguousarray(photos[:])).to(device)
    return photos
