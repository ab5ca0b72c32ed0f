"""Held-out figures of the embedded models, against the goals they were trained for."""

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np
import open_clip
import torch
from PIL import Image
from recipe_data import SEEDS, compose_scene, load_removals, render_scene
from train_autoencoder import measure_autoencoder
from train_detector import IMAGE_SIZE
from training import psnr

from unscene.scenes import write_captions
from unscene.words.coco80 import COCO80

STEPS, GUIDANCE, STRENGTH, PROMPT = 8, 1.0, 1.0, "background"
DILATION = 3  # px, elliptical
LEAST_AREA = 12  # visible px of an instance that a detector is asked to find


def measure_detector(path, scenes=300, confidence=0.25):
    """Match predictions to true instances by mask IoU >= .5, best first, whatever their class."""
    from ultralytics import YOLO

    model, words = YOLO(path), list(COCO80)
    truths = [render_scene(compose_scene(SEEDS["held_out"], index)) for index in range(scenes)]
    ious, right, wanted, predicted = [], 0, 0, 0
    for start in range(0, scenes, 32):
        part = truths[start : start + 32]
        results = model.predict(
            [np.ascontiguousarray(t.rgb[..., ::-1]) for t in part],
            imgsz=IMAGE_SIZE,
            device="cpu",
            conf=confidence,
            iou=0.7,
            retina_masks=True,
            rect=False,
            max_det=30,
            verbose=False,
        )
        for truth, result in zip(part, results, strict=True):
            instances = [
                (m, t.category)
                for m, t in zip(truth.masks, truth.objects, strict=True)
                if m.sum() >= LEAST_AREA
            ]
            wanted += len(instances)
            if result.masks is None or not instances:
                predicted += 0 if result.masks is None else len(result.masks.data)
                continue
            found = result.masks.data.numpy().astype(bool)
            names = [words[int(c)] for c in result.boxes.cls]
            predicted += len(found)
            table = np.array([[(f & m).sum() / max((f | m).sum(), 1) for m, _ in instances] for f in found])
            while table.size and table.max() >= 0.5:
                i, j = np.unravel_index(table.argmax(), table.shape)
                ious.append(table[i, j])
                right += names[i] == instances[j][1]
                table[i, :], table[:, j] = -1, -1
    return {
        "mask_iou": float(np.mean(ious)),
        "recall": len(ious) / wanted,
        "precision": len(ious) / max(predicted, 1),
        "class_accuracy": right / max(len(ious), 1),
        "instances": wanted,
    }


def widen(mask, radius=DILATION):
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return cv2.dilate(mask.astype(np.uint8), kernel).astype(bool)


def held_out_edits(work, count):
    """Photo, widened mask and truth of `count` held-out removals, one a photo."""
    data = load_removals(work, SEEDS["held_out"], 500)
    area = data["mask"].sum((1, 2))
    rows, seen = [], set()
    for row in np.random.default_rng(0).permutation(len(area)):
        if data["photo"][row] not in seen and 40 <= area[row] <= 0.4 * 64 * 64:
            seen.add(data["photo"][row])
            rows.append(row)
    rows = sorted(rows[:count])
    masks = np.stack([widen(data["mask"][row]) for row in rows])
    return data["photos"][data["photo"][rows]], masks, data["truth"][rows], data["category"][rows]


def load_inpainter(folder):
    from diffusers import AutoPipelineForInpainting

    pipeline = AutoPipelineForInpainting.from_pretrained(folder, dtype=torch.float32, safety_checker=None)
    pipeline.set_progress_bar_config(disable=True)
    for part in (pipeline.unet, pipeline.vae):
        part.to(memory_format=torch.channels_last)
    return pipeline


def remove(pipeline, photos, masks, steps=STEPS, batch=16):
    """Paint each hole with its own generator and paste it back: uint8 (n, 64, 64, 3)."""
    results = []
    for start in range(0, len(photos), batch):
        part = range(start, min(start + batch, len(photos)))
        painted = pipeline(
            prompt=[PROMPT] * len(part),
            image=[Image.fromarray(photos[i]) for i in part],
            mask_image=[Image.fromarray(masks[i].astype(np.uint8) * 255) for i in part],
            height=64,
            width=64,
            num_inference_steps=steps,
            guidance_scale=GUIDANCE,
            strength=STRENGTH,
            output_type="np",
            generator=[torch.Generator().manual_seed(i) for i in part],
        ).images
        results.append(np.round(painted * 255).astype(np.uint8))
    return np.where(masks[..., None], np.concatenate(results), photos)


def fill_with_mean(photos, masks):
    filled = photos.copy()
    for image, mask in zip(filled, masks, strict=True):
        image[mask] = np.round(image[~mask].mean(0))
    return filled


def fill_with_telea(photos, masks):
    return np.stack(
        [cv2.inpaint(p, m.astype(np.uint8), 3, cv2.INPAINT_TELEA) for p, m in zip(photos, masks, strict=True)]
    )


def measure_fill(filled, masks, truths):
    """PSNR inside the mask (mean over edits) and how far its texture is from the truth's.

    `texture` is the median |log(var(result) / var(truth))| inside the mask, `fine_texture` the same of the
    Laplacian, which looks at detail alone.
    """
    scores, coarse, fine = [], [], []
    for result, mask, truth in zip(filled, masks, truths, strict=True):
        a, b = (image.astype(np.float32) / 255 for image in (result, truth))
        scores.append(psnr(((a - b)[mask] ** 2).mean()))
        coarse.append(abs(np.log((a[mask].var(0).mean() + 1e-5) / (b[mask].var(0).mean() + 1e-5))))
        a, b = (cv2.Laplacian(image, cv2.CV_32F) for image in (a, b))
        fine.append(abs(np.log((a[mask].var() + 1e-5) / (b[mask].var() + 1e-5))))
    return {
        "psnr": float(np.mean(scores)),
        "texture": float(np.median(coarse)),
        "fine_texture": float(np.median(fine)),
    }


def measure_inpainter(work, folder, edits=200, steps=STEPS):
    photos, masks, truths, _ = held_out_edits(work, edits)
    pipeline = load_inpainter(folder)
    started = time.monotonic()
    painted = remove(pipeline, photos, masks, steps)
    seconds = (time.monotonic() - started) / len(photos)
    figures = {"seconds_a_photo": seconds, "edits": len(photos), "steps": steps}
    for name, filled in (
        ("ours", painted),
        ("telea", fill_with_telea(photos, masks)),
        ("mean_colour", fill_with_mean(photos, masks)),
        ("untouched", photos),
    ):
        figures[name] = measure_fill(filled, masks, truths)
    scenes = load_removals(work, SEEDS["held_out"], 500)["photos"]
    figures["autoencoder_psnr"] = psnr(measure_autoencoder(pipeline.vae, scenes))
    return figures


@torch.no_grad()
def measure_clip(folder, scenes=500):
    """Recall@1 both ways in a gallery of held-out scenes, the first caption of each."""
    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
    model.eval()
    images, texts = [], []
    for index in range(scenes):
        scene = compose_scene(SEEDS["held_out"], index)
        images.append(transform(Image.fromarray(render_scene(scene).rgb)))
        texts.append(write_captions(scene, np.random.default_rng([SEEDS["held_out"], index, 1]))[0][0])
    image_features = torch.cat(
        [model.encode_image(torch.stack(images[i : i + 50]), normalize=True) for i in range(0, scenes, 50)]
    )
    similarity = image_features @ model.encode_text(tokenizer(texts), normalize=True).T
    diagonal = similarity.diagonal()
    others = similarity - torch.diag(torch.full((scenes,), torch.inf))
    return {
        "image_to_text_r1": float((diagonal > others.max(1).values).float().mean()),
        "text_to_image_r1": float((diagonal > others.max(0).values).float().mean()),
        "chance": 1 / scenes,
        "gallery": scenes,
    }


def evaluate(work, folder):
    """All figures of the models in `folder`, and one line a goal: (goal, figure, met)."""
    folder = Path(folder)
    figures = {
        "detector": measure_detector(folder / "detector.pt"),
        "judge": measure_detector(folder / "judge.pt"),
        "inpainter": measure_inpainter(work, folder / "inpainter"),
        "clip": measure_clip(folder / "clip"),
    }
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20
    figures["size_mib"] = size
    inpainter, clip = figures["inpainter"], figures["clip"]
    ours, telea = inpainter["ours"], inpainter["telea"]
    above_mean = ours["psnr"] - inpainter["mean_colour"]["psnr"]
    goals = [
        (
            f"{name}: mask IoU of matched instances >= 0.85",
            figures[name]["mask_iou"],
            figures[name]["mask_iou"] >= 0.85,
        )
        for name in ("detector", "judge")
    ] + [
        (
            "autoencoder: PSNR of whole scenes > 30 dB",
            inpainter["autoencoder_psnr"],
            inpainter["autoencoder_psnr"] > 30,
        ),
        ("inpainter: PSNR in the hole minus mean colour's >= 3 dB", above_mean, above_mean >= 3),
        (
            "inpainter: PSNR in the hole minus Telea's >= -1 dB",
            ours["psnr"] - telea["psnr"],
            ours["psnr"] - telea["psnr"] >= -1,
        ),
        (
            "inpainter: distance of texture minus Telea's < 0",
            ours["texture"] - telea["texture"],
            ours["texture"] < telea["texture"],
        ),
        (
            "CLIP: text to image recall@1 / chance >= 20",
            clip["text_to_image_r1"] / clip["chance"],
            clip["text_to_image_r1"] >= 20 * clip["chance"],
        ),
        (
            "CLIP: image to text recall@1 / chance >= 20",
            clip["image_to_text_r1"] / clip["chance"],
            clip["image_to_text_r1"] >= 20 * clip["chance"],
        ),
        ("all files together <= 25 MB", size * 2**20 / 1e6, size * 2**20 <= 25e6),
    ]
    return figures, [(goal, float(value), bool(met)) for goal, value, met in goals]


def draw_strips(work, folder, path, count=24, zoom=4):
    """Write a picture to look at: before, ours, Telea, truth, one edit a row in two columns."""
    photos, masks, truths, _ = held_out_edits(work, count)
    painted, telea = remove(load_inpainter(folder), photos, masks), fill_with_telea(photos, masks)
    rows = [np.concatenate(images, 1) for images in zip(photos, painted, telea, truths, strict=True)]
    rows = [np.concatenate(rows[i : i + 2], 1) for i in range(0, len(rows) - 1, 2)]
    sheet = cv2.resize(np.concatenate(rows), None, fx=zoom, fy=zoom, interpolation=cv2.INTER_NEAREST)
    cv2.imwrite(str(path), sheet[..., ::-1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", default="build/embedded")
    parser.add_argument("--models", default="resources/embedded")
    parser.add_argument("--strips", help="also write a picture of before, ours, Telea and truth here")
    arguments = parser.parse_args()
    all_figures, all_goals = evaluate(arguments.work, arguments.models)
    print(json.dumps(all_figures, indent=2))
    for goal, value, met in all_goals:
        print(f"{'met   ' if met else 'MISSED'} {goal}: {value:.3f}")
    if arguments.strips:
        draw_strips(arguments.work, Path(arguments.models) / "inpainter", arguments.strips)
