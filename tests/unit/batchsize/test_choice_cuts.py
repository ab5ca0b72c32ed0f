"""Every cut of the batch-size study, with a value just below it, at it and just above it."""

import math

import numpy as np
import pandas as pd
import pytest

from unscene.batchsize.choice import choose, judge_size, judge_sizes, measure_noise
from unscene.batchsize.design import Trial, allocate, count_permutations, list_trials, name_stratum
from unscene.batchsize.gold import CONCORDANT_TO_LABEL, draw_sheet
from unscene.batchsize.sample_sizes import count_prompts_needed, get_sensitivity
from unscene.config.checks.answers import check_study
from unscene.words.coco80 import COCO80

MARGIN = 0.015625  # a power of two, so that sums with it are exact
NEEDED = 191  # prompts without an event that bound a rate at this margin
GOOD = {
    "captions_per_prompt": 20,
    "permutations": 3,
    "models": "gpt-4o",
    "low": -0.01,
    "high": 0.01,
    "power": 0.8,
    "detected_rate": 0.0,
    "detected_errors": 0,
    "unserved": 0,
    "decline_low": -0.01,
    "decline_high": 0.01,
    "decline_power": 0.8,
    "shift_upper": 0.005,
    "shift_sensitivity": 0.9,
    "shifts": 0,
    "prompts": 600,
    "captions": 4000,
}


def after(value):
    return np.nextafter(value, 1)


def before(value):
    return np.nextafter(value, -1)


def test_the_number_of_prompts_is_the_least_that_bounds_a_rate():
    assert count_prompts_needed(MARGIN) == NEEDED
    assert 0.05 ** (1 / NEEDED) >= 1 - MARGIN > 0.05 ** (1 / (NEEDED - 1))


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"low": -MARGIN}, "not decided"),
        ({"low": after(-MARGIN)}, "passed"),
        ({"low": -2 * MARGIN, "high": -MARGIN}, "not decided"),
        ({"low": -2 * MARGIN, "high": before(-MARGIN)}, "failed"),
        ({"low": math.nan}, "not decided"),
        ({"detected_rate": 0.01}, "passed"),
        ({"detected_rate": after(0.01), "detected_errors": 6}, "not decided"),
        ({"detected_rate": 10 / 600, "detected_errors": 10}, "not decided"),  # at least .91 %
        ({"detected_rate": 11 / 600, "detected_errors": 11}, "failed"),  # at least 1.03 %
        ({"unserved": 30, "prompts": 570}, "passed"),
        ({"unserved": 31, "prompts": 569}, "not decided"),
        ({"decline_high": 2 * MARGIN}, "passed"),
        ({"decline_high": after(2 * MARGIN)}, "not decided"),
        ({"decline_high": 1, "decline_low": 2 * MARGIN}, "not decided"),
        ({"decline_high": 1, "decline_low": after(2 * MARGIN)}, "failed"),
        ({"decline_high": math.nan}, "not decided"),
        ({"shift_upper": MARGIN}, "passed"),
        ({"shift_upper": after(MARGIN)}, "not decided"),
        ({"shift_upper": MARGIN, "shifts": 1}, "passed"),
        ({"shift_upper": after(MARGIN), "shifts": 1}, "not decided"),
        ({"shift_upper": 0.05, "shifts": 14}, "not decided"),  # 14 of 600: at least 1.4 % of the prompts
        ({"shift_upper": 0.05, "shifts": 16}, "failed"),  # 16: at least 1.7 %, above 1.56
        ({"captions": NEEDED}, "passed"),
        ({"captions": NEEDED - 1}, "not decided"),
        # What is shown to be bad goes before what is not known.
        ({"low": -2 * MARGIN, "decline_high": 1, "decline_low": 1}, "failed"),
    ],
)
def test_a_size_at_a_cut(change, verdict):
    assert judge_size({**GOOD, **change}, MARGIN)[0] == verdict


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, "agreement with n = 1 is at most 1.00 points lower"),
        ({"low": -0.02}, "agreement with n = 1 may be 2.00 points lower (95 %), above the margin of 1.5625"),
        ({"low": -0.02}, "an equally good size would pass with a power of 80 %"),
        ({"low": -0.05, "high": -0.03}, "agreement with n = 1 is at least 3.00 points lower"),
        ({"low": math.nan}, "nothing to compare"),
        (
            {"detected_rate": 0.02, "detected_errors": 12},
            "2.0 % of the prompts have a wrong form, at least 1.2 %",
        ),
        ({"unserved": 200, "prompts": 400}, "33 % of the prompts have no answer"),
        ({"decline_high": 0.05}, "may decline by 5.00 points (95 %), above 3.125"),
        ({"decline_low": 0.04, "decline_high": 0.06}, "declines by at least 4.00 points"),
        ({"shift_upper": 0.02, "prompts": 150}, "of which 90 % are found; 212 are needed"),
        ({"shift_upper": 0.02, "shifts": 1}, "1 of 600 prompts have shifted answers: they may cost 1.00"),
        ({"shift_upper": 1.0, "shift_sensitivity": 0.0}, "no shift could be seen"),
        ({"captions": 60}, f"60 captions do not rule out rare losses; {NEEDED} are needed"),
    ],
)
def test_reasons_say_what_is_measured(change, reason):
    assert reason in judge_size({**GOOD, **change}, MARGIN, "agreement with n = 1")[1]


def make_trials(*rows, models="gpt-4o"):
    one = {**GOOD, "captions_per_prompt": 1, "models": models, "usd": 34.0, "low": math.nan}
    larger = [{**GOOD, "discordance": 0.04, "difference": 0.0, **row} for row in rows]
    return pd.DataFrame([one, *larger])


def test_the_sequence_stops_at_the_first_that_does_not_pass():
    sizes = ((5, -0.001, 9.0), (10, -0.002, 5.5), (20, -0.02, 4.0), (50, -0.001, 3.0))
    trials = make_trials(*({"captions_per_prompt": n, "low": low, "usd": usd} for n, low, usd in sizes))
    judged = judge_sizes(trials, 0.01)
    assert judged["verdict"].tolist() == ["passed", "passed", "not decided", "not tested"]
    chosen = choose(trials, judged, 0.01)
    assert chosen["captions_per_prompt"] == 10 and "20 not decided" in chosen["reason"]
    # 1 to 5 saves $25, 5 to 10 $3.50.
    assert chosen["cheapest_sensible"] == 5 and "$3.50" in chosen["cheapest_reason"]
    assert chosen["captions_for_power_90"] == 1428  # 8.564 x .04 / .01^2, x (1/2 + 1/3) / 2


def test_sizes_that_another_model_answered_are_not_compared():
    judged = judge_sizes(make_trials({"captions_per_prompt": 5}, models="gpt-4o-2024-08-06"), MARGIN)
    assert judged["verdict"].tolist() == ["not decided"]
    assert "['gpt-4o', 'gpt-4o-2024-08-06']" in judged["reason"][0]


def choose_of(costs):
    """Choose among sizes of these dollars, all of them accurate."""
    rows = [
        {**GOOD, "captions_per_prompt": n, "usd": usd, "discordance": 0.04, "difference": 0.0}
        for n, usd in costs
    ]
    trials = pd.DataFrame(rows).assign(models="gpt-4o")
    return choose(trials, judge_sizes(trials, MARGIN), MARGIN)


@pytest.mark.parametrize(("saved", "cheapest"), [(5.01, 10), (5.0, 10), (4.99, 5)])
def test_a_step_that_saves_five_dollars_is_worth_it(saved, cheapest):
    chosen = choose_of([(1, 30.0), (5, 10.0), (10, 10.0 - saved)])
    assert (chosen["captions_per_prompt"], chosen["cheapest_sensible"]) == (10, cheapest)


def test_without_a_price_no_step_is_weighed():
    chosen = choose_of([(1, math.nan), (5, math.nan)])
    assert chosen["cheapest_sensible"] == 5 and "no price" in chosen["cheapest_reason"]


def test_the_noise_floor_is_two_standard_errors():
    trials = pd.DataFrame({"captions_per_prompt": [1, 5, 10], "difference": [math.nan, -0.0196, -0.0197]})
    noise = measure_noise(trials, discordance=0.04, captions=400)
    assert noise["floor"] == pytest.approx(0.0196) and noise["inside"] == [5]
    assert math.isnan(measure_noise(trials, 0.04, 0)["floor"])


def test_sizes_of_ten_or_more_are_permuted():
    assert [count_permutations(size, 3) for size in (9, 10, 11)] == [1, 3, 3]
    trials = list_trials({"sizes": [10, 9, 1], "permutations": 3})
    assert trials == [
        Trial("1", 1, 1, 0),
        Trial("1 again", 1, 1, 1),
        Trial("9", 9, 1, 0),
        Trial("10", 10, 3, 0),
    ]


def test_strata_end_at_three_words():
    texts = [
        "A view.",
        "A dog.",
        "A dog and a cat.",
        "A dog, a cat and a cow.",
        "A dog, a cat, a cow and a vase.",
    ]
    assert [name_stratum(COCO80, text) for text in texts] == [
        "0 plain",
        "1 plain",
        "2 plain",
        "3+ plain",
        "3+ plain",
    ]
    assert allocate(np.array([1, 1, 1]), 2) == [1, 1, 0]


def study_config(captions, smallest, permutations=3):
    return {
        "keywords": {"captions_per_prompt": "auto"},
        "batchsize": {
            "run": "auto",
            "captions": captions,
            "sizes": [50, smallest],
            "permutations": permutations,
            "margin": MARGIN,
        },
    }


def test_a_study_that_could_choose_nothing_is_refused():
    """By the prompts that rule out rare shifts, of which few are found in small prompts."""
    needed = {size: count_prompts_needed(MARGIN, get_sensitivity(size)) for size in (5, 9, 10)}
    assert needed[5] > 2 * NEEDED > 1.2 * needed[10]
    for enough in (
        study_config(5 * needed[5], 5),
        study_config(10 * needed[10], 10, permutations=1),
        study_config(5 * needed[10], 10, permutations=2),
    ):
        assert not list(check_study(enough))
    (told,) = check_study(study_config(5 * needed[5] - 1, 5))
    assert f"needs {needed[5]} prompts" in told
    assert list(check_study(study_config(5 * needed[9], 9, permutations=2)))  # asked once


@pytest.mark.parametrize("same", [CONCORDANT_TO_LABEL - 1, CONCORDANT_TO_LABEL, CONCORDANT_TO_LABEL + 1])
def test_the_sheet_holds_all_that_differ_and_three_hundred_others(same):
    texts = [f"caption {i}" for i in range(same + 7)]
    differs = np.arange(len(texts)) < 7
    sheet = draw_sheet(pd.DataFrame({"caption_id": texts, "caption": texts}), differs, seed=1)
    assert len(sheet) == 7 + min(same, 300)
