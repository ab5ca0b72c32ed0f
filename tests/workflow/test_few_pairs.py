"""A run that finds too few pairs to train on ends in its pairs and its report, and is finished then."""

import pandas as pd
import pytest
import yaml

from unscene.provenance.tracing import trace
from unscene.run.left_out import read_left_out
from workflow_runs import CHECKOUT, run_snakemake

pytestmark = [pytest.mark.workflow, pytest.mark.dear]
TINY = CHECKOUT / "tests/config/tiny.yaml"


def test_too_few_pairs_and_none_at_all_end_well(tmp_path):
    def run(change: dict, *arguments: str) -> str:
        overlay.write_text(yaml.safe_dump(change))
        done = run_snakemake(tmp_path / "run", *arguments, configfiles=(TINY, overlay))
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout + done.stderr

    overlay, results = tmp_path / "change.yaml", tmp_path / "run/results"
    few = {"train": {"batch_pairs": 30}}
    # Which training ends first is told.
    assert "photo groups, the training part has" in run(few).split("for want of pairs: ")[-1]
    pair = pd.read_parquet(results / "quality/pairs.parquet")
    assert len(pair)
    for left in ("models/absence/fold0/seed0/meta.json", "metrics/items.parquet", "deploy"):
        assert "photo groups" in read_left_out(results / left)
    assert "No arm was tested, for want of pairs: " in (results / "report.html").read_text()
    story = {section.title: section.facts for section in trace(pair["edit_id"][0], tmp_path / "run", None)}
    ((told, why),) = story[f"tests of {pair['edit_id'][0]}"]
    assert told == "not tested" and "photo groups" in why
    assert "Nothing to be done" in run(few)

    none = {"quality": {"thresholds": {"min_change": 900}}}
    assert "no pair was accepted" in run(none).split("for want of pairs: ")[-1]
    assert pd.read_parquet(results / "quality/pairs.parquet").empty
    assert "no pair was accepted" in (results / "report.html").read_text()
    assert "Nothing to be done" in run(none)
