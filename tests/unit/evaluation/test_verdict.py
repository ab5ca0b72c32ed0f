"""The verdict of the pass rule on whole tables: its parts, its sentence and the lines beside them."""

import numpy as np
import pandas as pd
import pytest

from made_sets import GOOD, compare, make_all
from rule_figures import ON_FOLDS, ON_SETS, get_statuses, judge, turn, write_fold_row, write_row
from unscene.evaluation.pass_rule import (
    FAILS,
    HOLDS,
    NOT_DECIDED,
    NOT_MEASURED,
    NOT_SHOWN,
    REQUIREMENTS,
    Bound,
    find_estimates,
    judge_requirement,
)
from unscene.run.tables import write_json


def test_verdict_holds_fails_is_not_shown_and_is_not_decided(tmp_path):
    """The parts on external sets by made answers of models; the others by made rows."""
    sets = compare(tmp_path, make_all(GOOD))
    good = judge(tmp_path, sets)
    assert good["verdict"] == HOLDS and not good["not_measured"] and not good["not_shown"], good["sentence"]
    assert good["sentence"] == "The pass rule holds: every part holds."
    weak = judge(
        tmp_path, sets, ON_FOLDS | {"group random": write_fold_row("group_score", "random", holm_p=0.2)}
    )
    assert weak["verdict"] == NOT_SHOWN and weak["not_shown"] == ["group score"]
    assert "is not shown to hold" in weak["sentence"] and '"group score" is not shown' in weak["sentence"]
    partly = judge(tmp_path, sets[sets["set"] != "beaf"])
    assert partly["verdict"] == NOT_DECIDED
    assert partly["not_measured"] == ["removals, understanding", "removals, indecision"]
    assert partly["sentence"].startswith(
        "The pass rule is not decided: every measured part holds (not measured:"
    )
    nothing = judge(tmp_path, sets.iloc[:0], {"other": write_fold_row("presence")})
    assert nothing["verdict"] == NOT_DECIDED and len(nothing["not_measured"]) == len(nothing["parts"])
    harmed = judge(tmp_path, sets, ON_FOLDS | {"shams": write_fold_row("sham_flip_rate")})
    assert harmed["verdict"] == FAILS and 'it fails on "sham edits"' in harmed["sentence"]


@pytest.mark.parametrize(
    "worse, part",
    [
        ({"mcq": {"a": 1.0, "b": 0.0}}, "multiple choice, types"),
        ({"mcq": {"a": 0.05, "b": 0.05}}, "multiple choice, total"),
        ({"neg": 0.0}, "negated retrieval"),
        ({"coco": 0.0}, "retrieval kept"),
        ({"imagenet": 0.2}, "classes kept"),
        ({"understood": 0.0}, "removals, understanding"),
        ({"changed": 0.5}, "removals, indecision"),
    ],
)
def test_each_part_on_external_sets_fails_where_harm_is_shown(tmp_path, worse, part):
    verdict = judge(tmp_path, compare(tmp_path, make_all(GOOD | worse)))
    assert verdict["verdict"] == FAILS and get_statuses(verdict)[part] == FAILS, verdict["sentence"]


def test_a_single_model_needs_no_interval_over_trainings(tmp_path):
    lacks = {"corrected_t_low": None, "corrected_t_high": None}
    for models, status in ((1, HOLDS), (3, NOT_MEASURED)):
        rows = [row | lacks | {"models": models} for row in ON_SETS.values()]
        verdict = judge(tmp_path, pd.DataFrame(rows))
        assert get_statuses(verdict)["negated retrieval"] == status


def test_ordinary_photos_are_those_of_an_object_set_where_there_is_one(tmp_path):
    """On the folds the deployed model is above .5, on the set it is not: the set counts."""
    metrics = {"absence_auc_known": ("zero_shot", "originals", "chance"), "affirmative_auc": ("zero_shot",)}
    metrics |= {name: ("zero_shot",) for name in ("wanted_at_10", "violation_at_10")}
    rows = {
        (metric, reference): write_row("objects", metric, reference)
        for metric, references in metrics.items()
        for reference in references
    }
    rows["violation_at_10", "zero_shot"] = turn(rows["violation_at_10", "zero_shot"])
    good = judge(tmp_path, pd.DataFrame([*ON_SETS.values(), *rows.values()]))
    assert good["verdict"] == HOLDS
    low = {
        "difference": -0.08,
        "low": -0.1,
        "high": -0.06,
        "corrected_t_low": -0.12,
        "corrected_t_high": -0.04,
    }
    rows["absence_auc_known", "chance"] |= low
    verdict = judge(tmp_path, pd.DataFrame([*ON_SETS.values(), *rows.values()]))
    assert get_statuses(verdict)["absence on ordinary photos"] == FAILS
    assert judge(tmp_path, pd.DataFrame(ON_SETS.values()))["verdict"] == HOLDS


def test_a_second_set_of_a_role_must_hold_as_well(tmp_path):
    worse = write_row("mcq", "accuracy", low=-0.1) | {"set": "voc"}
    verdict = judge(tmp_path, pd.DataFrame([*ON_SETS.values(), worse]))
    assert get_statuses(verdict)["multiple choice, total"] == NOT_SHOWN


def test_a_set_that_measured_nothing_does_not_drop_out():
    rows = pd.DataFrame([*ON_SETS.values()]).head(1)
    bound = Bound(rows["metric"].iloc[0], rows["contrast"].iloc[0].partition("-")[2])
    main = rows["contrast"].iloc[0].partition("-")[0]
    empty = rows.assign(
        **dict.fromkeys(("difference", "low", "high", "corrected_t_low", "corrected_t_high"), np.nan)
    )
    assert find_estimates(bound, empty, main) == []
    told = find_estimates(bound, pd.concat([rows, empty.assign(set="other")]), main)
    assert len(told) == 2 and told[1].status == NOT_MEASURED and told[1].describe().endswith("not measured")


def test_a_choice_set_that_nothing_was_asked_of_stops_no_verdict(tmp_path):
    """All of its options are longer than the model's context, say."""
    metrics = {"set": "long", "accuracy": None, "swapped_photos_accuracy": None, "blind_chance": 0.25}
    write_json(metrics, tmp_path / "long.json")
    lines = judge(tmp_path, pd.DataFrame(ON_SETS.values()), set_metrics=[tmp_path / "long.json"])["lines"]
    assert lines[-1] == {"name": "multiple choice, long", "found": "a fair draw 25.0 %"}


def test_a_part_with_nothing_to_be_held_against_says_so():
    """The untuned model may be deployed; some parts ask of it to be as good as itself."""
    (part,) = (one for one in REQUIREMENTS if one.name == "sham edits")
    told = judge_requirement(part, {None: pd.DataFrame(ON_FOLDS.values())}, "zero_shot")
    assert told.status == NOT_MEASURED and told.found == "zero_shot is what it would be held against"


def test_lines_stand_beside_the_parts(tmp_path):
    metrics = {"set": "voc", "model": "main", "accuracy": 0.7, "swapped_photos_accuracy": 0.4}
    write_json(metrics | {"blind_reader": 0.65, "blind_chance": 0.25}, tmp_path / "voc.json")
    write_json({"set": "coco", "model": "main", "top1": 0.5}, tmp_path / "coco.json")
    paths = [tmp_path / "voc.json", tmp_path / "coco.json"]
    lines = judge(tmp_path, pd.DataFrame(ON_SETS.values()), set_metrics=paths)["lines"]
    assert lines == [
        {"name": "group score on unfiltered test pairs", "found": "main 40.0 %, zero_shot 10.0 %"},
        {
            "name": "multiple choice, voc",
            "found": "accuracy 70.0 %, with another question's photo 40.0 %, a reader who never looks at the "
            "photo 65.0 %, a fair draw 25.0 %",
        },
    ]
