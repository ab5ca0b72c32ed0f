"""The loop of a training: one compact one for all arms.

Everything that is drawn (order, crops, flips, which caption of an edit) comes from (seed, fold,
training seed, step) and never from the arm, so all arms of a fold and seed see the same photos in
the same order under the same augmentation.
"""

import copy
import math
import time
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from unscene.run.logs import progress
from unscene.run.seeds import derive_seed
from unscene.training.batches import Batch, read_ahead
from unscene.training.encoding import Encoder, Piece
from unscene.training.objectives import (
    PHOTO_ROLES,
    TERMS,
    View,
    compute_terms,
    list_references,
    list_texts,
    reads_pairs,
)
from unscene.training.optimisation import add_lora, freeze, make_optimizer, update_average
from unscene.training.pool_batches import PoolBatch
from unscene.training.pool_terms import PoolView
from unscene.training.state import StateFile
from unscene.training.trainings import Training
from unscene.training.workers import Workers

if TYPE_CHECKING:
    import torch

CHECK_EVERY_STEPS = 25
HIGHEST_TEMPERATURE = 100.0  # as CLIP was trained


class TrainingError(RuntimeError):
    """A training run that cannot go on."""


class Trainer:
    """Trains a model in place, by an arm's loss.

    Weights and optimizer stay in fp32; the towers compute in bfloat16 unless runtime.precision is
    float32, on a CPU only where it has instructions for that (AVX512-BF16). The loss always sees
    the whole batch: with `runtime.chunk_pairs` or several processes its gradient with respect to
    the features is computed once and carried back through the towers part by part (Gao et al. 2021,
    "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup"), so the update is
    that of the whole batch.
    """

    def __init__(
        self,
        model,
        training: Training,
        normalisation: tuple[list[float], list[float]],
        runtime: dict,
        workers: Workers | None = None,
    ):
        import torch

        arm, settings = training.arm, training.settings
        self.model, self.loss, self.settings = model, arm["loss"], settings
        self._starts = training.starts
        self._workers = workers or Workers()
        self.device = next(model.parameters()).device
        has_bfloat16 = self.device.type == "cuda" or torch.cpu.get_capabilities().get("avx512_bf16")
        autocast = runtime["precision"] != "float32" and bool(has_bfloat16)
        self.precision = "bfloat16" if autocast else "float32"
        self._encoder = Encoder(self.device, normalisation, autocast)
        self._chunk = runtime["chunk_pairs"]
        self.texts = list_texts(self.loss)
        self._reads_pairs = reads_pairs(self.loss)
        self._needs = {name: list_references(self.loss, name) for name in ("base", "teacher")}
        self._pool_base = any(TERMS[name].pool_base for name in self.loss)
        self._references = {
            name: copy.deepcopy(model).eval().requires_grad_(False)
            for name, needs in self._needs.items()
            if needs or (name == "base" and self._pool_base)
        }
        needing = [name for name in self.loss if TERMS[name].needs_bias]
        if needing and getattr(model, "logit_bias", None) is None:
            raise TrainingError(
                f"the loss {needing[0]} needs weights with a bias (logit_bias), as SigLIP's are"
            )
        self._decay = arm.get("ema_decay", 0.0)
        train_temperature = settings["temperature"] == "trained"
        freeze(model, arm.get("freeze"), train_temperature, arm.get("unlocked"))
        self._merge = None
        if arm.get("lora_rank"):
            self._merge = add_lora(model, arm["lora_rank"], derive_seed(*training.seeds, "lora"))
        self.optimizer, self._schedule = make_optimizer(model, settings)
        # Of a table of 49,408 words a step reads some hundred rows, in several pieces: a gradient of
        # the whole table for each piece took a third of a step of a small text tower.
        tables = [module for module in model.modules() if isinstance(module, torch.nn.Embedding)]
        for table in tables:
            table.sparse = True
        self._looked_up = [table.weight for table in tables]
        if runtime["checkpoint_activations"]:
            model.set_grad_checkpointing(True)

    def train(self, reader, state: StateFile | None = None) -> pd.DataFrame:
        """Run all steps that are left and return the loss curve: `step loss {terms} gradient_norm
        learning_rate`.

        Raises TrainingError when the loss is no longer finite.
        """
        import torch

        steps, rank = self.settings["steps"], self._workers.rank
        modules = {"model": self.model, **{n: m for n, m in self._references.items() if n == "teacher"}}
        start, rows = state.restore(modules, self.optimizer) if state else (0, [])
        rows = [row.to(self.device) for row in rows]
        self.model.train()
        bar = progress(total=steps, desc="training", unit="step")
        bar.update(start)
        began = time.monotonic()
        for step, batch in enumerate(read_ahead(reader, range(start, steps)), start):
            rows.append(self.take_step(batch, step))
            bar.update()
            if (step + 1) % CHECK_EVERY_STEPS == 0 or step + 1 == steps:
                loss = _check_finite(rows, self._schedule(step))
                speed = (step + 1 - start) * 2 * self.settings["batch_pairs"] / (time.monotonic() - began)
                bar.set_postfix_str(f"loss {loss:.3f}, {speed:.0f} photos/s")
            if state and rank == 0 and step + 1 < steps:
                state.save(step + 1, modules, self.optimizer, rows)
        bar.close()
        if self._merge:
            self._merge()
        self.model.eval()
        values = torch.stack(rows).double().cpu().numpy()
        curve = pd.DataFrame(values, columns=["loss", *self.loss, "gradient_norm"])
        curve.insert(0, "step", np.arange(1, steps + 1))
        curve["learning_rate"] = [self._schedule(step) for step in range(steps)]
        return curve

    def take_step(self, batch: Batch, step: int) -> "torch.Tensor":
        """Update the weights once; return the loss, its terms (NaN before they come in) and the
        gradient's norm before clipping.
        """
        import torch

        for group in self.optimizer.param_groups:
            group["lr"] = self._schedule(step)
        self.optimizer.zero_grad(set_to_none=True)
        loss, terms = self.backpropagate(batch, step)
        trained = [p for group in self.optimizer.param_groups for p in group["params"]]
        norm = torch.nn.utils.clip_grad_norm_(trained, 1.0)
        self.optimizer.step()
        if self.model.logit_scale.requires_grad:
            with torch.no_grad():
                self.model.logit_scale.clamp_(0, math.log(HIGHEST_TEMPERATURE))
        if "teacher" in self._references:
            update_average(self._references["teacher"], self.model, self._decay)
        absent = torch.full_like(loss, torch.nan)
        return torch.stack([loss, *(terms.get(name, absent) for name in self.loss), norm]).detach()

    def backpropagate(self, batch: Batch, step: int) -> "tuple[torch.Tensor, dict[str, torch.Tensor]]":
        """Compute the loss of the whole batch, all processes' items together, and its gradients. Terms
        that come in after this step take no part.
        """
        import torch

        blocks, whole = self._list_blocks(batch), not self._chunk
        with torch.set_grad_enabled(whole):
            own = {name: torch.cat([piece(self.model) for piece in block]) for name, block in blocks.items()}
        everything = {
            name: self._workers.gather(features.detach()).requires_grad_() for name, features in own.items()
        }
        asked = {name: weight for name, weight in self.loss.items() if step >= self._starts[name]}
        loss, terms = compute_terms(asked, self._view(batch, everything))
        loss.backward()
        for name, block in blocks.items():
            gradient = everything[name].grad
            if gradient is None or (whole and not own[name].requires_grad):
                continue  # of features that nothing reads, or of a frozen tower
            gradient = self._workers.own(gradient)
            if whole:
                own[name].backward(gradient)
                continue
            start = 0
            for piece in block:
                features = piece(self.model)
                if features.requires_grad:
                    features.backward(gradient[start : start + len(features)])
                start += len(features)
        for parameter in self._looked_up:
            if parameter.grad is not None and parameter.grad.is_sparse:
                parameter.grad = parameter.grad.coalesce().to_dense()
        scales = {id(self.model.logit_scale), id(getattr(self.model, "logit_bias", None))}
        trained = [p for group in self.optimizer.param_groups for p in group["params"]]
        # Of the scales every process has the whole gradient already.
        self._workers.sum_gradients(p for p in trained if id(p) not in scales)
        return loss, terms

    def _list_blocks(self, batch: Batch) -> dict[str, list[Piece]]:
        """Return what encodes this process's share of a batch, by block and in pieces."""
        blocks: dict[str, list[Piece]] = {}
        if self._reads_pairs:
            blocks["pairs"] = [
                partial(self._encoder.encode_pairs, batch, part, PHOTO_ROLES, self.texts)
                for part in self._cut(len(batch))
            ]
        if batch.pool is not None:
            blocks |= self._encoder.list_pieces(batch.pool, self._chunk)
        return blocks

    def _cut(self, count: int) -> list[slice]:
        size = self._chunk or count
        return [slice(start, start + size) for start in range(0, count, size)]

    def _view(self, batch: Batch, features: "dict[str, torch.Tensor]") -> View:
        import torch

        keys = {
            role: self._workers.gather(torch.from_numpy(key).to(self.device))
            for role, key in batch.text_key.items()
        }
        by_role: dict = {}
        if self._reads_pairs:
            by_role = dict(zip((*PHOTO_ROLES, *self.texts), features["pairs"].unbind(1), strict=True))
            by_role |= self._encode_references(batch)
        scale, bias = self.model.logit_scale.exp(), getattr(self.model, "logit_bias", None)
        pool = None if batch.pool is None else self._view_pool(batch.pool, features, scale)
        return View(by_role, keys, scale, bias, pool)

    def _view_pool(
        self, pool: PoolBatch, features: "dict[str, torch.Tensor]", temperature: "torch.Tensor"
    ) -> PoolView:
        import torch

        base = None
        if self._pool_base:
            with torch.no_grad():
                base = self._encoder.encode_tokens(self._references["base"], pool.captions)
        order = torch.from_numpy(pool.order).to(self.device)
        shift, neutral = (torch.from_numpy(one).to(self.device) for one in (pool.shift, pool.neutral))
        text = features["pool texts"][order]
        return PoolView(features["pool photos"], text, base, pool.told, shift, neutral, temperature)

    def _encode_references(self, batch: Batch) -> "dict[str, torch.Tensor]":
        import torch

        features: dict = {}
        for name, model in self._references.items():
            photos = tuple(role for role in PHOTO_ROLES if role in self._needs[name])
            texts = tuple(role for role in self.texts if role in self._needs[name])
            if not photos and not texts:
                continue
            with torch.no_grad():
                parts = [
                    self._encoder.encode_pairs(batch, part, photos, texts, model)
                    for part in self._cut(len(batch))
                ]
            gathered = self._workers.gather(torch.cat(parts)).unbind(1)
            roles = (f"{name}:{role}" for role in (*photos, *texts))
            features |= dict(zip(roles, gathered, strict=True))
        return features


def _check_finite(rows: list, learning_rate: float) -> float:
    import torch

    recent = torch.stack(rows[-CHECK_EVERY_STEPS:])[:, 0]
    if not torch.isfinite(recent).all():
        raise TrainingError(
            f"the loss is not finite by step {len(rows)} (learning rate {learning_rate:.2g}); lower "
            "train.learning_rate"
        )
    return float(recent[-1])
