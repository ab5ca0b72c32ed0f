"""Runs of the driver in processes of their own that are killed at a chosen step: what the kill test
is made of.

`Runner` starts one process that has everything imported; it forks a child for each run, so a run
takes a fraction of a second and a kill is a real SIGKILL. A child counts its steps (each write of
the ledger, each call, each rename, before and after) and kills itself at the one that was asked
for. Only tests know of this: the driver has no hook.
"""

import importlib
import json
import logging
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parents[2]
KEY = "sk-planted-for-kills-8d21"
LEDGER_WRITES = (
    "intend",
    "record_upload",
    "record_try",
    "record_batches",
    "record_status",
    "record_duplicates",
    "record_cancel",
    "settle",
    "drop",
)
IMPORTED = (
    "paid_answers",
    "unscene.keywords.answering",
    "unscene.keywords.parsing",
    "openai.resources.files",
    "openai.resources.batches",
    "openai.resources.models",
)
CALLS = ("find_model", "has_batches", "upload", "create_batch", "retrieve_batch", "download", "cancel_batch")


class Ended(NamedTuple):
    """How a run ended: `code` 0 finished, 1 stopped with `message`, -9 killed; `steps` are the
    names of those it began.
    """

    code: int
    message: str
    steps: list[str]


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

    def run(self, folder: Path, root: str, kill_at: int | None = None, **api) -> Ended:
        """Submit, answer and parse in `folder` against the server at `root`; kill the run at its nth step."""
        order = {"folder": str(folder), "root": root, "kill_at": kill_at, "api": api}
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
            value = function(*arguments, **named)
            self.take(f"after {name}")
            return value

        setattr(owner, name, counted)


def work(order: dict) -> None:
    """Do one run in this process."""
    import unscene.run.tables
    from batch_server.running import Control
    from paid_answers import PRICES, SharedClock, api_config
    from unscene.answers.answering import write_answers
    from unscene.answers.batches import driver
    from unscene.answers.batches.client import ApiClient
    from unscene.answers.batches.ledger import Ledger
    from unscene.answers.batches.terms import Terms
    from unscene.answers.endpoints import find_folder
    from unscene.answers.prices import read_prices
    from unscene.answers.submitting import send_requests
    from unscene.keywords.parsing import parse_keywords
    from unscene.machine.job import Job

    folder = Path(order["folder"])
    steps = Steps(folder / "steps", order["kill_at"])
    for name in LEDGER_WRITES:
        steps.around(Ledger, name)
    for name in CALLS:
        steps.around(ApiClient, name)
    steps.around(unscene.run.tables.os, "replace")
    read_answers = driver.read_answers

    def count_lines(*arguments):
        for entry in read_answers(*arguments):
            steps.take("within settle")
            yield entry

    driver.read_answers = count_lines
    control = Control(order["root"])
    control.register_process(os.getpid())
    api = api_config(control.url, **order["api"])
    requests, state = folder / "requests.jsonl", folder / "state"
    terms = Terms("keywords", api, read_prices(PRICES), SharedClock(control))
    send_requests([requests], folder / "batches.json", terms, path_to_state=state)
    answers, followups = folder / "raw.jsonl", folder / "followups.jsonl"
    write_answers(requests, answers, followups, None, find_folder(control.url, state))
    inputs = {
        "samples": folder / "samples.parquet",
        "requests": requests,
        "followups": followups,
        "answers": answers,
    }
    parse_keywords(
        Job(inputs, {"table": folder / "keywords.parquet"}, {"words": "coco80"}, {"max_failed_share": 0.9})
    )


def serve() -> None:
    """Fork a run for each order on standard input."""
    sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]
    for name in IMPORTED:
        importlib.import_module(name)
    logging.getLogger("unscene").addHandler(logging.NullHandler())
    for text in sys.stdin:
        order = json.loads(text)
        child = os.fork()
        if child == 0:
            code = 0
            try:
                work(order)
                message = ""
            except Exception as error:
                code, message = 1, f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
            (Path(order["folder"]) / "message").write_text(message)
            os._exit(code)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
