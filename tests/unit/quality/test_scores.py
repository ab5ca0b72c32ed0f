"""The registry of scores: an entry says all, and what is computed from the entries fits the rest of
the house.
"""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

from unscene.quality import calibration
from unscene.quality.controls import FAILURES
from unscene.quality.image_scores import judge_removal
from unscene.quality.makers import MAKERS
from unscene.quality.scores import (
    CALIBRATED,
    INVARIANTS,
    PIXEL_SCORES,
    SCORES,
    SHAM_SCORES,
    SHAM_THRESHOLDS,
    THRESHOLDS,
    Score,
    list_names,
    write_item,
)

NOTHING = SimpleNamespace(boxes=np.zeros((0, 4)), confidences=np.zeros(0), categories=[])


@pytest.mark.parametrize("score", SCORES.values(), ids=list(SCORES))
def test_an_entry_is_whole(score):
    assert score.maker in MAKERS and score.doc and score.unit
    assert {*score.meant_for, *score.meant_for_above} <= set(FAILURES)
    assert score.good in ("high", "low", "middle", None)
    assert bool(score.meant_for_above) == (score.good == "middle")
    assert (score.maker == "pixels") == (score.measure is not None)
    assert not score.meant_for or score.good


def test_an_entry_is_a_threshold_of_the_config_and_an_item_of_the_page(checkout):
    quality = yaml.safe_load((checkout / "config/config.yaml").read_text())["quality"]
    schema = yaml.safe_load((checkout / "workflow/schemas/config.schema.yaml").read_text())
    allowed = schema["properties"]["quality"]["properties"]["thresholds"]["properties"]
    assert set(quality["thresholds"]) == set(allowed) == set(THRESHOLDS)
    page = " ".join((checkout / "docs/QUALITY.md").read_text(encoding="utf-8").split())
    assert [write_item(score) for score in SCORES.values() if write_item(score) not in page] == []


def test_what_is_computed_from_the_entries():
    calibrated = ["change", "ssim", "seam", "blur_ratio", "residual", "new_object"]
    calibrated += ["collateral", "clip_drop", "clip_present", "rc_s"]
    assert calibrated == CALIBRATED
    assert (
        " ".join(INVARIANTS) == "outside_difference residual_frame left_confidence listed_left listed_share"
    )
    from_controls = [key for key, one in THRESHOLDS.items() if one.strictest is not None]
    assert from_controls == ["max_residual", "max_new_object", "min_collateral"]
    assert SHAM_SCORES == ["seam", "blur_ratio"]
    assert SHAM_THRESHOLDS == ["max_outside_difference", "max_seam", "min_blur_ratio", "max_blur_ratio"]
    assert "min_change" in THRESHOLDS and "max_change" not in THRESHOLDS


def test_a_maker_gives_the_scores_that_name_it():
    judged = judge_removal(NOTHING, NOTHING, "dog", np.ones((4, 4), bool))
    assert list(judged) == list_names(lambda score: score.maker == "judge")
    pixels, mask = np.arange(300, dtype=np.uint8).reshape(10, 10, 3), np.zeros((10, 10), bool)
    mask[3:7, 3:7] = True
    assert all(np.isfinite(SCORES[name].measure(pixels, pixels, mask)) for name in PIXEL_SCORES)


def test_a_score_that_is_meant_for_nothing_is_calibrated_and_not_used(monkeypatch):
    odd = Score("odd", "Q9", "pixels", "a score that nobody thought about", "", good="low")
    monkeypatch.setitem(SCORES, "odd", odd)
    monkeypatch.setattr(calibration, "CALIBRATED", [*CALIBRATED, "odd"])
    monkeypatch.setitem(THRESHOLDS, "max_odd", odd.thresholds[0])
    rng = np.random.default_rng(0)
    control = pd.DataFrame({name: rng.random(60) for name in SCORES}).assign(area_fraction=0.1)
    control["kind"] = ["perfect"] * 30 + ["untouched"] * 30
    entry = calibration.calibrate(control, 0.99, [0.02, 0.08])["thresholds"]["max_odd"]
    assert not entry["kept"] and entry["meant_for"] == []
    assert entry["reason"] == "its entry names no failure that it is meant for"


def test_the_registry_is_cheap_to_import(checkout):
    code = (
        "import sys; import unscene.quality.scores; heavy = {'torch', 'cv2', 'pandas'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=checkout / "src", check=True)
