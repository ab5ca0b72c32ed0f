"""Detection and segmentation, offline: an ultralytics checkpoint (a file) or a DETR of transformers (a folder)."""

from pathlib import Path

from unscene.masks.detectors.base import Detections
from unscene.run.shards import file_sha256

__all__ = ["Detections", "load_detector"]


def load_detector(
    path: str | Path,
    image_size: int,
    device: str = "cpu",
    precision: str = "float32",
    batch_size: int = 16,
    is_compiled: bool = False,
    sha256: str | None = None,
):
    """Return the detector of a path, whose `detect` takes photos of any sizes and returns a Detections each.

    is_compiled: have torch compile the network; it does so at the first batch. sha256: what a checkpoint's file must have, compared
    before any of it is unpickled. Raises FileNotFoundError for a path that is not there and ValueError for one that is neither kind
    or has another checksum.
    """
    path = Path(path).resolve()
    if sha256 is not None:
        _check_sha256(path, sha256)
    if path.is_dir():
        from unscene.masks.detectors.detr import DetrDetector

        return DetrDetector(path, image_size, device, precision, batch_size, is_compiled)
    from unscene.masks.detectors.yolo import Detector

    return Detector(path, image_size, device, precision, batch_size, is_compiled)


def _check_sha256(path: Path, expected: str) -> None:
    if path.is_dir():
        raise ValueError(f"{path}: a folder has no SHA-256; set masks.sha256 or quality.judge_sha256 to null")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such detector checkpoint; give its path (config/README.md)")
    found = file_sha256(path)
    if found != expected.lower():
        raise ValueError(
            f"{path}: its SHA-256 is {found}, the config (masks.sha256, quality.judge_sha256) says {expected}; "
            "fetch the file again, or correct the key if you trust this one"
        )
