"""The preflight: what a run will need is opened before anything is spent or a device is held for hours.

It runs where a run starts, in a process of its own, before the first job: each file of weights is
opened by the code that will use it, some photos of each source are read, its instances are looked
at, the free disk space is compared with the plan's bytes, and on a GPU a step of training is tried.
It is no rule: nothing depends on it, so it re-runs nothing. What has passed is kept in the run's
`state/preflight.json` and is looked at again only when weights or sources change. The embedded
weights and scenes are the checkout's own, and are not looked at.
"""

import json
import logging
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from unscene.run.checkout import CHECKOUT, is_embedded
from unscene.run.configuration import DETECTORS, WEIGHTS
from unscene.run.lineage import digest, fingerprint
from unscene.run.tables import read_json, write_json
from unscene.samples.readers import is_rendered

PASSED = Path("state/preflight.json")
# Rules that cost money or hours; a run that has none of them to do is not looked at.
DEAR = {
    *("segment_objects", "remove_objects", "make_sham_edits", "score_edits", "train_clip", "train_final"),
    *("submit_keywords", "submit_captions", "submit_batchsize"),
}
MOST_TRIED = 16  # photos of a source
GIGABYTE = 1e9


def check_before_start(config: dict, due: Iterable[str]) -> str | None:
    """Look at what a run needs that starts in this directory; return what stops it, or None.

    due: names of rules with jobs to run.
    """
    # A plan is asked before the weights are there: only what is dear needs them.
    seen = list_what_to_open(config) if DEAR.intersection(due) else {}
    if not seen:
        return None
    key = digest(seen)
    if PASSED.is_file() and read_json(PASSED).get("passed") == key:
        return None
    print("unscene: opening the weights and some photos before anything is spent ...", file=sys.stderr)
    command = [*shlex.split(sys.executable), "-m", "unscene.plan.preflight"]
    done = subprocess.run(command, input=json.dumps(config), stdout=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        return f"the preflight itself failed (exit status {done.returncode}); its error is above"
    print(done.stdout, end="", file=sys.stderr)
    if done.returncode == 1:
        return "the preflight found what would stop the run later (above). Nothing was started"
    write_json({"passed": key, "opened": seen}, PASSED)
    return None


def list_what_to_open(config: dict) -> dict:
    """Return the user's own weights, by content, and sources; empty for a run on what is embedded."""
    weights = {}
    for dotted in WEIGHTS:
        section, name = dotted.split(".")
        path = config[section].get(name)
        if path and not is_embedded(path):
            weights[dotted] = fingerprint(CHECKOUT / path)
    sources = [source for source in config["samples"]["sources"] if not is_rendered(source)]
    if not weights and not sources:
        return {}
    return {"weights": weights, "sources": sources, "batch_pairs": config["train"]["batch_pairs"]}


def look_at_all(config: dict) -> tuple[list[str], list[str]]:
    """Return (a line for each thing that was opened, a line for each that would stop the run)."""
    looks: list[tuple[str, Callable[[], str]]] = []
    for dotted in DETECTORS:
        looks.append((dotted, lambda dotted=dotted: open_detector(config, dotted)))
    looks += [
        ("edits.weights", lambda: open_remover(config)),
        ("quality.dino", lambda: open_dino(config)),
        ("train.clip", lambda: open_clip_folder(config)),
        ("disk", lambda: compare_disk(config)),
    ]
    for source in config["samples"]["sources"]:
        if not is_rendered(source):
            what = f"samples.sources {source['name']}"
            looks.append((what, lambda source=source: try_photos(config, source)))
            if source.get("instances"):
                looks.append((what, lambda source=source: look_at_instances(config, source)))
    told, wrong = [], []
    for what, look in looks:
        try:
            if line := look():
                told.append(f"  {what}: {line}")
        except Exception as error:  # libraries raise anything on a file that is not what it should be
            text = " ".join(str(error).split()) or type(error).__name__
            # Most errors name the key themselves.
            section = what.split(".")[0]
            wrong.append(f"  {text}" if text.startswith(f"{section}.") else f"  {what}: {text}")
    return told, list(dict.fromkeys(wrong))  # two looks at a source may meet the same


def open_detector(config: dict, dotted: str) -> str:
    """Open a detector as its stage does; return its categories in a few words."""
    from unscene.masks.detectors import load_detector
    from unscene.words.word_lists import find_vocabulary

    section, name = dotted.split(".")
    path = config[section][name]
    if not path or is_embedded(path):
        return ""
    detector = load_detector(CHECKOUT / path, 640, key=dotted)
    if dotted == "masks.weights" and not detector.is_segmenter:
        raise ValueError(f"{path} gives boxes alone, and removal needs masks: take segmentation weights")
    known = detector.categories
    vocabulary = find_vocabulary(config)
    shared = [word for word in known if word in vocabulary]
    if not shared and config["masks"]["truth"] != "union":
        raise ValueError(
            f"{path} knows none of {vocabulary.title}; its classes are {', '.join(known[:5])} ...: take"
            " weights trained on COCO, or another word list (words)"
        )
    return f"opened; knows {len(shared)} of {len(vocabulary)} words of {vocabulary.name}"


def open_remover(config: dict) -> str:
    """Open the remover's weights: a LaMa whole, of a diffusers folder the headers of its files."""
    from unscene.edits.removers import REMOVERS, find_weights

    edits = config["edits"]
    if not edits["weights"] or is_embedded(edits["weights"]):
        return ""
    weights = find_weights(edits, lambda key: CHECKOUT / edits[key] if edits[key] else None)
    told = REMOVERS[edits["backend"]].open(edits, weights)
    return f"opened; {told}" if told else "opened"


def open_dino(config: dict) -> str:
    """Open the DINOv2 of quality.dino as its stage does."""
    path = config["quality"]["dino"]
    if not path or is_embedded(path):
        return ""
    from unscene.quality.rcs import RegionScorer

    RegionScorer(CHECKOUT / path)
    return "opened"


def open_clip_folder(config: dict) -> str:
    """Open the CLIP; on a GPU also try a step of training at the configured batch."""
    path, train, runtime = config["train"]["clip"], config["train"], config["runtime"]
    if not path or is_embedded(path):
        return ""
    import torch

    from unscene.clip.models import load_clip
    from unscene.training.timing import measure_step

    on_gpu = torch.cuda.is_available() and runtime["device"] != "cpu"
    model, _, tokenizer = load_clip(CHECKOUT / path, "cuda" if on_gpu else "cpu")
    told = f"opened; images of {model.visual.image_size} px, texts of {model.context_length} tokens"
    if not on_gpu:
        return told
    pairs = min(train["batch_pairs"], runtime["chunk_pairs"] or train["batch_pairs"])
    found = measure_step(model, tokenizer, 2 * pairs, "cuda", runtime["precision"] != "float32")
    return f"{told}; a step of {pairs} pairs takes {found['memory_bytes'] / GIGABYTE:.1f} GB"


def try_photos(config: dict, source: dict) -> str:
    """Read the first photos of a source, with their captions; none usable is an error."""
    from unscene.photos.images import PhotoError, read_photo
    from unscene.run.shard_names import list_shards
    from unscene.samples.piloting import list_positions
    from unscene.samples.readers import iterate_items
    from unscene.samples.reading import clean_captions

    shard = list_shards(source, config["samples"]["shard_size"])[0]
    positions = list_positions(source, shard, config["samples"]["shard_size"])[:MOST_TRIED]
    reasons: Counter = Counter()
    example = ""
    items = iterate_items(source, range(int(positions[0]), int(positions[-1]) + 1), CHECKOUT)
    for _, item in zip(range(MOST_TRIED), items, strict=False):
        try:
            if item.problem:
                raise PhotoError(*item.problem)
            if not clean_captions(item.captions, None, 0)[0]:
                raise PhotoError("no_caption", "the photo has no caption with text in it")
            if item.path is not None:
                photo = read_photo(item.path, config["samples"]["max_pixels"])
                if min(photo.size) < config["samples"]["min_side"]:
                    raise PhotoError("too_small", f"{item.path} is {photo.width}x{photo.height}")
            reasons["usable"] += 1
        except PhotoError as error:
            reasons[error.reason] += 1
            example = example or error.detail
    total = sum(reasons.values())
    if not reasons["usable"]:
        raise ValueError(f"no photo of the first {total} is usable: {example}")
    lost = f"; the others: {example}" if example else ""
    return f"{reasons['usable']} of {total} photos usable{lost}"


def look_at_instances(config: dict, source: dict) -> str:
    """Look at the instances of a source; what tells nothing of its photos is an error."""
    from unscene.samples.instances_check import check_source_instances
    from unscene.words.word_lists import find_vocabulary

    return check_source_instances(source, find_vocabulary(config), CHECKOUT)


def compare_disk(config: dict) -> str:
    """Compare the plan's bytes with what is free where the run lies; under half of it is an error."""
    from unscene.answers.prices import read_prices
    from unscene.plan.estimate import make_plan, read_throughput

    if Path("results/samples").is_dir():
        return ""  # a part of the plan's bytes is written already
    plan = make_plan(config, read_prices(CHECKOUT / config["plan"]["prices"]), read_throughput())
    needed, free = plan["storage"]["bytes"]["total"], shutil.disk_usage(Path.cwd()).free
    told = f"{free / GIGABYTE:.1f} GB free at {Path.cwd()}, {needed / GIGABYTE:.1f} GB planned"
    if free < needed / 2:
        raise ValueError(f"{told}: make room, or choose another --directory")
    return told + (": it may not suffice" if free < needed else "")


def main() -> int:
    """Look at the config on standard input; print what was found; return 1 where it would stop the run."""
    logging.disable(logging.WARNING)
    told, wrong = look_at_all(json.load(sys.stdin))
    for line in told:
        print(line)
    for line in wrong:
        print(f"{line[:2]}WRONG {line[2:]}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
