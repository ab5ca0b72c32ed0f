"""Kills of a training at random steps: `make faults KIND=train`. Prints one line for programs.

Each training runs in a process of its own and gets SIGKILL at a random step. Run again, it must end
with the very bytes of an uninterrupted one, and it must have gone on, not begun anew.
"""

import multiprocessing
import os
import signal
import sys
import tempfile
from pathlib import Path

import numpy as np

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]

from result_lines import print_faults

STEPS = 12


def make_world(folder: Path) -> dict:
    """Write a tiny CLIP, pairs and their cache; return the arguments of a training without its own paths."""
    from tiny_clip import ARMS, RUNTIME, SETTINGS, make_clip, make_pairs
    from unscene.training.caching import cache_pairs

    clip, (pairs, folds) = make_clip(folder / "clip"), make_pairs(folder / "data")
    cache_pairs(pairs, None, clip, folder / "photos.npy", folder / "photos.parquet", 1)
    arm = ARMS["paired_rank_keep"]
    return {
        "path_to_pairs": pairs,
        "path_to_folds": folds,
        "path_to_clip": clip,
        "arm": "paired_rank_keep",
        "fold": 0,
        "training_seed": 0,
        "settings": {"seed": 7, "arm": arm, "train": {"clip": "x", **SETTINGS, "steps": STEPS}},
        "runtime": {**RUNTIME, "save_seconds": 0},
        "path_to_photos": folder / "photos.npy",
        "path_to_index": folder / "photos.parquet",
        "path_to_controls": None,
        "threads": 1,
        "settings_hash": "0" * 16,
    }


def run(arguments: dict, folder: Path, die_at: int | None, taken) -> None:
    """Train into folder/model; kill this process in the middle of the step `die_at`; count the
    steps in `taken`.
    """
    from unscene.training.loop import Trainer
    from unscene.training.train_fold import train_clip

    take = Trainer.backpropagate

    def count(self, batch):
        if die_at is not None and taken.value == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        result = take(self, batch)
        taken.value += 1
        return result

    Trainer.backpropagate = count
    train_clip(**arguments, path_to_model=folder / "model", path_to_state=folder / "state.pt")


def start(arguments: dict, folder: Path, die_at: int | None = None) -> tuple[int, int]:
    """Run a training in another process; return (exit code, steps it took)."""
    context = multiprocessing.get_context("spawn")
    taken = context.Value("i", 0)
    process = context.Process(target=run, args=(arguments, folder, die_at, taken))
    process.start()
    process.join(300)
    return process.exitcode, taken.value


def inject(kills: int, seed: int, folder: Path) -> dict[str, int]:
    """Kill so many trainings, each at a random step, and return the counts of `print_faults`."""
    arguments = make_world(folder)
    code, _ = start(arguments, folder / "whole")
    assert code == 0, "the uninterrupted training failed"
    expected = {path.name: path.read_bytes() for path in (folder / "whole/model").iterdir()}
    counts = {"survived": 0, "clear_stop": 0, "silent": 0}
    for number, step in enumerate(np.random.default_rng(seed).integers(1, STEPS, kills)):
        place = folder / f"kill{number}"
        killed, _ = start(arguments, place, int(step))
        assert killed == -signal.SIGKILL and not (place / "model").exists(), "the kill did not happen"
        code, taken = start(arguments, place)
        if code != 0:
            counts["clear_stop"] += 1
            continue
        same = {path.name: path.read_bytes() for path in (place / "model").iterdir()} == expected
        went_on = taken == STEPS - step
        counts["survived" if same and went_on else "silent"] += 1
        print(
            f"killed in step {step + 1} of {STEPS}: took {taken} more, {'same' if same else 'OTHER'} bytes",
            flush=True,
        )
    return counts


if __name__ == "__main__":
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory() as temporary:
        counts = inject(kills, seed=int.from_bytes(os.urandom(4), "big"), folder=Path(temporary))
    print_faults("train", injected=kills, **counts, double_billed=0)
    sys.exit(counts["silent"] > 0)
