"""Scale of the text stages: 30,000 captions planned, asked of the local Batch server and parsed; 3
million planned and built; a run with 200 batches of answers and nothing to do.

Seconds and peak memory of the client's process; the server is a process of its own, over loopback.
Captions are synthesised. Prints lines for programs; run it by hand or by `make bench`.
`bench_batches.py built 300000` measures one part of another size.
"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]

from bench_lexicon import OBJECTS, PLACES, SUBJECTS, VERBS

from result_lines import print_bench

MODEL, PER_PROMPT, SHARD = "gpt-6-luna", 20, 16_384
PARTS = {"answered": 30_000, "built": 3_000_000, "idle": 60_000}
BATCHES = 200  # of the run with nothing to do
# Where syncing is free: it is no part of the measured step.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
PHRASES = [f"{s} {v} {o} {p.rstrip('.')}" for s in SUBJECTS for v in VERBS for o in OBJECTS for p in PLACES]


def write_samples(path: Path, first: int, count: int) -> None:
    """Write a shard's samples: photos with one caption each, no two captions alike."""
    import pandas as pd

    from unscene.run.tables import write_table

    numbers = range(first, first + count)
    captions = [[f"{PHRASES[n % len(PHRASES)]}, number {n}."] for n in numbers]
    write_table(pd.DataFrame({"image_id": [f"p{n}" for n in numbers], "captions": captions}), path)


def build_shards(folder: Path, captions: int) -> tuple[list[tuple[Path, Path]], float, list[float]]:
    """Build the requests of all shards; return (samples, requests) of each, the seconds, and the
    peak memory after each.
    """
    from text_jobs import build_keywords

    shards, seconds, peaks = [], 0.0, []
    for first in range(0, captions, SHARD):
        samples, requests = folder / f"{first:08}.parquet", folder / f"{first:08}.jsonl"
        write_samples(samples, first, min(SHARD, captions - first))
        started = time.perf_counter()
        build_keywords(samples, requests, PER_PROMPT, MODEL)
        seconds += time.perf_counter() - started
        shards.append((samples, requests))
        peaks.append(measure_peak())
    return shards, seconds, peaks


def measure_built(captions: int) -> None:
    """Build the requests of all captions; then read, price and cut them into batch files, as the
    submitter does.
    """
    from unscene.answers.batches.agenda import Agenda
    from unscene.answers.batches.terms import Terms
    from unscene.answers.batches.waves import cut
    from unscene.answers.prices import estimate_cost, read_prices
    from unscene.answers.prompts import ANSWER_TOKENS, KEYWORD_TOKENS

    prices = read_prices(CHECKOUT / "src/unscene/resources/prices.yaml")

    def price(request):
        cost = estimate_cost([request], prices, MODEL, KEYWORD_TOKENS, ANSWER_TOKENS)
        return cost["usd"], cost["usd_worst"]

    with tempfile.TemporaryDirectory() as folder:
        shards, seconds, peaks = build_shards(Path(folder), captions)
        size = sum(requests.stat().st_size for _, requests in shards)
        started = time.perf_counter()
        agenda = Agenda([requests for _, requests in shards], {}, (), 4, price)
        limits, files, usd = (
            Terms("keywords", read_api() | {"budget_usd": float("inf")}, prices).limits,
            0,
            0.0,
        )
        while chosen := cut(agenda.open.values(), limits, 0, 0.0):
            files, usd = files + 1, usd + sum(asked.usd for asked in chosen)
            agenda.send(asked.custom_id for asked in chosen)
        planning = time.perf_counter() - started
    name = f"requests-{captions}"
    print_bench(f"{name}-built", seconds, "s")
    print_bench(f"{name}-built-bytes", size, "bytes")
    print_bench(f"{name}-built-peak-first-shard", peaks[0], "MB")
    print_bench(f"{name}-built-peak-last-shard", peaks[-1], "MB")
    print_bench(f"{name}-planned", planning, "s")
    print_bench(f"{name}-planned-peak", measure_peak(), "MB")
    print_bench(f"{name}-planned-files", files, "files")
    print_bench(f"{name}-planned-cost", usd, "USD")


def measure_answered(captions: int) -> None:
    """Build, submit, collect and parse; every caption must come out right, and be paid for once."""
    from batch_server.running import Control
    from unscene.answers.answering import write_answers
    from unscene.answers.batches.terms import Terms
    from unscene.answers.endpoints import find_folder
    from unscene.answers.prices import read_prices
    from unscene.answers.submitting import send_requests
    from unscene.keywords.parsing import parse_keywords
    from unscene.machine.job import Job
    from unscene.run.tables import read_table
    from unscene.words.coco80 import COCO80

    os.environ["OPENAI_API_KEY"] = "unscene-local-server"
    with serve() as url, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.perf_counter()
        shards, building, _ = build_shards(folder, captions)
        prepared = time.perf_counter()
        api = read_api() | {"base_url": url, "model": MODEL, "poll_seconds": 0.2}
        requests = [path for _, path in shards]
        terms = Terms("keywords", api, read_prices(CHECKOUT / "src/unscene/resources/prices.yaml"))
        send_requests(requests, folder / "batches.json", terms, path_to_state=folder / "state")
        submitted = time.perf_counter()
        tables = []
        for samples, path in shards:
            answers, followups = path.with_suffix(".answers"), path.with_suffix(".followups")
            write_answers(path, answers, followups, None, find_folder(url, folder / "state"))
            tables.append(path.with_suffix(".table"))
            inputs = {"samples": samples, "requests": path, "followups": followups, "answers": answers}
            parse_keywords(Job(inputs, {"table": tables[-1]}, {"words": "coco80"}, {"max_failed_share": 0.5}))
        parsed = time.perf_counter()
        bill = Control(url.removesuffix("/v1")).bill(items=False)
        right = sum(
            status == "ok" and list(words) == COCO80.find_words(caption)
            for table in map(read_table, tables)
            for caption, words, status in zip(table["caption"], table["words"], table["status"], strict=True)
        )
    if right != captions or bill["double_billed"]:
        sys.exit(f"{right} of {captions} captions came out right; the bill is {bill}")
    name = f"batches-{captions}"
    print_bench(f"{name}-built", building, "s")
    print_bench(f"{name}-planned-and-answered", submitted - prepared, "s")
    print_bench(f"{name}-collected-and-parsed", parsed - submitted, "s")
    print_bench(f"{name}-whole", parsed - started, "s")
    print_bench(f"{name}-peak", measure_peak(), "MB")


class Idle:
    """An endpoint that nothing is asked of: the models are there, the list is empty."""

    def __init__(self, *_, **__):
        self.asked = []

    def server_now(self) -> float:
        """Return the time of the endpoint."""
        return 1.8e9

    def clean(self, text: str) -> str:
        """Return a text without the key."""
        return text

    def find_model(self, model: str) -> tuple[bool, None]:
        """Return that a model is there."""
        return True, None

    def list_batches(self, since: float | None = None) -> Iterator:
        """Yield no batches."""
        return iter(())


def measure_idle(requests: int) -> None:
    """Send requests whose answers all lie in the ledger, in 200 batches: nothing is to do."""
    from paid_answers import make_requests
    from unscene.answers import submitting
    from unscene.answers.batch_lines import build_answer, canonical_json, write_lines
    from unscene.answers.batches.collecting import enter_answer
    from unscene.answers.batches.ledger import Intent, Ledger
    from unscene.answers.batches.replies import Batch
    from unscene.answers.batches.terms import Terms
    from unscene.answers.endpoints import find_folder
    from unscene.answers.prices import read_prices

    url, model = "http://localhost/v1", "gpt-4o"
    prices = read_prices(CHECKOUT / "src/unscene/resources/prices.yaml")
    asked = make_requests(requests, model=model)
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        folder = Path(name)
        write_lines(asked, folder / "requests.jsonl")
        ledger = Ledger(find_folder(url, folder / "state"))
        for number in range(BATCHES):
            part = asked[number::BATCHES]
            held = [(request["custom_id"], 4, 0.01) for request in part]
            batch = ledger.intend(Intent("keywords", f"sample-{number}", model, held, 100, 100, 1.0), 1.0)
            done = Batch.model_validate({"id": f"batch_{number}", "status": "completed", "created_at": 1.0})
            ledger.record_batches(batch, [done], 1.0)
            answers = [build_answer(request, model, [{"w": []}] * 4) for request in part]
            entries = [enter_answer(line, canonical_json(line), 4, model, prices) for line in answers]
            ledger.settle(batch, None, entries)
        ledger.close()
        submitting.ApiClient = Idle
        terms = Terms("keywords", read_api() | {"base_url": url, "model": model}, prices)
        started = time.process_time()
        submitting.send_requests(
            [folder / "requests.jsonl"], folder / "batches.json", terms, path_to_state=folder / "state"
        )
        seconds = time.process_time() - started
    print_bench(f"requests-{requests}-nothing-to-do", seconds, "s")


@contextmanager
def serve() -> Iterator[str]:
    """Run the local server as a process of its own; yield its URL."""
    command = [sys.executable, str(CHECKOUT / "tests" / "batch_server"), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield re.search(r"http://\S+/v1", process.stdout.readline())[0]
        finally:
            process.terminate()


def read_api() -> dict:
    """Return the block `api` of the embedded default."""
    return yaml.safe_load((CHECKOUT / "config/config.yaml").read_text(encoding="utf-8"))["api"]


def measure_peak() -> float:
    """Return the peak memory of this process so far in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if len(sys.argv) > 1:
        part, *rest = sys.argv[1:]
        measure = {"answered": measure_answered, "built": measure_built, "idle": measure_idle}[part]
        measure(int(rest[0]) if rest else PARTS[part])
    else:  # a process each, so that each has its own peak
        for part in PARTS:
            subprocess.run([sys.executable, __file__, part], check=True)
