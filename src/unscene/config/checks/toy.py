"""What belongs to the drawn world, on real photos: embedded weights, their sizes and rates. A run with
them ends in figures that say nothing, hours later.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from unscene.edits.removers import REMOVERS
from unscene.run.checkout import EMBEDDED, is_embedded
from unscene.run.configuration import list_sources
from unscene.run.weight_files import SUFFIXES
from unscene.samples.readers import is_rendered

# Detectors and inpainters of photos are trained at 512 pixels and more; the embedded ones at 64 and 128.
_SMALLEST_SIDE = 256
# Rates of fine-tuning CLIP in papers are 1e-6 to 1e-5; the embedded one, of 64 pixels, takes .001.
_LARGEST_RATE = 1e-4


def check_toy(config: dict, checkout: Path) -> Iterator[str]:
    """Say what of the drawn world stands in a config whose photos are real, in one message."""
    real = [source["name"] for source in list_sources(config) if not is_rendered(source)]
    if config["runtime"]["allow_toy"] or not real:
        return
    found = [*_list_weights(config, checkout), *_list_sizes(config), *_list_rates(config)]
    if found:
        yield (
            f"runtime.allow_toy: the photos of {real[0]} are real, and these are for drawn scenes:"
            f" {', '.join(found)}. `unscene new` writes what photos need, config/presets has removers,"
            " docs/WEIGHTS.md tells of weights; `runtime: {allow_toy: true}` runs it all the same"
        )


def _list_weights(config: dict, checkout: Path) -> list[str]:
    given = {
        "masks.weights": config["masks"]["weights"],
        "edits.weights": config["edits"]["weights"] if REMOVERS[config["edits"]["backend"]].weights else None,
        "quality.judge": config["quality"]["judge"],
        "train.clip": config["train"]["clip"],
    }
    return [key for key, path in given.items() if path and _holds_embedded(checkout / path, checkout)]


def _holds_embedded(path: Path, checkout: Path) -> bool:
    """Tell whether weights lie in the embedded folder, or are a copy of some that do."""
    if is_embedded(path, checkout):
        return True
    ours = {file.stat().st_size: file for file in _list_files(checkout / EMBEDDED)}
    return any(
        (same := ours.get(file.stat().st_size)) is not None and _digest(file) == _digest(same)
        for file in _list_files(path)
    )


def _list_files(path: Path) -> list[Path]:
    files = [path] if path.is_file() else path.rglob("*")
    return [file for file in files if file.suffix in SUFFIXES and file.is_file()]


def _digest(file: Path) -> str:
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _list_sizes(config: dict) -> list[str]:
    sides = {"masks.image_size": config["masks"]["image_size"]}
    if config["quality"]["judge"]:
        sides["quality.judge_image_size"] = config["quality"]["judge_image_size"]
    if "size" in REMOVERS[config["edits"]["backend"]].further:
        sides["edits.size"] = config["edits"]["size"]
    return [f"{key} {side}" for key, side in sides.items() if side < _SMALLEST_SIDE]


def _list_rates(config: dict) -> list[str]:
    """Return the rates of arms that move CLIP's own weights; adapters take larger ones."""
    train = config["train"]
    arms = {name: arm for name, arm in train["arms"].items() if arm.get("loss") and "lora_rank" not in arm}
    if train["clip"] is None or not arms:
        return []
    found = []
    if train["learning_rate"] > _LARGEST_RATE and any("learning_rate" not in arm for arm in arms.values()):
        found.append(f"train.learning_rate {train['learning_rate']:g}")
    return found + [
        f"train.arms.{name}.learning_rate {arm['learning_rate']:g}"
        for name, arm in arms.items()
        if arm.get("learning_rate", 0) > _LARGEST_RATE
    ]
