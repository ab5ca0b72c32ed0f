"""Full-size architectures with random weights on a CUDA device, through the real stages: called by
bench_stages.py.

A row prints images a second, the share of the time in which the device worked, peak memory and, for
diffusion, the floor that arithmetic predicts: TFLOP per image over what a device sustains. Takes
under eight minutes; rows beyond that are named and left out.
"""

import dataclasses
import time
from pathlib import Path

import numpy as np
import pandas as pd
from full_size_models import make_inpainter, make_photos, save_detector

from embedded_shard import CONFIG, RUNTIME
from result_lines import print_bench
from unscene.machine.devices import Setup
from unscene.machine.engine import Engine
from unscene.machine.scratch import Scratch
from unscene.photos.images import write_png
from unscene.run.shards import file_sha256

DEVICE = "cuda"
LIMIT_S = 450
WORKERS = 8
# TFLOP of one forward pass at 512 px, counted on the modules: UNet of SD 1.5 and of SDXL, their
# VAE's encoder and decoder.
TFLOP = {"sd15": 0.803, "sdxl": 1.589, "encode": 1.117, "decode": 2.515}
# What these networks sustain of a device's bf16 peak, assumed from published A100 timings; H100 and
# H200 about 2.2 times as much.
SUSTAINED_TFLOPS = {"A100": 110, "H100": 240, "H200": 240}
DETECTORS = [(name, side) for name in ("yolo11x-seg", "yolo26x-seg") for side in (640, 1024)]
INPAINTERS = [
    # name, kind, scheduler, steps, guidance, batch, images
    ("sd15_512_20_steps_cfg", "sd15", "ddim", 20, 7.5, 8, 48),
    ("sd15_512_4_steps", "sd15", "lcm", 4, 1.0, 16, 160),
    ("sdxl_512_4_steps", "sdxl", "lcm", 4, 1.0, 16, 128),
]


def measure_full_size() -> None:
    """Print a row for each architecture until the time is up."""
    import torch

    device = torch.cuda.get_device_name(0)
    print(f"device: {device}, torch {torch.__version__}")
    started = time.monotonic()
    photos = make_photos(Path("photos"), 64)
    rows = [lambda each=each: measure_detector(*each, photos) for each in DETECTORS]
    rows += [lambda each=each: measure_inpainter(*each, photos, device) for each in INPAINTERS]
    rows += [lambda: measure_scores(photos)]
    names = [f"{name}_{side}" for name, side in DETECTORS] + [row[0] for row in INPAINTERS] + ["scores"]
    for name, row in zip(names, rows, strict=True):
        if time.monotonic() - started > LIMIT_S:
            print(f"{name}: not measured, {LIMIT_S} s are over")
            continue
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        row()


def run(name: str, stage, items: list, batch_size: int) -> None:
    """Run a stage twice, once to warm up, and print its lines."""
    import torch

    runtime = RUNTIME | {"device": DEVICE, "batch_size": batch_size, "workers": WORKERS}
    with Scratch(None, "") as scratch:
        Engine(stage, runtime, scratch).run(items[: 2 * batch_size])
    with Scratch(None, "") as scratch:
        engine = Engine(stage, runtime, scratch)
        results = engine.run(items)
    statuses = pd.Series([result.get("status") for result in results.values()]).value_counts().to_dict()
    timing = engine.timing
    print(f"{name}: {timing.items} items, batches of {batch_size}: {statuses}")
    print_bench(name, timing.items / timing.wall_s, "images/s")
    print_bench(f"{name}_device_share", timing.busy_share, "share_of_wall")
    print_bench(f"{name}_memory", torch.cuda.max_memory_allocated() / 2**30, "GiB")


def measure_detector(
    name: str, side: int, photos: list[Path], count: int = 512, batch_size: int = 32
) -> None:
    """Segment `count` photos, decoding and mask files included."""
    from unscene.masks.detectors.yolo import Detector
    from unscene.masks.segmentation import Segmentation
    from unscene.masks.wanted_objects import Photo

    weights = save_detector(name, Path(f"{name}.pt"), photos[0], image_size=side)
    detector = Detector(weights, side, Setup(DEVICE, "float16", batch_size))
    items = [
        Photo(f"p_{index}", str(path), file_sha256(path), wanted={"person": 0}, pixels=640 * 480)
        for index, path in enumerate(photos * (count // len(photos)))
    ]
    settings = CONFIG["masks"] | {"image_size": side, "collect_confidence": 0.25}
    run(f"segment_{name.replace('-', '_')}_{side}", Segmentation(detector, settings, str), items, batch_size)


def make_edits(photos: list[Path], count: int) -> list:
    """Return edits of the photos with an elliptical hole of a tenth of the picture each."""
    from unscene.edits.removal import Edit

    rows, columns = np.mgrid[:480, :640]
    mask = ((rows - 260) / 110) ** 2 + ((columns - 330) / 90) ** 2 < 1
    path = Path("hole.png")
    write_png(mask, path)
    sha256, hashes = file_sha256(path), {photo: file_sha256(photo) for photo in photos}
    return [
        Edit(
            f"e_{index}", f"p_{index}", "person", str(photo), hashes[photo], str(path), sha256, 5.0, 640 * 480
        )
        for index, photo in enumerate((photos * (count // len(photos) + 1))[:count])
    ]


def measure_inpainter(
    name: str,
    kind: str,
    scheduler: str,
    steps: int,
    guidance: float,
    batch_size: int,
    count: int,
    photos: list[Path],
    device: str,
) -> None:
    """Remove `count` objects at 512 px in bfloat16, decoding, checks and PNG files included; also
    print the predicted floor.
    """
    import torch

    from unscene.edits.removal import Removal
    from unscene.edits.removers import Weights, diffusion

    def make_pipeline(weights, settings, dtype, where):
        pipeline = make_inpainter(kind, DEVICE, "bfloat16", scheduler)
        for part in (pipeline.unet, pipeline.vae):
            part.to(memory_format=torch.channels_last)
        return pipeline

    real, diffusion._load_pipeline = diffusion._load_pipeline, make_pipeline
    try:
        settings = CONFIG["edits"] | {
            "size": 512,
            "steps": steps,
            "guidance": guidance,
            "strength": 1.0,
            "attempts": 1,
            "feather_px": 4,
            "scheduler": None,
        }
        remover = diffusion.DiffusersRemover(
            Weights(Path(kind)), settings, Setup(DEVICE, "bfloat16", batch_size)
        )
    finally:
        diffusion._load_pipeline = real
    items = [(edit, 1) for edit in make_edits(photos, count)]
    run(f"remove_{name}", Removal(remover, settings, 7, str, 0.0), items, batch_size)
    work = TFLOP[kind] * steps * (2 if guidance > 1 else 1) + TFLOP["encode"] + TFLOP["decode"]
    sustained = next((value for key, value in SUSTAINED_TFLOPS.items() if key in device), None)
    if sustained is None:
        print(f"remove_{name}: {work:.1f} TFLOP an image; what {device} sustains is not in the table")
    else:
        print_bench(f"remove_{name}_predicted_floor", sustained / work, "images/s")


def measure_scores(photos: list[Path], count: int = 256, batch_size: int = 32) -> None:
    """Score `count` edits with YOLO11x-seg at 640 as the judge, CLIP ViT-B/32 and DINOv2 ViT-S/14,
    all of random weights.
    """
    from transformers import Dinov2Config, Dinov2Model

    from tiny_clip import make_clip
    from unscene.masks.detectors.yolo import Detector
    from unscene.quality.edit_scores import Judge, load_clip_scorer, load_dino
    from unscene.quality.scoring import Scoring

    weights = save_detector("yolo11x-seg", Path("judge.pt"), photos[0])
    judge = Judge(Detector(weights, 640, Setup(DEVICE, "float16", batch_size)), 0.1, batch_size)
    clip = load_clip_scorer(
        str(make_clip(Path("clip").resolve(), side=224, width=512, layers=12, patch=32)), DEVICE, batch_size
    )
    small = Dinov2Config(
        hidden_size=384, num_attention_heads=6, num_hidden_layers=12, patch_size=14, image_size=518
    )
    Dinov2Model(small).save_pretrained("dino")
    dino = load_dino(str(Path("dino").resolve()), DEVICE, batch_size)
    items = []
    for index, edit in enumerate(make_edits(photos, count)):
        given = dataclasses.asdict(edit)
        items.append(
            {
                "edit_id": given["edit_id"],
                "image_id": given["image_id"],
                "category": "person",
                "status": "ok",
                "reason": None,
                "original_path": given["photo_path"],
                "original_sha256": given["photo_sha256"],
                "image_path": str(photos[(index + 1) % len(photos)]),
                "edited_sha256": file_sha256(photos[(index + 1) % len(photos)]),
                "mask_path": given["mask_path"],
                "mask_sha256": given["mask_sha256"],
                "pixels": 640 * 480,
                "box_x0": 240.0,
                "box_y0": 150.0,
                "box_x1": 420.0,
                "box_y1": 370.0,
            }
        )
    run("score_suite", Scoring({"judge": judge, "clip": clip, "dino": dino}), items, batch_size)
