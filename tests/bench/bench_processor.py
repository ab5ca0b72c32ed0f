"""Processor seconds of the models that `unscene new` takes where there is no GPU, at full size:

    python tests/bench/bench_processor.py [--weights yolo11n-seg.pt]

The figures `two_cores` of src/unscene/resources/throughput.yaml rest on these. One thread, photos of
640 x 480 in batches of four, reading and writing of files left out. Weights are random (speed is real,
boxes are not) where none are named.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers", "tests/bench")]

from unscene.run.offline import stay_offline

stay_offline()
import cv2
import numpy as np
from full_size_models import make_photos, save_detector

from result_lines import print_bench
from unscene.machine.devices import Setup
from unscene.photos.images import read_photo
from unscene.words.coco80 import COCO80

SIDE = 640
BATCH = 4  # as `unscene new` writes it where there is no GPU
ROUNDS = 4
Call = Callable[[list[np.ndarray]], object]


def main() -> None:
    """Print a line a model."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--weights", type=Path, help="a YOLO checkpoint (default: YOLO11n-seg, random)")
    given = options.parse_args()
    import torch

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = make_photos(folder / "photos", BATCH)
        photos = [np.asarray(read_photo(file)) for file in files]
        weights = given.weights or save_detector("yolo11n-seg", folder / "y.pt", files[0], image_size=SIDE)
        measure(
            {
                "segment": load_segmenter(weights),
                "judge_yolo": load_judge(weights),
                "judge_rtdetr_r18": load_judge(save_rtdetr(folder / "rtdetr")),
                "clip_embed": load_embedder(),
                "telea": paint_tenths,
            },
            photos,
        )


def measure(calls: dict[str, Call], photos: list[np.ndarray]) -> None:
    """Print the median processor seconds of each call. ratio: those of the first call over its own.

    The calls take turns, so that a busy machine slows all alike; the first round warms up.
    """
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            started = time.process_time()
            call(photos)
            seconds[name].append((time.process_time() - started) / len(photos))
    first, *others = seconds
    medians = {name: float(np.median(values[1:])) for name, values in seconds.items()}
    print_bench(f"processor_{first}", medians[first], "s/photo")
    for name in others:
        ratio = medians[first] / medians[name]
        print_bench(f"processor_{name}", medians[name], "s/photo", ratio, f"processor_{first}")


def load_segmenter(weights: Path) -> Call:
    """Return what finds objects on a photo with their masks."""
    from unscene.masks.detectors import load_detector

    detector = load_detector(weights, SIDE, Setup(batch_size=BATCH))
    return lambda photos: detector.detect(photos, 0.25, want_masks=True)


def load_judge(weights: Path) -> Call:
    """Return what finds objects on a photo."""
    from unscene.masks.detectors import load_detector

    detector = load_detector(weights, SIDE, Setup(batch_size=BATCH))
    return lambda photos: detector.detect(photos, 0.1)


def save_rtdetr(folder: Path) -> Path:
    """Write an RT-DETRv2 with a ResNet-18, of random weights, as a folder; return it.

    Its numbers are those of the published config of `rtdetr_v2_r18vd`.
    """
    from transformers import RTDetrImageProcessor, RTDetrV2Config, RTDetrV2ForObjectDetection

    backbone = {
        "model_type": "rt_detr_resnet",
        "hidden_sizes": [64, 128, 256, 512],
        "depths": [2, 2, 2, 2],
        "layer_type": "basic",
        "out_features": ["stage2", "stage3", "stage4"],
    }
    config = RTDetrV2Config(
        backbone_config=backbone,
        encoder_in_channels=[128, 256, 512],
        hidden_expansion=0.5,
        decoder_layers=3,
        id2label=dict(enumerate(COCO80)),
        label2id={word: number for number, word in enumerate(COCO80)},
    )
    RTDetrV2ForObjectDetection(config).save_pretrained(folder)
    RTDetrImageProcessor().save_pretrained(folder)
    return folder


def load_embedder() -> Call:
    """Return what embeds a photo with a ViT-B/32 of random weights."""
    import open_clip
    import torch
    from PIL import Image

    model, _, preprocess = open_clip.create_model_and_transforms("ViT-B-32-quickgelu")
    model.eval()

    @torch.inference_mode()
    def embed(photos: list[np.ndarray]):
        return model.encode_image(torch.stack([preprocess(Image.fromarray(photo)) for photo in photos]))

    return embed


def paint_tenths(photos: list[np.ndarray]) -> list[np.ndarray]:
    """Paint a hole of a tenth of each photo by Telea."""
    from unscene.edits.removers.telea import fill_telea

    height, width = photos[0].shape[:2]
    rows, columns = np.mgrid[:height, :width]
    hole = ((rows / height - 0.54) / 0.23) ** 2 + ((columns / width - 0.52) / 0.14) ** 2 < 1
    return [fill_telea(photo, hole) for photo in photos]


if __name__ == "__main__":
    main()
