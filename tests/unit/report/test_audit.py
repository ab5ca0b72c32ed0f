"""The report's audit of acceptance: limits and their origin, controls that pass, and the certificate."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

from fake_run import CHECKOUT, make_job, make_lineage, make_run
from unscene.quality.calibration import SIZE_BINS, calibrate
from unscene.quality.controls import KINDS
from unscene.quality.scores import SCORES
from unscene.report.audit import count_accepted_controls, count_sizes, list_limits
from unscene.report.write_report import write_report
from unscene.run.tables import write_json

QUALITY = yaml.safe_load((CHECKOUT / "config" / "config.yaml").read_text())["quality"]


@pytest.fixture
def audited():
    """Hundred controls of each kind; residual tells the untouched ones; and a table of refused edits."""
    rng = np.random.default_rng(0)
    control = pd.DataFrame(
        [(kind, 0.01 + n / 1000) for kind in KINDS for n in range(100)], columns=["kind", "area_fraction"]
    )
    control = control.assign(**dict.fromkeys(SCORES, np.nan))
    control["residual"] = rng.uniform(0, 0.3, len(control)) + 0.6 * (control["kind"] == "untouched")
    control["new_object"] = rng.uniform(0, 1, len(control))
    rejected = pd.DataFrame(
        {
            "edit_id": ["a", "b"],
            "reason": ["quality: max_residual", "mask: too_small"],
            "all_reasons": [["quality: max_residual", "quality: max_seam"], ["mask: too_small"]],
        }
    )
    calibration = calibrate(control, 0.9, SIZE_BINS)
    return SimpleNamespace(control_scores=control, rejected_edits=rejected, calibration=calibration)


def test_limits_say_where_they_come_from(audited):
    rows = {row["key"]: row for row in list_limits(audited, QUALITY)}
    assert rows["max_residual"]["origin"] == "controls" and not rows["max_residual"]["is_off"]
    assert (rows["max_seam"]["limit"], rows["max_seam"]["origin"]) == ("2", "config")
    assert (rows["max_residual"]["first"], rows["max_residual"]["any"]) == (1, 1)
    assert (rows["max_seam"]["first"], rows["max_seam"]["any"]) == (0, 1)
    assert rows["min_rc_s"]["origin"] == "off in the config" and rows["min_rc_s"]["is_off"]
    rows = {row["key"]: row for row in list_limits(audited, QUALITY | {"policy": "calibrated"})}
    assert rows["max_residual"]["origin"] == "controls"
    assert rows["max_residual"]["limit"].count("(") in (0, 3)  # one limit, or one a bin
    assert rows["max_new_object"]["is_off"] and "no clear gain" in rows["max_new_object"]["origin"]
    assert "of 100 pasted" in rows["max_new_object"]["figures"]
    assert rows["max_outside_difference"]["origin"] == "config (the same under every policy)"


def test_controls_that_pass_are_counted_under_the_limits_in_force(audited):
    only = {"max_residual": 0.25, "max_new_object": None}
    rows = {row["kind"]: row for row in count_accepted_controls(audited, QUALITY | {"thresholds": only})}
    perfect = audited.control_scores.query("kind == 'perfect'")["residual"]
    assert rows["perfect"]["share"] == pytest.approx((perfect <= 0.25).mean())
    assert rows["untouched"]["share"] == 0
    calibrated = QUALITY | {
        "policy": "calibrated",
        "thresholds": {"max_residual": 0.0, "max_new_object": 0.0},
    }
    rows = {row["kind"]: row for row in count_accepted_controls(audited, calibrated)}
    assert 0.9 <= rows["perfect"]["share"] <= 0.93


def test_sizes_are_counted():
    run = SimpleNamespace(
        masks=pd.DataFrame(
            {
                "edit_id": list("abcd"),
                "area_fraction": [0.01, 0.05, 0.05, 0.5],
                "status": ["ok"] * 3 + ["skipped"],
            }
        ),
        edits=pd.DataFrame({"edit_id": list("abc"), "status": ["ok", "ok", "failed"]}),
        pairs=pd.DataFrame({"edit_id": ["b"]}),
    )
    rows = count_sizes(run, [0.02, 0.08])
    assert [(row["masks"], row["edits"], row["pairs"]) for row in rows] == [(1, 1, 0), (2, 1, 1), (0, 0, 0)]
    assert [row["share"] for row in rows] == [0, 1, None]


def test_the_page_shows_audit_and_certificate(tmp_path, monkeypatch):
    paths = make_run(tmp_path, photos=12)
    lineage = make_lineage()
    monkeypatch.chdir(tmp_path)
    write_report(make_job(paths, "plain.html", lineage))
    page = (tmp_path / "plain.html").read_text()
    assert "What was in force" in page and "that the calibrated cut catches" in page
    # What is off stands there in red, with its figures.
    off = re.search(r'<tr class="worse"><th scope="row">min clip drop</th>.*?</tr>', page, re.DOTALL)
    assert off and "off in the config" in off[0] and "refuses" in off[0]
    assert "the true background; all of these should pass" in page
    assert "What people said" not in page
    point = {
        "threshold": 0.61,
        "bad": 1,
        "accepted": 120,
        "upper_limit": 0.039,
        "max_defect_rate": 0.05,
        "reason": None,
    }
    agreement = [{"raters": ["anna", "bert"], "question": "gone", "equal": {"share": 0.91}, "kappa": 0.7}]
    write_json(
        {
            "labels": 400,
            "labelled_edits": 200,
            "raters": ["anna", "bert"],
            "disagreements": 18,
            "agreement": agreement,
            "operating_point": point,
        },
        tmp_path / "results/quality/certificate.json",
    )
    lineage["settings"]["quality"]["policy"] = "certified"
    paths["certificate"] = "results/quality/certificate.json"
    write_report(make_job(paths, "certified.html", lineage))
    page = (tmp_path / "certified.html").read_text()
    assert "What people said" in page and "1 of 120" in page and "0.70" in page
    assert "the head decides in its place" in page
