"""What a job costs before and beside its items: processor seconds of a fresh process that does a job of
one photo, by kind of job, the libraries that it imported beside it: `make bench`.

`--before CHECKOUT` does the same with the package and the helpers of another checkout of this project,
in turns, and prints the ratio. Each kind is measured REPEATS times; the least counts, as what else
runs on the machine can only add. An import's own time: `python -X importtime`.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

REPEATS = 2
TELEA = {"backend": "telea", "weights": None, "attempts": 1}
# kind: (stage, what differs from the default's block of the config)
STAGES = {
    "segment_objects": ("segment_objects", {}),
    "remove_objects_telea": ("remove_objects", TELEA),
    "remove_objects_diffusers": ("remove_objects", {"attempts": 1}),
    "score_edits": ("score_edits", {}),
    "score_edits_pixels_only": ("score_edits", {"judge": None}),
}
KINDS = (*STAGES, "train_clip", "evaluate_clip")
HEAVY = ("torch", "torchvision", "open_clip", "transformers", "diffusers", "ultralytics", "scipy", "sklearn")


def prepare() -> None:
    """Write below the current folder what the kinds read."""
    import embedded_shard
    import tiny_clip

    embedded_shard.make_shard(1)
    embedded_shard.run_stage("segment_objects")
    embedded_shard.run_stage("remove_objects", settings=TELEA)
    pairs, folds = tiny_clip.make_pairs(Path("train"), count=12)
    tiny_clip.make_caches(Path("train"), find_clip(), pairs)
    tiny_clip.make_photos(Path("train"), pairs, folds)


def find_clip() -> Path:
    """Return the embedded CLIP of the checkout whose package is imported."""
    import unscene

    return Path(unscene.__file__).resolve().parents[2] / "resources/embedded/clip"


def do_job(kind: str) -> None:
    """Do one job in this process, below the current folder, and print which of HEAVY it imported."""
    if kind in STAGES:
        import embedded_shard

        stage, settings = STAGES[kind]
        config = embedded_shard.CONFIG
        if kind == "score_edits_pixels_only":
            config["train"] = config["train"] | {"clip": None}
        embedded_shard.run_stage(stage, settings=settings)
    else:
        import tiny_clip

        folder = Path("train")
        inputs = {"pairs": folder / "pairs.parquet", "folds": folder / "folds.parquet"}
        if kind == "train_clip":
            from unscene.training.train_fold import train_clip

            inputs |= {"leaks": None, "photos": folder / "photos.npy"}
            inputs |= {"index": folder / "photos_index.parquet"}
            train_clip(tiny_clip.make_training("paired", folder / "model", find_clip(), inputs, steps=1))
        else:
            from unscene.evaluation.evaluate_fold import evaluate_clip

            inputs |= {"photos": folder / "photos.parquet"}
            evaluate_clip(tiny_clip.make_evaluation(folder, find_clip(), inputs))
    print(json.dumps([name for name in HEAVY if name in sys.modules]))


def measure(checkout: Path, kind: str, folder: Path) -> tuple[float, list[str]]:
    """Return (processor seconds of a process of its own, what it imported)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = start(checkout, ["--job", kind], folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return spent, json.loads(told.splitlines()[-1])


def start(checkout: Path, arguments: list[str], folder: Path) -> str:
    """Run this file with the package and helpers of a checkout in a folder; return what it printed."""
    paths = [str(checkout / name) for name in ("src", "tests", "tests/helpers")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-P", __file__, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{checkout}: {' '.join(arguments)}\n{done.stderr[-2000:]}")
    return done.stdout


def main() -> None:
    """Print a line a kind."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--before", type=Path, help="another checkout of this project")
    options.add_argument("--job", choices=KINDS, help=argparse.SUPPRESS)
    options.add_argument("--prepare", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.prepare:
        prepare()
    elif given.job:
        do_job(given.job)
    else:
        compare(given.before)


def compare(before: Path | None) -> None:
    """Measure each kind, with `before` in turns with that checkout, and print the lines."""
    sys.path.append(str(CHECKOUT / "tests/helpers"))
    from result_lines import print_bench

    checkouts = [CHECKOUT] + ([before.resolve()] if before else [])
    with tempfile.TemporaryDirectory() as temporary:
        folders = [Path(temporary, str(number)) for number in range(len(checkouts))]
        for checkout, folder in zip(checkouts, folders, strict=True):
            folder.mkdir()
            start(checkout, ["--prepare"], folder)
        for kind in KINDS:
            found = [
                [measure(checkout, kind, folder) for checkout, folder in zip(checkouts, folders, strict=True)]
                for _ in range(REPEATS)
            ]
            seconds = [min(run[at][0] for run in found) for at in range(len(checkouts))]
            print(f"{kind}: imports {', '.join(found[0][0][1]) or 'none of them'}", flush=True)
            peer = {"ratio": seconds[1] / seconds[0], "against": "before"} if before else {}
            print_bench(f"start_{kind}", seconds[0], "cpu_s", **peer)


if __name__ == "__main__":
    main()
