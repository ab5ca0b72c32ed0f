"""How tests send requests to the local Batch server: requests, a clock that the server shares, the
config block; and what the answers come to.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import yaml

from batch_server.running import Control
from unscene.answers.batch_lines import canonical_json, read_items, write_lines
from unscene.answers.batches.client import ApiClient
from unscene.answers.batches.collecting import enter_answer
from unscene.answers.batches.ledger import Ledger
from unscene.answers.batches.terms import Clock, Terms
from unscene.answers.endpoints import find_folder
from unscene.answers.prices import read_prices
from unscene.answers.prompts import keyword_request
from unscene.answers.submitting import send_requests
from unscene.answers.verdicts import Verdict, judge_prompts, merge_verdicts
from unscene.run.tables import read_json
from unscene.words.coco80 import COCO80

CHECKOUT = Path(__file__).resolve().parents[2]
PRICES = CHECKOUT / "src/unscene/resources/prices.yaml"
SIMPLE = (
    "A dog on a bench",
    "Two cats",
    "A man with a kite",
    "An empty road",
    "A bus near a car",
    "A red clock",
)


class SharedClock(Clock):
    """The server's virtual clock: whoever sleeps moves it."""

    def __init__(self, control: Control):
        self.control, self.slept = control, 0.0

    def now(self) -> float:
        """Return the virtual time."""
        return self.control.advance(0)

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        return self.slept

    def sleep(self, seconds: float) -> None:
        """Move the virtual time."""
        self.slept += seconds
        self.control.advance(seconds)


def make_requests(count: int, size: int = 4, model: str = "gpt-4o", first: int = 0) -> list[dict]:
    """Return so many keyword requests of `size` captions each, all different."""
    return [
        keyword_request(
            model, [f"{SIMPLE[(n + i) % len(SIMPLE)]}, scene {n}-{i}." for i in range(size)], COCO80
        )
        for n in range(first, first + count)
    ]


def api_config(url: str, **changes) -> dict:
    """Return the default's block `api` for a local endpoint."""
    default = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text())["api"]
    return default | {"base_url": url, "poll_seconds": 30} | changes


class Desk:
    """A run directory that submits to a server."""

    def __init__(self, folder: Path, control: Control):
        self.folder, self.control, self.clock = folder, control, SharedClock(control)
        os.environ["OPENAI_API_KEY"] = "unscene-local-server"

    def submit(
        self, requests: list[dict], stage: str = "keywords", plan: dict | None = None, **changes
    ) -> dict:
        """Submit requests as a rule does; return the summary."""
        path = self.folder / f"{stage}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_lines(requests, path)
        return self.submit_files([path], stage, plan, **changes)

    def submit_files(
        self, paths: list[Path], stage: str = "keywords", plan: dict | None = None, **changes
    ) -> dict:
        """Submit files of requests; return the summary."""
        summary = self.folder / f"{stage}.json"
        terms = Terms(stage, api_config(self.control.url, **changes), read_prices(PRICES), self.clock)
        send_requests(paths, summary, terms, plan, self.folder / "state")
        return read_json(summary)

    @property
    def ledger_folder(self) -> Path:
        """Where the ledger lies."""
        return find_folder(self.control.url, self.folder / "state")

    def api(self) -> ApiClient:
        """Return a client of the server."""
        return ApiClient(self.control.url)

    def ledger(self) -> Ledger:
        """Return the ledger, open."""
        return Ledger(self.ledger_folder)

    def list_answered(self, requests: list[dict]) -> set[str]:
        """Return the names of those requests that have an answer in the ledger."""
        ledger = self.ledger()
        try:
            outcomes = ledger.list_outcomes(request["custom_id"] for request in requests)
        finally:
            ledger.close()
        return {name for name, values in outcomes.items() if "ok" in values}


def enter_answers(folder: Path, requests: list[dict], answers: list[dict]) -> None:
    """Put answer lines into the ledger of a folder, as if they had been paid for."""
    ledger, prices = Ledger(folder), read_prices(PRICES)
    for request, answer in zip(requests, answers, strict=True):
        entry = enter_answer(answer, canonical_json(answer), len(read_items(request)), "gpt-4o", prices)
        ledger.add_answer("keywords", entry)
    ledger.close()


def judge_items(requests: Iterable[dict], answers: dict[str, dict]) -> dict[str, Verdict]:
    """Return the verdict on each item text of the requests."""
    return merge_verdicts(judge_prompts(requests, answers))
