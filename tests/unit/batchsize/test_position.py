"""The place in a prompt: first and last tenth, and the decline from the first place to the last."""

import numpy as np
import pandas as pd
import pytest

from unscene.batchsize.choice import judge_size
from unscene.batchsize.position import measure_position
from unscene.batchsize.sample_sizes import get_power

PASSING = {
    "low": -0.004,
    "high": 0.004,
    "power": 0.9,
    "detected_rate": 0.0,
    "unserved": 0,
    "prompts": 600,
    "captions": 4000,
    "shifts": 0,
    "shift_upper": 0.005,
    "shift_sensitivity": 0.9,
}


def measure(size, wrong_at, prompts=4, base=1.0):
    position = np.tile(np.arange(size), prompts)
    table = pd.DataFrame(
        {
            "custom_id": np.repeat(np.arange(prompts), size),
            "position": position,
            "size": size,
            "caption": np.arange(size * prompts),
        }
    )
    right = ~np.isin(position, wrong_at)
    return measure_position(table, np.full(len(table), True), right, np.full(len(table), base))


def test_the_first_and_last_tenth_of_a_prompt():
    """Prompts of 20: places 0 and 1 are the first tenth, 18 and 19 the last; of fewer than ten it
    is one place.
    """
    assert measure(20, [0, 1])["first_tenth_error"] == 1 and measure(20, [2, 17])["first_tenth_error"] == 0
    assert measure(20, [18, 19])["last_tenth_error"] == 1 and measure(20, [2, 17])["last_tenth_error"] == 0
    assert measure(5, [0])["first_tenth_error"] == 1 and measure(5, [1, 3])["last_tenth_error"] == 0
    assert np.isnan(measure(1, [0])["first_tenth_error"])


def test_the_decline_is_a_straight_line_from_first_to_last_place():
    found = measure(20, [18, 19])
    line = np.polyfit(np.arange(20) / 19, [1.0] * 18 + [0.0] * 2, 1)
    assert found["decline"] == pytest.approx(-line[0])
    assert measure(20, [0, 1])["decline"] == pytest.approx(line[0])
    assert np.isnan(measure(20, [0], base=np.nan)["decline_high"])


def test_the_decline_is_held_against_one_caption_a_prompt():
    """Captions that are hard anywhere make no decline, even where they all stand at the end."""
    table = pd.DataFrame(
        {
            "custom_id": np.repeat(np.arange(5), 20),
            "position": np.tile(np.arange(20), 5),
            "size": 20,
            "caption": np.arange(100),
        }
    )
    right = table["position"].to_numpy() < 15
    found = measure_position(table, np.full(100, True), right, right.astype(float))
    assert found["decline"] == 0 and found["last_tenth_error"] == 1


def judge_drawn(rng, prompts, decline):
    """Draw one study of 20 captions a prompt and return the verdict on it, all else being good."""
    place = np.tile(np.arange(20) / 19, prompts)
    right = rng.random(len(place)) < 0.97 - decline * place
    base = (rng.random(len(place)) < 0.97).astype(float)
    table = pd.DataFrame(
        {
            "custom_id": np.repeat(np.arange(prompts), 20),
            "position": np.tile(np.arange(20), prompts),
            "size": 20,
            "caption": np.arange(20 * prompts),
        }
    )
    found = measure_position(table, np.full(len(table), True), right, base)
    return judge_size({**PASSING, **found, "decline_power": get_power(found["decline_error"], 0.02)}, 0.01)


def test_few_prompts_do_not_pass_for_lack_of_evidence():
    """No decline at all, and none is found; but twenty prompts cannot rule one out."""
    rng = np.random.default_rng(1)
    verdicts = [judge_drawn(rng, 20, 0.0) for _ in range(40)]
    assert sum(verdict == "passed" for verdict, _ in verdicts) <= 14  # P(X > 14) < .001 at .15
    assert any(verdict == "not decided" and "may decline" in reason for verdict, reason in verdicts)
    many = [judge_drawn(rng, 2000, 0.0)[0] for _ in range(40)]
    assert many.count("passed") >= 38


def test_a_decline_at_the_limit_rarely_passes_and_a_steep_one_fails():
    rng = np.random.default_rng(2)
    passed = sum(judge_drawn(rng, 600, 0.02)[0] == "passed" for _ in range(200))
    assert passed <= 18  # P(X > 18) = .009 at .05
    verdict, reason = judge_drawn(rng, 600, 0.1)
    assert verdict == "failed" and "declines by at least" in reason
