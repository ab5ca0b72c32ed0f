"""Train a slim YOLO11-seg detector on rendered scenes with COCO's 80 class names."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import torch
import yaml
from recipe_data import SEEDS, compose_scene, render_scene

from unscene.words.coco80 import COCO80

IMAGE_SIZE = 128  # photos of 64 px are doubled

# YOLO11-seg's blocks in a pyramid one level lower (strides 4, 8, 16 in place of 8, 16, 32) and with
# half the width of YOLO11n: objects are 10-35 px high, and the mask prototypes, at stride 2, match
# the photo's own pixels. A row is (input, repeats, block, arguments), as ultralytics reads it.
ARCHITECTURE = {
    "nc": 80,
    "scales": {"n": [0.5, 0.125, 512]},  # depth, width, widest layer
    "backbone": [
        [-1, 1, "Conv", [128, 3, 2]],
        [-1, 1, "C3k2", [256, False, 0.25]],
        [-1, 1, "Conv", [256, 3, 2]],
        [-1, 2, "C3k2", [512, False, 0.25]],  # 3: stride 4
        [-1, 1, "Conv", [512, 3, 2]],
        [-1, 2, "C3k2", [512, True]],  # 5: stride 8
        [-1, 1, "Conv", [512, 3, 2]],
        [-1, 2, "C3k2", [512, True]],
        [-1, 1, "SPPF", [512, 5]],
        [-1, 2, "C2PSA", [512]],  # 9: stride 16
    ],
    "head": [
        [-1, 1, "nn.Upsample", [None, 2, "nearest"]],
        [[-1, 5], 1, "Concat", [1]],
        [-1, 2, "C3k2", [512, False]],  # 12
        [-1, 1, "nn.Upsample", [None, 2, "nearest"]],
        [[-1, 3], 1, "Concat", [1]],
        [-1, 2, "C3k2", [256, False]],  # 15: stride 4
        [-1, 1, "Conv", [256, 3, 2]],
        [[-1, 12], 1, "Concat", [1]],
        [-1, 2, "C3k2", [512, False]],  # 18: stride 8
        [-1, 1, "Conv", [512, 3, 2]],
        [[-1, 9], 1, "Concat", [1]],
        [-1, 2, "C3k2", [512, True]],  # 21: stride 16
        [[15, 18, 21], 1, "Segment", ["nc", 32, 256]],
    ],
}


def polygon_of(mask, upscale=8):
    """Outline of a mask as YOLO's one polygon in 0..1; hairlines join the parts and holes of a mask to it."""
    large = cv2.resize(mask.astype(np.uint8), None, fx=upscale, fy=upscale, interpolation=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(large, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    contours = [c[:, 0].astype(np.float64) for c in contours if len(c) >= 3]
    if not contours:
        return None
    contours.sort(key=len, reverse=True)
    points = contours[0]
    for part in contours[1:]:
        distance = np.linalg.norm(points[:, None] - part[None], axis=2)
        i, j = np.unravel_index(distance.argmin(), distance.shape)
        part = np.roll(part, -j, axis=0)
        points = np.concatenate([points[: i + 1], part, part[:1], points[i:]])
    return (points + 0.5) / large.shape[0]


def write_dataset(folder, seed, scenes, held_out_scenes=200):
    """Write rendered scenes as a YOLO-seg data set and return the path of its yaml file."""
    folder = Path(folder)
    done = folder / "data.yaml"
    if done.exists():
        return done
    for split, split_seed, count in (("train", seed, scenes), ("val", SEEDS["held_out"], held_out_scenes)):
        for kind in ("images", "labels"):
            (folder / kind / split).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            rendered = render_scene(compose_scene(split_seed, index))
            cv2.imwrite(str(folder / "images" / split / f"{index:06d}.png"), rendered.rgb[..., ::-1])
            lines = []
            for thing, mask in zip(rendered.objects, rendered.masks, strict=True):
                outline = polygon_of(mask) if mask.sum() >= 12 else None
                if outline is not None:
                    numbers = " ".join(f"{value:.5f}" for value in outline.ravel())
                    lines.append(f"{COCO80.places[thing.category]} {numbers}")
            (folder / "labels" / split / f"{index:06d}.txt").write_text("\n".join(lines))
    done.write_text(
        yaml.safe_dump(
            {
                "path": str(folder.resolve()),
                "train": "images/train",
                "val": "images/val",
                "names": dict(enumerate(COCO80)),
            }
        )
    )
    return done


def write_architecture(folder):
    """Write the architecture; the `n` in the file's name selects its only scale."""
    path = Path(folder) / "yolo11n-seg-small.yaml"
    path.write_text(yaml.safe_dump(ARCHITECTURE, sort_keys=False))
    return path


def train_detector(work, name, scenes, epochs, more_epochs=(), batch=16):
    """Train `name` (detector or judge: other scenes, other seed); return the path of its half-precision file.

    Each number of `more_epochs` is a round that goes on from the last with a learning rate that
    falls to zero again.
    """
    work = Path(work).resolve()
    data = write_dataset(work / f"yolo-{name}-{scenes}", SEEDS[name], scenes)
    last = train_round(work / name, write_architecture(work), data, SEEDS[name], epochs, batch, 0.003)
    for number, more in enumerate(more_epochs, start=1):
        last = train_round(work / f"{name}-more{number}", last, data, SEEDS[name], more, batch, 0.002)
    out = work / f"{name}.pt"
    export_detector(last, out)
    return out


def train_round(folder, start, data, seed, epochs, batch, rate):
    """Train from `start` (architecture or checkpoint) in `folder`; goes on where it was stopped."""
    from ultralytics import YOLO, settings
    from ultralytics.models.yolo.segment import SegmentationTrainer

    class Trainer(SegmentationTrainer):
        """Leaves out ultralytics' own validation, which takes mask prototypes to be at stride 4;
        these are at 2.
        """

        def validate(self):
            return {}, 0.0

        def final_eval(self):
            pass

    settings.update({"sync": False, "tensorboard": False})
    last, done = folder / "weights" / "last.pt", folder / "done"
    if done.exists():
        return last
    if last.exists():
        YOLO(last).train(resume=True, trainer=Trainer)
    else:
        model = YOLO(start, task="segment")
        # A third faster on CPUs, and the results are the same.
        model.add_callback(
            "on_train_start", lambda trainer: trainer.model.to(memory_format=torch.channels_last)
        )
        # No moving or scaling of photos: at twice their size, and only mirrored, the outlines fill
        # exactly the pixels of the masks, while any other place widens them by half a pixel. More
        # scenes take its place.
        model.train(
            trainer=Trainer,
            data=str(data),
            epochs=epochs,
            batch=batch,
            imgsz=IMAGE_SIZE,
            device="cpu",
            seed=seed,
            deterministic=True,
            project=str(folder.parent),
            name=folder.name,
            exist_ok=True,
            val=False,
            plots=False,
            amp=False,
            workers=0,
            rect=False,
            cache="ram",
            pretrained=Path(start).suffix == ".pt",
            optimizer="AdamW",
            lr0=rate,
            lrf=0.02,
            warmup_epochs=epochs / 8,
            cos_lr=True,
            mosaic=0,
            mixup=0,
            erasing=0,
            auto_augment=None,
            scale=0,
            translate=0,
            fliplr=0.5,
            hsv_h=0.005,
            hsv_s=0.2,
            hsv_v=0.2,
            mask_ratio=2,
            overlap_mask=True,
            close_mosaic=0,
            save_period=-1,
            verbose=False,
        )
    done.touch()
    return last


def forget_machine(state):
    """Drop the paths and the repository that ultralytics notes in a checkpoint, in place."""
    model, places = state["model"], ("project", "data", "model", "save_dir", "name")
    arguments = vars(model.args) if not isinstance(model.args, dict) else model.args
    for noted in (state["train_args"], arguments):
        for key in places:
            noted.pop(key, None)
    state["git"] = None
    model.pt_path = None
    model.yaml["yaml_file"] = Path(model.yaml["yaml_file"]).name


def export_detector(checkpoint, out):
    """Keep the averaged model of an ultralytics checkpoint alone, in half precision; replaces `out`
    at once.
    """
    state = torch.load(checkpoint, map_location="cpu", weights_only=False)
    model = state["ema"] if state.get("ema") is not None else state["model"]
    state = {
        **state,
        "model": model.half(),
        "ema": None,
        "optimizer": None,
        "updates": None,
        "epoch": -1,
        "scaler": None,
        "best_fitness": None,
        "train_results": None,
    }
    forget_machine(state)
    temporary = Path(out).with_suffix(".tmp")
    torch.save(state, temporary)
    shutil.move(temporary, out)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", default="build/embedded")
    parser.add_argument("--name", choices=("detector", "judge"), default="detector")
    parser.add_argument("--scenes", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--more_epochs", type=int, nargs="*", default=[])
    arguments = parser.parse_args()
    train_detector(arguments.work, arguments.name, arguments.scenes, arguments.epochs, arguments.more_epochs)
