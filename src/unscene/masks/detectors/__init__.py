"""Detection and segmentation, offline: one module a kind of detector, one entry a kind in `DETECTORS`.

Which kind a path is, its form tells: an ultralytics checkpoint is a file, a DETR of transformers a folder.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from unscene.machine.devices import ON_CPU, Setup
from unscene.masks.detectors.base import Detections
from unscene.run.shards import file_sha256
from unscene.run.weight_files import WeightsError, find_broken_weights

__all__ = ["DETECTORS", "Detections", "DetectorKind", "find_kind", "load_detector"]


@dataclass(frozen=True)
class DetectorKind:
    """A kind of detector.

    weights: what its path names. licence: of what most such weights come under. fits: whether a
    path that is there is of this kind. load: (path, image_size, setup) -> the detector, importing
    what it needs. keys: keys of the config that only this kind knows. method: how a paper cites it.
    """

    name: str
    doc: str
    weights: str
    licence: str
    fits: Callable[[Path], bool]
    load: Callable[[Path, int, Setup], object]
    keys: tuple[str, ...] = ()
    method: str = ""


def _load_yolo(path: Path, image_size: int, setup: Setup) -> object:
    from unscene.masks.detectors.yolo import Detector

    return Detector(path, image_size, setup)


def _load_detr(path: Path, image_size: int, setup: Setup) -> object:
    from unscene.masks.detectors.detr import DetrDetector

    return DetrDetector(path, image_size, setup)


DETECTORS = {
    kind.name: kind
    for kind in (
        DetectorKind(
            "transformers",
            "A model of the DETR family that transformers knows; RF-DETR-Seg gives masks.",
            weights="a transformers folder",
            licence="Apache-2.0",
            fits=Path.is_dir,
            load=_load_detr,
        ),
        DetectorKind(
            "ultralytics",
            "A YOLO checkpoint, with compiled or without suppression (YOLO26).",
            weights="an ultralytics checkpoint (a file)",
            licence="AGPL-3.0",
            fits=lambda path: not path.is_dir(),
            load=_load_yolo,
            keys=("iou", "nms"),
            method="YOLO weights by ultralytics [@jocher2023ultralytics]",
        ),
    )
}


def find_kind(path: Path) -> DetectorKind:
    """Return the kind of a detector that a path names."""
    return next(kind for kind in DETECTORS.values() if kind.fits(path))


def load_detector(
    path: str | Path,
    image_size: int,
    setup: Setup = ON_CPU,
    sha256: str | None = None,
    key: str = "masks.weights",
):
    """Return the detector of a path, whose `detect` takes photos of any sizes and returns a Detections each.

    sha256: what a checkpoint's file must have, compared before any of it is unpickled. key: of the
    config, for messages. Raises FileNotFoundError for a path that is not there and ValueError for
    one that is of no kind, is damaged or has another checksum.
    """
    path = Path(path).absolute()
    if sha256 is not None:
        _check_sha256(path, sha256)
    kind = find_kind(path)
    try:
        if path.exists() and (fault := find_broken_weights(path)):
            raise WeightsError(fault)
        return kind.load(path, image_size, setup)
    except WeightsError as error:
        raise ValueError(f"{key}: {error}") from error


def _check_sha256(path: Path, expected: str) -> None:
    if path.is_dir():
        raise ValueError(f"{path}: a folder has no SHA-256; set masks.sha256 or quality.judge_sha256 to null")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such detector checkpoint; give its path (config/README.md)")
    found = file_sha256(path)
    if found != expected.lower():
        raise ValueError(
            f"{path}: its SHA-256 is {found}, the config (masks.sha256, quality.judge_sha256) says"
            f" {expected}; fetch the file again, or correct the key if you trust this one"
        )
