"""The workflow with its words and captions asked of the local Batch server, as a user runs it: one
run directory, grown step by step.
"""

import json
import os
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from batch_server.running import run_server
from batch_server.settings import Settings
from text_jobs import answer_stage, parse_keyword_answers
from unscene.answers.batch_lines import index_answers, read_items, read_lines
from unscene.answers.verdicts import judge_answer
from workflow_runs import run_snakemake

pytestmark = pytest.mark.workflow
KEY = "sk-planted-4c1d9f0e77"
TARGETS = [
    f"results/{stage}/{name}"
    for stage in ("keywords", "captions")
    for name in (f"{stage}.parquet", "cost.json")
]
PER_SHARD = {
    "read_samples",
    "build_keyword_requests",
    "answer_keywords",
    "parse_keywords",
    "segment_objects",
    "build_caption_requests",
    "answer_captions",
    "parse_captions",
}


@pytest.fixture(scope="module")
def server():
    with run_server(Settings(api_key=KEY, advance_per_poll=120)) as control:
        yield control


class Runs:
    """A run directory and the config that it runs with."""

    def __init__(self, folder: Path, url: str):
        self.folder = folder
        self.config = {
            "samples": {
                "shard_size": 20,
                "sources": [{"name": "first", "format": "embedded", "photos": 16, "seed": 11}],
            },
            "keywords": {"backend": "openai", "captions_per_prompt": 5},
            "captions": {"backend": "openai"},
            "api": {"base_url": url, "poll_seconds": 0.05},
            "masks": {"min_area": 0.001, "max_area": 0.9},
            "train": {"arms": {"absence": None}},  # there is no pool
            "deploy": {"arm": "paired_rank_keep"},
        }

    def run(self, *arguments: str, **api):
        """Run snakemake; return the finished process."""
        path = self.folder.parent / f"{self.folder.name}.yaml"
        path.write_text(yaml.safe_dump({**self.config, "api": self.config["api"] | api}))
        return run_snakemake(self.folder, *arguments, "--", *TARGETS, configfiles=(path,))


@pytest.fixture(scope="module")
def runs(server, tmp_path_factory):
    """A directory where two runs with `wait: false` stopped, until the words were there, and a last
    one finished.
    """
    os.environ["OPENAI_API_KEY"] = KEY
    runs = Runs(tmp_path_factory.mktemp("paid") / "run", server.url)
    first = runs.run(wait=False)
    assert first.returncode != 0 and "come back later, nothing is lost: 0 of" in first.stderr, first.stderr[
        -4000:
    ]
    assert server.bill()["charges"] == 0 and len(server.bill()["open_batches"]) == 1
    server.advance(3600)
    finished = runs.run()
    assert finished.returncode == 0, finished.stderr[-6000:]
    yield runs
    os.environ.pop("OPENAI_API_KEY")


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / "results" / name)


def test_everything_is_answered_and_billed_once(runs, server):
    cost = [
        json.loads((runs.folder / f"results/{stage}/cost.json").read_text())
        for stage in ("keywords", "captions")
    ]
    bill = server.bill()
    assert bill["double_billed"] == 0 and not bill["open_batches"]
    assert sum(one["settled"]["usd"] for one in cost) == pytest.approx(bill["usd"], abs=1e-5)
    assert all(one["settled"]["lines_match_batches"] and one["settled"]["simulated"] for one in cost)
    raw = list((runs.folder / "results/keywords/raw").glob("*.jsonl"))
    assert len(raw) == 1
    for path in raw:
        requests = list(read_lines(runs.folder / "results/keywords/requests" / path.name))
        answers = index_answers(path)
        assert [*answers] == [request["custom_id"] for request in requests]
        assert all(judge_answer(answers[r["custom_id"]], len(read_items(r))).status == "ok" for r in requests)


def test_words_equal_those_of_the_lexicon(runs, tmp_path):
    results = runs.folder / "results"
    shutil.copy(results / "keywords/requests/first-0-of-1.jsonl", tmp_path / "req.jsonl")
    shutil.copy(results / "samples/first-0-of-1.parquet", tmp_path / "samples.parquet")
    answer_stage(tmp_path, "keywords", "lexicon")
    free = pd.read_parquet(parse_keyword_answers(tmp_path))
    paid = read(runs.folder, "keywords/keywords.parquet")
    assert len(paid) == 80 and set(free["source"]) == {"lexicon"} and set(paid["status"]) == {"ok"}
    assert not set(paid["source"]) & {"lexicon"}
    pd.testing.assert_frame_equal(paid.drop(columns="source"), free.drop(columns="source"))


def test_captions_come_from_the_model(runs):
    captions = read(runs.folder, "captions/captions.parquet")
    assert captions["source"].str.startswith("gpt-4o").mean() > 0.8 and set(captions["status"]) == {"ok"}


def test_lost_results_cost_nothing_and_need_no_key(runs, server):
    bill, calls = server.bill(), len(server.calls()["calls"])
    shutil.rmtree(runs.folder / "results/captions")
    key = os.environ.pop("OPENAI_API_KEY")
    try:
        again = runs.run()
    finally:
        os.environ["OPENAI_API_KEY"] = key
    assert again.returncode == 0, again.stderr[-4000:]
    assert server.bill() == bill and len(server.calls()["calls"]) == calls
    again = runs.run()
    assert "Nothing to be done" in again.stdout + again.stderr


def test_another_endpoint_or_limit_runs_nothing(runs):
    again = runs.run("-n", wait=False, attempts=9, requests_per_file=2, base_url="http://127.0.0.1:9/v1")
    assert again.returncode == 0
    planned = set(re.findall(r"^\w*rule (\w+):", again.stdout + again.stderr, re.MULTILINE))
    assert planned <= {"estimate_run"}, "only the plan counts files"


def test_a_new_source_is_answered_alone(runs, server):
    before = server.bill()
    times = {path: path.stat().st_mtime_ns for path in runs.folder.glob("results/*/raw/first-*.jsonl")}
    runs.config["samples"]["sources"].append(
        {"name": "second", "format": "embedded", "photos": 6, "seed": 12}
    )
    planned = runs.run("-n")
    blocks = [block for block in planned.stdout.split("\n\n") if "shard=first" in block]
    assert not blocks, blocks[0]
    finished = runs.run()
    assert finished.returncode == 0 and "Nothing to be done" not in finished.stdout, finished.stderr[-4000:]
    assert times == {path: path.stat().st_mtime_ns for path in times}
    bill = server.bill()
    assert bill["double_billed"] == 0
    new = {row["custom_id"] for row in bill["items"]} - {row["custom_id"] for row in before["items"]}
    asked = {
        request["custom_id"]
        for stage in ("keywords", "captions")
        for request in read_lines(runs.folder / f"results/{stage}/requests/second-0-of-1.jsonl")
    }
    assert new == asked


def test_a_run_above_the_budget_refuses_to_start(runs, server):
    calls = len(server.calls()["calls"])
    runs.config["keywords"]["captions_per_prompt"] = 3
    refused = runs.run(budget_usd=0.0001)
    assert (
        refused.returncode != 0
        and "api.budget_usd" in refused.stderr
        and "Nothing was sent" in refused.stderr
    )
    assert "files.create" not in server.calls()["calls"][calls:]


def test_the_key_is_in_no_file(runs):
    paths = [path for path in runs.folder.rglob("*") if path.is_file()]
    assert len(paths) > 40 and any(path.name == "ledger.sqlite" for path in paths)
    assert [path for path in paths if KEY.encode() in path.read_bytes()] == []
