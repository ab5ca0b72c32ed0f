"""Kills and server faults: after any of them every answer is there and paid for once. Run by `make
faults KIND=api`.

Each trial has a server and a run directory of its own, and is compared with an uninterrupted run of
the same requests: the table, the answers, and what the server billed for each request.
"""

import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]
os.environ["UNSCENE_REFUSE_HOSTS"] = "api.openai.com"

import pandas as pd
from killed_runs import KEY, Ended, Runner

from batch_server.answerers import Answerer, ErrorModel
from batch_server.running import Control, run_server
from batch_server.settings import Settings
from paid_answers import SIMPLE
from result_lines import print_faults
from text_jobs import build_keywords
from unscene.answers.batch_lines import canonical_json, read_lines
from unscene.run.tables import write_table

API = {"requests_per_file": 5, "poll_seconds": 30}
# Prompts that are cut, refused and miscounted, so that follow-ups are under way, too.
ERRORS = ErrorModel(cut=0.15, refusal=0.1, dropped_item=0.1)
STOPS = ("Stopped", "PreflightError", "ComeBackLater")

# name, settings, planted faults, whether the run may stop (it must finish when it is run again
# without the fault).
FAULTS = [
    (
        "429 with Retry-After at create",
        {},
        [("batches.create", "status", {"status": 429, "retry_after": "7"})],
        False,
    ),
    ("429 without Retry-After at create", {}, [("batches.create", "status", {"status": 429})], False),
    ("429 at upload", {}, [("files.create", "status", {"status": 429, "retry_after": "0"})], False),
    ("500 before a batch is created", {}, [("batches.create", "status", {})], False),
    ("500 after a batch was created", {}, [("batches.create", "status_after", {})], False),
    (
        "503 at every second create",
        {},
        [("batches.create", "status_after", {"nth": n, "status": 503}) for n in (1, 3)],
        False,
    ),
    ("connection dropped before a create", {}, [("batches.create", "drop_before", {})], False),
    ("connection dropped after a create", {}, [("batches.create", "drop_after", {})], False),
    ("connection dropped after two creates", {}, [("batches.create", "drop_after", {"times": 2})], False),
    ("connection dropped at upload", {}, [("files.create", "drop_after", {})], False),
    ("connection dropped at a poll", {}, [("batches.retrieve", "drop_before", {})], False),
    ("500 at a poll", {}, [("batches.retrieve", "status", {})], False),
    ("slow create", {}, [("batches.create", "slow", {"seconds": 1.0})], False),
    ("half of a result", {}, [("files.content", "half", {})], False),
    ("half of every third result", {}, [("files.content", "half", {"nth": n}) for n in (1, 4)], False),
    ("403 after completion", {}, [("files.content", "status", {"status": 403, "times": 2})], False),
    ("404 after create", {}, [("batches.retrieve", "status", {"status": 404})], False),
    ("empty error_file_id", {}, [("batches.retrieve", "error_file_id_empty", {"times": None})], False),
    ("all lines failed once", {"line_errors": 1.0, "troubled_batches": 2}, [], False),
    (
        "half of the lines failed",
        {"line_errors": 0.5, "line_error": "request_timeout", "troubled_batches": 3},
        [],
        False,
    ),
    ("expiry at 40 %", {"stall_share": 0.4, "troubled_batches": 2}, [], False),
    ("stuck for ever", {"stall_share": 0.4, "expires": False, "troubled_batches": 1}, [], False),
    ("queue limit", {"enqueued_tokens": 4000}, [], False),
    (
        "no money at the second create",
        {},
        [("batches.create", "status", {"nth": 2, "times": 9, "status": 429, "code": "insufficient_quota"})],
        True,
    ),
    ("hard limit in the middle", {"hard_limit_usd": 0.004}, [], True),
    (
        "key refused",
        {},
        [("batches.create", "status", {"times": 9, "status": 401, "code": "invalid_api_key"})],
        True,
    ),
    ("lines called wrong", {"line_errors": 0.5, "line_error": "status_400", "troubled_batches": 1}, [], True),
]


class Trial:
    """A fresh server and run directory."""

    def __init__(self, runner: Runner, settings: dict | None = None):
        self.runner = runner
        self._server = run_server(Settings(api_key=KEY, **(settings or {})), Answerer(ERRORS, seed=5))
        self._folder = tempfile.TemporaryDirectory(prefix="faults-api-")

    def __enter__(self) -> "Trial":
        self.server: Control = self._server.__enter__()
        self.folder = Path(self._folder.name)
        captions = [[f"{SIMPLE[n % len(SIMPLE)]}, scene {n}."] for n in range(48)]
        frame = pd.DataFrame({"image_id": [f"i{n}" for n in range(48)], "captions": captions})
        write_table(frame, self.folder / "samples.parquet")
        build_keywords(self.folder / "samples.parquet", self.folder / "requests.jsonl", 4)
        return self

    def __exit__(self, *_) -> None:
        self._server.__exit__(None, None, None)
        self._folder.cleanup()

    def run(self, kill_at: int | None = None, **api) -> Ended:
        """Run once."""
        return self.runner.run(self.folder, self.server.root, kill_at, **{**API, **api})

    def result(self) -> dict:
        """Return what must not depend on faults: the table, each answer, and what each request was billed."""
        answers = {
            line["custom_id"]: line["response"]["body"]["choices"]
            for line in read_lines(self.folder / "raw.jsonl")
        }
        return {
            "table": pd.read_parquet(self.folder / "keywords.parquet").to_json(),
            "answers": canonical_json(answers),
            "bill": {row["custom_id"]: row["usd"] for row in self.server.bill()["items"]},
        }


class Tally:
    """Counts of trials by their end, and what they are compared with."""

    def __init__(self, expected: dict):
        self.expected, self.ends, self.double_billed, self.lost = expected, Counter(), 0, 0

    def judge(self, name: str, trial: Trial, first: Ended, last: Ended, stopped: bool) -> None:
        """Book one trial. stopped: its fault ended in a clear stop, after which a last run finished."""
        problem = "" if last.code == 0 else f"the last run ended with {last.code}: {last.message}"
        bill = trial.server.bill()
        self.double_billed += bill["double_billed"]
        if not problem:
            found = trial.result()
            problem = ", ".join(key for key in found if found[key] != self.expected[key])
        if not problem and bill["open_batches"]:
            problem = "batches were left running"
        if not problem and any(
            KEY.encode() in path.read_bytes() for path in trial.folder.rglob("*") if path.is_file()
        ):
            problem = "the key is in a file"
        self.lost += bool(problem)
        end = "silent" if problem else "clear_stop" if stopped else "survived"
        self.ends[end] += 1
        if problem:
            print(f"  {name}: {problem}\n  (first run: {first.code} {first.message[:300]})", flush=True)


def list_steps(runner: Runner) -> tuple[list[str], dict]:
    """Return the steps of an uninterrupted run and its result."""
    with Trial(runner) as trial:
        ended = trial.run()
        if ended.code != 0:
            raise RuntimeError(f"the run without faults fails: {ended.message}")
        return ended.steps, trial.result()


def choose_steps(steps: list[str], most: int) -> list[int]:
    """Return the numbers of at most so many steps: the first of each name, then evenly over the rest."""
    first = {}
    for number, name in enumerate(steps, 1):
        first.setdefault(name, number)
    chosen = sorted(first.values())[:most]
    rest = [number for number in range(1, len(steps) + 1) if number not in chosen]
    more = max(0, most - len(chosen))
    return sorted(chosen + [rest[i * len(rest) // more] for i in range(min(more, len(rest)))])


def kill_at_step(runner: Runner, tally: Tally, number: int, name: str) -> None:
    """Kill a run at a step; run again."""
    with Trial(runner) as trial:
        killed = trial.run(kill_at=number)
        assert killed.code == -9, f"step {number} ({name}) was not reached: {killed}"
        print(".", end="", flush=True)
        tally.judge(f"killed {name} (step {number})", trial, killed, trial.run(), stopped=False)


def kill_at_call(runner: Runner, tally: Tally, route: str, kind: str, nth: int) -> None:
    """Let the server kill the run at a call, before or after it took effect, or in the middle of
    the reply; run again.
    """
    with Trial(runner) as trial:
        trial.server.plant_fault(route, kind, nth=nth)
        killed = trial.run()
        assert killed.code == -9, f"{kind} at {route} {nth} did not kill: {killed}"
        trial.server.clear_faults()
        tally.judge(f"{kind} at {route} {nth}", trial, killed, trial.run(), stopped=False)


def kill_often(runner: Runner, tally: Tally, steps: int, seed: int) -> None:
    """Kill a run, and the runs after it, at random steps; then let one finish."""
    draw = random.Random(seed)
    with Trial(runner) as trial:
        for _ in range(4):
            killed = trial.run(kill_at=draw.randrange(1, steps // 2))
        tally.judge(f"killed four times, seed {seed}", trial, killed, trial.run(), stopped=False)


def strike(runner: Runner, tally: Tally, fault: tuple) -> None:
    """Run under a server fault; where it stops, take the fault away and run again."""
    name, settings, planted, may_stop = fault
    with Trial(runner, settings) as trial:
        for route, kind, details in planted:
            trial.server.plant_fault(route, kind, **details)
        api = {"poll_seconds": 1800} if "stall_share" in settings else {}
        first = last = trial.run(**api)
        stopped = first.code == 1 and first.message.split(":")[0] in STOPS
        if stopped and may_stop:
            trial.server.clear_faults()
            trial.server.set(hard_limit_usd=None, line_errors=0.0)
            last = trial.run(**api)
        tally.judge(name, trial, first, last, stopped)


def main(kills: int = 60) -> None:
    """Run all trials and print the figures."""
    started = time.monotonic()
    with Runner() as runner:
        steps, expected = list_steps(runner)
        tally = Tally(expected)
        print(f"an uninterrupted run has {len(steps)} steps of {len(set(steps))} kinds", flush=True)
        for number in choose_steps(steps, kills):
            kill_at_step(runner, tally, number, steps[number - 1])
        calls = [
            ("files.create", 1),
            ("batches.create", 1),
            ("batches.create", 2),
            ("batches.retrieve", 3),
            ("files.content", 1),
            ("files.content", 2),
        ]
        for route, nth in calls:
            for kind in ("kill_before", "kill_after", "kill_half"):
                kill_at_call(runner, tally, route, kind, nth)
        for seed in range(8):
            kill_often(runner, tally, len(steps), seed)
        killed = sum(tally.ends.values())
        print(
            f"kills {killed}, double bills {tally.double_billed}, trials with a lost or wrong answer"
            f" {tally.lost}",
            flush=True,
        )
        for fault in FAULTS:
            strike(runner, tally, fault)
    trials = sum(tally.ends.values())
    print(f"server faults {trials - killed}; all in {time.monotonic() - started:.0f} s")
    ends = {name: tally.ends[name] for name in ("survived", "clear_stop", "silent")}
    print_faults("api", injected=trials, **ends, double_billed=tally.double_billed)
    if tally.ends["silent"] or tally.double_billed:
        sys.exit(1)


if __name__ == "__main__":
    main()
