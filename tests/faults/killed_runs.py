"""Runs of the stage in processes of their own, by a clock of their own, that can be killed at a
chosen step: what the fault tests of the API are made of.

`Runner` starts one process that has everything imported; it forks a child for each run, so a run
takes a fraction of a second and a kill is a real SIGKILL. A child counts its steps (each call of the
ledger and of the client of the API, each rename and each fsync, before and after) and kills itself
at the one that was asked for. Only tests know of this: the driver has no hook.
"""

import gc
import importlib
import inspect
import json
import logging
import os
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parents[2]
KEY = "sk-planted-for-kills-8d21"
DEADLINE_S = 900  # of real time, also on a busy machine: a run that needs more hangs
DEADLINE_DAYS = 45  # of its own time
HANG = 75  # the exit code of a run that slept beyond
IMPORTED = (
    "paid_answers",
    "unscene.keywords.answering",
    "unscene.keywords.parsing",
    "openai.resources.files",
    "openai.resources.batches",
    "openai.resources.models",
)


class Ended(NamedTuple):
    """How a run ended: `code` 0 finished, 1 stopped with `message`, -9 killed, HANG hung; `steps` are
    the names of those it began.
    """

    code: int
    message: str
    steps: list[str]

    @property
    def hung(self) -> bool:
        """Whether it ran beyond a deadline."""
        return self.code in (HANG, -signal.SIGALRM)

    @property
    def stopped_clearly(self) -> bool:
        """Whether it stopped with an error of the package that people can read."""
        return (
            self.code == 1
            and self.message.startswith("unscene.")
            and len(self.message.split("\n\n")[0]) < 2000
        )


class Runner:
    """The process that forks the runs."""

    def __enter__(self) -> "Runner":
        environment = {**os.environ, "OPENAI_API_KEY": KEY}
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        return self

    def __exit__(self, *_) -> None:
        self._process.stdin.close()
        self._process.wait(30)

    def run(
        self, folder: Path, root: str, kill_at: int | None = None, clock: dict | None = None, **api
    ) -> Ended:
        """Submit, answer and parse in `folder` against the server at `root`; kill the run at its nth
        step. clock: arguments of OwnClock.
        """
        order = {"folder": str(folder), "root": root, "kill_at": kill_at, "api": api, "clock": clock or {}}
        for name in ("steps", "message"):
            (folder / name).unlink(missing_ok=True)
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        code = json.loads(self._process.stdout.readline())
        read = {
            name: (folder / name).read_text() if (folder / name).exists() else ""
            for name in ("steps", "message")
        }
        return Ended(code, read["message"], read["steps"].split("\n")[:-1])


class Steps:
    """Counts steps into a file, and kills this process at one of them."""

    def __init__(self, path: Path, kill_at: int | None):
        self._file = open(path, "w", buffering=1)  # noqa: SIM115
        self._kill_at, self._count = kill_at, 0

    def take(self, name: str) -> None:
        """Count one step."""
        self._count += 1
        self._file.write(name + "\n")
        if self._count == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: object, name: str) -> None:
        """Count a step before and one after each call of a function."""
        function = getattr(owner, name)

        def counted(*arguments, **named):
            self.take(f"before {name}")
            try:
                value = function(*arguments, **named)
            except BaseException:
                self.take(f"failed {name}")
                raise
            self.take(f"after {name}")
            return value

        setattr(owner, name, counted)

    def around_all(self, owner: type) -> None:
        """Count the calls of all public methods of a class."""
        for name, value in list(vars(owner).items()):
            if inspect.isfunction(value) and not name.startswith("_"):
                self.around(owner, name)


def make_clock(control, base: float, offset_s: float = 0.0, rate: float = 1.0, jump: tuple = ()):
    """Return the clock of a run: its own reading of the time that passes for the server, too.

    base: Unix time when the server began; offset_s, rate: how far it is ahead, and how fast it is;
    jump: (elapsed seconds, seconds by which it is set forward then).
    """
    from unscene.answers.batches.terms import Clock

    class OwnClock(Clock):
        """What it reads and what passes are two things, as on any machine."""

        def __init__(self):
            self.elapsed = self.slept = control.elapsed()
            self._limit = self.elapsed + DEADLINE_DAYS * 86_400

        def now(self) -> float:
            jumped = jump[1] if jump and self.elapsed >= jump[0] else 0.0
            return base + offset_s + rate * self.elapsed + jumped

        def monotonic(self) -> float:
            return self.elapsed

        def sleep(self, seconds: float) -> None:
            self.elapsed += seconds
            if self.elapsed > self._limit:
                os._exit(HANG)
            control.advance(seconds)

    return OwnClock()


def work(order: dict, prices: dict, api: dict) -> None:
    """Do one run in this process, by a price table and the default's block `api`."""
    import unscene.run.tables
    from batch_server.running import Control
    from unscene.answers.answering import write_answers
    from unscene.answers.batches.client import ApiClient
    from unscene.answers.batches.ledger import Ledger
    from unscene.answers.batches.terms import Terms
    from unscene.answers.endpoints import find_folder
    from unscene.answers.submitting import send_requests
    from unscene.keywords.parsing import parse_keywords
    from unscene.machine.job import Job

    folder = Path(order["folder"])
    steps = Steps(folder / "steps", order["kill_at"])
    for owner in (Ledger, ApiClient):
        steps.around_all(owner)
    for name in ("replace", "fsync"):
        steps.around(unscene.run.tables.os, name)
    control = Control(order["root"])
    control.register_process(os.getpid())
    url = order["api"].pop("base_url", control.url)
    api = {**api, "base_url": url, **order["api"]}
    requests, state = folder / "requests.jsonl", folder / "state"
    clock = make_clock(control, **order["clock"])
    time.sleep = clock.sleep  # the `openai` package waits between its own tries, too
    terms = Terms("keywords", api, prices, clock)
    send_requests([requests], folder / "batches.json", terms, path_to_state=state)
    answers, followups = folder / "raw.jsonl", folder / "followups.jsonl"
    write_answers(requests, answers, followups, None, find_folder(url, state))
    inputs = {
        "samples": folder / "samples.parquet",
        "requests": requests,
        "followups": followups,
        "answers": answers,
    }
    parse_keywords(
        Job(inputs, {"table": folder / "keywords.parquet"}, {"words": "coco80"}, {"max_failed_share": 1.0})
    )


def serve() -> None:
    """Fork a run for each order on standard input."""
    sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]
    for name in IMPORTED:
        importlib.import_module(name)
    from paid_answers import PRICES, api_config
    from unscene.answers.batches.client import ApiClient
    from unscene.answers.prices import read_prices

    prices, api = read_prices(PRICES), api_config("")
    ApiClient("http://127.0.0.1:9/v1")  # what a first client imports, each child would import again
    gc.freeze()
    for text in sys.stdin:
        order = json.loads(text)
        child = os.fork()
        if child == 0:
            os._exit(run_child(order, prices, api))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def run_child(order: dict, prices: dict, api: dict) -> int:
    """Do a run, with a deadline; return its exit code."""
    folder = Path(order["folder"])
    os.chdir(folder)
    signal.setitimer(signal.ITIMER_REAL, DEADLINE_S)
    log = logging.FileHandler(folder / "log")
    log.setFormatter(logging.Formatter("%(message)s"))
    logging.getLogger("unscene").addHandler(log)
    logging.getLogger("unscene").setLevel(logging.INFO)
    code, message = 0, ""
    try:
        work(order, prices, api)
    except BaseException as error:
        kind = f"{type(error).__module__}.{type(error).__name__}"
        code, message = 1, f"{kind}: {error}\n\n{traceback.format_exc()}"
    (folder / "message").write_text(message)
    return code


if __name__ == "__main__":
    serve()
