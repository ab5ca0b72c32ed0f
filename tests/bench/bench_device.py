"""Architectures of real runs at full size, with random weights, on one GPU: `make bench`, or alone.

    python tests/bench/bench_device.py --limit 330

A machine with a GPU may be at hand for minutes only. So the rows go from small to large, each is on
its own (a row that breaks prints its traceback and the next one runs), a row that the time does not
reach is named, and nothing is asked. Weights are written to folders and loaded as a user's are;
decoding, checks and files are part of each figure. Weights are random, so speed and memory are real
and pictures are not. A row prints images a second, the share of the time in which the device
worked, peak memory, whether items alone give what they gave in full batches and, for diffusion,
what arithmetic predicts.

`--rehearse` runs every row on the CPU with two small photos: does all import and run, before a GPU
is paid for?
"""

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers", "tests/bench")]

from unscene.run.offline import stay_offline

stay_offline()
import numpy as np
import pandas as pd
from full_size_models import make_photos, save_detector, save_inpainter

from embedded_shard import CONFIG, RUNTIME
from result_lines import print_bench
from unscene.machine.batching import prepare_torch
from unscene.machine.devices import Setup
from unscene.machine.engine import Engine
from unscene.machine.scratch import Scratch
from unscene.photos.images import write_png
from unscene.run.shards import file_sha256

LIMIT_S = 450
# TFLOP of one forward pass at 512 px, counted on the modules: UNet of SD 1.5 and of SDXL, their
# VAE's encoder and decoder.
TFLOP = {"sd15": 0.803, "sdxl": 1.589, "encode": 1.117, "decode": 2.515}
# What these networks sustain of a device's bf16 peak, assumed from published A100 timings; H100 and
# H200 about 2.2 times as much.
SUSTAINED_TFLOPS = {"A100": 110, "H100": 240, "H200": 240}
# Measured values that two runs of one item may differ in.
NOT_COMPARED = {"seconds", "batch_shape"}


@dataclass(frozen=True)
class Machine:
    """Where the rows run, and at which sizes. side: of the photos and of the removal, in pixels;
    share: of the full number of items.
    """

    device: str
    name: str
    workers: int
    photos: list[Path]
    height: int
    width: int
    removal_side: int
    is_rehearsal: bool = False

    def count(self, items: int, batch_size: int) -> tuple[int, int]:
        """Return (items, batch size) of a row here; in a rehearsal two items, in batches of two."""
        return (2, 2) if self.is_rehearsal else (items, batch_size)


def main() -> None:
    """Print a row for each architecture until the time is up."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--limit", type=float, default=LIMIT_S, help="seconds for all rows together")
    options.add_argument("--rehearse", action="store_true", help="small, on the CPU")
    given = options.parse_args()
    started = time.monotonic()
    import torch

    if not given.rehearse and not torch.cuda.is_available():
        print("no CUDA device: rows of real architectures are not measured here (--rehearse tries the code)")
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        machine = find_machine(given.rehearse)
        prepare_torch(machine.device, machine.workers)  # deterministic kernels, as in every job
        print(f"device: {machine.name}, torch {torch.__version__}, {machine.workers} workers", flush=True)
        for name, row in list_rows(machine):
            left = given.limit - (time.monotonic() - started)
            if left <= 0:
                print(f"{name}: not measured, {given.limit:g} s are over", flush=True)
                continue
            begun = time.monotonic()
            try:
                row()
            except Exception:
                traceback.print_exc(file=sys.stdout)
                print(f"{name}: not measured, it broke (above)", flush=True)
            print(f"{name}: {time.monotonic() - begun:.0f} s with loading", flush=True)
            if machine.device == "cuda":
                torch.cuda.empty_cache()
        os.chdir(CHECKOUT)


def find_machine(is_rehearsal: bool) -> Machine:
    """Return this machine, with the photos that all rows share."""
    import torch

    if is_rehearsal:
        return Machine(
            "cpu", "CPU (rehearsal)", 1, make_photos(Path("photos"), 2, 96, 128), 96, 128, 64, True
        )
    workers = max(1, min(4, (os.cpu_count() or 2) - 1))  # 15 were slower on an H200
    return Machine(
        "cuda", torch.cuda.get_device_name(0), workers, make_photos(Path("photos"), 64), 480, 640, 512
    )


def list_rows(machine: Machine) -> list[tuple[str, Callable[[], None]]]:
    """Return (name, what measures it) of all rows, the smallest and most wanted first."""
    prefix = "rehearsal_" if machine.is_rehearsal else ""

    def detect(name: str, side: int) -> tuple[str, Callable[[], None]]:
        row = f"{prefix}segment_{name.replace('-', '_')}_{side}"
        return row, partial(measure_detector, machine, row, name, side)

    def paint(kind: str, steps: int, guidance: float, scheduler: str | None, size: tuple[int, int]):
        row = f"{prefix}remove_{kind}_512_{steps}_steps"
        settings = {"steps": steps, "guidance": guidance, "scheduler": scheduler}
        return row, partial(measure_inpainter, machine, row, kind, settings, size)

    return [
        detect("yolo11x-seg", 640),
        paint("sd15", 4, 1.0, "lcm", (160, 16)),
        paint("sd15", 20, 7.5, None, (64, 16)),
        (f"{prefix}score_suite", partial(measure_scores, machine, f"{prefix}score_suite")),
        detect("yolo26x-seg", 640),
        paint("sdxl", 4, 1.0, "lcm", (128, 16)),
        detect("yolo11x-seg", 1024),
        detect("yolo26x-seg", 1024),
        paint("sdxl", 20, 7.5, None, (32, 8)),
    ]


def run(machine: Machine, name: str, stage, items: list, batch_size: int) -> None:
    """Run a stage once to warm up, once for the figure and once more on few items alone; print its lines."""
    import torch

    runtime = RUNTIME | {"device": machine.device, "batch_size": batch_size, "workers": machine.workers}

    def go(some: list) -> tuple[Engine, dict]:
        with Scratch(None, "") as scratch:
            engine = Engine(stage, runtime, scratch)
            return engine, engine.run(some)

    go(items[: 2 * batch_size])
    if machine.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    engine, results = go(items)
    statuses = pd.Series([result.get("status") for result in results.values()]).value_counts().to_dict()
    timing = engine.timing
    print(f"{name}: {timing.items} items, batches of {batch_size}: {statuses}")
    print_bench(name, timing.items / timing.wall_s, "images/s")
    print_bench(f"{name}_device_share", timing.busy_share, "share_of_wall")
    if machine.device == "cuda":
        print_bench(f"{name}_memory", torch.cuda.max_memory_allocated() / 2**30, "GiB")
    alone = {}
    for item in items[-3:]:  # in a batch that is padded to the same shape, and at another place
        alone |= go([item])[1]
    equal = [forget_times(alone[key]) == forget_times(results[key]) for key in alone]
    print_bench(f"{name}_equal_alone", sum(equal) / len(equal), "share_of_items")


def forget_times(result: dict) -> str:
    """Return what must be equal of a result, as text (so that two nulls are equal)."""
    return repr(sorted((key, value) for key, value in result.items() if key not in NOT_COMPARED))


def measure_detector(machine: Machine, row: str, name: str, side: int) -> None:
    """Segment photos, decoding and mask files included."""
    from unscene.masks.detectors.yolo import Detector
    from unscene.masks.segmentation import Segmentation
    from unscene.masks.wanted_objects import Photo

    count, batch_size = machine.count(512, 32)
    side = 96 if machine.is_rehearsal else side
    name = name.replace("x-", "n-") if machine.is_rehearsal else name
    weights = save_detector(name, Path(f"{name}.pt"), machine.photos[0], image_size=side)
    detector = Detector(weights, side, Setup(machine.device, "float16", batch_size))
    pixels = machine.width * machine.height
    items = [
        Photo(f"p_{index}", str(path), file_sha256(path), wanted={"person": 0}, pixels=pixels)
        for index, path in enumerate(machine.photos * (count // len(machine.photos)))
    ]
    settings = CONFIG["masks"] | {"image_size": side, "collect_confidence": 0.25}
    run(machine, row, Segmentation(detector, settings, str), items, batch_size)


def make_edits(machine: Machine, count: int) -> list:
    """Return edits of the photos with an elliptical hole of a tenth of the picture each."""
    from unscene.edits.removal import Edit

    height, width = machine.height, machine.width
    rows, columns = np.mgrid[:height, :width]
    mask = ((rows / height - 0.54) / 0.23) ** 2 + ((columns / width - 0.52) / 0.14) ** 2 < 1
    path = Path("hole.png")
    write_png(mask, path)
    sha256, hashes = file_sha256(path), {photo: file_sha256(photo) for photo in machine.photos}
    chosen = (machine.photos * (count // len(machine.photos) + 1))[:count]
    return [
        Edit(
            f"e_{index}", f"p_{index}", "person", str(photo), hashes[photo], str(path), sha256, 5.0,
            height * width,
        )
        for index, photo in enumerate(chosen)
    ]  # fmt: skip


def measure_inpainter(machine: Machine, row: str, kind: str, settings: dict, size: tuple[int, int]) -> None:
    """Remove objects at 512 px in bfloat16, decoding, checks and PNG files included; also print the
    predicted floor.

    size: items and device batch.
    """
    from unscene.edits.removal import Removal
    from unscene.edits.removers import Weights, load_remover

    count, batch_size = machine.count(*size)
    folder = Path(f"{kind}{'-small' if machine.is_rehearsal else ''}")
    if not folder.is_dir():
        save_inpainter(kind, folder, machine.device, is_small=machine.is_rehearsal)
    settings = (
        CONFIG["edits"]
        | settings
        | {
            "size": machine.removal_side,
            "strength": 1.0,
            "attempts": 1,
            "feather_px": 4,
            "tiny_vae": None,
            "lora": None,
        }
    )
    precision = "float32" if machine.device == "cpu" else "bfloat16"
    setup = Setup(machine.device, precision, batch_size)
    remover = load_remover(settings, Weights(folder.resolve(), fingerprint="0" * 16), setup)
    items = [(edit, 1) for edit in make_edits(machine, count)]
    run(machine, row, Removal(remover, settings, 7, str, 0.0), items, batch_size)
    steps, guidance = settings["steps"], settings["guidance"]
    work = TFLOP[kind] * steps * (2 if guidance > 1 else 1) + TFLOP["encode"] + TFLOP["decode"]
    sustained = next((value for key, value in SUSTAINED_TFLOPS.items() if key in machine.name), None)
    if sustained is None:
        print(f"{row}: {work:.1f} TFLOP an image; what {machine.name} sustains is not in the table")
    else:
        print_bench(f"{row}_predicted_floor", sustained / work, "images/s")


def measure_scores(machine: Machine, row: str) -> None:
    """Score edits with YOLO11x-seg at 640 as the judge, CLIP ViT-B/32 and DINOv2 ViT-S/14, all of
    random weights.
    """
    from transformers import Dinov2Config, Dinov2Model

    from tiny_clip import make_clip
    from unscene.masks.detectors.yolo import Detector
    from unscene.quality.edit_scores import Judge, load_clip_scorer, load_dino
    from unscene.quality.scoring import Scoring

    count, batch_size = machine.count(256, 32)
    name, side = ("yolo11n-seg", 96) if machine.is_rehearsal else ("yolo11x-seg", 640)
    weights = save_detector(name, Path("judge.pt"), machine.photos[0], image_size=side)
    setup = Setup(machine.device, "float16", batch_size)
    judge = Judge(Detector(weights, side, setup), 0.1, batch_size)
    shape = {"side": 32, "width": 64, "layers": 2, "patch": 16} if machine.is_rehearsal else {
        "side": 224, "width": 512, "layers": 12, "patch": 32
    }  # fmt: skip
    clip = load_clip_scorer(str(make_clip(Path("clip").resolve(), **shape)), machine.device, batch_size)
    layers, image_size = (2, 28) if machine.is_rehearsal else (12, 518)
    small = Dinov2Config(
        hidden_size=384,
        num_attention_heads=6,
        num_hidden_layers=layers,
        patch_size=14,
        image_size=image_size,
    )
    Dinov2Model(small).save_pretrained("dino")
    dino = load_dino(str(Path("dino").resolve()), machine.device, batch_size)
    items = []
    for index, edit in enumerate(make_edits(machine, count)):
        given = asdict(edit)
        other = machine.photos[(index + 1) % len(machine.photos)]
        items.append(
            {
                "edit_id": given["edit_id"],
                "image_id": given["image_id"],
                "category": "person",
                "status": "ok",
                "reason": None,
                "original_path": given["photo_path"],
                "original_sha256": given["photo_sha256"],
                "image_path": str(other),
                "edited_sha256": file_sha256(other),
                "mask_path": given["mask_path"],
                "mask_sha256": given["mask_sha256"],
                "object_path": given["mask_path"],
                "instance_confidences": [0.9],
                "instance_joined": [1.0],
                "pixels": given["pixels"],
                "box_x0": machine.width * 0.38,
                "box_y0": machine.height * 0.31,
                "box_x1": machine.width * 0.66,
                "box_y1": machine.height * 0.77,
            }
        )
    models = {"judge": judge, "clip": clip, "dino": dino}
    run(machine, row, Scoring(models), items, batch_size)


if __name__ == "__main__":
    main()
