"""Calibration on controls: AUCs against scikit-learn, cuts against their promise, and the policy
that uses them.
"""

import json

import numpy as np
import pandas as pd
import pytest

from partial_tables import write_some
from unscene.machine.job import Job
from unscene.masks.columns import MASKS
from unscene.quality.calibration import (
    SIZE_BINS,
    calibrate,
    choose_cut,
    find_bin,
    get_limits,
    name_bins,
)
from unscene.quality.columns import CONTROL_SCORES, EDIT_SCORES, STANDARD_SCORES
from unscene.quality.control_calibration import calibrate_scores, list_shams
from unscene.quality.controls import KINDS
from unscene.quality.scores import CALIBRATED, THRESHOLDS
from unscene.run.tables import write_table

EDGES = SIZE_BINS


LEFT = ("untouched", "half", "rim", "ghost")


def make_controls(count=100, seed=0):
    """residual separates, blur_ratio does so for the blurred, clip_drop knows nothing, nothing has
    a neighbour.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for kind in KINDS:
        for number in range(count):
            size = (0.01, 0.05, 0.2)[number % 3]
            residual = rng.uniform(0.3, 1) if kind in LEFT else rng.uniform(0, 0.2)
            # large holes are blurrier even when perfect: one cut for all sizes would refuse them
            blur = rng.normal(0.02 if kind == "blurred" else 2 - 1.5 * (size > 0.1), 0.2)
            rows.append(
                {
                    "kind": kind,
                    "area_fraction": size,
                    "residual": residual,
                    "blur_ratio": blur,
                    "clip_drop": rng.normal(),
                    "collateral": 1.0 if kind != "neighbour" else np.nan,
                }
            )
    frame = pd.DataFrame(rows)
    for name in {one.score.name for one in THRESHOLDS.values()} - set(frame):
        frame[name] = np.nan
        frame[f"{name}_reason"] = "no such model"
    return frame


def test_auc_is_that_of_scikit_learn_turned_so_that_good_is_above_half():
    from sklearn.metrics import roc_auc_score

    control = make_controls()
    found = calibrate(control, 0.99, EDGES)["thresholds"]
    keys = {"max_residual": -1, "min_blur_ratio": 1, "max_blur_ratio": -1, "min_clip_drop": 1}
    for key, sign in keys.items():
        name = THRESHOLDS[key].score.name
        for kind in ("untouched", "blurred"):
            two = control[control["kind"].isin(["perfect", kind])]
            expected = roc_auc_score(two["kind"] == "perfect", sign * two[name])
            assert found[key]["auc"][kind]["auc"] == pytest.approx(expected)


def test_thresholds_that_are_not_kept_say_why():
    found = calibrate(make_controls(), 0.99, EDGES)["thresholds"]
    assert found["max_residual"]["kept"]
    assert found["max_residual"]["kept_for"] == list(LEFT)
    assert found["min_blur_ratio"]["kept"]
    assert not found["min_clip_drop"]["kept"]
    assert "no clear gain" in found["min_clip_drop"]["reason"]
    assert found["min_collateral"]["reason"] == "no control of the kind neighbour has a value"
    assert found["min_rc_s"]["reason"] == "no such model"
    assert set(found) == {key for key, one in THRESHOLDS.items() if one.score.name in CALIBRATED}


def test_cuts_let_the_stated_share_of_perfect_ones_through_in_each_bin():
    control = make_controls(count=300)
    found = calibrate(control, 0.9, EDGES)["thresholds"]
    perfect = control[control["kind"] == "perfect"]
    for key in ("max_residual", "min_blur_ratio", "max_blur_ratio"):
        for position, cut in enumerate(found[key]["cuts"]):
            inside = find_bin(perfect["area_fraction"], EDGES) == position
            values = perfect.loc[inside, THRESHOLDS[key].score.name]
            passing = values <= cut["cut"] if key.startswith("max") else values >= cut["cut"]
            assert 0.9 <= passing.mean() <= 0.92
            assert not cut["pooled"]
    assert found["min_blur_ratio"]["cuts"][0]["cut"] > 1 > found["min_blur_ratio"]["cuts"][2]["cut"]
    assert found["min_blur_ratio"]["caught"]["blurred"]["share"] > 0.9
    assert found["max_residual"]["caught"]["untouched"]["share"] == 1


def test_a_bin_with_few_controls_takes_the_cut_of_all():
    control = make_controls(count=60)
    control = control[(control["area_fraction"] < 0.1) | (np.arange(len(control)) % 7 == 0)]
    cuts = calibrate(control, 0.95, EDGES)["thresholds"]["max_residual"]["cuts"]
    perfect = control.loc[control["kind"] == "perfect", "residual"].to_numpy()
    assert cuts[2]["pooled"]
    assert cuts[2]["cut"] == choose_cut(perfect, 0.95, "max")
    assert name_bins(EDGES) == ["0-0.02", "0.02-0.08", "0.08-1"]


def test_calibrated_limits_replace_fixed_ones_only_where_they_earn_their_cost():
    calibration = json.loads(json.dumps(calibrate(make_controls(), 0.99, EDGES)))
    area = pd.Series([0.01, 0.3])
    thresholds = {
        "max_residual": 0.35,
        "min_blur_ratio": 0.05,
        "min_clip_drop": 0.0,
        "max_outside_difference": 0,
        "max_residual_frame": None,
    }
    limits = get_limits("calibrated", thresholds, calibration, area, EDGES)
    assert set(limits) == {"max_residual", "min_blur_ratio", "max_outside_difference"}
    assert limits["max_outside_difference"].tolist() == [0, 0]
    assert limits["min_blur_ratio"][0] > 1 > limits["min_blur_ratio"][1]
    assert limits["max_residual"].max() <= 0.2


def make_shams(count, mean, seed=1):
    """Fills of plain background that are blurrier than the real one."""
    rng = np.random.default_rng(seed)
    sizes = np.resize([0.01, 0.05, 0.2], count)
    return pd.DataFrame({"kind": "sham", "area_fraction": sizes, "blur_ratio": rng.normal(mean, 0.1, count)})


def test_sham_edits_are_the_reference_where_there_are_enough():
    control = make_controls()
    alone = calibrate(control, 0.99, EDGES)["thresholds"]["min_blur_ratio"]
    few, many, bad = (
        calibrate(pd.concat([control, make_shams(*each)]), 0.99, EDGES)["thresholds"]
        for each in ((29, 0.8), (120, 0.8), (120, 0.02))
    )
    assert few["min_blur_ratio"]["reference"] == "perfect"
    assert few["min_blur_ratio"]["cuts"] == alone["cuts"]
    assert few["min_blur_ratio"]["auc_sham"]["blurred"]["n_positive"] == 29
    assert many["min_blur_ratio"]["reference"] == "sham" and many["min_blur_ratio"]["auc"] == alone["auc"]
    for position, cut in enumerate(many["min_blur_ratio"]["cuts"]):
        values = make_shams(120, 0.8)["blur_ratio"][position::3]
        assert cut["cut"] == choose_cut(values.to_numpy(), 0.99, "min") and not cut["pooled"]
    assert many["min_blur_ratio"]["cuts"][0]["cut"] < alone["cuts"][0]["cut"]
    assert many["max_residual"]["reference"] == "perfect"
    assert many["max_blur_ratio"]["reference"] == "perfect"
    # A remover whose every fill is blurred cannot be judged by blur: what the cut catches of the
    # failure it refuses of the fills, too, so it is off.
    assert bad["min_blur_ratio"]["auc_sham"]["blurred"]["auc"] < 0.65
    assert not bad["min_blur_ratio"]["kept"] and "no clear gain" in bad["min_blur_ratio"]["reason"]
    # Selection takes the cuts of these from controls alone.
    without = calibrate(control, 0.99, EDGES)["thresholds"]
    free = [key for key, one in THRESHOLDS.items() if one.strictest is not None and key in without]
    assert "max_residual" in free
    assert all(json.dumps(many[key]["cuts"]) == json.dumps(without[key]["cuts"]) for key in free)


def test_sham_edits_of_a_run_join_the_controls_with_the_size_of_their_object(tmp_path):
    names = ["a-sham", "b-sham", "c-sham"]  # the last lies over another object, which ends in a seam
    kinds = {"sham_of": ["a", "b", "c"], "sham_kind": ["busy", None, "edge"]}
    sham = pd.DataFrame({"edit_id": names, **kinds})
    score = pd.DataFrame(
        {
            "edit_id": names,
            "status": ["ok", "skipped", "ok"],
            "seam": [1.5, None, 9.0],
            "blur_ratio": [0.5, None, 0.5],
            "change": [3.0, None, 3.0],
        }
    )
    mask = pd.DataFrame({"edit_id": ["a", "b", "c"], "area_fraction": [0.01, 0.3, 0.2]})
    assert list_shams(sham, score, mask).to_dict("records") == [
        {"area_fraction": 0.01, "seam": 1.5, "blur_ratio": 0.5, "kind": "sham"}
    ]
    write_table(sham, tmp_path / "sham.parquet")
    write_table(score, tmp_path / "sham_scores.parquet")
    inputs = {"sham": tmp_path / "sham.parquet", "sham_scores": [tmp_path / "sham_scores.parquet"]}
    found, _ = calibrate_run(tmp_path, make_controls(), **inputs)
    assert found["controls"]["sham"] == 1


def calibrate_run(folder, control, **inputs):
    """Run the rule on some controls and three edits; return the calibration and the z-scores."""
    write_some(CONTROL_SCORES, control, folder / "controls.parquet")
    edit = pd.DataFrame({"edit_id": ["a", "b", "c"], "status": "ok"})
    score = edit.assign(**{name: [0.1, 0.5, np.nan] for name in CALIBRATED})
    write_some(EDIT_SCORES, score, folder / "scores.parquet")
    mask = edit[["edit_id"]].assign(area_fraction=[0.01, 0.3, None])
    write_some(MASKS, mask, folder / "masks.parquet")
    given = {name: folder / f"{name}.parquet" for name in ("controls", "scores", "masks")}
    outputs = {"calibration": folder / "c.json", "standard": folder / "z.parquet"}
    settings = {"quality": {"control_percentile": 0.99}}
    calibrate_scores(Job({"sham": None, **given, **inputs}, outputs, settings))
    return json.loads((folder / "c.json").read_text()), STANDARD_SCORES.read(folder / "z.parquet")


def test_z_scores_are_against_perfect_controls_of_the_same_size(tmp_path):
    control = make_controls()
    _, standard = calibrate_run(tmp_path, control)
    same = control[(control["kind"] == "perfect") & (control["area_fraction"] == 0.2)]["residual"]
    assert standard.loc[1, "residual_z"] == pytest.approx((0.5 - same.mean()) / same.std())
    assert standard["size_bin"].tolist() == ["0-0.02", "0.08-1", "0-0.02"]
    assert np.isnan(standard.loc[2, "residual_z"]) and np.isnan(standard.loc[0, "seam_z"])


def test_without_controls_the_calibration_says_so(tmp_path):
    calibration, _ = calibrate_run(tmp_path, make_controls().head(0))
    assert "no controls" in calibration["reason"]
    assert calibration["controls"]["perfect"] == 0
    assert not any(entry["kept"] for entry in calibration["thresholds"].values())
    assert get_limits("calibrated", {"max_residual": 0.3}, calibration, pd.Series([0.1]), EDGES) == {}
