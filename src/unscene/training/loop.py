"""The loop of a training: one compact one for all arms.

Everything that is drawn (order, crops, flips, which caption of an edit) comes from (seed, fold,
training seed, step) and never from the arm, so all arms of a fold and seed see the same photos in
the same order under the same augmentation.
"""

import copy
import math
import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from unscene.clip.models import encode_texts, to_pixels
from unscene.run.logs import progress
from unscene.run.seeds import derive_seed
from unscene.training.batches import Batch, read_ahead
from unscene.training.objectives import PHOTO_ROLES, TERMS, View, compute_terms, list_references, list_texts
from unscene.training.optimisation import add_lora, freeze, make_optimizer, update_average
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
        self._workers, self._normalisation = workers or Workers(), normalisation
        self.device = next(model.parameters()).device
        has_bfloat16 = self.device.type == "cuda" or torch.cpu.get_capabilities().get("avx512_bf16")
        autocast = runtime["precision"] != "float32" and bool(has_bfloat16)
        self.precision = "bfloat16" if autocast else "float32"
        self._chunk = runtime["chunk_pairs"]
        self.texts = list_texts(self.loss)
        self._needs = {name: list_references(self.loss, name) for name in ("base", "teacher")}
        self._references = {
            name: copy.deepcopy(model).eval().requires_grad_(False)
            for name, needs in self._needs.items()
            if needs
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
        """Update the weights once; return the loss, its terms and the gradient's norm before clipping."""
        import torch

        for group in self.optimizer.param_groups:
            group["lr"] = self._schedule(step)
        self.optimizer.zero_grad(set_to_none=True)
        loss, terms = self.backpropagate(batch)
        trained = [p for group in self.optimizer.param_groups for p in group["params"]]
        norm = torch.nn.utils.clip_grad_norm_(trained, 1.0)
        self.optimizer.step()
        if self.model.logit_scale.requires_grad:
            with torch.no_grad():
                self.model.logit_scale.clamp_(0, math.log(HIGHEST_TEMPERATURE))
        if "teacher" in self._references:
            update_average(self._references["teacher"], self.model, self._decay)
        return torch.stack([loss, *terms.values(), norm]).detach()

    def backpropagate(self, batch: Batch) -> "tuple[torch.Tensor, dict[str, torch.Tensor]]":
        """Compute the loss of the whole batch, all processes' pairs together, and its gradients."""
        import torch

        size = self._chunk or len(batch)
        parts = [slice(start, start + size) for start in range(0, len(batch), size)]
        whole = len(parts) == 1
        with torch.set_grad_enabled(whole):
            encoded = [self._encode(self.model, batch, part, PHOTO_ROLES, self.texts) for part in parts]
        own = torch.cat(encoded)
        everything = self._workers.gather(own.detach()).requires_grad_()
        keys = {
            role: self._workers.gather(torch.from_numpy(key).to(self.device))
            for role, key in batch.text_key.items()
        }
        features = dict(zip((*PHOTO_ROLES, *self.texts), everything.unbind(1), strict=True))
        features |= self._encode_references(batch, parts)
        scale, bias = self.model.logit_scale, getattr(self.model, "logit_bias", None)
        loss, terms = compute_terms(self.loss, View(features, keys, scale.exp(), bias))
        loss.backward()
        gradient = self._workers.own(everything.grad)
        if whole:
            own.backward(gradient)
        else:
            for part in parts:
                self._encode(self.model, batch, part, PHOTO_ROLES, self.texts).backward(gradient[part])
        scales = {id(scale), id(bias)}  # every process has their whole gradient already
        trained = [p for group in self.optimizer.param_groups for p in group["params"]]
        self._workers.sum_gradients(p for p in trained if id(p) not in scales)
        return loss, terms

    def _encode(self, model, batch: Batch, part: slice, photos: tuple, texts: tuple) -> "torch.Tensor":
        """Return normalised fp32 features of pairs of a batch, (pairs, photos + texts, dim), roles
        in the order given.
        """
        import torch

        halves = [PHOTO_ROLES.index(role) for role in photos]
        features = []
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.precision == "bfloat16"):
            if halves:
                shown = batch.photos[halves, part].to(self.device, non_blocking=True)
            if halves and shown.is_floating_point():
                features += shown.unbind(0)
            elif halves:
                views = [view[halves, part].ravel() for view in batch.views]
                pixels = crop_and_flip(to_pixels(shown.flatten(0, 1), *self._normalisation), *views)
                features += model.encode_image(pixels, normalize=True).float().chunk(len(halves))
            if texts:
                at = np.stack([batch.text_at[role][part] for role in texts])
                unique, position = np.unique(at, return_inverse=True)
                tokens = batch.tokens[torch.from_numpy(unique)].to(self.device, non_blocking=True)
                embedded = encode_texts(model, tokens).float()
                features += embedded[torch.from_numpy(position.reshape(at.shape)).to(self.device)].unbind(0)
        return torch.stack(features, dim=1)

    def _encode_references(self, batch: Batch, parts: list[slice]) -> "dict[str, torch.Tensor]":
        import torch

        features: dict = {}
        for name, model in self._references.items():
            photos = tuple(role for role in PHOTO_ROLES if role in self._needs[name])
            texts = tuple(role for role in self.texts if role in self._needs[name])
            with torch.no_grad():
                encoded = torch.cat([self._encode(model, batch, part, photos, texts) for part in parts])
            gathered = self._workers.gather(encoded).unbind(1)
            roles = (f"{name}:{role}" for role in (*photos, *texts))
            features |= dict(zip(roles, gathered, strict=True))
        return features


def crop_and_flip(pixels, side: np.ndarray, x: np.ndarray, y: np.ndarray, flip: np.ndarray):
    """Crop each photo (photos, 3, height, width) to its view and scale it back to full size, bilinearly."""
    import torch
    from torch.nn import functional

    zero = np.zeros_like(side)
    theta = np.stack([np.stack([np.where(flip, -side, side), zero, x], 1), np.stack([zero, side, y], 1)], 1)
    theta = torch.from_numpy(theta.astype(np.float32)).to(pixels.device)
    grid = functional.affine_grid(theta, list(pixels.shape), align_corners=False)
    return functional.grid_sample(pixels, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _check_finite(rows: list, learning_rate: float) -> float:
    import torch

    recent = torch.stack(rows[-CHECK_EVERY_STEPS:])[:, 0]
    if not torch.isfinite(recent).all():
        raise TrainingError(
            f"the loss is not finite by step {len(rows)} (learning rate {learning_rate:.2g}); lower "
            "train.learning_rate"
        )
    return float(recent[-1])
