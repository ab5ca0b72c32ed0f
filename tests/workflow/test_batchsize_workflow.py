"""`captions_per_prompt: auto` against the local Batch server: the study chooses, the keywords
follow its number and nothing else.
"""

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from batch_server.running import run_server
from batch_server.settings import Settings
from unscene.answers.batch_lines import read_items, read_lines
from workflow_runs import run_snakemake

pytestmark = [pytest.mark.workflow, pytest.mark.dear]
KEY = "sk-planted-study-51d0"
TARGETS = ("results/keywords/agreement.parquet", "results/batchsize/methods.tex")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A function that runs the workflow with changed keys of the study and returns the process and
    its output.
    """
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with run_server(Settings(api_key=KEY, advance_per_poll=600)) as server:

        def go(*arguments, **study):
            config = {
                "samples": {"sources": [{"name": "toy", "format": "embedded", "photos": 70, "seed": 3}]},
                "keywords": {"backend": "openai", "captions_per_prompt": "auto"},
                "batchsize": {"captions": 300, "sizes": [10, 20], "permutations": 6, "margin": 0.05} | study,
                "api": {"base_url": server.url, "poll_seconds": 0.05},
                "train": {"arms": {"absence": None}},  # there is no pool
                "deploy": {"arm": "paired_rank_keep"},
            }
            (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
            done = run_snakemake(
                tmp_path / "run", *arguments, "--", *TARGETS, configfiles=(tmp_path / "config.yaml",)
            )
            assert done.returncode == 0, done.stderr[-6000:]
            return done.stdout + done.stderr

        go.server = server
        yield go


def count_items(folder: Path) -> set[int]:
    requests = [path for path in (folder / "results/keywords/requests").glob("*.jsonl")]
    return {len(read_items(line)) for path in requests for line in read_lines(path)}


def test_keywords_follow_the_chosen_number_alone(run, tmp_path):
    folder = tmp_path / "run"
    run()
    chosen = json.loads((folder / "results/batchsize/chosen.json").read_text())
    assert (
        chosen["captions_per_prompt"] == 20 and chosen["simulated"] and chosen["gold"]["kind"] == "mentions"
    )
    assert max(count_items(folder)) == 20
    assert pd.read_parquet(folder / "results/keywords/agreement.parquet")["simulated"].any()
    assert "SIMULATED" in (folder / "results/batchsize/methods.tex").read_text()
    assert "Nothing to be done" in run()

    before = {path: path.stat().st_mtime_ns for path in (folder / "results/keywords").rglob("*.*")}
    told = run(captions=320)  # another study, the same choice
    assert "Measuring the batch-size study" in told and "Building the keyword requests" not in told
    assert "Nothing to be done" in run(captions=320)
    assert before == {path: path.stat().st_mtime_ns for path in (folder / "results/keywords").rglob("*.*")}

    run(sizes=[10])  # the study of 300 again, its answers are paid for: another choice
    run(sizes=[10])
    assert max(count_items(folder)) == 10
    assert "Nothing to be done" in run(sizes=[10])
    assert run.server.bill()["double_billed"] == 0
