"""Detection and segmentation with an ultralytics checkpoint, offline."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from unscene.machine.batching import pad_tail
from unscene.machine.devices import ON_CPU, Setup
from unscene.masks.detectors.base import MAX_DETECTIONS, Detections, cut_requests
from unscene.run.loaded_weights import check_archive, check_numbers, shorten
from unscene.run.weight_files import WeightsError
from unscene.words.category_names import find_word

# What ultralytics calls the networks that find objects; others find poses, turned boxes, one label.
TASKS = ("detect", "segment")


class Detector:
    """An ultralytics checkpoint on one device.

    Photos are letterboxed to one square and go through in batches of one shape, so a result does
    not depend on what else is detected. Raises FileNotFoundError for a missing file and
    WeightsError for one that is no ultralytics checkpoint of a detector, or is damaged.
    """

    def __init__(self, path: str | Path, image_size: int, setup: Setup = ON_CPU):
        from unscene.run.offline import stay_offline

        stay_offline()

        # A bare name would make ultralytics look for a download. A link keeps its own name: in a hub's cache
        # it leads to a file without an ending.
        path = Path(path).absolute()
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such detector checkpoint; give its path (config/README.md)")
        if path.suffix != ".pt":
            raise WeightsError(f"{path} is no .pt file, as ultralytics' checkpoints are; name that file")
        check_archive(path)
        # Imported for its compiled NMS, which ultralytics uses only when some other code imported it first.
        import torchvision  # noqa: F401
        from ultralytics import YOLO
        from ultralytics.nn import tasks

        # The switch that `stay_offline` sets, in case that something imported ultralytics before: only known
        # classes are unpickled, and no code of the file runs.
        tasks.SAFE_LOAD = True
        try:
            self._model = YOLO(str(path), verbose=False)
            head = self._model.model.model[-1]
        except Exception as error:  # unpickling a foreign file raises nearly anything
            raise WeightsError(
                f"{path}: cannot be loaded as an ultralytics checkpoint ({shorten(error)})"
            ) from error
        if self._model.task not in TASKS:
            raise WeightsError(
                f"{path} is a network for the task {self._model.task}; take one that finds objects"
                f" ({' or '.join(TASKS)})"
            )
        check_numbers(self._model.model, path)
        self.path, self.image_size = path, image_size
        self.device, self.batch_size = setup.device, setup.batch_size
        self.is_segmenter = self._model.task == "segment"
        try:
            self.names: dict[int, str] = {index: find_word(name) for index, name in self._model.names.items()}
        except ValueError as error:
            raise WeightsError(f"{path}: {error}, in the checkpoint's names") from error
        self.categories: tuple[str, ...] = tuple(self.names.values())
        # YOLO26 and YOLOv10 heads have a second branch, trained to give one box an object: no
        # suppression needed.
        self.is_end_to_end = getattr(head, "one2one_cv2", None) is not None
        self._quantize = 16 if setup.device == "cuda" and setup.precision in ("float16", "bfloat16") else None
        self._filler = np.full((image_size, image_size, 3), 114, np.uint8)
        self._is_compiled = setup.is_compiled
        self._request = _Request(wanted=[])
        self._predictor = _make_predictor(self.is_segmenter, self._request)

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

        iou: overlap above which suppression drops the weaker box. nms: "auto" is off for end-to-end
        heads and on for others. want_masks: also masks at the photo's size (segmentation
        checkpoints). only: per photo the categories wanted; full-size masks of the others are never
        made.
        """
        if want_masks and not self.is_segmenter:
            raise ValueError(
                f"{self.path}: masks need a segmentation checkpoint, this one's task is {self._model.task}"
            )
        nms = self._choose_nms(nms)
        found = []
        for batch, wanted in cut_requests(photos, only, self.batch_size):
            found += self._detect_batch(batch, wanted, confidence, iou, nms, want_masks)
        return found

    def _choose_nms(self, nms: str | bool) -> bool:
        if nms == "auto":
            return not self.is_end_to_end
        if nms is False and not self.is_end_to_end:
            raise ValueError(f"{self.path}: nms false needs an end-to-end head (YOLO26); use auto or true")
        return bool(nms)

    def _detect_batch(self, photos, wanted, confidence, iou, nms, want_masks) -> list[Detections]:
        padded = pad_tail(
            [cv2.cvtColor(photo, cv2.COLOR_RGB2BGR) for photo in photos], self.batch_size, self._filler
        )
        self._request.wanted = [self._class_ids(names) for names in wanted]
        self._request.want_masks = want_masks
        for _ in range(3):
            with _NmsOverruns() as overruns:
                results = self._model.predict(
                    padded,
                    predictor=self._predictor,
                    imgsz=self.image_size,
                    conf=confidence,
                    iou=iou,
                    nms=nms,
                    rect=False,  # minimal padding would depend on the sizes of the other photos
                    retina_masks=True,
                    max_det=MAX_DETECTIONS,
                    device="0" if self.device == "cuda" else "cpu",
                    quantize=self._quantize,
                    compile=self._is_compiled,
                    save=False,
                    verbose=False,
                )
            if not overruns.happened:
                return [
                    self._to_detections(result, photo, want_masks)
                    for result, photo in zip(results, photos, strict=False)
                ]
        raise RuntimeError(
            f"{self.path}: non-maximum suppression ran out of time three times, and objects would "
            "be missing without a "
            "trace; raise the confidence or lower runtime.batch_size"
        )

    def _class_ids(self, names: Collection[str] | None) -> set[int] | None:
        return None if names is None else {index for index, name in self.names.items() if name in names}

    def _to_detections(self, result, photo, want_masks) -> Detections:
        boxes = result.boxes.data.cpu().numpy()  # x0 y0 x1 y1 confidence class
        masks = None
        if want_masks and result.masks is None:
            masks = np.zeros((0, *photo.shape[:2]), dtype=bool)
        elif want_masks:
            masks = result.masks.data.cpu().numpy().astype(bool)
        return Detections(
            boxes=boxes[:, :4].astype(np.float32),
            confidences=boxes[:, 4].astype(np.float32),
            categories=[self.names[int(index)] for index in boxes[:, 5]],
            masks=masks,
            seen_boxes=result.seen[:, :4],
            seen_confidences=result.seen[:, 4],
            seen_categories=[self.names[int(index)] for index in result.seen[:, 5]],
        )


@dataclass
class _Request:
    """What the running batch asks of the predictor: class ids per photo (None: all), and whether
    masks are made.
    """

    wanted: list[set[int] | None]
    want_masks: bool = False


def _make_predictor(is_segmenter: bool, request: _Request) -> type:
    """Return ultralytics' predictor, made to keep torch's thread count and to skip full-size masks
    that nobody wants.

    A mask at a photo's size costs a byte a pixel, four while it is made, and a busy photo has hundreds.
    """
    import torch
    from ultralytics.engine.results import Results
    from ultralytics.models.yolo.detect import DetectionPredictor
    from ultralytics.models.yolo.segment import SegmentationPredictor
    from ultralytics.utils import ops

    class Predictor(SegmentationPredictor if is_segmenter else DetectionPredictor):
        def setup_model(self, model, verbose=True):
            threads = torch.get_num_threads()
            super().setup_model(model, verbose)
            torch.set_num_threads(
                threads
            )  # choosing the CPU set another number, and other numbers give other bits

        def construct_results(self, preds, img, orig_imgs, protos=None):
            results = []
            for position, (pred, original) in enumerate(zip(preds, orig_imgs, strict=True)):
                wanted = request.wanted[position] if position < len(request.wanted) else set()  # the padding
                # Boxes leave a GPU at once: there each small operation on them costs a launch.
                found = pred[:, :6].to("cpu", copy=True)
                found[:, :4] = ops.scale_boxes(img.shape[2:], found[:, :4], original.shape)
                rows = list(range(len(found)))
                if wanted is not None:
                    rows = [row for row, index in enumerate(found[:, 5].tolist()) if int(index) in wanted]
                if request.want_masks and rows:
                    result = self.construct_result(pred[rows], img, original, "", protos[position])
                else:
                    result = Results(original, path="", names=self.model.names, boxes=found[rows])
                result.seen = found.numpy().astype(np.float32)
                results.append(result)
            return results

    return Predictor


class _NmsOverruns(logging.Handler):
    """Notices ultralytics' warning that suppression hit its clock; it then returns photos as empty."""

    def __init__(self):
        super().__init__(level=logging.WARNING)
        self.happened = False

    def emit(self, record: logging.LogRecord) -> None:
        self.happened |= "NMS time limit" in record.getMessage()

    def __enter__(self) -> "_NmsOverruns":
        from ultralytics.utils import LOGGER

        LOGGER.addHandler(self)
        return self

    def __exit__(self, *_) -> None:
        from ultralytics.utils import LOGGER

        LOGGER.removeHandler(self)
