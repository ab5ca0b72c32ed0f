"""How often the pass rule and its intervals are right, on a few simulated studies."""

import pytest
from simulate_rule import cover_counts, cover_unseen, simulate_coverage, simulate_parts
from simulate_study import measure_rates


def test_the_rule_seldom_holds_without_a_difference_and_often_with_a_large_one():
    """A few of the studies of `simulate_study.py`, which prints the rates over 1,000."""
    assert measure_rates(main_noise=3.0, studies=20, repeats=2)["passes"] <= 0.1
    assert measure_rates(main_noise=0.3, studies=6, repeats=2)["passes"] >= 0.5


def test_a_part_seldom_holds_at_its_margin_and_often_at_the_planned_effect():
    """A few of the studies of `simulate_rule.py`; of 60 at .05, 9 or more hold in .2 %."""
    found = simulate_parts(60, names={"affirmative wordings", "sham edits", "placebo"})
    assert len(found) == 3 and (found["false_holds"] <= 8 / 60).all() and (found["power"] >= 0.7).all()


def test_every_printed_interval_holds_what_it_is_of():
    """A few of the studies of `simulate_rule.py`; of 80 at .95, 12 or more miss in .1 %."""
    found = simulate_coverage(80).set_index(["figure", "interval"])["coverage"]
    naive = "by question (not printed)"
    assert found.drop(naive, level="interval").min() >= 1 - 11 / 80
    assert found["accuracy, ten questions a photo", naive] < 0.75
    levels = found.index.get_level_values("figure").str.endswith("level")
    assert levels.sum() >= 15, "levels are printed, too"


def test_unseen_categories_shares_and_means_hold_what_they_are_of():
    """Wilson's interval takes its items as independent, and is too narrow where they are not."""
    assert cover_unseen(80)["coverage"] >= 1 - 11 / 80
    found = {(row["figure"], row["measured_on"]): row["coverage"] for row in cover_counts(80)}
    clustered = found.pop(("share of 90 %", "1,000 words of 200 photos"))
    assert min(found.values()) >= 1 - 11 / 80 and clustered < 0.95
    assert found["share of 10 %", "40 items"] == pytest.approx(0.95, abs=0.03)
