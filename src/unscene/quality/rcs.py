"""RC-S-lite (Q8): do the features of the filled hole agree with those around it, window by window?

After RC-S of PROVE (arXiv 2605.14534), with its mean discrepancy under a very wide Gaussian kernel
replaced by the squared distance of the means (the kernel's first order) and all windows computed by
box filters.
"""

from pathlib import Path

import cv2
import numpy as np

from unscene.run.loaded_weights import load_whole
from unscene.run.weight_files import WeightsError, find_broken_weights, read_config

LONG_SIDE = 448  # pixels of a crop's longer side
PATCH = 14  # pixels of a DINOv2 patch
DINO_TYPES = ("dinov2", "dinov2_with_registers")
HEAD = ("classifier.",)  # of a DINOv2 that was trained further to name classes: not asked for
MIN_COMPONENT_PX = 200
WINDOW_SHARE = 16 / 64  # a window's side over the crop's longer side, in tokens
STRIDE = 4
MIN_TOKENS = 5  # a window counts when it has more tokens than this on both sides
SCALE, TEMPERATURE = 10.0, 3.0  # score = exp(-mean(SCALE * distance) / TEMPERATURE)
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def list_components(mask: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Return the boxes x0 y0 x1 y1 of a mask's 4-connected parts of at least 200 pixels, or else of
    the largest.
    """
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count < 2:
        return []
    parts = stats[1:]
    areas = parts[:, cv2.CC_STAT_AREA]
    kept = parts[areas >= MIN_COMPONENT_PX] if (areas >= MIN_COMPONENT_PX).any() else parts[[areas.argmax()]]
    return [(int(x), int(y), int(x + width), int(y + height)) for x, y, width, height, _ in kept]


def choose_square(box: tuple[int, int, int, int], height: int, width: int) -> tuple[slice, slice]:
    """Return (rows, columns) of the crop around a box: its bounding square, grown by a third of its side.

    The margin is the same on each side and at most the square's distance from the nearest edge of
    the frame, so an object at the border gets none. A square that fits into the frame is shifted
    into it, one that does not is cut.
    """
    x0, y0, x1, y1 = box
    side = max(x1 - x0, y1 - y0)
    left = int(np.clip((x0 + x1 - side) // 2, 0, max(0, width - side)))
    top = int(np.clip((y0 + y1 - side) // 2, 0, max(0, height - side)))
    right, bottom = min(left + side, width), min(top + side, height)
    margin = max(0, min(side // 3, left, top, width - right, height - bottom))
    return slice(top - margin, bottom + margin), slice(left - margin, right + margin)


def prepare_crop(
    pixels: np.ndarray, mask: np.ndarray, window: tuple[slice, slice]
) -> tuple[np.ndarray, np.ndarray]:
    """Return a crop resized to 448 pixels on its longer side, and its mask as tokens.

    The shorter side is padded by its last row or column to a multiple of 14. Pixels come back uint8
    (h, w, 3), the mask bool (h / 14, w / 14): a token is masked when any of its pixels is.
    """
    crop: np.ndarray = pixels[window]
    hole: np.ndarray = mask[window].astype(np.uint8)
    scale = LONG_SIDE / max(hole.shape)
    size = (max(1, round(hole.shape[1] * scale)), max(1, round(hole.shape[0] * scale)))
    shrinks = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    crop = cv2.resize(np.ascontiguousarray(crop), size, interpolation=shrinks)
    hole = cv2.resize(hole, size, interpolation=cv2.INTER_NEAREST)
    down, right = -size[1] % PATCH, -size[0] % PATCH
    crop = cv2.copyMakeBorder(crop, 0, down, 0, right, cv2.BORDER_REPLICATE)
    hole = cv2.copyMakeBorder(hole, 0, down, 0, right, cv2.BORDER_REPLICATE)
    rows, columns = hole.shape[0] // PATCH, hole.shape[1] // PATCH
    return crop, np.any(hole.reshape(rows, PATCH, columns, PATCH), axis=(1, 3))


def score_tokens(features, hole) -> float:
    """Return RC-S-lite of one crop, in (0, 1], 1 when the hole's features equal their surroundings;
    NaN without a window.

    features: float tensor (channels, rows, columns), L2-normalised over the channels; hole: bool
    tensor (rows, columns). In each window of a quarter of the longer side (stride 4), d = 10 |mean
    inside - mean outside|^2 where both sides have more than 5 tokens; a window that lies wholly in
    the hole is compared with the mean of all background; other windows are ignored. The score is
    exp(-mean(d) / 3).
    """
    import torch
    from torch.nn.functional import avg_pool2d

    rows, columns = hole.shape
    side = min(max(1, int(WINDOW_SHARE * max(rows, columns))), rows, columns)

    def add_up(values: torch.Tensor) -> torch.Tensor:
        return avg_pool2d(values[None], side, STRIDE)[0] * side**2

    inside = hole[None].to(features.dtype)
    outside = 1 - inside
    n_in, n_out = add_up(inside).round(), add_up(outside).round()
    mean_in = add_up(features * inside) / n_in.clamp(min=1)
    mean_out = add_up(features * outside) / n_out.clamp(min=1)
    background = (features * outside).sum(dim=(1, 2)) / outside.sum().clamp(min=1)
    local = SCALE * ((mean_in - mean_out) ** 2).sum(dim=0)
    far = SCALE * ((mean_in - background[:, None, None]) ** 2).sum(dim=0)
    use_local = ((n_in > MIN_TOKENS) & (n_out > MIN_TOKENS))[0]
    use_far = ((n_in > MIN_TOKENS) & (n_out == 0))[0] & bool(outside.any())
    distances = torch.cat([local[use_local], far[use_far]])
    return float(torch.exp(-distances.mean() / TEMPERATURE)) if len(distances) else float("nan")


def check_dino(path: Path) -> None:
    """Raise WeightsError when a path is no transformers folder of a DINOv2, as far as its config and
    first bytes tell.
    """
    if not (path / "config.json").is_file():
        raise WeightsError(
            f"{path} is no transformers folder of a DINOv2 (config.json is missing); name the folder, such"
            " as that of dinov2-base"
        )
    if fault := find_broken_weights(path):
        raise WeightsError(fault)
    told = read_config(path / "config.json")
    if told.get("model_type") not in DINO_TYPES or told.get("patch_size", PATCH) != PATCH:
        raise WeightsError(
            f"{path}: not a DINOv2 model with patches of {PATCH} pixels (model_type {told.get('model_type')})"
        )


class RegionScorer:
    """RC-S-lite by a DINOv2 model in a local transformers folder (config.json, model.safetensors).

    Raises ValueError, with the key quality.dino, for anything else.
    """

    def __init__(self, path: str | Path, device: str = "cpu", batch_size: int = 16):
        from unscene.run.offline import stay_offline

        stay_offline()
        import torch
        from transformers import AutoModel

        path = Path(path).absolute()
        try:
            check_dino(path)
            model = load_whole(AutoModel, path, further=HEAD, dtype=torch.float32)
            if model.config.patch_size != PATCH:
                raise WeightsError(f"{path}: its patches have {model.config.patch_size} pixels, not {PATCH}")
        except WeightsError as error:
            raise ValueError(f"quality.dino: {error}") from error
        self._model, self._device, self.batch_size = model.eval().to(device), device, batch_size
        # Registers and the class token stand before the patches.
        self._skipped = 1 + getattr(model.config, "num_register_tokens", 0)

    def score(self, photos: list[np.ndarray], masks: list[np.ndarray]) -> np.ndarray:
        """Return the score (n,) of each edited photo, uint8 (h, w, 3), in its hole, bool (h, w):
        the mean over the hole's parts.
        """
        crops, holes, owners = [], [], []
        for number, (pixels, mask) in enumerate(zip(photos, masks, strict=True)):
            for box in list_components(mask):
                crop, hole = prepare_crop(pixels, mask, choose_square(box, *mask.shape))
                crops.append(crop)
                holes.append(hole)
                owners.append(number)
        found: list[list[float]] = [[] for _ in photos]
        for owner, features, hole in zip(owners, self._embed(crops), holes, strict=True):
            import torch

            found[owner].append(score_tokens(features, torch.from_numpy(hole)))
        return np.array([_mean_known(scores) for scores in found])

    def _embed(self, crops: list[np.ndarray]) -> list:
        """Return normalised patch features (channels, rows, columns) of each crop; batches have one
        shape, the tail is padded.
        """
        import torch

        features: list = [None] * len(crops)
        mean = torch.tensor(IMAGENET_MEAN, device=self._device).view(1, 3, 1, 1)
        std = torch.tensor(IMAGENET_STD, device=self._device).view(1, 3, 1, 1)
        for shape in sorted({crop.shape for crop in crops}):
            rows = [row for row, crop in enumerate(crops) if crop.shape == shape]
            for start in range(0, len(rows), self.batch_size):
                part = rows[start : start + self.batch_size]
                batch = np.stack([crops[part[position % len(part)]] for position in range(self.batch_size)])
                pixels = torch.from_numpy(batch).to(self._device).permute(0, 3, 1, 2).float() / 255
                with torch.inference_mode():
                    tokens = self._model(pixel_values=(pixels - mean) / std).last_hidden_state[
                        :, self._skipped :
                    ]
                tokens = torch.nn.functional.normalize(tokens.float(), dim=-1).transpose(1, 2).cpu()
                for position, row in enumerate(part):
                    features[row] = tokens[position].reshape(-1, shape[0] // PATCH, shape[1] // PATCH)
        return features


def _mean_known(scores: list[float]) -> float:
    known = [score for score in scores if not np.isnan(score)]
    return float(np.mean(known)) if known else float("nan")
