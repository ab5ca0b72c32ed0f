"""Faults of the API, clocks and kills: after any of them every row is a right answer or says why not,
and no question is paid twice. Run by `make faults KIND=api`.

Each injection has a server and a run directory of its own. A run that stops clearly is run again
after the fault was lifted. `--seed` draws all choices, `--only TEXT` takes the injections whose row or
name holds the text and says more about each, `--most N` a share of all. `--log FILE` keeps how each
ended; one that stands there is not run again, so a run that was broken off goes on.
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]
os.environ["UNSCENE_REFUSE_HOSTS"] = "api.openai.com"

import pandas as pd
from api_scenarios import Scenario, list_scenarios
from killed_runs import KEY, Ended, Runner

from batch_server.answerers import Answerer, ErrorModel
from batch_server.running import Control, run_server
from batch_server.settings import Settings
from paid_answers import SIMPLE
from result_lines import print_faults
from text_jobs import build_keywords
from unscene.run.tables import read_json, write_table
from unscene.words.coco80 import COCO80

CAPTIONS = 32
SMALL = {"requests_per_file": 5, "poll_seconds": 30}
# Prompts that are cut, refused and miscounted, so that follow-ups are under way, too.
ERRORS = ErrorModel(cut=0.15, refusal=0.1, dropped_item=0.1)
# Where syncing is free; a killed process, unlike a machine without power, loses nothing by it.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
LAST_RUNS = 4  # after the fault was lifted
ENDS = ("survived", "clear_stop", "silent", "hang", "crash")
FIGURES = {
    "double": "bodies paid twice",
    "lost": "paid answers that the provider itself lost",
    "given_up": "rows that end with a reason, though a run without faults has their answer",
    "under": "runs whose ledger holds less than 99 % of the bill",
}


class Verdict(NamedTuple):
    """How an injection ended: one of ENDS, what is to say about it, and the columns of FIGURES."""

    scenario: Scenario
    end: str
    told: str = ""
    double: int = 0
    lost: int = 0
    given_up: int = 0
    under: int = 0


@contextmanager
def make_template() -> Iterator[Path]:
    """Yield a folder with the samples and the requests of every run."""
    with tempfile.TemporaryDirectory(prefix="faults-api-", dir=MEMORY) as name:
        folder = Path(name)
        captions = [[f"{SIMPLE[n % len(SIMPLE)]}, scene {n}."] for n in range(CAPTIONS)]
        frame = pd.DataFrame({"image_id": [f"i{n}" for n in range(CAPTIONS)], "captions": captions})
        write_table(frame, folder / "samples.parquet")
        build_keywords(folder / "samples.parquet", folder / "requests.jsonl", 4)
        yield folder


class Trial:
    """A fresh server and run directory."""

    def __init__(self, runner: Runner, template: Path, settings: dict | None = None):
        self.runner, self._template = runner, template
        self._server = run_server(Settings(**{"api_key": KEY, **(settings or {})}), Answerer(ERRORS, seed=5))
        self._folder = tempfile.TemporaryDirectory(prefix="faults-api-", dir=MEMORY)
        self._base = float(int(time.time()))

    def __enter__(self) -> "Trial":
        self.server: Control = self._server.__enter__()
        self.folder = Path(self._folder.name)
        shutil.copytree(self._template, self.folder, dirs_exist_ok=True)
        return self

    def __exit__(self, *_) -> None:
        self._server.__exit__(None, None, None)
        self._folder.cleanup()

    def run(self, kill_at: int | None = None, clock: dict | None = None, **api) -> Ended:
        """Run once."""
        if "base_url" in api:
            api["base_url"] = api["base_url"].format(root=self.server.root)
        clock = {"base": self._base, **(clock or {})}
        return self.runner.run(self.folder, self.server.root, kill_at, clock, **{**SMALL, **api})

    def copy_state(self, source: str, target: str) -> None:
        """Put a copy of one folder of the run directory in another's place."""
        shutil.rmtree(self.folder / target, ignore_errors=True)
        if (self.folder / source).exists():
            shutil.copytree(self.folder / source, self.folder / target)

    def find_problem(self) -> str:
        """Return what is wrong with what a finished run left; empty when nothing is."""
        table = pd.read_parquet(self.folder / "keywords.parquet")
        if sorted(table["caption"]) != sorted(self.read_captions()):
            return "rows are missing or doubled"
        right = table["status"].eq("ok")
        wrong = [row.caption for row in table[right].itertuples() if list(row.words) != truth(row.caption)]
        if wrong:
            return f"{len(wrong)} wrong answers are called ok, the first for {wrong[0]!r}"
        mute = table[~right & table["reason"].fillna("").eq("")]
        if len(mute):
            return f"{len(mute)} rows without an answer say no reason"
        files = (path for path in self.folder.rglob("*") if path.is_file())
        named = next((path.name for path in files if KEY.encode() in path.read_bytes()), None)
        return f"the key is in {named}" if named else ""

    def read_captions(self) -> list[str]:
        """Return the captions that were asked about."""
        return [caption for (caption,) in pd.read_parquet(self.folder / "samples.parquet")["captions"]]

    def list_answered(self) -> set[str]:
        """Return the captions whose row is ok."""
        table = pd.read_parquet(self.folder / "keywords.parquet")
        return set(table["caption"][table["status"].eq("ok")])


def truth(caption: str) -> list[str]:
    """Return the right words of a caption."""
    return COCO80.find_words(caption)


class Bench:
    """What all injections share: the template, runners, and an uninterrupted run to compare with."""

    def __init__(self, template: Path, runners: list[Runner]):
        self.template, self._runners = template, Queue()
        for runner in runners:
            self._runners.put(runner)
        self.steps: list[str] = []
        self.answered = {mode: self._run_calmly(runners[0], mode) for mode in ("requests", "batch")}

    def _run_calmly(self, runner: Runner, mode: str) -> set[str]:
        """Run without faults; note the steps and return the captions that are answered."""
        with Trial(runner, self.template, {"batches": mode == "batch"}) as trial:
            ended = trial.run(mode=mode)
            problem = ended.message or trial.find_problem() or trial.server.bill()["bodies_paid_twice"]
            if ended.code != 0 or problem:
                raise RuntimeError(f"the run without faults fails: {ended.code} {problem}")
            self.steps = ended.steps
            return trial.list_answered()

    def inject(self, scenario: Scenario) -> Verdict:
        """Run under one scenario until the end, and judge."""
        runner = self._runners.get()
        try:
            with Trial(runner, self.template, scenario.settings) as trial:
                runs = list(self._run(trial, scenario))
                return self._judge(trial, scenario, runs)
        finally:
            self._runners.put(runner)

    def _run(self, trial: Trial, scenario: Scenario) -> Iterator[Ended]:
        for route, kind, details in scenario.plants:
            trial.server.plant_fault(route, kind, **details)
        for share in scenario.kills:
            number = 1 + int(share * len(self.steps))
            yield trial.run(kill_at=number, clock=scenario.clock, **scenario.api)
            trial.server.advance(scenario.away_s)
        if scenario.restores:
            trial.copy_state("state", "old")
            yield trial.run(clock=scenario.clock, **scenario.api)
            trial.copy_state("state", "new")
            trial.copy_state("old", "state")
        ended = trial.run(clock=scenario.clock, **scenario.api)
        yield ended
        if ended.code == 0 or ended.hung:
            return
        trial.server.clear_faults()
        if not scenario.stays:
            default = Settings()
            trial.server.set(**{name: getattr(default, name) for name in scenario.settings})
        if scenario.restores:
            trial.copy_state("new", "state")
        for _ in range(LAST_RUNS):
            trial.server.advance(2 * 3600)
            ended = trial.run(**scenario.api)
            yield ended
            if ended.code == 0 or ended.hung:
                return

    def _judge(self, trial: Trial, scenario: Scenario, runs: list[Ended]) -> Verdict:
        bill = trial.server.bill()
        double, lost = bill["bodies_paid_twice"], sum(bill["lost"].values())
        stops = [run for run in runs if run.code == 1]
        hung = next((run for run in runs if run.hung), None)
        raw = next((run for run in stops if not run.stopped_clearly), None)
        given_up = under = 0
        if hung:
            which, hours = "own" if hung.code > 0 else "real", trial.server.elapsed() / 3600
            told = f"no end in {which} time, after {hours:.1f} h of its own; last steps {hung.steps[-3:]}"
            end = "hang"
        elif raw:
            end, told = "crash", raw.message
        elif runs[-1].code != 0:
            end, told = "crash", f"not finished after the fault was lifted: {runs[-1].message}"
        else:
            problem = trial.find_problem()
            if not problem and bill["open_batches"]:
                problem = "batches were left running"
            end = "silent" if problem else "clear_stop" if stops else "survived"
            told = problem or (stops[0].message if stops else "")
            answered = self.answered[scenario.api.get("mode", "batch")]
            given_up = len(answered - trial.list_answered()) if not problem else 0
            under = int(read_json(trial.folder / "batches.json")["usd"] < 0.99 * bill["usd"])
        return Verdict(scenario, end, told, double, lost, given_up, under)


def choose(scenarios: list[Scenario], most: int | None, seed: int) -> list[Scenario]:
    """Return at most so many scenarios: of each row the same share, and at least two."""
    if most is None or most >= len(scenarios):
        return scenarios
    draw, rows = random.Random(seed), Counter(scenario.row for scenario in scenarios)
    chosen: list[Scenario] = []
    for row, count in rows.items():
        of_row = [scenario for scenario in scenarios if scenario.row == row]
        chosen += draw.sample(of_row, min(count, max(2, round(count * most / len(scenarios)))))
    return chosen


def print_table(verdicts: list[Verdict]) -> None:
    """Print a row per kind of fault."""
    names = ("injected", *ENDS, *FIGURES)
    print(f"\n{'kind':32}" + "".join(f"{name:>11}" for name in names))
    for row in sorted({verdict.scenario.row for verdict in verdicts}):
        of_row = [verdict for verdict in verdicts if verdict.scenario.row == row]
        ends = Counter(verdict.end for verdict in of_row)
        figures = [len(of_row), *(ends[end] for end in ENDS)]
        figures += [sum(getattr(verdict, name) for verdict in of_row) for name in FIGURES]
        print(f"{row:32}" + "".join(f"{figure:11}" for figure in figures))
    for name, meaning in FIGURES.items():
        print(f"{name}: {meaning}")


def tell(verdict: Verdict, seed: int, full: bool) -> None:
    """Print what is to say about an injection: a defect, or (full) anything."""
    bad = verdict.end not in ("survived", "clear_stop") or verdict.double
    if not bad and not full:
        return
    more = f", {verdict.double} paid twice" if verdict.double else ""
    more += f", {verdict.given_up} given up" if verdict.given_up else ""
    more += ", booked too little" if verdict.under else ""
    scenario, told = verdict.scenario, verdict.told
    print(f"\n{verdict.end}{more}: {scenario.row} / {scenario.name} (--seed {seed})", flush=True)
    if not full:
        frames = [line.strip() for line in told.split("\n") if "/src/unscene/" in line]
        told = told.split("\n\n")[0][:400] + (f"\nat {frames[-1]}" if frames else "")
    print("    " + told.replace("\n", "\n    "), flush=True)


def read_log(path: Path | None, scenarios: list[Scenario]) -> list[Verdict]:
    """Return the verdicts of a log, of these scenarios alone."""
    if path is None or not path.exists():
        return []
    by_name = {(scenario.row, scenario.name): scenario for scenario in scenarios}
    told = [json.loads(line) for line in path.read_text().splitlines()]
    return [Verdict(by_name[row, name], *rest) for row, name, *rest in told if (row, name) in by_name]


def run_all(
    scenarios: list[Scenario], jobs: int, seed: int, full: bool, log: Path | None = None
) -> list[Verdict]:
    """Run all scenarios that are not in the log, so many at a time; return the verdicts on all."""
    verdicts = read_log(log, scenarios)
    known = [verdict.scenario for verdict in verdicts]
    with make_template() as template, ThreadPoolExecutor(jobs) as pool:
        runners = [Runner().__enter__() for _ in range(jobs)]
        try:
            bench = Bench(template, runners)
            mixed = random.Random(seed).sample(scenarios, len(scenarios))  # so that each part says much
            futures = [pool.submit(bench.inject, scenario) for scenario in mixed if scenario not in known]
            for future in as_completed(futures):
                verdicts.append(future.result())
                tell(verdicts[-1], seed, full)
                if log:
                    scenario, *rest = verdicts[-1]
                    with open(log, "a") as handle:
                        handle.write(json.dumps([scenario.row, scenario.name, *rest]) + "\n")
                if len(verdicts) % 50 == 0:
                    print(f"  {len(verdicts)} of {len(scenarios)}", flush=True)
        finally:
            for runner in runners:
                runner.__exit__()
    return verdicts


def main() -> None:
    """Run the injections and print the figures."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--only", help="a text in the row or the name of an injection")
    parser.add_argument("--most", type=int, default=360, help="about so many injections")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--log", type=Path)
    asked = parser.parse_args()
    started = time.monotonic()
    scenarios = list_scenarios(asked.seed)
    if asked.only is not None:
        scenarios = [s for s in scenarios if asked.only in f"{s.row} / {s.name}"]
    scenarios = choose(scenarios, asked.most, asked.seed)
    print(f"{len(scenarios)} injections, seed {asked.seed}", flush=True)
    verdicts = run_all(scenarios, asked.jobs, asked.seed, asked.only is not None, asked.log)
    print_table(verdicts)
    print(f"{time.monotonic() - started:.0f} s")
    ends = Counter(verdict.end for verdict in verdicts)
    double = sum(verdict.double for verdict in verdicts)
    print_faults(
        "api",
        injected=len(verdicts),
        survived=ends["survived"],
        clear_stop=ends["clear_stop"],
        silent=ends["silent"],
        double_billed=double,
        hang=ends["hang"],
        crash=ends["crash"],
    )
    if double or any(ends[end] for end in ("silent", "hang", "crash")):
        sys.exit(1)


if __name__ == "__main__":
    main()
