"""A pilot, then the whole run in the same directory: nothing is made or paid twice."""

import json
import shutil

import pandas as pd
import pytest
import yaml

from batch_server.running import run_server
from batch_server.settings import Settings
from unscene.answers.batch_lines import read_lines
from workflow_runs import run_snakemake

pytestmark = pytest.mark.workflow
KEY = "sk-planted-pilot"
TARGETS = ["results/keywords/keywords.parquet", "results/keywords/cost.json"]


@pytest.fixture(scope="module")
def server():
    with run_server(Settings(api_key=KEY, advance_per_poll=120)) as control:
        yield control


def test_the_whole_run_uses_what_the_pilot_made_and_paid(server, tmp_path, monkeypatch):
    run, overlay = tmp_path / "run", tmp_path / "mine.yaml"
    config = {
        "samples": {
            "shard_size": 100,
            "sources": [{"name": "first", "format": "embedded", "photos": 60, "seed": 11}],
        },
        "keywords": {"backend": "openai"},
        "api": {"base_url": server.url, "poll_seconds": 0.05},
        "train": {"arms": {"absence": None}},  # there is no pool
        "deploy": {"arm": "paired_rank_keep"},
    }
    overlay.write_text(yaml.safe_dump(config))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("UNSCENE_PILOT", "24")
    pilot = run_snakemake(run, "--", *TARGETS, configfiles=(overlay,))
    assert pilot.returncode == 0, pilot.stderr[-4000:]
    shards = sorted(path.name for path in (run / "results/samples").glob("*-of-2.parquet"))
    assert shards == ["first-0-of-2.parquet"]
    assert len(pd.read_parquet(run / "results/samples" / shards[0])) == 24
    asked = {line["custom_id"] for line in read_lines(run / "results/keywords/requests/first-0-of-2.jsonl")}
    paid = server.bill()
    assert {item["custom_id"] for item in paid["items"]} >= asked
    kept = {
        path: path.stat().st_mtime_ns for path in run.glob("results/*/**/first-0-of-2*") if path.is_file()
    }
    assert kept

    monkeypatch.delenv("UNSCENE_PILOT")
    whole = run_snakemake(run, "--", *TARGETS, configfiles=(overlay,))
    assert whole.returncode == 0, whole.stderr[-4000:]
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    bill = server.bill()
    assert bill["double_billed"] == 0 and bill["charges"] > paid["charges"]
    samples = pd.concat(
        pd.read_parquet(path) for path in (run / "results/samples").glob("first-*-of-2.parquet")
    )
    assert len(samples) == 60 and samples["image_id"].is_unique
    cost = json.loads((run / "results/keywords/cost.json").read_text())
    assert cost["settled"]["usd"] == pytest.approx(bill["usd"], abs=1e-5)

    monkeypatch.setenv("UNSCENE_PILOT", "24")
    late = run_snakemake(run, "--dry-run", "--", *TARGETS, configfiles=(overlay,))
    assert late.returncode != 0 and "the whole run has begun here" in late.stderr


@pytest.mark.dear
def test_captions_of_edits_that_the_pilot_paid_are_paid_no_more(tmp_path, monkeypatch):
    """The whole run pays, beside its pilot, what it would pay with the same shards and no pilot."""
    overlay = tmp_path / "mine.yaml"
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def run(server, directory, pilot: bool) -> dict:
        config = {
            "samples": {
                "shard_size": 100,
                "sources": [{"name": "first", "format": "embedded", "photos": 40, "seed": 11}],
            },
            "captions": {"backend": "openai"},
            "edits": {"steps": 1, "attempts": 1},
            "api": {"base_url": server.url, "poll_seconds": 0.05},
            "train": {"arms": {"absence": None}},
            "deploy": {"arm": "paired_rank_keep"},
        }
        overlay.write_text(yaml.safe_dump(config))
        with monkeypatch.context() as patch:
            if pilot:
                patch.setenv("UNSCENE_PILOT", "20")
            targets = ["results/captions/captions.parquet", "results/captions/cost.json"]
            done = run_snakemake(directory, "--", *targets, configfiles=(overlay,))
        assert done.returncode == 0, done.stderr[-4000:]
        return server.bill()

    with run_server(Settings(api_key=KEY, advance_per_poll=120)) as server:
        paid = run(server, tmp_path / "run", pilot=True)
        assert paid["charges"] > 0
        (raw,) = (tmp_path / "run/results/captions/raw").glob("*.jsonl")
        kept = raw.stat().st_mtime_ns
        bill = run(server, tmp_path / "run", pilot=False)
    assert raw.stat().st_mtime_ns == kept
    assert bill["double_billed"] == 0 and bill["charges"] > paid["charges"]
    cost = json.loads((tmp_path / "run/results/captions/cost.json").read_text())
    assert cost["settled"]["usd"] == pytest.approx(bill["usd"], abs=1e-5)
    # The same cut, and no pilot before it: edits and masks are there, so only the answers are asked anew.
    shutil.copytree(tmp_path / "run", tmp_path / "alone", symlinks=True)
    shutil.rmtree(tmp_path / "alone/results/captions")
    shutil.rmtree(tmp_path / "alone/state/api")
    with run_server(Settings(api_key=KEY, advance_per_poll=120)) as server:
        alone = run(server, tmp_path / "alone", pilot=False)
    assert (alone["charges"], alone["usd"]) == (bill["charges"], pytest.approx(bill["usd"]))
