"""Rebuild every embedded model and its card: `python resources/recipe/make_embedded_models.py --out
resources/embedded`.

A few hours on two cores. Each training keeps its checkpoints in the work folder and goes on from
them when the command is started again; a finished one is not repeated. Seeds, scenes and steps are
those of the shipped weights.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent

# One row a training: script, its arguments, what it leaves in the work folder.
RECIPE = {
    "autoencoder": ("train_autoencoder.py", {"scenes": 4000, "steps": 4000}),
    "inpainter": ("train_inpainter.py", {"scenes": 8000, "steps": 4700}),
    "detector": (
        "train_detector.py",
        {"name": "detector", "scenes": 4000, "epochs": 8, "more_epochs": [4, 3, 4]},
    ),
    "judge": ("train_detector.py", {"name": "judge", "scenes": 4000, "epochs": 8, "more_epochs": [2]}),
    "clip": ("train_clip.py", {"scenes": 12000, "steps": 1000}),
}
SHIPPED = ("inpainter", "detector.pt", "judge.pt", "clip")
# What a person saw in enlarged strips (evaluate_embedded.py --strips) of the shipped weights.
BY_EYE = (
    "goal: no visible seam or silhouette of the removed object. **Missed.** In 24 enlarged held-out strips"
    " the object and its shadow are gone and edges of the hole are soft, but on brick, paving, windows and"
    " sky a smudge of slightly wrong colour often shows where the object stood; on grass, water, sand and"
    " planks it is hard to find. Longer training of the inpainter still helps: its loss was falling when it"
    " ended."
)
COMMAND = "python resources/recipe/make_embedded_models.py --out resources/embedded"


def make_embedded_models(out, work, threads):
    """Train what is missing in `work`, copy the models to `out`, measure them and write the card."""
    work, out = Path(work), Path(out)
    work.mkdir(parents=True, exist_ok=True)
    for name, (script, settings) in RECIPE.items():
        done = work / f"{name}.done"
        if done.exists() and json.loads(done.read_text()) == settings:
            print(f"{name}: done", flush=True)
            continue
        arguments = []
        for key, value in settings.items():
            arguments += [f"--{key}", *map(str, value if isinstance(value, list) else [value])]
        if script != "train_detector.py":
            arguments.append(f"--threads={threads}")
        if name in ("inpainter", "clip"):
            arguments.append(f"--out={work / name}")
        print(f"{name}: {script} {' '.join(arguments)}", flush=True)
        subprocess.run(
            [sys.executable, str(HERE / script), f"--work={work}", *arguments],
            check=True,
            env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        )
        done.write_text(json.dumps(settings))
    for name in SHIPPED:
        ship(work / name, out / name)
    write_card(out, work)


def ship(source, target):
    """Copy a file or folder beside `target` and rename it into place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name + ".new")
    if source.is_dir():
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.copytree(source, temporary)
        forget_origin(temporary)
        shutil.rmtree(target, ignore_errors=True)
    else:
        shutil.copyfile(source, temporary)
    temporary.replace(target)


def forget_origin(folder):
    """Drop the folder that diffusers notes in its configs: where a model was made says nothing about it."""
    for path in folder.rglob("*.json"):
        config = json.loads(path.read_text())
        if isinstance(config, dict) and config.pop("_name_or_path", None):
            path.write_text(json.dumps(config, indent=2) + "\n")


def write_card(out, work):
    """Measure the models in `out` on held-out scenes; write `card.json` and `CARD.md`."""
    import evaluate_embedded as measured

    figures, goals = measured.evaluate(work, out)
    card = {
        "command": COMMAND,
        "recipe": {name: {"script": script, **settings} for name, (script, settings) in RECIPE.items()},
        "seeds": measured.SEEDS,
        "inference": {
            "steps": measured.STEPS,
            "guidance_scale": measured.GUIDANCE,
            "strength": measured.STRENGTH,
            "prompt": measured.PROMPT,
            "mask_dilation_px": measured.DILATION,
            "detector_image_size": measured.IMAGE_SIZE,
        },
        "versions": {
            "python": platform.python_version(),
            **{
                name: version(name)
                for name in (
                    "torch",
                    "diffusers",
                    "transformers",
                    "ultralytics",
                    "open_clip_torch",
                    "numpy",
                    "opencv-python-headless",
                )
            },
        },
        "by_eye": BY_EYE,
        "goals": [{"goal": goal, "figure": value, "met": met} for goal, value, met in goals],
        "figures": figures,
    }
    (out / "card.json").write_text(json.dumps(card, indent=2) + "\n")
    (out / "CARD.md").write_text(describe(card))


def describe(card):
    """The card as a page to read."""
    figures, inference = card["figures"], card["inference"]
    inpainter = figures["inpainter"]
    lines = [
        "# The embedded models",
        "",
        (
            "Small models that let every stage of the workflow run on two CPU cores without a download. They"
            " know the"
        ),
        (
            "drawn scenes of `unscene.scenes` and nothing else: they check the code, and say nothing about"
            " real photos."
        ),
        "",
        "| path | what it is |",
        "|---|---|",
        (
            "| `detector.pt` | ultralytics YOLO11-seg, half the width of YOLO11n, COCO's 80 classes (12 of"
            " them trained) |"
        ),
        "| `judge.pt` | the same design, other seed and other scenes: the independent judge of removals |",
        (
            "| `inpainter/` | diffusers `StableDiffusionInpaintPipeline`, trained to remove what the mask"
            " covers |"
        ),
        "| `clip/` | open_clip `local-dir:` folder, trained on plain captions without negation |",
        "",
        "Weights are stored as float16; load them as float32 on a CPU.",
        "",
        "## Settings",
        "",
        f"Inpainter: {inference['steps']} DDIM steps, guidance scale {inference['guidance_scale']:g},"
        " strength "
        f'{inference["strength"]:g}, prompt "{inference["prompt"]}" (or empty), masks dilated by about '
        f"{inference['mask_dilation_px']} px, 64 x 64 photos. Detectors:"
        f" `imgsz={inference['detector_image_size']}`.",
        "",
        "## Made by",
        "",
        f"`{card['command']}`",
        "",
        "| training | script | settings |",
        "|---|---|---|",
    ]
    for name, settings in card["recipe"].items():
        told = ", ".join(f"{key} {value}" for key, value in settings.items() if key not in ("script", "name"))
        lines.append(f"| {name} | `{settings['script']}` | {told} |")
    seeds = ", ".join(f"{name} {seed}" for name, seed in card["seeds"].items())
    lines += [
        "",
        f"Seeds of the scenes and of the training: {seeds}. The workflow's own run uses another seed.",
        "Versions: " + ", ".join(f"{name} {number}" for name, number in card["versions"].items()) + ".",
        "",
        "## Held-out figures",
        "",
        "| goal | figure | |",
        "|---|---|---|",
    ]
    lines += [
        f"| {g['goal']} | {g['figure']:.3f} | {'met' if g['met'] else '**missed**'} |" for g in card["goals"]
    ]
    lines += [
        "",
        f"By eye: {card['by_eye']}",
        "",
        (
            f"Removal of {inpainter['edits']} held-out objects, inside the dilated mask"
            f" ({inpainter['seconds_a_photo']:.3f} s a photo when measured). Texture is the median"
            " |log(variance / true variance)|, fine texture the same of the"
        ),
        "Laplacian; smaller is nearer to the truth.",
        "",
        "| fill | PSNR, dB | texture | fine texture |",
        "|---|---|---|---|",
    ]
    for name in ("ours", "telea", "mean_colour", "untouched"):
        row = inpainter[name]
        lines.append(
            f"| {name.replace('_', ' ')} | {row['psnr']:.2f} | {row['texture']:.3f} |"
            f" {row['fine_texture']:.3f} |"
        )
    lines += ["", "| detector | mask IoU | recall | precision | class accuracy |", "|---|---|---|---|---|"]
    for name in ("detector", "judge"):
        row = figures[name]
        lines.append(
            f"| {name} | {row['mask_iou']:.3f} | {row['recall']:.3f} | {row['precision']:.3f} | "
            f"{row['class_accuracy']:.3f} |"
        )
    lines += [
        "",
        (
            f"Autoencoder: {inpainter['autoencoder_psnr']:.2f} dB on whole scenes. CLIP in a gallery of"
            f" {figures['clip']['gallery']}, one caption a photo: recall@1"
            f" {figures['clip']['text_to_image_r1']:.3f} text to image,"
            f" {figures['clip']['image_to_text_r1']:.3f} image to text. All files: {figures['size_mib']:.1f}"
            " MiB."
        ),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="resources/embedded")
    parser.add_argument("--work", default="build/embedded")
    parser.add_argument("--threads", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument(
        "--card-only", action="store_true", help="measure the models in --out and write the card"
    )
    arguments = parser.parse_args()
    if arguments.card_only:
        write_card(Path(arguments.out), arguments.work)
    else:
        make_embedded_models(arguments.out, arguments.work, arguments.threads)
