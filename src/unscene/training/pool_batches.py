"""Batches of the pool, beside those of pairs: photos, the step's texts, and what is asked with them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from unscene.clip.tokens import get_text_lengths, tokenize
from unscene.run.seeds import derive_seed
from unscene.training.arms import draw_views
from unscene.training.pool_texts import LABELLED, PoolWriter, StepTexts
from unscene.training.pools import Pool
from unscene.words.denial_grammar import read_grammar
from unscene.words.vocabulary import Vocabulary

if TYPE_CHECKING:
    import torch

    from unscene.training.batches import Batch, Reading

NEUTRAL = "a photo"
# How far a taught sentence is moved along its noun's direction. With .5 a word that no photo denies comes
# out at a coin's .50, both absent and present (docs/TRIALS.md).
TAUGHT_WEIGHT = 2.0


@dataclass(frozen=True)
class PoolBatch:
    """One process's share of a batch of the pool, and what is asked of the whole batch.

    photos: uint8 (own photos, side, side, 3), or normalised features, float32 (own photos, dim).
    views: side, x, y, flip, each (own photos,). tokens: int64 (own texts, length), by rising length
    (`lengths`); the last come twice where the texts don't share out evenly. order: the row of every
    text of the step among those of all processes, one process after the other, int64 (texts,).
    captions: tokens of the captions that are told, the same in every process, int64 (told, length).
    told: what is asked, with numbers of texts. shift: of the taught sentences, float32 (sentences, dim).
    neutral: float32 (dim,), the untuned feature of "a photo".
    """

    photos: "torch.Tensor"
    views: tuple[np.ndarray, ...]
    tokens: "torch.Tensor"
    lengths: np.ndarray
    order: np.ndarray
    captions: "torch.Tensor"
    told: StepTexts
    shift: np.ndarray
    neutral: np.ndarray


class PairReader(Protocol):
    """What reads batches of pairs."""

    def read(self, step: int) -> "Batch":
        """Return this process's share of a step's batch."""


@dataclass(frozen=True)
class Directions:
    """What a text-only teacher knows, from the untuned model's texts alone.

    neutral: the feature of "a photo", float32 (dim,). of_noun: d_o of each noun, float32 (nouns, dim).
    """

    neutral: np.ndarray
    of_noun: np.ndarray

    @classmethod
    def of(
        cls,
        nouns: Sequence[str],
        others: Sequence[str],
        vocabulary: Vocabulary,
        embed: Callable[[list[str]], np.ndarray],
    ) -> "Directions":
        """Return the directions of nouns, centred on the mean of all nouns, these and others."""
        every = [*nouns, *(noun for noun in others if noun not in nouns)]
        named = [f"{NEUTRAL} of {vocabulary.name_object(noun)['a']}" for noun in every]
        features = embed([NEUTRAL, *named])
        centred = features[1:] - features[1:].mean(axis=0)
        return cls(features[0], centred[: len(nouns)])


class PoolReader:
    """Batches of the pool for every step; all processes draw the same ones and read their own share."""

    def __init__(
        self,
        pool: Pool,
        reading: "Reading",
        parts: Mapping[str, float],
        embed: Callable[[list[str]], np.ndarray],
    ):
        """parts: what the loss reads (`PoolWriter`). embed: texts -> features of the untuned model."""
        training, self._reading, self._pool = reading.training, reading, pool
        self._photos = training.arm["pool"]
        if self._photos % reading.size:
            raise ValueError(f"pool: {self._photos} cannot be shared evenly by {reading.size} processes")
        nouns = list_taught(pool, parts, training.arm.get("nouns", ()))
        grammar = read_grammar()
        self._writer = PoolWriter(pool, grammar, training.seeds, parts, nouns)
        self._directions = None
        if nouns:
            self._directions = Directions.of(nouns, list(pool.vocabulary), pool.vocabulary, embed)

    def read(self, step: int) -> PoolBatch:
        """Return this process's share of a step's batch."""
        import torch

        rows = self.draw_rows(step)
        told = self._writer.write(step, rows)
        tokens, lengths = self._tokenize(told.texts)
        own_photos = self._share(len(rows))
        by_length = np.argsort(lengths, kind="stable")
        own, order = _share_texts(by_length, self._reading.rank, self._reading.size)
        captions = told.captions
        shown = self._pool.photos[self._pool.at[rows[own_photos]]]
        shift, neutral = np.zeros((0, 1), np.float32), np.zeros(1, np.float32)
        if self._directions is not None and told.taught is not None:
            sign = told.taught.sign[:, None].astype(np.float32)
            shift = TAUGHT_WEIGHT * sign * self._directions.of_noun[told.taught.noun]
            neutral = self._directions.neutral
        return PoolBatch(
            torch.from_numpy(np.ascontiguousarray(shown)),
            tuple(view[own_photos] for view in self._draw_views(step, len(rows))),
            tokens[torch.from_numpy(own), : int(lengths[own].max())],
            lengths[own],
            order,
            tokens[torch.from_numpy(captions), : int(lengths[captions].max())],
            told,
            shift,
            neutral,
        )

    def draw_rows(self, step: int) -> np.ndarray:
        """Return the photos of a step: pass after pass through the shuffled pool, none twice in a batch."""
        seed, photos = self._reading.training.seeds, self._photos
        batches = len(self._pool) // photos
        order = np.random.default_rng(derive_seed(*seed, "pool", "order", step // batches))
        start = step % batches * photos
        return order.permutation(len(self._pool))[start : start + photos]

    def _tokenize(self, texts: list[str]) -> "tuple[torch.Tensor, np.ndarray]":
        tokens = tokenize(self._reading.tokenizer, texts)
        if self._reading.can_cut:
            return tokens, get_text_lengths(tokens).numpy()
        return tokens, np.full(len(texts), tokens.shape[1])

    def _share(self, count: int) -> slice:
        rank, size = self._reading.rank, self._reading.size
        return slice(rank * count // size, (rank + 1) * count // size)

    def _draw_views(self, step: int, count: int) -> tuple[np.ndarray, ...]:
        training = self._reading.training
        if training.arm.get("views") == "whole":
            return np.ones(count), np.zeros(count), np.zeros(count), np.zeros(count, bool)
        rng = np.random.default_rng(derive_seed(*training.seeds, "pool", "views", step))
        views = draw_views(rng, -(-count // 2), training.settings["crop_scale"], False)
        return tuple(view[:count] for view in views)


def list_taught(pool: Pool, parts: Iterable[str], more: Sequence[str]) -> list[str]:
    """Return the nouns that a text-only teacher tells of: the words of the list without labels, or
    all where the loss reads no labels, and more nouns.
    """
    if "taught" not in parts:
        return []
    words = list(pool.vocabulary)
    labelled = {words[place] for place in pool.find_labelled()} if LABELLED.intersection(parts) else set()
    return list(dict.fromkeys([*(word for word in words if word not in labelled), *more]))


class PooledReader:
    """Batches of pairs with a batch of the pool beside each."""

    def __init__(self, pairs: PairReader, pool: PoolReader):
        self._pairs, self._pool = pairs, pool

    def read(self, step: int) -> "Batch":
        """Return this process's share of a step's batch."""
        return replace(self._pairs.read(step), pool=self._pool.read(step))


def _share_texts(by_length: np.ndarray, rank: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (the texts of a process, equally many in each; the row of each text among all processes').

    Texts are dealt one by one, so that every process has short and long ones.
    """
    count = -(-len(by_length) // size)
    dealt = by_length[np.arange(count * size) % len(by_length)].reshape(count, size).T
    order = np.empty(len(by_length), np.int64)
    flat = dealt.ravel()
    order[flat[::-1]] = np.arange(len(flat))[::-1]
    return dealt[rank], order
