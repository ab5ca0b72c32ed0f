"""Questions about a run (`unscene why`, `unscene status`): they say what differs."""

import os
import shutil
from pathlib import Path

import pytest

from changed_runs import ask
from unscene.run.needed_jobs import format_inspection

pytestmark = pytest.mark.workflow


def test_inputs_that_a_config_adds_or_drops_are_named(finished, tmp_path):
    run = Path(shutil.copytree(finished, tmp_path / "run", symlinks=True))
    metas = list(run.glob("results/models/originals/fold0/seed0/meta.json"))
    for meta in metas:  # as where its training ended last
        os.utime(meta)
    told = format_inspection(ask(run, {"deploy": {"arm": "originals"}}, is_copy=True))
    assert metas and "newer" not in told.partition("draw_retrieval")[2].partition("compare_arms_on_sets")[0]
    assert "    reads now: results/models/originals/fold0/seed0/meta.json\n" in told
    assert "    reads no longer: results/models/absence/fold0/seed0/meta.json\n" in told


def test_a_key_that_is_no_longer_read_and_a_path_that_is_dropped_are_said_so(finished):
    told = format_inspection(ask(finished, {"quality": {"thresholds": {"max_residual": 0.5}}}))
    assert "    reads no longer: results/quality/control_scores.parquet\n" in told
    assert "quality.control_percentile: 0.99 -> not used" in told
    assert "train.clip: a path -> null" in format_inspection(ask(finished, {"train": {"clip": None}}))
