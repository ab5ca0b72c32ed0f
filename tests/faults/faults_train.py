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
    """Write a tiny CLIP, pairs and their cache; return the clip and the inputs of a training."""
    from tiny_clip import make_caches, make_clip, make_pairs

    clip, (pairs, folds) = make_clip(folder / "clip"), make_pairs(folder / "data")
    inputs = {"pairs": pairs, "folds": folds, "leaks": None, **make_caches(folder, clip, pairs)}
    return {"path_to_clip": clip, "inputs": inputs}


def run(arguments: dict, folder: Path, die_at: int | None, taken) -> None:
    """Train into folder/model; kill this process in the middle of the step `die_at`; count the
    steps in `taken`.
    """
    from tiny_clip import make_training
    from unscene.training.loop import Trainer
    from unscene.training.train_fold import train_clip

    take = Trainer.backpropagate

    def count(self, batch, step):
        if die_at is not None and taken.value == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        result = take(self, batch, step)
        taken.value += 1
        return result

    Trainer.backpropagate = count
    runtime = {"save_seconds": 0}
    train_clip(make_training("paired_rank_keep", folder / "model", **arguments, runtime=runtime, steps=STEPS))


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
