"""The documented cuts of the quality stage: what lies just below, at and just above each."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from unscene.quality.accept_head import FEATURES, train_head
from unscene.quality.calibration import (
    calibrate,
    calibrate_threshold,
    choose_cut,
    count_beyond,
    find_bin,
    get_limits,
)
from unscene.quality.certification import certify, count_needed, get_upper_limit, list_thresholds
from unscene.quality.control_scoring import drop_occupied
from unscene.quality.distances import compare
from unscene.quality.image_scores import find_lost, judge_removal
from unscene.quality.rcs import list_components, score_tokens
from unscene.quality.scores import CALIBRATED, SHAM_THRESHOLDS, THRESHOLDS
from unscene.quality.sham_selection import decide

MASK = np.zeros((400, 400), bool)
MASK[80:240, 80:240] = True


def found(*objects):
    names, confidences, boxes = zip(*objects, strict=True) if objects else ((), (), ())
    return SimpleNamespace(categories=list(names), confidences=np.array(confidences), boxes=np.array(boxes))


def at_edge(x0, name="dog", confidence=0.9):
    """An object of 80 pixels in width that begins at x0; of its area 240 - x0 eightieths lie in the mask."""
    return (name, confidence, (x0, 100, x0 + 80, 140))


def moved(shift, width, name="dog", row=280, confidence=0.9):
    """An object below the mask (from row 240), or in it, moved to the right; the IoU follows from
    shift and width.
    """
    return (name, confidence, (80 + shift, row, 80 + width + shift, row + 10))


@pytest.mark.parametrize(("x0", "counts"), [(199, True), (200, True), (201, False)])
def test_a_box_by_half_in_the_mask_is_a_residual_and_was_the_object(x0, counts):
    expected = 0.9 if counts else 0
    seen = ("dog", 0.5, (90, 200, 130, 230))
    assert judge_removal(found(seen), found(at_edge(x0)), "dog", MASK)["residual"] == expected
    assert judge_removal(found(at_edge(x0)), found(), "dog", MASK)["original_confidence"] == expected


@pytest.mark.parametrize(("shift", "counts"), [(6.9, True), (7, True), (7.1, False)])
def test_a_box_at_iou_three_tenths_with_one_of_the_class_is_a_residual(shift, counts):
    seen = ("dog", 0.5, (90, 100, 130, 130))
    result = judge_removal(found(seen, moved(0, 13)), found(moved(shift, 13)), "dog", MASK)
    assert result["residual"] == (0.9 if counts else 0)
    assert result["residual_frame"] == 0.9


@pytest.mark.parametrize(("x0", "counts"), [(199, True), (200, True), (201, False)])
def test_a_box_by_half_in_the_mask_is_a_new_object(x0, counts):
    result = judge_removal(found(), found(at_edge(x0, "cat")), "dog", MASK)
    assert result["new_object"] == (0.9 if counts else 0)


@pytest.mark.parametrize(("shift", "is_new"), [(9.9, False), (10, False), (10.1, True)])
@pytest.mark.parametrize("name", ["cat", "dog"])
def test_a_box_at_iou_one_half_with_an_old_one_is_not_new(name, shift, is_new):
    old, new = moved(0, 30, name, row=100), moved(shift, 30, name, row=100)
    result = judge_removal(found(old), found(new), "dog", MASK)
    assert result["new_object"] == (0.9 if is_new else 0)


@pytest.mark.parametrize(("confidence", "counts"), [(0.51, True), (0.5, True), (0.49, False)])
def test_a_neighbour_counts_from_confidence_one_half(confidence, counts):
    result = judge_removal(found(moved(0, 30, "cat", confidence=confidence)), found(), "dog", MASK)
    assert result["collateral"] == 0 if counts else np.isnan(result["collateral"])


@pytest.mark.parametrize(("x0", "counts"), [(225, True), (224, False), (223, False)])
def test_a_neighbour_lies_by_less_than_a_fifth_in_the_mask(x0, counts):
    result = judge_removal(found(at_edge(x0, "cat")), found(), "dog", MASK)
    assert result["collateral"] == 0 if counts else np.isnan(result["collateral"])


@pytest.mark.parametrize(("shift", "is_found"), [(9.9, True), (10, True), (10.1, False)])
def test_a_neighbour_is_found_again_at_iou_one_half(shift, is_found):
    result = judge_removal(found(moved(0, 30, "cat")), found(moved(shift, 30, "cat")), "dog", MASK)
    assert result["collateral"] == is_found
    other = judge_removal(found(moved(0, 30, "cat")), found(moved(0, 30, "bus")), "dog", MASK)
    assert other["collateral"] == 0


@pytest.mark.parametrize(
    ("x0", "confidence", "after", "lost"),
    [
        (200, 0.25, (), ["cup"]),
        (223, 0.9, (), ["cup"]),  # a fifth of it, and a little more, lies in the mask
        (225, 0.9, (), []),
        (200, 0.24, (), []),
        (200, 0.9, (at_edge(0, "cup", 0.1),), []),  # there is one somewhere else
    ],
)
def test_what_the_judge_saw_at_the_mask_and_sees_no_more_is_lost(x0, confidence, after, lost):
    before = found(("dog", 0.9, (90, 100, 130, 130)), at_edge(x0, "cup", confidence))
    assert find_lost(before, found(*after), "dog", MASK) == lost


@pytest.mark.parametrize(("x0", "is_kept"), [(199, True), (200, True), (201, False)])
def test_a_ground_that_shows_the_class_is_left_out_unless_by_half_in_the_hole(x0, is_kept):
    judge = SimpleNamespace(detect=lambda photos: [found(at_edge(x0)) for _ in photos])
    placed = SimpleNamespace(ground=None, mask=MASK)
    batch = [({"category": "dog"}, None, None, placed, None, None)]
    assert bool(drop_occupied(batch, judge)) == is_kept


def make_sham(count):
    """Sham edits that nothing but a score can refuse."""
    told = {"status": "ok", "reason": None, "caption_status": "ok", "score_status": "ok"}
    made = pd.DataFrame({**told, "original_path": "p"}, index=range(count))
    return made.assign(**{one.score.name: np.nan for one in THRESHOLDS.values()})


@pytest.mark.parametrize("key", SHAM_THRESHOLDS)
def test_a_sham_edit_on_the_limit_passes_and_null_never_rejects(key):
    values = [0.9, 1.0, 1.1, np.nan]
    made = make_sham(4).assign(**{THRESHOLDS[key].score.name: values})
    refused = [f"quality: {key}", "", "", ""] if key.startswith("min_") else ["", "", f"quality: {key}", ""]
    assert decide(made, {name: 1.0 if name == key else None for name in THRESHOLDS}).tolist() == refused
    assert decide(made, dict.fromkeys(THRESHOLDS)).tolist() == [""] * 4


def test_thresholds_of_a_removal_do_not_judge_a_sham_edit():
    made = make_sham(1).assign(change=0.0, residual=1.0)
    limits = dict.fromkeys(THRESHOLDS) | {"min_change": 4.0, "max_residual": 0.3}
    assert decide(made, limits).tolist() == [""]


def test_an_upper_limit_at_the_rate_is_certified():
    limit, probability, is_bad = get_upper_limit(0, 40), np.ones(40), np.zeros(40, bool)
    for rate, passed in ((np.nextafter(limit, 1), True), (limit, True), (np.nextafter(limit, 0), False)):
        assert certify(probability, is_bad, [1.0], rate)["tests"][0]["passed"] == passed
    assert count_needed(limit, 0) == 40
    assert count_needed(np.nextafter(limit, 0), 0) == 41


def test_an_edit_at_the_threshold_is_accepted():
    probability = np.array([0.8, 0.7, np.nextafter(0.7, 0)])
    assert certify(probability, np.zeros(3, bool), [0.7], 0.9)["tests"][0]["accepted"] == 2


@pytest.mark.parametrize(("held_out", "count"), [(501, 20), (500, 20), (499, 19)])
def test_a_threshold_is_tested_when_it_accepts_a_quarter_more_than_is_needed(held_out, count):
    """20 labels are needed, so 25 must be accepted: 5 % of 500."""
    cuts = list_thresholds(np.arange(1000) / 1000, held_out, get_upper_limit(0, 20))
    assert len(cuts) == count
    assert cuts == sorted(cuts, reverse=True)
    assert cuts[-1] == 0


def test_the_grid_accepts_the_stated_shares_of_the_reference():
    reference = np.arange(100) / 100
    cuts = list_thresholds(reference, 10_000, get_upper_limit(0, 20))
    assert [int((reference >= cut).sum()) for cut in cuts[:3]] == [
        6,
        11,
        16,
    ]  # the value at the quantile is in


def test_a_cut_lets_no_less_than_the_stated_share_through():
    values = np.arange(10.0)
    assert choose_cut(values, 0.99, "min") == 0
    assert choose_cut(values, 0.99, "max") == 9
    many = np.arange(1.0, 101)
    assert (choose_cut(many, 0.9, "min"), choose_cut(many, 0.9, "max")) == (10, 91)
    assert np.isnan(choose_cut(values[:0], 0.99, "min"))


@pytest.mark.parametrize("key", ["min_blur_ratio", "max_blur_ratio"])
def test_a_failure_on_the_cut_is_not_caught(key):
    failure = pd.DataFrame({"blur_ratio": [0.9, 1.0, 1.1, np.nan], "area_fraction": 0.1})
    caught = count_beyond(failure, THRESHOLDS[key], [{"cut": 1.0}], [])
    assert (caught["share"], caught["n"]) == (pytest.approx(1 / 3), 3)


def make_seams(caught, missed, refused, passed):
    """Controls of a seam: `caught` of the toned ones lie above every faultless one. `refused` of
    those lie above the others, spread so that each of the five parts that are held out gets its share.
    """
    faultless = np.ones(refused + passed)
    faultless[np.linspace(0, len(faultless) - 1, refused).astype(int)] = 2
    seam = np.concatenate([faultless, np.full(caught, 9.0), np.zeros(missed)])
    kinds = ["perfect"] * len(faultless) + ["toned"] * (caught + missed)
    return pd.DataFrame({"kind": kinds, "area_fraction": 0.1, "seam": seam})


@pytest.mark.parametrize(
    ("caught", "missed", "is_kept"),
    # 0 of 40 faultless are refused: at most .088 by Wilson. 7 of 40 caught: at least .087; 8 of 40: .105.
    [(40, 0, True), (8, 32, True), (7, 33, False), (0, 40, False)],
)
def test_a_threshold_is_kept_when_it_clearly_catches_more_than_it_costs(caught, missed, is_kept):
    entry = calibrate_threshold(make_seams(caught, missed, 0, 40), THRESHOLDS["max_seam"], 0.99, [])
    assert (entry["kept"], entry["kept_for"]) == (is_kept, ["toned"] if is_kept else [])
    assert (entry["reason"] is None) == is_kept
    assert is_kept or f"catches {caught} of 40 toned and refuses 0 of 40 faultless edits" in entry["reason"]


def test_what_a_cut_costs_is_counted_on_edits_that_did_not_make_it():
    """Twenty different values: the greatest lies beyond the cut of the others, and passes its own."""
    control = pd.DataFrame(
        {"kind": "perfect", "area_fraction": 0.1, "seam": np.random.default_rng(0).permutation(20) / 20}
    )
    entry = calibrate_threshold(control, THRESHOLDS["max_seam"], 0.99, [])
    assert entry["cuts"][0]["cut"] == 0.95
    assert entry["false_alarms"]["share"] >= 1 / 20 and entry["false_alarms"]["n"] == 20
    strict = calibrate_threshold(make_seams(40, 0, 4, 36), THRESHOLDS["max_seam"], 0.8, [])
    assert strict["false_alarms"]["share"] == 0.1 and strict["kept"]


def test_a_weak_score_that_is_right_about_the_few_that_it_refuses_is_kept():
    """As a detector is that overlooks six of ten pasted objects: its AUC is near a coin's."""
    control = make_seams(16, 24, 0, 40)
    control["seam"] = control["seam"].clip(lower=1.0)
    entry = calibrate_threshold(control, THRESHOLDS["max_seam"], 0.99, [])
    assert entry["auc"]["toned"]["auc"] == pytest.approx(0.7) and entry["auc"]["toned"]["low"] < 0.6
    assert entry["kept"]


def test_only_failures_that_a_threshold_is_meant_for_let_it_be_kept_and_a_null_one_stays_off():
    """The seam is meant for what is toned."""
    kinds = ["perfect"] * 40 + ["untouched"] * 40 + ["toned"] * 40
    control = pd.DataFrame({"kind": kinds, "area_fraction": 0.1})
    for other, toned, kept_for in ((9.0, 1.0, []), (1.0, 9.0, ["toned"])):
        control["seam"] = [1.0] * 40 + [other] * 40 + [toned] * 40
        entry = calibrate_threshold(control, THRESHOLDS["max_seam"], 0.99, [])
        assert (entry["kept"], entry["kept_for"]) == (bool(kept_for), kept_for)
    area, found = pd.Series([0.1]), {"thresholds": {"max_seam": entry}}
    limits = get_limits("calibrated", {"max_seam": 2.0}, found, area, [])
    assert limits["max_seam"].tolist() == [1.0]
    assert get_limits("calibrated", {"max_seam": None}, found, area, []) == {}


def test_both_sides_of_the_blur_have_cuts_of_their_own():
    """Fills are blurrier than the ground: the sham edits say how blurred is too blurred, untouched
    ground how sharp is too sharp.
    """
    kinds = {"perfect": 1.0, "sham": 0.3, "blurred": 0.01, "textured": 9.0}
    control = pd.DataFrame(
        [(kind, 0.1, value * (1 + n / 100)) for kind, value in kinds.items() for n in range(40)],
        columns=["kind", "area_fraction", "blur_ratio"],
    )
    low, high = (
        calibrate_threshold(control, THRESHOLDS[f"{side}_blur_ratio"], 0.99, []) for side in ("min", "max")
    )
    assert (low["reference"], low["kept_for"], low["cuts"][0]["cut"]) == ("sham", ["blurred"], 0.3)
    assert (high["reference"], high["kept_for"]) == ("perfect", ["textured"])
    assert high["cuts"][0]["cut"] == pytest.approx(1.39)


def test_controls_in_place_of_a_number_is_their_cut_kept_or_not_and_else_the_strictest():
    area = pd.Series([0.1])
    cut = {"cuts": [{"cut": 0.17}], "kept": False, "score": "residual"}
    given = {"max_residual": "controls", "min_collateral": "controls", "max_seam": 2.0}
    limits = get_limits("fixed", given, {"thresholds": {"max_residual": cut}}, area, [])
    assert {key: limit[0] for key, limit in limits.items()} == {
        "max_residual": 0.17,
        "min_collateral": 1.0,
        "max_seam": 2.0,
    }
    empty = {"thresholds": {"max_residual": cut | {"cuts": [{"cut": None}]}}}
    assert get_limits("fixed", given, empty, area, [])["max_residual"].tolist() == [0.0]
    assert get_limits("calibrated", given, {"thresholds": {"max_residual": cut}}, area, []) == {}
    assert get_limits("certified", given, {}, area, []) == {}


@pytest.mark.parametrize(("count", "is_pooled"), [(29, True), (30, False), (31, False)])
def test_a_bin_has_a_cut_of_its_own_from_thirty_reference_edits(count, is_pooled):
    kinds = ["perfect"] * (count + 50) + ["toned"] * 20
    sizes = [0.01] * count + [0.05] * 50 + [0.05] * 20
    control = pd.DataFrame(
        {"kind": kinds, "area_fraction": sizes, "seam": np.arange(len(kinds), dtype=float)}
    )
    cut = calibrate_threshold(control, THRESHOLDS["max_seam"], 0.99, [0.02])["cuts"][0]
    assert (cut["n"], cut["pooled"]) == (count, is_pooled)
    assert cut["cut"] == (count + 49 if is_pooled else count - 1)


@pytest.mark.parametrize(("count", "reference"), [(29, "perfect"), (30, "sham"), (31, "sham")])
def test_sham_edits_are_the_reference_from_thirty_on(count, reference):
    kinds = ["perfect"] * 40 + ["sham"] * count + ["toned"] * 20
    control = pd.DataFrame({"kind": kinds, "area_fraction": 0.1, "seam": np.arange(len(kinds), dtype=float)})
    assert calibrate_threshold(control, THRESHOLDS["max_seam"], 0.99, [])["reference"] == reference


def test_an_edge_belongs_to_the_bin_above_it():
    sizes = pd.Series([0.0, 0.0199, 0.02, 0.0201, 0.0799, 0.08, 0.0801, 1.0])
    assert find_bin(sizes, [0.02, 0.08]).tolist() == [0, 0, 1, 1, 1, 2, 2, 2]


def test_z_scores_count_spread_with_one_degree_of_freedom_less():
    control = pd.DataFrame({"kind": "perfect", "area_fraction": 0.1, "seam": [1.0, 2.0, 4.0]})
    cut = calibrate_threshold(control, THRESHOLDS["max_seam"], 0.99, [])["cuts"][0]
    assert (cut["mean"], cut["sd"]) == (pytest.approx(7 / 3), pytest.approx(np.std([1, 2, 4], ddof=1)))
    assert calibrate_threshold(control.head(1), THRESHOLDS["max_seam"], 0.99, [])["cuts"][0]["sd"] is None


def test_the_calibration_tells_what_it_goes_by():
    control = pd.DataFrame(columns=["kind", "area_fraction", *CALIBRATED])
    stated = calibrate(control, 0.97, [0.02])
    assert (stated["percentile"], stated["size_bins"]) == (0.97, ["0-0.02", "0.02-1"])


@pytest.mark.parametrize(
    ("accepted", "refused", "is_enough"), [(10, 10, True), (9, 30, False), (30, 9, False)]
)
def test_the_head_needs_ten_labels_of_each_verdict(accepted, refused, is_enough):
    accept = np.arange(accepted + refused) < accepted
    frame = pd.DataFrame(
        np.random.default_rng(0).random((len(accept), len(FEATURES))), columns=list(FEATURES)
    )
    if is_enough:
        assert train_head(frame, accept) is not None
    else:
        with pytest.raises(ValueError, match="at least 10 of each"):
            train_head(frame, accept)


@pytest.mark.parametrize(
    ("edits", "photos", "status"), [(20, 20, "ok"), (19, 40, "skipped"), (40, 19, "skipped")]
)
def test_sets_of_twenty_are_compared(edits, photos, status):
    rng = np.random.default_rng(0)
    part = pd.DataFrame(
        {"edited_path": [f"e{n}" for n in range(edits)], "original_path": [f"o{n}" for n in range(edits)]}
    )
    without = pd.DataFrame({"path": [f"p{n}" for n in range(photos)]})
    paths = [*part["edited_path"], *part["original_path"], *without["path"]]
    features = {path: rng.random(4).astype(np.float32) for path in paths}
    assert compare("dog", part, without, features, 7)["status"] == status


@pytest.mark.parametrize(("pixels", "counts"), [(199, False), (200, True), (201, True)])
def test_a_part_of_the_hole_counts_from_two_hundred_pixels(pixels, counts):
    hole = np.zeros((40, 400), bool)
    hole[0:20, 0:20] = True
    hole[30, 50 : 50 + pixels] = True
    assert len(list_components(hole)) == 1 + counts
    hole[0:20, 0:20] = False
    assert len(list_components(hole)) == 1  # or else the largest
    hole[35, 50 : 50 + pixels] = True
    assert len(list_components(hole)) == 1 + counts


@pytest.mark.parametrize(("inside", "counts"), [(5, False), (6, True), (10, True), (11, False)])
def test_a_window_needs_more_than_five_tokens_on_both_sides(inside, counts):
    """Windows of 4 x 4 tokens; only the first one has any of the hole."""
    hole = np.zeros((4, 16), bool)
    for token in range(inside):
        hole[token // 4, token % 4] = True
    features = torch.rand(8, 4, 16, generator=torch.Generator().manual_seed(0))
    assert np.isfinite(score_tokens(features, torch.from_numpy(hole))) == counts
