"""A pilot, then the whole run in the same directory: nothing is made or paid twice."""

import json

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
