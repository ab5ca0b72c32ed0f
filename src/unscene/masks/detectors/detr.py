"""Detection and segmentation with a model of the DETR family through transformers, offline.

These models predict a set (Carion et al., ECCV 2020): one box an object, no suppression.
RF-DETR-Seg gives masks, too. Most such weights are Apache-2.0, where YOLO's are AGPL-3.0.
"""

import re
from collections.abc import Collection, Sequence
from pathlib import Path

import cv2
import numpy as np

from unscene.machine.batching import pad_tail
from unscene.machine.devices import ON_CPU, Setup
from unscene.masks.detectors.base import MAX_DETECTIONS, Detections, cut_requests
from unscene.run.loaded_weights import load_whole, shorten
from unscene.run.weight_files import WeightsError, read_config
from unscene.words.category_names import find_word

# How a family's logits become confidences: one against all others and no object, or each class for itself.
SOFTMAX = {"detr"}
SIGMOID = {
    "conditional_detr",
    "d_fine",
    "dab-detr",
    "deformable_detr",
    "lw_detr",
    "rf_detr",
    "rt_detr",
    "rt_detr_v2",
}


class DetrDetector:
    """A transformers folder on one device.

    Photos are resized to one square, as RT-DETR and RF-DETR were trained, and go through in batches
    of one shape (one by one on the CPU), so a result does not depend on what else is detected.
    Categories are the config's `id2label`. Raises WeightsError for a folder of anything else, and
    for one that is not whole.
    """

    def __init__(self, path: str | Path, image_size: int, setup: Setup = ON_CPU):
        import torch

        from unscene.run.offline import stay_offline

        stay_offline()

        self._torch, self.path = torch, Path(path)
        self.image_size, self.device, self.batch_size = image_size, setup.device, setup.batch_size
        self._model, processor = _load(self.path)
        config = self._model.config
        self._is_softmax = config.model_type in SOFTMAX
        self.is_segmenter = "Segmentation" in type(self._model).__name__
        try:
            self.names: dict[int, str] = {int(index): find_word(n) for index, n in config.id2label.items()}
        except ValueError as error:
            raise WeightsError(f"{path}: {error}, in id2label of its config.json") from error
        self.categories: tuple[str, ...] = tuple(dict.fromkeys(self.names.values()))
        if all(re.fullmatch(r"LABEL_\d+", name) for name in self.categories):
            raise WeightsError(f"{path}: id2label in its config.json names no categories")
        self._dtype = getattr(torch, setup.precision) if setup.device == "cuda" else torch.float32
        self._model = self._model.to(setup.device, self._dtype).eval()
        if setup.is_compiled:
            self._model.compile()
        is_normalised = getattr(processor, "do_normalize", True)
        self._mean = np.array(processor.image_mean if is_normalised else (0, 0, 0), np.float32)
        self._std = np.array(processor.image_std if is_normalised else (1, 1, 1), np.float32)

    def detect(
        self,
        photos: Sequence[np.ndarray],
        confidence: float,
        iou: float = 0.7,
        nms: str | bool = "auto",
        want_masks: bool = False,
        only: Sequence[Collection[str]] | None = None,
    ) -> list[Detections]:
        """Detect objects on RGB uint8 photos (height, width, 3) of any sizes; one Detections per photo.

        want_masks: also masks at the photo's size. only: per photo the categories wanted. `iou` has
        no meaning without suppression, which `nms` true would ask for in vain.
        """
        if nms is True:
            raise ValueError(f"{self.path}: a DETR needs no suppression; set masks.nms to auto or false")
        if want_masks and not self.is_segmenter:
            raise ValueError(
                f"{self.path}: masks need a segmentation model, this is {type(self._model).__name__}"
            )
        found = []
        for batch, wanted in cut_requests(photos, only, self.batch_size):
            found += self._detect_batch(batch, wanted, confidence, want_masks)
        return found

    def _detect_batch(self, photos, wanted, confidence, want_masks) -> list[Detections]:
        torch, size = self._torch, (self.image_size, self.image_size)
        squares = [cv2.resize(photo, size, interpolation=cv2.INTER_LINEAR) for photo in photos]
        squares = pad_tail(squares, self.batch_size, np.full((*size, 3), 114, np.uint8))
        pixels = (np.stack(squares).astype(np.float32) / 255 - self._mean) / self._std
        pixels = torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))).to(
            self.device, self._dtype
        )
        # On a CPU the place in a batch changes last digits, and a batch saves no time.
        parts = [pixels]
        if self.device == "cpu":
            parts = [pixel.clone() for pixel in pixels[: len(photos)].split(1)]  # clones lie aligned
        with torch.inference_mode():
            seen = [self._model(pixel_values=part) for part in parts]
        outputs = [
            output
            for part in seen
            for output in zip(
                part.logits,
                part.pred_boxes,
                part.pred_masks if want_masks else [None] * len(part.logits),
                strict=True,
            )
        ]
        return [
            self._to_detections(photo, *output, names, confidence)
            for photo, output, names in zip(photos, outputs, wanted, strict=False)
        ]

    def _to_detections(self, photo, logits, boxes, masks, wanted, confidence) -> Detections:
        torch, (height, width) = self._torch, photo.shape[:2]
        # Photo by photo: where a vector's last elements fall decides their last digit.
        logits, boxes = logits.float(), boxes.float()
        scores = logits.softmax(-1)[..., :-1] if self._is_softmax else logits.sigmoid()
        named = torch.tensor([index in self.names for index in range(scores.shape[1])], device=scores.device)
        flat = torch.where(named, scores, 0).flatten()
        order = flat.argsort(descending=True, stable=True)[:MAX_DETECTIONS]
        order = order[flat[order] >= confidence]
        queries, labels = order // scores.shape[1], (order % scores.shape[1]).tolist()
        centre, extent = boxes[queries].split(2, dim=1)
        corners = torch.cat([centre - extent / 2, centre + extent / 2], dim=1).clamp(0, 1).cpu().numpy()
        corners = (corners * (width, height, width, height)).astype(np.float32)
        categories = [self.names[label] for label in labels]
        confidences = flat[order].cpu().numpy().astype(np.float32)
        keep = [row for row, name in enumerate(categories) if wanted is None or name in wanted]
        drawn = None
        if masks is not None:
            drawn = np.zeros((len(keep), height, width), dtype=bool)
            for row, query in enumerate(queries[keep].tolist()):
                logit = masks[query].float().cpu().numpy()
                drawn[row] = cv2.resize(logit, (width, height), interpolation=cv2.INTER_LINEAR) > 0
        return Detections(
            boxes=corners[keep],
            confidences=confidences[keep],
            categories=[categories[row] for row in keep],
            masks=drawn,
            seen_boxes=corners,
            seen_confidences=confidences,
            seen_categories=categories,
        )


def _load(path: Path):
    """Return (model, image processor) of a folder; WeightsError names it when there is none to load."""
    import transformers

    if not (path / "config.json").is_file():
        raise WeightsError(f"{path}: no folder of a transformers model (config.json is missing)")
    told = read_config(path / "config.json")
    kind, (name, *_) = told.get("model_type"), told.get("architectures") or [""]
    if kind not in SOFTMAX | SIGMOID:
        raise WeightsError(
            f"{path}: models of the type {kind} are not supported; take one of the types"
            f" {', '.join(sorted(SOFTMAX | SIGMOID))}"
        )
    if not (name.endswith("ForObjectDetection") or "Segmentation" in name) or not hasattr(transformers, name):
        raise WeightsError(
            f"{path}: architectures in its config.json is {name or 'empty'}, which finds no objects; take a"
            " model ForObjectDetection or ForInstanceSegmentation"
        )
    model = load_whole(getattr(transformers, name), path)
    try:
        processor = transformers.AutoImageProcessor.from_pretrained(str(path), local_files_only=True)
    except Exception as error:  # of several libraries, by what they miss
        raise WeightsError(f"{path}: cannot be loaded with its image processor ({shorten(error)})") from error
    return model, processor
