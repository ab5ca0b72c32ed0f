"""LaMa (Suvorov et al., WACV 2022): Fourier convolutions, one pass, no noise. TorchScript and ONNX
exports of big-LaMa.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from unscene.edits.removers.base import RemovalError, Remover, Weights
from unscene.edits.removers.crop import Crop, cut_crop, paste_crop, place_crop, pool_mask, resize_area
from unscene.edits.removers.lama_file import EXPORT, FLOATS, check_lama, sort_inputs
from unscene.machine.batching import pad_tail
from unscene.machine.devices import ON_CPU, Setup
from unscene.run.loaded_weights import check_archive, check_numbers, shorten
from unscene.run.weight_files import WeightsError

MULTIPLE = 8  # big-LaMa halves its input three times


class LamaRemover(Remover):
    """An exported LaMa: photo (batch, 3, height, width) in 0..1 and mask (batch, 1, height, width)
    of 0 and 1 in, photo out.

    Exports differ in the range of what they return, 0..1 or 0..255: it is measured once, on a grey
    square. Each photo is cropped to a square around its mask and goes through at `size` pixels,
    padded to a multiple of 8.
    """

    def __init__(self, weights: Weights, settings: dict, setup: Setup = ON_CPU):
        path = Path(weights.main)
        check_lama(path)
        self._settings, self._size, self.batch_size = settings, settings["size"], setup.batch_size
        self._side = -(-self._size // MULTIPLE) * MULTIPLE
        load = _load_onnx if path.suffix == ".onnx" else _load_torchscript
        self._run, self._fixed_batch = load(path, setup.device, self._side)
        self._range = self._measure_range(path)
        self.name = weights.join_name(path.stem)

    def get_batch_shape(self, batch_size: int) -> str:
        return f"{self._fixed_batch or batch_size}x3x{self._side}x{self._side}"

    def prepare(self, photo: np.ndarray, mask: np.ndarray) -> tuple[Crop, np.ndarray, np.ndarray]:
        crop = place_crop(mask, self._settings["context"], self._settings.get("smallest_crop") or self._size)
        hole = pool_mask(cut_crop(mask.astype(np.uint8), crop) > 0, self._size, 1)
        return crop, resize_area(cut_crop(photo, crop), self._size), hole

    def paint(self, prepared: Sequence, seeds: Sequence[int], batch_size: int) -> list[np.ndarray | None]:
        batch_size = self._fixed_batch or batch_size
        painted = []
        for start in range(0, len(prepared), batch_size):
            painted += self._paint(prepared[start : start + batch_size], batch_size)
        return painted

    def finish(self, photo, mask, prepared, painted) -> np.ndarray | None:
        if painted is None:
            return None
        crop = prepared[0]
        return paste_crop(photo, mask, resize_area(painted, crop.side), crop, self._settings["feather_px"])

    def _paint(self, prepared: Sequence, batch_size: int) -> list[np.ndarray | None]:
        size, extra = self._size, self._side - self._size
        areas = pad_tail(
            [area for _, area, _ in prepared], batch_size, np.full((size, size, 3), 127, np.uint8)
        )
        holes = pad_tail([hole for _, _, hole in prepared], batch_size, np.zeros((size, size), bool))
        image = np.stack(areas).transpose(0, 3, 1, 2).astype(np.float32) / 255
        hole = np.stack(holes)[:, None].astype(np.float32)
        pad = ((0, 0), (0, 0), (0, extra), (0, extra))
        painted = self._run(np.pad(image, pad, mode="symmetric"), np.pad(hole, pad, mode="symmetric"))
        painted = painted[: len(prepared), :, :size, :size].transpose(0, 2, 3, 1) * (255 / self._range)
        return [
            np.round(np.clip(each, 0, 255)).astype(np.uint8) if np.isfinite(each).all() else None
            for each in painted
        ]

    def _measure_range(self, path: Path) -> float:
        """Return 1 or 255, whichever a grey square comes back in: outside the hole LaMa returns
        what it was given.
        """
        batch = self._fixed_batch or 1
        image = np.full((batch, 3, self._side, self._side), 0.5, np.float32)
        hole = np.zeros((batch, 1, self._side, self._side), np.float32)
        hole[:, :, : self._side // 4, : self._side // 4] = 1
        try:
            painted = self._run(image, hole)
        except Exception as error:  # of whatever the file does with what it is given
            raise RemovalError(
                f"edits.weights: {path} does not take a photo and its mask ({shorten(error)}); {EXPORT}"
            ) from error
        if painted.shape != image.shape:
            raise RemovalError(
                f"edits.weights: {path} returns shape {painted.shape} for {image.shape}: no LaMa"
            )
        if not np.isfinite(painted).all():
            raise RemovalError(
                f"edits.weights: {path} returns NaN or infinity for a grey square: its weights are damaged"
            )
        return 255.0 if float(np.median(painted[:, :, self._side // 2 :])) > 2 else 1.0


def _load_torchscript(path: Path, device: str, side: int):
    """Return (function of image and mask, None: any batch size)."""
    import torch

    try:
        check_archive(path)
        model = torch.jit.load(str(path), map_location=device).eval()
        check_numbers(model, path)
    except WeightsError as error:
        raise RemovalError(f"edits.weights: {error}") from error
    except (RuntimeError, ValueError) as error:
        raise RemovalError(f"edits.weights: {path} is no TorchScript file ({shorten(error)})") from error

    def run(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            painted = model(torch.from_numpy(image).to(device), torch.from_numpy(hole).to(device))
        if not isinstance(painted, torch.Tensor):
            raise TypeError(f"it returns a {type(painted).__name__}, not a photo")
        return painted.float().cpu().numpy()

    return run, None


def _load_onnx(path: Path, device: str, side: int):
    """Return (function of image and mask, the batch size that the file fixes or None)."""
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    wanted = ["CUDAExecutionProvider"] if device == "cuda" else []
    providers = [name for name in wanted if name in onnxruntime.get_available_providers()]
    try:
        session = onnxruntime.InferenceSession(str(path), options, [*providers, "CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise RemovalError(f"edits.weights: {path} is no ONNX file ({shorten(error)})") from error
    photo, mask = sort_inputs(session.get_inputs(), path)
    batch, _, height, width = (size if isinstance(size, int) else None for size in photo.shape)
    if any(fixed not in (None, side) for fixed in (height, width)):
        raise RemovalError(
            f"edits.size: {path} takes {width}x{height} pixels only; set edits.size to {width}"
        )

    def run(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        given = {photo.name: image.astype(FLOATS[photo.type]), mask.name: hole.astype(FLOATS[mask.type])}
        return session.run(None, given)[0].astype(np.float32)

    return run, batch
