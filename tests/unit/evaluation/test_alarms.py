"""Alarms: raised where a run's figures speak against its gain, and nowhere else."""

import numpy as np
import pandas as pd
import pytest

from unscene.evaluation.alarms import ALARMS, UNSPECIFIC, Figures, add_surpluses, list_alarms, list_undecided
from unscene.evaluation.comparison import Design, compare_values
from unscene.evaluation.verdict import tell_undecided

SETTINGS = {"bootstrap_draws": 500, "confidence": 0.95}


# By how much an honest arm's figures rise above the untuned model's.
HONEST = {"gain": 0.3, "true": 0.25, "denial": 0.1, "placebo": 0.03, "kept": 0.02}
HONEST |= {"edit": 0.1, "sham": 0.0, "carried": -0.01, "wording": 0.03}


def compare(noise=0.05, pairs=300, seed=4, **changes):
    """Contrasts of an arm whose figures rose by so much above the untuned model's, pair by pair."""
    rises = HONEST | changes
    gain, true = rises.pop("gain"), rises.pop("true")
    rng = np.random.default_rng(seed)
    scored = {}
    for arm, on in (("zero_shot", 0), ("main", 1)):
        shift = {name: on * rise + noise * rng.normal(size=pairs) for name, rise in rises.items()}
        group, group_true = (rng.random(pairs) < 0.1 + on * rise for rise in (gain, true))
        scored[arm] = pd.DataFrame(
            {
                "arm": arm,
                "fold": np.arange(pairs) % 3,
                "seed": 0,
                "item": [f"e{number}" for number in range(pairs)],
                "group": [f"g{number}" for number in range(pairs)],
                "group_score": group.astype(float),
                "group_score_true": group_true.astype(float),
                "true_shortfall": group / 2 - group_true,
                **{f"{name}_shift": shift[name] for name in ("denial", "placebo", "kept")},
                **{f"{name}_pull": shift[name] for name in ("edit", "sham", "carried")},
                "wording_loss": shift["wording"],
                **{f"{name}_excess": shift[name] - shift["edit"] / 2 for name in ("sham", "carried")},
            }
        )
    value = pd.concat(scored.values(), ignore_index=True)
    value = add_surpluses(value)
    return compare_values(value, [("main", "zero_shot")], SETTINGS, 0, Design({"main": 0.5}))


def summarise(share=0.25):
    """The arms' means, as far as alarms read them."""
    return pd.DataFrame({"arm": ["main"], "metric": ["true_negation_share"], "mean": [share]})


def name_alarms(comparison, main="main", **summary):
    return [alarm["name"] for alarm in list_alarms(main, comparison, summarise(**summary))]


def name_undecided(comparison):
    return list_undecided(Figures("main", comparison, summarise()))


@pytest.mark.parametrize(
    ("changes", "raised"),
    [
        ({}, []),
        ({"placebo": 0.1}, ["placebo"]),
        ({"kept": 0.1}, ["kept objects"]),
        ({"placebo": 0.1, "kept": 0.1}, ["placebo", "kept objects"]),
        ({"placebo": -0.1, "kept": -0.1}, []),
        ({"placebo": 0.078, "kept": 0.076}, []),  # an emptier picture is nearer to any denial
        ({"wording": 0.15}, ["wording"]),
        ({"sham": 0.1}, ["sham edits"]),
        ({"carried": 0.1}, ["carried fills"]),
        ({"true": 0.0}, ["true pictures"]),
        ({"true": -0.1, "carried": 0.2}, ["carried fills", "true pictures"]),
        ({"gain": 0.0, "placebo": 0.1, "kept": 0.1}, []),  # no gain to question
        ({"pairs": 12, "placebo": 0.1, "noise": 0.3}, []),
    ],
)
def test_an_alarm_is_raised_where_half_of_the_gain_lies_without_its_reason(changes, raised):
    assert name_alarms(compare(**changes)) == raised


def test_at_exactly_its_threshold_an_alarm_is_as_rare_as_its_interval_promises():
    """2.5 % of 40 runs and two alarms: 2 expected, 6 or more in 1.7 % of such samples."""
    edge = UNSPECIFIC * HONEST["denial"]
    raised = [name_alarms(compare(placebo=edge, kept=edge, seed=seed)) for seed in range(40)]
    assert sum(map(len, raised)) <= 5


def test_an_alarm_tells_its_figures():
    (alarm,) = list_alarms("main", compare(placebo=0.1), summarise())
    assert "+0.1" in alarm["sentence"] and "n = 300" in alarm["sentence"]


def test_nothing_measured_raises_nothing():
    comparison = compare(placebo=0.1, kept=0.1)
    assert name_alarms(comparison[comparison["metric"] != "placebo_surplus"]) == ["kept objects"]
    assert name_alarms(comparison.assign(low=np.nan)) == []
    assert name_alarms(comparison, main="zero_shot") == []


def test_a_training_without_true_negations_is_told_whatever_came_of_it():
    told = ["denials of edits alone"]
    assert name_alarms(compare(), share=0.0) == name_alarms(compare(gain=0.0), share=0.0) == told
    assert name_alarms(compare(), share=0.01) == name_alarms(compare(), share=np.nan) == []
    assert list_alarms("main", compare(), summarise().head(0)) == []


def test_every_alarm_has_a_name_and_a_condition():
    assert len({alarm.name for alarm in ALARMS}) == len(ALARMS)
    assert all(alarm.asks.endswith(".") for alarm in ALARMS)


def test_a_difference_of_the_threshold_itself_is_none_above_it():
    """To the last bit, three times .1 is more than .3."""
    edge = compare(wording=0.1, noise=0.0)
    found = edge["metric"] == "wording_loss"
    edge.loc[found, ["difference", "low", "high"]] = 0.1 * 3 - 0.2
    assert edge.loc[found, "low"].iloc[0] > 0.1 and name_alarms(edge) == []
    assert name_alarms(edge.assign(low=edge["low"].where(~found, 0.11))) == ["wording"]


def test_a_pair_a_fold_raises_nothing():
    """Every draw of such a bootstrap is the sample, and says nothing of how far pairs vary."""
    comparison = compare(pairs=3, gain=0.9, true=0.9, placebo=0.2, kept=0.2, wording=0.5, noise=0.0)
    assert comparison.set_index("metric").loc["group_score", "low"] > 0
    assert name_alarms(comparison) == []


PLANTED = {"gain": 0.9, "true": 0.9, "placebo": 0.2, "kept": 0.2, "noise": 0.01}


@pytest.mark.parametrize(("pairs", "few"), [(3, True), (6, True), (18, True), (21, False)])
def test_too_few_photo_groups_decide_no_alarm(pairs, few):
    """With two a fold the limits are far too narrow: nothing is raised, and it is said."""
    comparison = compare(pairs=pairs, **PLANTED)
    undecided = name_undecided(comparison)
    raised = name_alarms(comparison, share=0.0)
    if few:
        assert raised == ["denials of edits alone"]  # of settings, and of no interval
        assert undecided == [alarm.name for alarm in ALARMS if alarm.metric]
        assert tell_undecided(undecided).startswith("Alarms not decided, too few photo groups: placebo, kept")
    else:
        assert {"placebo", "kept objects"} <= set(raised) and undecided == []


def test_an_alarm_of_few_groups_is_not_decided_by_itself():
    """Of the pairs hardly one has another object that is kept."""
    comparison = compare(**PLANTED)
    kept = comparison["metric"] == "kept_surplus"
    comparison.loc[kept, "groups"] = 14
    assert name_undecided(comparison) == ["kept objects"]
    assert name_alarms(comparison) == ["placebo"]
    without = comparison.assign(low=comparison["low"].where(comparison["metric"] != "group_score", -0.1))
    assert name_undecided(without) == []  # no gain to question
    assert name_undecided(comparison[~kept]) == [] and tell_undecided([]) == ""


@pytest.mark.parametrize("parts", [1, 3, 9])
def test_each_tested_part_needs_some(parts):
    comparison = compare(**PLANTED).assign(groups=20, folds=parts)
    assert bool(name_undecided(comparison)) == (parts > 4)
