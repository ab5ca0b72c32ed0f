"""Detection and segmentation, offline: an ultralytics checkpoint (a file) or a DETR of transformers (a folder)."""

from pathlib import Path

from unscene.detectors.base import Detections

__all__ = ["Detections", "load_detector"]


def load_detector(
    path: str | Path,
    image_size: int,
    device: str = "cpu",
    precision: str = "float32",
    batch_size: int = 16,
    is_compiled: bool = False,
):
    """Return the detector of a path, whose `detect` takes photos of any sizes and returns a Detections each.

    is_compiled: have torch compile the network; it does so at the first batch.
    Raises FileNotFoundError for a path that is not there and ValueError for one that is neither kind.
    """
    path = Path(path).resolve()
    if path.is_dir():
        from unscene.detectors.detr import DetrDetector

        return DetrDetector(path, image_size, device, precision, batch_size, is_compiled)
    from unscene.detectors.yolo import Detector

    return Detector(path, image_size, device, precision, batch_size, is_compiled)
