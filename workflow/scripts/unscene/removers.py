"""Removal: paint a photo's masked area as if the object had never been there.

A remover works in three steps, so that decoding, device and encoding can overlap: `prepare` and `finish` take one photo and run in
any thread, `paint` takes a batch and has the device. Outside its mask a filled photo equals the original.
"""

import inspect
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from unscene.engine import pad_tail
from unscene.mask_shapes import bounding_box, feather

TELEA_RADIUS_PX = 5


class RemovalError(ValueError):
    """Weights or settings that cannot remove anything, with the key and the way out."""


@dataclass(frozen=True)
class Crop:
    """A square around a mask: `side` pixels from (x0, y0); it may reach beyond the photo, where it is mirrored."""

    x0: int
    y0: int
    side: int


def load_remover(
    settings: dict, runtime: dict, device: str, path: Path | None = None, fingerprint: str | None = None
):
    """Return the remover that `settings` (the config's block `edits`) names.

    `runtime` is the config's block `runtime`, `path` the folder of the weights, `fingerprint` what tells them apart.
    """
    if settings["backend"] == "telea":
        return TeleaRemover(settings["context"], settings["feather_px"], runtime["workers"])
    if settings["backend"] == "diffusers":
        if path is None:
            raise RemovalError(
                "edits.weights: the backend diffusers needs the path of an inpainting pipeline folder"
            )
        return DiffusersRemover(
            path, settings, device, runtime["precision"], runtime["batch_size"], fingerprint
        )
    raise RemovalError(f"edits.backend: {settings['backend']!r} is not known; use diffusers or telea")


class Remover:
    """What the removers share. `name` tells the weights apart, `batch_size` is that of `fill`."""

    name: str
    batch_size: int

    def prepare(self, photo: np.ndarray, mask: np.ndarray) -> object:
        """Return what `paint` needs of a photo (RGB uint8, any size) and its mask (bool)."""
        raise NotImplementedError

    def paint(self, prepared: Sequence, seeds: Sequence[int], batch_size: int) -> list[np.ndarray | None]:
        """Return a painted crop for each of at most `batch_size` prepared photos; None where the model gave no number."""
        raise NotImplementedError

    def finish(
        self, photo: np.ndarray, mask: np.ndarray, prepared: object, painted: np.ndarray | None
    ) -> np.ndarray | None:
        """Return the photo with the painted crop in its mask, or None without one."""
        raise NotImplementedError

    def get_batch_shape(self, batch_size: int) -> str:
        """Return the shape of a batch as tables record it."""
        raise NotImplementedError

    @property
    def batch_shape(self) -> str:
        """The shape of a batch at the size that was asked for."""
        return self.get_batch_shape(self.batch_size)

    def fill(
        self, photos: Sequence[np.ndarray], masks: Sequence[np.ndarray], seeds: Sequence[int]
    ) -> list[np.ndarray | None]:
        """Return the photos with their masks filled, one step after the other; None where the model gave no number."""
        prepared = [self.prepare(photo, mask) for photo, mask in zip(photos, masks, strict=True)]
        painted = []
        for start in range(0, len(prepared), self.batch_size):
            chosen = slice(start, start + self.batch_size)
            painted += self.paint(prepared[chosen], seeds[chosen], self.batch_size)
        return [self.finish(*each) for each in zip(photos, masks, prepared, painted, strict=True)]


class TeleaRemover(Remover):
    """OpenCV's fast-marching inpainting (Telea 2004): the classical baseline. The same mask gives the same pixels."""

    name = "telea"

    def __init__(self, context: float, feather_px: int, workers: int = 1):
        self._context, self._feather_px, self._workers = context, feather_px, workers
        self.batch_size = workers

    def get_batch_shape(self, batch_size: int) -> str:
        return "1"

    def prepare(self, photo: np.ndarray, mask: np.ndarray) -> tuple[Crop, np.ndarray, np.ndarray]:
        crop = place_crop(mask, self._context, 0)
        return crop, cut_crop(photo, crop), cut_crop(mask.astype(np.uint8), crop)

    def paint(self, prepared: Sequence, seeds: Sequence[int], batch_size: int) -> list[np.ndarray]:
        with ThreadPoolExecutor(self._workers) as pool:  # OpenCV works outside the interpreter's lock
            return list(
                pool.map(lambda each: cv2.inpaint(*each[1:], TELEA_RADIUS_PX, cv2.INPAINT_TELEA), prepared)
            )

    def finish(self, photo, mask, prepared, painted) -> np.ndarray:
        return paste_crop(photo, mask, painted, prepared[0], self._feather_px)


class DiffusersRemover(Remover):
    """Any inpainting pipeline folder that `AutoPipelineForInpainting` loads (SD 1.5, 2, SDXL and their tunings).

    Each photo is cropped to a square around its mask and goes through at `size` pixels, in batches of one shape with a noise
    generator a photo, so a result does not depend on its batch-mates.
    """

    def __init__(
        self,
        path: Path,
        settings: dict,
        device: str,
        precision: str,
        batch_size: int,
        fingerprint: str | None = None,
    ):
        import torch

        import unscene.offline  # noqa: F401  before diffusers

        self._torch, self._settings, self._device, self.batch_size = torch, settings, device, batch_size
        self._dtype = getattr(torch, precision) if device == "cuda" else torch.float32
        self._pipeline = _load_pipeline(Path(path), self._dtype, device)
        self._scale = int(self._pipeline.vae_scale_factor)
        self._size = settings["size"]
        if self._size % self._scale:
            raise RemovalError(
                f"edits.size: {self._size} must be a multiple of {self._scale}, the factor of the VAE in {path}"
            )
        self._steps = ask_for_steps(settings["steps"], settings["strength"])
        self._prompts = self._encode_prompts()
        self.name = Path(path).name + (f"-{fingerprint[:8]}" if fingerprint else "")

    def get_batch_shape(self, batch_size: int) -> str:
        return f"{batch_size}x3x{self._size}x{self._size}"

    def prepare(self, photo: np.ndarray, mask: np.ndarray) -> tuple[Crop, np.ndarray, np.ndarray]:
        crop = place_crop(mask, self._settings["context"], self._size)
        hole = pool_mask(cut_crop(mask.astype(np.uint8), crop) > 0, self._size, self._scale)
        return crop, resize_area(cut_crop(photo, crop), self._size), hole

    def paint(self, prepared: Sequence, seeds: Sequence[int], batch_size: int) -> list[np.ndarray | None]:
        torch, size = self._torch, self._size
        blank = np.zeros((size, size), dtype=bool)
        blank[size // 4 : size // 2, size // 4 : size // 2] = True
        areas = [area for _, area, _ in prepared]
        areas = pad_tail(areas, batch_size, np.full((size, size, 3), 127, np.uint8))
        holes = pad_tail([hole for _, _, hole in prepared], batch_size, blank)
        image = torch.from_numpy(np.stack(areas)).permute(0, 3, 1, 2).float().div(255)
        hole = torch.from_numpy(np.stack(holes))[:, None].float()
        painted = self._paint(image, hole, pad_tail(list(seeds), batch_size, 0))[: len(prepared)]
        is_sound = torch.isfinite(painted).flatten(1).all(dim=1).cpu().numpy()
        pixels = painted.clamp(0, 1).mul(255).round().nan_to_num().byte().permute(0, 2, 3, 1).cpu().numpy()
        return [each if sound else None for each, sound in zip(pixels, is_sound, strict=True)]

    def finish(self, photo, mask, prepared, painted) -> np.ndarray | None:
        if painted is None:
            return None
        crop = prepared[0]
        return paste_crop(photo, mask, resize_area(painted, crop.side), crop, self._settings["feather_px"])

    def _paint(self, image, hole, seeds: list[int]):
        """Run the pipeline on (batch, 3, size, size) in 0..1 and masks (batch, 1, size, size); return the like of the former."""
        torch = self._torch
        with torch.inference_mode():
            return self._pipeline(
                image=image.to(self._device),
                mask_image=hole.to(self._device),
                height=self._size,
                width=self._size,
                num_inference_steps=self._steps,
                strength=self._settings["strength"],
                guidance_scale=self._settings["guidance"],
                # One generator a photo, on the CPU: its noise is the same wherever and beside whatever it is painted.
                generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
                output_type="pt",
                **{key: value.expand(len(seeds), *value.shape[1:]) for key, value in self._prompts.items()},
                **self._encode_masked(image, hole),
            ).images.float()

    def _encode_masked(self, image, hole) -> dict:
        """Return the masked photos' latents, encoded in one batch, for pipelines that take them.

        The pipeline would encode them one by one, and draw a sample of the posterior where its mode is better.
        """
        unet, vae = self._pipeline.unet.config, self._pipeline.vae
        if (
            vae.config.latent_channels != 4 or unet.in_channels != 9
        ):  # diffusers tells latents by their 4 channels
            return {}
        masked = ((image * 2 - 1) * (hole < 0.5)).to(self._device, self._dtype)
        masked = masked.contiguous(memory_format=self._torch.channels_last)
        return {"masked_image_latents": vae.encode(masked).latent_dist.mode() * vae.config.scaling_factor}

    def _encode_prompts(self) -> dict:
        """Return the embeddings of the prompts, (1, ...) each, computed once: they are the same for all photos."""
        guided = self._settings["guidance"] > 1
        arguments = inspect.signature(self._pipeline.encode_prompt).parameters
        named = {
            "prompt": self._settings["prompt"],
            "negative_prompt": self._settings["negative_prompt"] if guided else None,
            "device": self._device,
            "num_images_per_prompt": 1,
            "do_classifier_free_guidance": guided,
        }
        with self._torch.inference_mode():
            encoded = self._pipeline.encode_prompt(**{key: named[key] for key in named if key in arguments})
        names = (
            "prompt_embeds",
            "negative_prompt_embeds",
            "pooled_prompt_embeds",
            "negative_pooled_prompt_embeds",
        )
        return {name: value for name, value in zip(names, encoded, strict=False) if value is not None}


def ask_for_steps(steps: int, strength: float) -> int:
    """Return the steps to ask a pipeline for, so that `steps` are made: it makes int(asked * strength)."""
    asked = math.floor(steps / strength)
    while int(asked * strength) < steps:
        asked += 1
    return asked


def place_crop(mask: np.ndarray, context: float, smallest_side: int) -> Crop:
    """Return the square around a mask's box, with a margin of `context` x its longer side on each side.

    It is no smaller than `smallest_side`, as far as the photo allows, so that small objects are not blown up, and lies inside the
    photo where it fits.
    """
    height, width = mask.shape
    x0, y0, x1, y1 = bounding_box(mask)
    longer = max(x1 - x0, y1 - y0, 1)
    side = max(math.ceil(longer * (1 + 2 * context)), min(smallest_side, max(height, width)))
    return Crop(_place(x0, x1, side, width), _place(y0, y1, side, height), side)


def _place(low: int, high: int, side: int, length: int) -> int:
    start = (low + high - side) // 2
    if side <= length:
        return min(max(start, 0), length - side)
    return (length - side) // 2  # larger than the photo: reach beyond it equally on both sides


def cut_crop(pixels: np.ndarray, crop: Crop) -> np.ndarray:
    """Return a crop's pixels, (side, side) or (side, side, 3), mirrored where it reaches beyond the photo."""
    height, width = pixels.shape[:2]
    x0, y0 = max(crop.x0, 0), max(crop.y0, 0)
    x1, y1 = min(crop.x0 + crop.side, width), min(crop.y0 + crop.side, height)
    inside = pixels[y0:y1, x0:x1]
    borders = (y0 - crop.y0, crop.y0 + crop.side - y1, x0 - crop.x0, crop.x0 + crop.side - x1)
    if not any(borders):
        return np.ascontiguousarray(inside)
    return cv2.copyMakeBorder(np.ascontiguousarray(inside), *borders, cv2.BORDER_REFLECT_101)


def paste_crop(
    photo: np.ndarray, mask: np.ndarray, painted: np.ndarray, crop: Crop, feather_px: int
) -> np.ndarray:
    """Return the photo with a painted crop blended in where the mask is; every other pixel equals the photo's."""
    height, width = mask.shape
    x0, y0 = max(crop.x0, 0), max(crop.y0, 0)
    x1, y1 = min(crop.x0 + crop.side, width), min(crop.y0 + crop.side, height)
    window = (slice(y0, y1), slice(x0, x1))
    weight = feather(mask, feather_px)[window][..., None]
    inside = painted[y0 - crop.y0 : y1 - crop.y0, x0 - crop.x0 : x1 - crop.x0].astype(np.float32)
    result = photo.copy()
    blended = np.round(inside * weight + photo[window].astype(np.float32) * (1 - weight)).astype(np.uint8)
    result[window] = np.where(mask[window][..., None], blended, photo[window])
    return result


def pool_mask(mask: np.ndarray, size: int, scale: int) -> np.ndarray:
    """Return a mask at `size` pixels, set in whole blocks of `scale` pixels that it touches anywhere.

    Pipelines shrink the mask to the latents by taking every `scale`-th pixel, so a thin rim would vanish.
    """
    if mask.shape[0] != size:
        mask = (
            cv2.resize(
                mask.astype(np.float32), (size, size), interpolation=_interpolation(mask.shape[0], size)
            )
            > 0
        )
    blocks = mask.reshape(size // scale, scale, size // scale, scale).any(axis=(1, 3))
    return blocks.repeat(scale, axis=0).repeat(scale, axis=1)


def resize_area(pixels: np.ndarray, side: int) -> np.ndarray:
    """Resize square pixels: area means when shrinking, cubic when growing; untouched at the same size."""
    if pixels.shape[0] == side:
        return pixels
    return cv2.resize(pixels, (side, side), interpolation=_interpolation(pixels.shape[0], side))


def _interpolation(old: int, new: int) -> int:
    return cv2.INTER_AREA if new < old else cv2.INTER_CUBIC


def _load_pipeline(path: Path, dtype, device: str):
    import torch
    from diffusers import AutoPipelineForInpainting
    from diffusers.utils import logging as diffusers_logging

    if not (path / "model_index.json").is_file():
        raise RemovalError(
            f"edits.weights: {path} is no diffusers pipeline folder (model_index.json is missing)"
        )
    diffusers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
    pipeline = AutoPipelineForInpainting.from_pretrained(
        str(path),
        dtype=dtype,
        local_files_only=True,
        safety_checker=None,  # it blackens photos
        requires_safety_checker=False,
        add_watermarker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline = pipeline.to(device)
    for part in (pipeline.unet, pipeline.vae):  # several times faster than the default layout, on CPUs too
        part.eval().to(memory_format=torch.channels_last)
    return pipeline
