"""The text of a new run's overlay: short, commented, and with all that real photos need.

What it says is `Needs`, decided here from the photos, the device and the weights that are there.
Figures of training are those of config/coco30k.yaml, scaled to the pairs that are expected.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import yaml

from unscene.overlays.looking import Found
from unscene.overlays.machine import AT_40_GB, Gpu, count_workers
from unscene.plan.enough_pairs import count_needed, count_trained, judge_pairs
from unscene.plan.estimate import expect_edits, expect_pairs, read_throughput
from unscene.run.counts import tell_count
from unscene.samples.readers import READERS

PRESETS = Path("config/presets")
MODELS = "models"
# Photos from which on a third of them becomes the pool that the arm `absence` needs.
POOL_FROM = 2000
_POOL_SHARE = 3
# Weights that are taken when they lie in models/, best first; the first where none does. A small
# masker where there is no GPU. Judges are of other families than the maskers.
_MASKERS = (
    "yolo26x-seg.pt",
    "yolo11x-seg.pt",
    "yolo11l-seg.pt",
    "yolo11m-seg.pt",
    "yolo11s-seg.pt",
    "yolo11n-seg.pt",
)
_JUDGES = ("rtdetr_v2_r101vd", "rtdetr_v2_r50vd", "rtdetr_v2_r18vd")
_RATE = 0.000005  # of every arm; docs/TRAINING.md has the rates of papers
_CLIPS = ("ViT-B-32-quickgelu", "ViT-B-16-quickgelu")


@dataclass(frozen=True)
class Place:
    """Where a run begins: the checkout, its preset of the remover, and the GPU, None for the CPU."""

    checkout: Path
    preset: str
    gpu: Gpu | None


def list_presets(checkout: Path) -> list[str]:
    """Return the names of the presets."""
    return sorted(path.stem for path in (checkout / PRESETS).glob("*.yaml"))


def write_overlay(found: Found, place: Place, commands: list[str]) -> str:
    """Return the overlay's text, of at most 40 lines. commands: what to call next, shown at its head."""
    preset = yaml.safe_load((place.checkout / PRESETS / f"{place.preset}.yaml").read_text(encoding="utf-8"))
    edited = found.items - _size_pool(found)
    pairs = _expect_pairs(found.source, edited)
    lines = [
        *_head(found, commands),
        *_samples(found, place),
        *_runtime(place, preset.pop("runtime", {})),
        *_masks(found, place, preset.pop("masks", {})),
        f"edits: {_flow(preset.pop('edits'))}   # as {PRESETS}/{place.preset}.yaml, which names the licence",
        *_captions(found),
        *_quality(found, place, preset.pop("quality", {})),
        *_train(found, place, pairs),
        *(f"{key}: {_flow(value)}   # of the preset" for key, value in preset.items()),
    ]
    return "\n".join(lines) + "\n"


def _head(found: Found, commands: list[str]) -> list[str]:
    sides = sorted(max(size) for size in found.sizes)
    wide = f"{sides[0]} to {sides[-1]}" if sides[0] < sides[-1] else f"{sides[0]}"
    missing = found.seen - found.there
    lost = f"; {missing} of {found.seen} looked at cannot be used" if missing else ""
    captions = f"{found.captions:.1f}".removesuffix(".0")
    each = "1 caption each" if captions == "1" else f"{captions} captions each"
    if captions == "1" and found.captions > 1:
        each += ", some photos more"
    return [
        f"# {tell_count(found.items, 'photo')}, {each}, {wide} pixels on the longer side{lost}.",
        "# Written by `unscene new`; config/README.md explains every key. Nothing is tuned for your photos.",
        *(f"#   {command}" for command in commands),
    ]


def _samples(found: Found, place: Place) -> list[str]:
    source = {key: _shorten(value, place.checkout) for key, value in found.source.items()}
    pool = _size_pool(found)
    lines = ["samples:", "  sources:"]
    entry = {"name": source.pop("name"), **source, "photos": found.items}
    if not pool:
        lines.append(f"    - {_flow(entry)}")
    else:
        rest = entry | {"name": f"{entry['name']}_pool", "pool": True, "skip": found.items - pool}
        lines += [
            f"    - {_flow(entry | {'take': found.items - pool})}",
            "    # Ordinary photos, never edited: the arm `absence` learns from them what is on a photo.",
            f"    - {_flow(rest)}",
        ]
    smallest = min(200, max(32, found.smallest // 20 * 10))  # half of theirs, in tens
    lines.append(f"  shard_size: {2048 if place.gpu else 256}")
    lines.append(f"  min_side: {smallest}   # photos whose shorter side has fewer pixels are left out")
    return lines


def _runtime(place: Place, told: dict) -> list[str]:
    gpu = place.gpu
    if gpu is None:
        values = {"batch_size": 4, "workers": count_workers(gpu)}
        comment = "no GPU was found: all on the CPU"
    else:
        # The preset's batch is for 40 GB; another card takes more or fewer in proportion.
        batch = max(1, told.get("batch_size", AT_40_GB) * gpu.batch_size // AT_40_GB)
        values = {"batch_size": batch, "workers": count_workers(gpu), "precision": gpu.precision}
        comment = f"for {gpu.name}, {gpu.memory:.0f} GiB; a device batch that does not fit is halved"
    return [f"runtime: {_flow(values)}   # {comment}"]


def _masks(found: Found, place: Place, told: dict) -> list[str]:
    size = 640 if place.gpu is None or found.side <= 640 else 896
    values = {
        "weights": _choose(_MASKERS, place, small="yolo11n-seg.pt"),
        "image_size": size,
        "dilation_px": 8,
    }
    if "instances" in found.source:
        values["truth"] = "union"
    return [
        "# Words by the lexicon and captions by a grammar are free; docs/BATCHES.md has those by a model.",
        f"masks: {_flow(values | told)}   # AGPL-3.0",
    ]


def _captions(found: Found) -> list[str]:
    told = "the grammar takes the one that it rewrites best; a model is asked for the first"
    return [f"captions: {{choose: clearest}}   # of several captions {told}"] if found.captions > 1 else []


def _quality(found: Found, place: Place, told: dict) -> list[str]:
    judge = _choose(_JUDGES, place, small="rtdetr_v2_r18vd")
    controls = 200 if found.items >= 1000 else 40
    slow = "" if place.gpu else ": on a CPU the longest stage of a small run"
    lines = [
        "quality:",
        f"  judge: {_flow(judge)}   # another family than the masker, so that it errs elsewhere; Apache-2.0",
        "  judge_image_size: 640",
        f"  controls: {controls}   # of each kind, for the cuts{slow}",
    ]
    return lines + [
        f"  {key}: {_flow(value)}" + ("   # what this remover needs" if key == "thresholds" else "")
        for key, value in told.items()
    ]


def _train(found: Found, place: Place, pairs: int) -> list[str]:
    folds = 5 if found.items >= 1000 else 3
    trained = count_trained(pairs, folds)
    most = place.gpu.batch_pairs if place.gpu else 32
    batch = min(most, max(2, 2 ** int(math.log2(max(2, trained / 2)))))
    steps = min(2000, max(20, 5 * trained // batch))
    judged = judge_pairs(trained, count_needed(_read_arms(place), batch))
    few = f"; {judged}" if judged else ""
    absence = "absence: null   # it needs a pool of ordinary photos, see docs/DATA.md"
    arm, words = "paired_rank_keep", "without a pool"
    if _size_pool(found):
        pool = 256 if place.gpu else 64
        absence = f"absence: {_flow({'pool': pool, 'steps': max(500, steps), 'learning_rate': _RATE})}"
        arm, words = "absence", "the arm of the pass rule"
    return [
        f"folds: {{folds: {folds}}}",
        f"train:   # expected: about {tell_count(pairs, 'pair')}{few}",
        f"  clip: {_flow(_choose(_CLIPS, place))}   # an open_clip folder",
        "  arms:",
        f"    {absence}",
        f"  steps: {steps}",
        f"  batch_pairs: {batch}",
        f"  learning_rate: {_RATE:f}   # as CE-CLIP and FSC-CLIP; NegCLIP took 1e-6",
        f"  warmup_steps: {max(2, steps // 10)}",
        f"deploy: {{arm: {arm}}}   # {words}",
    ]


def _size_pool(found: Found) -> int:
    """Return how many of the photos are set apart as the pool; 0 where they are too few for one."""
    if found.items < POOL_FROM or READERS[found.source["format"]].count is None:
        return 0
    return found.items // _POOL_SHARE


def _expect_pairs(source: dict, photos: int) -> int:
    assumed = read_throughput()
    return expect_pairs(expect_edits([source | {"photos": photos}], 1, assumed), assumed)


def _read_arms(place: Place) -> dict:
    """Return the arms that an overlay adds to."""
    default = (place.checkout / "config/config.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(default)["train"]["arms"]


def _choose(names: tuple[str, ...], place: Place, small: str | None = None) -> str:
    """Return the path of the best weights that are there, else of those to fetch: small ones where
    there is no GPU.
    """
    default = small if small and place.gpu is None else names[0]
    order = (default, *names)
    there = next((name for name in order if (place.checkout / MODELS / name).exists()), default)
    return f"{MODELS}/{there}"


def _shorten(value: object, checkout: Path) -> object:
    """Return a path below the checkout as the config has it: relative to it."""
    if isinstance(value, str) and value.startswith("/") and Path(value).is_relative_to(checkout):
        return str(Path(value).relative_to(checkout))
    return value


def _flow(value: object) -> str:
    """Return a value as YAML in one line, as overlays have it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, float):
        return f"{value:.10f}".rstrip("0") if abs(value) < 1e-3 else repr(value)  # 5e-06 is a text to YAML
    if isinstance(value, str):
        plain = value and all(letter.isalnum() or letter in "_./-" for letter in value) and value[0].isalpha()
        is_text = plain and isinstance(yaml.safe_load(value), str)
        return value if is_text else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)
