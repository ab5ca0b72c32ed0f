"""Batches of a training run: photos, views and captions of each step, read ahead of the device."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unscene.clip.models import can_cut_texts, get_text_lengths, tokenize
from unscene.run.seeds import derive_seed
from unscene.training.arms import choose_photos, choose_texts, draw_step, list_true_negations
from unscene.training.pairs import CAPTIONS
from unscene.training.photo_cache import TrainingSet
from unscene.training.samplers import BatchPlan

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Batch:
    """One process's share of a batch of pairs.

    photos: uint8 (2, pairs, side, side, 3), the two halves; or, of a frozen image tower, their normalised features, float32
    (2, pairs, dim). views: side, x, y, flip, each (2, pairs). tokens: int64 (captions, length), each caption once, cut to the
    longest. text_at: position in tokens by role; text_key: a number of the caption by role that is the same in every process;
    each int64 (pairs,).
    """

    photos: "torch.Tensor"
    views: tuple[np.ndarray, ...]
    tokens: "torch.Tensor"
    text_at: dict[str, np.ndarray]
    text_key: dict[str, np.ndarray]

    def __len__(self) -> int:
        return self.photos.shape[1]


class CacheReader:
    """Batches of a plan, from the photo cache; every process reads its own slice of each batch."""

    def __init__(
        self,
        training_set: TrainingSet,
        plan: BatchPlan,
        arm: dict,
        settings: dict,
        seeds: tuple,
        model,
        tokenizer,
        roles: Sequence[str],
        rank: int = 0,
        size: int = 1,
    ):
        import torch

        self._set, self._plan, self._arm, self._settings, self._seeds = (
            training_set, plan, arm, settings, seeds
        )  # fmt: skip
        self._roles = roles
        pairs = plan.first.shape[1]
        if pairs % size:
            raise ValueError(f"train.batch_pairs={pairs} cannot be shared evenly by runtime.devices={size}")
        self._own = slice(rank * pairs // size, (rank + 1) * pairs // size)
        table = training_set.table
        captions = [*(table[column] for column in CAPTIONS), list_true_negations(table, seeds[0])]
        texts, text_id = np.unique(np.stack([np.asarray(c, str) for c in captions], 1), return_inverse=True)
        self.texts, self._text_id = texts, text_id.reshape(len(table), 4)
        self._tokens = tokenize(tokenizer, texts)
        self._lengths = (
            get_text_lengths(self._tokens).numpy()
            if can_cut_texts(model)
            else np.full(len(texts), self._tokens.shape[1])
        )
        self._photos = _place_photos(training_set.photos, next(model.parameters()).device)
        self._torch = torch

    def read(self, step: int) -> Batch:
        """Return this process's share of a step's batch."""
        first, second = self._plan.first[step], self._plan.second[step]
        draws = draw_step(self._seeds, step, len(first), self._settings["crop_scale"], self._arm)
        shown = choose_photos(
            self._arm, first, second, self._set.original_at, self._set.edited_at, self._set.sham_at, draws
        )[:, self._own]
        ids = choose_texts(self._arm, self._text_id, first, second, draws, self._settings["true_negations"])
        cut = int(self._lengths[np.unique(np.concatenate([ids[role] for role in self._roles]))].max())
        keys = {role: ids[role][self._own] for role in {*self._roles, "plain"}}
        unique, at = np.unique(np.concatenate([keys[role] for role in self._roles]), return_inverse=True)
        return Batch(
            self._get_photos(shown),
            tuple(view.reshape(2, -1)[:, self._own] for view in draws.views),
            self._tokens[self._torch.from_numpy(unique), :cut],
            dict(zip(self._roles, at.reshape(len(self._roles), -1), strict=True)),
            keys,
        )

    def _get_photos(self, shown: np.ndarray) -> "torch.Tensor":
        if isinstance(self._photos, np.ndarray):
            return self._torch.from_numpy(
                self._photos[shown.ravel()].reshape(*shown.shape, *self._photos.shape[1:])
            )
        rows = self._torch.from_numpy(shown).to(self._photos.device)
        return self._photos[rows]


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


def _place_photos(photos: np.ndarray, device):
    """Copy the cache to the GPU when it takes less than half of its free memory; else it stays mapped from disk."""
    import torch

    if device.type == "cuda" and photos.nbytes < torch.cuda.mem_get_info(device)[0] / 2:
        return torch.from_numpy(np.ascontiguousarray(photos)).to(device)
    return photos
