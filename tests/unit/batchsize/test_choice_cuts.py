"""Every cut of the batch-size study, with a value just below it, at it and just above it."""

import math

import numpy as np
import pandas as pd
import pytest

from unscene.batchsize import noninferiority as ni
from unscene.batchsize.choice import choose, judge_size, judge_sizes, measure_noise
from unscene.batchsize.design import Trial, allocate, count_permutations, list_trials, name_stratum
from unscene.batchsize.gold import CONCORDANT_TO_LABEL, draw_sheet
from unscene.batchsize.measures import Observed, _measure_position, _Part, find_differing, is_shifted
from unscene.config.checks import check_study
from unscene.run.configuration import ConfigError
from unscene.words.coco80 import COCO80

MARGIN = 0.015625  # a power of two, so that sums with it are exact
NEEDED = 191  # prompts without an event that bound a rate at this margin
GOOD = {
    "captions_per_prompt": 20,
    "low": -0.01,
    "detected_rate": 0.0,
    "position_low": -0.01,
    "position_difference": 0.0,
    "shift_upper": 0.005,
    "shifts": 0,
    "prompts": 600,
    "captions": 4000,
}


def test_the_number_of_prompts_is_the_least_that_bounds_a_rate():
    assert ni.count_prompts_needed(MARGIN) == NEEDED
    assert 0.05 ** (1 / NEEDED) >= 1 - MARGIN > 0.05 ** (1 / (NEEDED - 1))


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"low": -MARGIN}, "failed"),
        ({"low": np.nextafter(-MARGIN, 0)}, "passed"),
        ({"detected_rate": 0.01}, "passed"),
        ({"detected_rate": np.nextafter(0.01, 1)}, "failed"),
        ({"position_low": MARGIN}, "passed"),
        ({"position_low": np.nextafter(MARGIN, 1)}, "failed"),
        ({"shift_upper": MARGIN}, "passed"),
        ({"shift_upper": np.nextafter(MARGIN, 1)}, "not decided"),
        ({"shift_upper": MARGIN, "shifts": 1}, "passed"),
        ({"shift_upper": np.nextafter(MARGIN, 1), "shifts": 1}, "failed"),
        ({"captions": NEEDED}, "passed"),
        ({"captions": NEEDED - 1}, "not decided"),
    ],
)
def test_a_size_at_a_cut(change, verdict):
    assert judge_size({**GOOD, **change}, MARGIN)[0] == verdict


def choose_of(costs):
    """Choose among sizes of these dollars, all of them accurate."""
    rows = [
        {**GOOD, "captions_per_prompt": n, "usd": usd, "discordance": 0.04, "difference": 0.0}
        for n, usd in costs
    ]
    trials = pd.DataFrame(rows)
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
    check_study(study_config(5 * NEEDED, 5))
    with pytest.raises(ConfigError, match=f"needs {NEEDED} prompts"):
        check_study(study_config(5 * NEEDED - 1, 5))
    check_study(study_config(10 * NEEDED, 10, permutations=1))
    check_study(study_config(5 * NEEDED, 10, permutations=2))
    with pytest.raises(ConfigError):
        check_study(study_config(5 * NEEDED, 9, permutations=2))  # asked once


@pytest.mark.parametrize(("run", "shifted"), [(2, False), (3, True), (4, True)])
def test_a_shift_is_a_run_of_three(run, shifted):
    reference = np.arange(20)
    answer = reference.copy()
    answer[5 : 5 + run] = reference[6 : 6 + run]
    assert is_shifted(answer, reference) is shifted
    answer = reference.copy()
    answer[5 : 5 + run] = reference[4 : 4 + run]
    assert is_shifted(answer, reference) is shifted


def test_the_first_and_last_tenth_of_a_prompt():
    """Prompts of 20: places 0 and 1 are the first tenth, 18 and 19 the last; of fewer than ten it
    is one place.
    """

    def measure(size, wrong_at):
        position = np.tile(np.arange(size), 4)
        table = pd.DataFrame({"custom_id": np.repeat(list("abcd"), size), "position": position, "size": size})
        right = ~np.isin(position, wrong_at)
        return _measure_position(Trial("n", size, 1, 0), _Part(table, right[:, None], right | True, right))

    assert measure(20, [0, 1])["first_tenth_error"] == 1 and measure(20, [2, 17])["first_tenth_error"] == 0
    assert measure(20, [18, 19])["last_tenth_error"] == 1 and measure(20, [2, 17])["last_tenth_error"] == 0
    assert measure(5, [0])["first_tenth_error"] == 1 and measure(5, [1, 3])["last_tenth_error"] == 0
    low = measure(20, [18, 19])
    assert low["position_difference"] == 1 and low["position_low"] == pytest.approx(1)
    assert math.isnan(measure(1, [0])["first_tenth_error"])


def test_only_answers_of_right_form_differ():
    table = pd.DataFrame(
        {
            "caption": [0, 1, 2, 3],
            "status": ["ok", "detected", "ok", "ok"],
            "listed": [True, True, False, True],
        }
    )
    words = np.array([[True], [True], [False], [False]])
    found = find_differing(Observed(table, words), np.zeros((4, 1), bool))
    assert found.tolist() == [True, False, True, False]


@pytest.mark.parametrize("same", [CONCORDANT_TO_LABEL - 1, CONCORDANT_TO_LABEL, CONCORDANT_TO_LABEL + 1])
def test_the_sheet_holds_all_that_differ_and_three_hundred_others(same):
    texts = [f"caption {i}" for i in range(same + 7)]
    differs = np.arange(len(texts)) < 7
    sheet = draw_sheet(pd.DataFrame({"caption_id": texts, "caption": texts}), differs, seed=1)
    assert len(sheet) == 7 + min(same, 300)


def test_bounds_of_rates_and_means_at_their_ends():
    assert ni.get_upper_bound(3, 3) == 1.0 and 0.9 < ni.get_upper_bound(2, 3) < 1
    assert ni.get_power(100, 0, 0.01) == 1.0
    # Captions whose observations cancel each other never narrow the bound.
    bound = ni.bound_mean([1, -1, 1, -1], np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3]), 500, 1)
    assert bound["widening"] == 1.0
    # All captions in one prompt each: the draw sees all.
    assert ni.bound_mean([1, 0, -1, 0], np.arange(4), np.arange(4), 500, 1)["widening"] == 1.0
