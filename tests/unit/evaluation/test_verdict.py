"""External sets, the verdict and the paper's assets, on made-up tables."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from unscene.evaluation.columns.photos import CLASSES
from unscene.evaluation.columns.sets import SET_ITEMS
from unscene.evaluation.columns.sweeps import SWEEPS
from unscene.evaluation.pass_rule import (
    FAILS,
    HOLDS,
    NOT_DECIDED,
    NOT_MEASURED,
    NOT_SHOWN,
    PRIMARY,
    PRIMARY_METRIC,
    REQUIREMENTS,
    Bound,
    find_estimates,
    judge_primary,
)
from unscene.evaluation.set_comparison import compare_arms_on_sets, contrast_models, list_values, take_chance
from unscene.evaluation.sets.formats import FORMATS
from unscene.evaluation.verdict import apply_pass_rule, judge_arm
from unscene.machine.job import Job
from unscene.report import paper
from unscene.report.write_paper import write_paper
from unscene.run.tables import write_json, write_table

SETTINGS = {"bootstrap_draws": 300, "confidence": 0.95}
SETS = [
    {"name": "mcq", "format": "coco_mcq"},
    {"name": "neg", "format": "negbench_retrieval"},
    {"name": "coco", "format": "coco_retrieval"},
    {"name": "imagenet", "format": "class_folders"},
    {"name": "beaf", "format": "beaf"},
]


def make_choices(model, rates, models=3, items=240):
    """Item rows of a choice set: kind k is right with probability rates[k], by every model alike
    but for one item in ten.
    """
    rng = np.random.default_rng(5)
    kind = rng.choice(list(rates), items)
    base = rng.random(items) < np.array([rates[name] for name in kind])
    rows = [
        pd.DataFrame(
            {
                "model": model,
                "fold": fold if models > 1 else None,
                "seed": 0,
                "item": [f"q{i}" for i in range(items)],
                "photo": [f"p{i}" for i in range(items)],
                "kind": kind,
                "correct": base ^ (rng.random(items) < 0.1),
            }
        )
        for fold in range(models)
    ]
    return pd.concat(rows, ignore_index=True)


def make_ranks(model, share, models=3, photos=80):
    rng = np.random.default_rng(6)
    rows = []
    for fold in range(models):
        for way in ("image_to_text", "text_to_image"):
            rank = np.where(rng.random(photos) < share, 0, 20)
            rows.append(
                pd.DataFrame(
                    {"model": model, "fold": fold, "seed": 0, "item": range(photos), "way": way, "rank": rank}
                ).assign(photo=[f"p{i}" for i in range(photos)])
            )
    return pd.concat(rows, ignore_index=True)


def make_removals(model, understood, changed, models=3, items=240):
    rng = np.random.default_rng(7)
    rows = []
    for fold in range(models):
        removed = np.arange(items) % 2 == 0
        after = np.where(removed, rng.random(items) >= understood, rng.random(items) >= changed)
        rows.append(
            pd.DataFrame(
                {
                    "model": model,
                    "fold": fold,
                    "seed": 0,
                    "item": range(items),
                    "photo": [f"p{i}" for i in range(items)],
                    "removed": removed,
                    "removable": removed,
                    "before": True,
                    "after": after,
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def write_sets(folder, tables):
    """Write {(set, model): item rows} as evaluate_set does; return the paths of metrics and items."""
    formats = {entry["name"]: entry["format"] for entry in SETS}
    paths = []
    for (name, model), item in tables.items():
        stem = folder / f"{name}-{model}"
        write_json({"set": name, "format": formats[name], "model": model}, f"{stem}.json")
        table = SET_ITEMS[FORMATS[formats[name]].task]
        whole = item.astype({"item": str}).reindex(columns=table.names).astype(object)
        table.write(whole.where(whole.notna(), None), f"{stem}.items.parquet")
        paths.append((f"{stem}.json", f"{stem}.items.parquet"))
    return [one for one, _ in paths], [other for _, other in paths]


def compare(folder, tables, ratio=0.5):
    metrics, items = write_sets(folder, tables)
    settings = {"seed": 7, "evaluate": {**SETTINGS, "sets": SETS}, "deploy": {"arm": "main"}}
    arms = pd.DataFrame({"contrast": ["main-zero_shot", "main-originals"], "test_to_train": ratio})
    arms.to_csv(folder / "arms.csv", index=False)
    inputs = {"metrics": metrics, "item_tables": items, "arms": folder / "arms.csv"}
    outputs = {"comparison": folder / "sets.csv", "summary": folder / "set_summary.csv"}
    compare_arms_on_sets(Job(inputs, outputs, settings))
    return pd.read_csv(folder / "sets.csv")


def make_all(main):
    """Every set, with `main` = dict of shares for the main arm; the others know little."""
    low, tables = {"a": 0.3, "b": 0.3}, {}
    for arm in ("zero_shot", "originals"):
        models = 1 if arm == "zero_shot" else 3
        tables["mcq", arm] = make_choices(arm, low, models=models)
        tables |= {(name, arm): make_ranks(arm, 0.4, models=models) for name in ("neg", "coco")}
        tables["imagenet", arm] = make_choices(arm, {"a": 0.5}).drop(columns="kind")
        tables["beaf", arm] = make_removals(arm, 0.2, 0.0, models=models)
    tables["mcq", "main"] = make_choices("main", main["mcq"])
    tables |= {(name, "main"): make_ranks("main", main[name]) for name in ("neg", "coco")}
    tables["imagenet", "main"] = make_choices("main", {"a": main["imagenet"]}).drop(columns="kind")
    tables["beaf", "main"] = make_removals("main", main["understood"], main["changed"])
    return tables


GOOD = {
    "mcq": {"a": 0.8, "b": 0.8},
    "neg": 0.9,
    "coco": 0.95,
    "imagenet": 0.95,
    "understood": 0.9,
    "changed": 0.0,
}


LIMITS = {"low": 0.2, "high": 0.4, "corrected_t_low": 0.1, "corrected_t_high": 0.5}


def write_fold_row(metric, reference="zero_shot", **values):
    """A row of comparison.csv that holds, unless its values say otherwise."""
    primary = metric == "group_score"
    row = {
        "contrast": f"main-{reference}",
        "metric": metric,
        "difference": 0.3,
        **LIMITS,
        "p": 0.001,
        "n": 200,
    }
    row |= {"corrected_t_p": 0.01, "mcnemar_p": 0.02, "detectable": 0.1, "test_to_train": 0.5}
    return row | {"is_primary": primary, "holm_p": 0.01 if primary else None} | values


def turn(row):
    """The same row of a figure of which less is better."""
    limits = {"low": -row["high"], "high": -row["low"]}
    limits |= {"corrected_t_low": -row["corrected_t_high"], "corrected_t_high": -row["corrected_t_low"]}
    return row | limits | {"difference": -row["difference"]}


# Every figure of the folds that the rule asks for, by a name of its own.
ON_FOLDS = {
    **{f"group {name}": write_fold_row("group_score", name) for name in ("zero_shot", "originals", "random")},
    **{
        f"absence {name}": write_fold_row("absence_auc_known", name)
        for name in ("zero_shot", "originals", "chance")
    },
    "affirmative": write_fold_row("affirmative_auc"),
    "wanted": write_fold_row("wanted_at_10"),
    "violation": turn(write_fold_row("violation_at_10")),
    "shams": turn(write_fold_row("sham_flip_rate")),
    "placebo": turn(write_fold_row("placebo_excess", "chance")),
}


def write_summary(path):
    rows = [
        (arm, metric, value, value - 0.05, value + 0.05, 3)
        for arm, score in (("zero_shot", 0.2), ("main", 0.5), ("half", 0.4))
        for metric, value in (
            ("sham_flip_rate", 0.1),
            ("group_score", score),
            ("interaction", score / 10),
            ("group_score_unfiltered", score - 0.1),
        )
    ]
    frame = pd.DataFrame(rows, columns=["arm", "metric", "mean", "low", "high", "n"])
    frame.assign(reason=None).to_csv(path, index=False)


def judge(folder, sets, on_folds=ON_FOLDS, set_metrics=()):
    pd.DataFrame(on_folds.values()).to_csv(folder / "comparison.csv", index=False)
    write_summary(folder / "summary.csv")
    sets.to_csv(folder / "judged.csv", index=False)
    inputs = {"comparison": "comparison.csv", "sets": "judged.csv", "summary": "summary.csv"}
    inputs = {name: folder / file for name, file in inputs.items()} | {"set_metrics": list(set_metrics)}
    apply_pass_rule(Job(inputs, {"verdict": folder / "verdict.json"}, {"deploy": {"arm": "main"}}))
    return json.loads((folder / "verdict.json").read_text())


def get_statuses(verdict):
    return {part["name"]: part["status"] for part in verdict["parts"]}


def test_values_of_each_kind_of_set():
    values = list_values("choices", make_choices("main", GOOD["mcq"]))
    assert set(values["metric"]) == {"accuracy", "accuracy_a", "accuracy_b"}
    assert len(values[values["metric"] == "accuracy"]) == 3 * 240
    ranks = list_values("retrieval", make_ranks("main", 1.0))
    assert set(ranks["metric"]) == {
        f"{way}_recall_at_{k}" for way in ("image_to_text", "text_to_image") for k in (1, 5, 10)
    }
    assert (ranks["value"] == 1).all()
    removals = list_values("removals", make_removals("main", 1.0, 0.0))
    assert removals.groupby("metric")["value"].mean().to_dict() == {
        "indecision": 0.0,
        "true_understanding": 1.0,
    }
    assert set(list_values("classes", make_choices("m", {"a": 1.0}).drop(columns="kind"))["metric"]) == {
        "top1"
    }
    assert list_values("objects", pd.DataFrame({"fold": [0], "seed": [0], "kind": ["class"]})).empty


def test_contrast_is_the_difference_of_means_over_items_and_models(tmp_path):
    tables = make_all(GOOD)
    del tables["mcq", "originals"]
    sets = compare(tmp_path, tables).set_index(["set", "contrast", "metric"])
    row = sets.loc[("mcq", "main-zero_shot", "accuracy")]
    expected = tables["mcq", "main"]["correct"].mean() - tables["mcq", "zero_shot"]["correct"].mean()
    assert row["difference"] == pytest.approx(expected, abs=1e-6)
    assert row["low"] < row["difference"] < row["high"]
    assert (row["n"], row["photos"], row["models"], row["models_reference"]) == (240, 240, 3, 1)
    assert row["role"] == "mcq"
    assert ("mcq", "main-originals", "accuracy") not in sets.index  # not tested there
    captions = sets.loc[("coco", "main-zero_shot", "text_to_image_recall_at_1")]
    assert (captions["n"], captions["photos"]) == (80, 80)


def test_the_corrected_t_stands_beside_the_photos_interval(tmp_path):
    tables = make_all(GOOD)
    sets = compare(tmp_path, tables).set_index(["set", "contrast", "metric"])
    row = sets.loc[("imagenet", "main-zero_shot", "top1")]
    means = [
        tables["imagenet", "main"].query("fold == @fold")["correct"].mean()
        - tables["imagenet", "zero_shot"].query("fold == @fold")["correct"].mean()
        for fold in range(3)
    ]
    reach = stats.t.ppf(0.975, 2) * np.sqrt((1 / 3 + 0.5) * np.var(means, ddof=1))
    assert row["corrected_t_low"] == pytest.approx(np.mean(means) - reach, abs=1e-5)


def test_a_small_dose_has_no_corrected_t_on_sets_either(tmp_path):
    sets = compare(tmp_path, make_all(GOOD), ratio=2.5)
    assert sets["corrected_t_low"].isna().all() and sets["low"].notna().all()
    assert set(get_statuses(judge(tmp_path, sets)).values()) == {HOLDS, NOT_MEASURED}


def make_questions(right, copies):
    """Values of a model that was asked the same of each photo, so many times over."""
    rows = [
        {
            "run": "0/0",
            "photo": f"p{at}",
            "item": f"q{at}-{turn}",
            "metric": "accuracy",
            "value": float(value),
        }
        for at, value in enumerate(right)
        for turn in range(copies)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("names_photos", [True, False])
def test_ten_questions_on_a_photo_are_no_ten_trials(names_photos):
    rng = np.random.default_rng(0)
    right, wrong = rng.random(150) < 0.55, rng.random(150) < 0.45
    found = []
    for copies in (1, 10):
        frames = [make_questions(answers, copies) for answers in (right, wrong)]
        if not names_photos:
            frames = [frame.drop(columns="photo") for frame in frames]
        found.append(contrast_models(*frames, SETTINGS, 0)["accuracy"])
    assert found[0][:3] == pytest.approx(found[1][:3])
    assert [row[3:5] for row in found] == [(150, 150), (1500, 150)]


def test_values_of_photos_of_an_object_set_are_contrasted_with_arms_and_chance(tmp_path):
    rng = np.random.default_rng(1)
    rows = [
        {
            "fold": fold,
            "seed": 0,
            "kind": "photo",
            "item": f"p{at}",
            "metric": metric,
            "value": rng.normal(0.8, 1),
        }
        for fold in range(2)
        for at in range(300)
        for metric in ("absence_auc_known", "affirmative_auc")
    ]
    value = list_values("objects", pd.DataFrame([*rows, {"fold": 0, "seed": 0, "kind": "class"}]))
    assert set(value["metric"]) == {"absence_auc_known", "affirmative_auc"} and len(value) == len(rows)
    chance = take_chance(value)
    assert set(chance["metric"]) == {"absence_auc_known"} and set(chance["value"]) == {0.5}
    difference, low, high, n, photos, models, *_ = contrast_models(value, chance, SETTINGS, 0, 0.5)[
        "absence_auc_known"
    ]
    mean = np.mean([row["value"] for row in rows if row["metric"] == "absence_auc_known"])
    assert difference == pytest.approx(mean - 0.5) and low < difference < high
    assert (n, photos, models) == (300, 300, 2)


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


def write_row(role, metric, reference="zero_shot", **values):
    """A row of sets.csv that holds, unless its values say otherwise."""
    row = {"set": role, "format": "", "role": role, "contrast": f"main-{reference}", "metric": metric}
    return row | {"difference": 0.3, **LIMITS, "models": 3} | values


BOTH = ("zero_shot", "originals")
RECALLS = ("image_to_text_recall_at_1", "text_to_image_recall_at_1")
ON_SETS = {
    **{f"total {name}": write_row("mcq", "accuracy", name) for name in BOTH},
    **{f"type {name}": write_row("mcq", "accuracy_hybrid", name) for name in BOTH},
    **{f"negated {name}": write_row("negated_retrieval", "text_to_image_recall_at_5", name) for name in BOTH},
    **{f"understanding {name}": write_row("removal", "true_understanding", name) for name in BOTH},
    **{f"indecision {name}": turn(write_row("removal", "indecision", name)) for name in BOTH},
    "classes": write_row("zero_shot", "top1"),
    **{f"{metric} {name}": write_row("retrieval", metric, name) for metric in RECALLS for name in BOTH},
}
# Of each figure: the part that it decides, by how much the main arm may be worse, whether just so
# much is allowed, and whether less is better.
CUTS = {
    **{f"absence {name}": ("absence on ordinary photos", 0.0, False, False) for name in (*BOTH, "chance")},
    "affirmative": ("affirmative wordings", 0.02, True, False),
    "wanted": ("queries", 0.0, True, False),
    "violation": ("queries", 0.0, True, True),
    "shams": ("sham edits", 0.02, True, True),
    "placebo": ("placebo", 0.0, False, True),
    **{f"total {name}": ("multiple choice, total", 0.0, False, False) for name in BOTH},
    **{f"type {name}": ("multiple choice, types", 0.02, True, False) for name in BOTH},
    **{f"negated {name}": ("negated retrieval", 0.0, False, False) for name in BOTH},
    **{f"understanding {name}": ("removals, understanding", 0.0, False, False) for name in BOTH},
    **{f"indecision {name}": ("removals, indecision", 0.02, True, True) for name in BOTH},
    "classes": ("classes kept", 0.01, True, False),
    **{f"{metric} {name}": ("retrieval kept", 0.01, True, False) for metric in RECALLS for name in BOTH},
}


@pytest.mark.parametrize("kind", ["photos", "trainings"])
@pytest.mark.parametrize("figure", CUTS)
def test_each_figure_at_its_cut(figure, kind):
    """Just above the cut it holds, across it is not shown, below it fails; either interval can say so."""
    part, margin, may_equal, is_loss = CUTS[figure]
    ends = ("low", "high") if kind == "photos" else ("corrected_t_low", "corrected_t_high")
    cases = [
        (-margin + 1e-6, 0.4, HOLDS),
        (-margin, 0.4, HOLDS if may_equal else NOT_SHOWN),
        (-margin - 1e-6, 0.4, NOT_SHOWN),
        (-margin - 0.3, -margin + 1e-6, NOT_SHOWN),
    ]
    for low, high, status in cases:
        assert judge_figure(figure, is_loss, {ends[0]: low, ends[1]: high})[part] == status, (
            low,
            high,
        )
    both = {"low": -0.3 - margin, "high": -1e-6 - margin}
    both |= {f"corrected_t_{end}": value for end, value in both.items()}
    assert judge_figure(figure, is_loss, both)[part] == FAILS
    assert judge_figure(figure, is_loss, both | {ends[1]: 0.1})[part] == NOT_SHOWN
    assert judge_figure(figure, is_loss, {ends[0]: None, ends[1]: None})[part] == NOT_MEASURED


def judge_figure(figure, is_loss, limits):
    """Return the status of every part when one figure has these limits, better being higher; every
    other part must hold.
    """
    tables = {"folds": dict(ON_FOLDS), "sets": dict(ON_SETS)}
    of_figure = tables["folds"] if figure in ON_FOLDS else tables["sets"]
    good = turn(of_figure[figure]) if is_loss else of_figure[figure]
    row = good | limits
    lacking = any(value is None for value in limits.values())
    of_figure[figure] = good | limits if not is_loss or lacking else turn(row)
    comparison, sets = (pd.DataFrame(tables[name].values()) for name in ("folds", "sets"))
    statuses = {part.name: part.status for part in judge_arm(comparison, sets, "main")}
    assert set({**statuses, CUTS[figure][0]: HOLDS}.values()) == {HOLDS}
    return statuses


def test_every_figure_of_the_rule_has_a_cut_here():
    asked = {(bound.metric.rstrip("*"), bound.reference) for part in REQUIREMENTS for bound in part.bounds}
    rows = [*ON_FOLDS.values(), *ON_SETS.values()]
    known = {
        (row["metric"], row["contrast"].partition("-")[2]) for row in rows if row["metric"] != "group_score"
    }
    assert {
        (metric.replace("accuracy_hybrid", "accuracy_"), reference) for metric, reference in known
    } == asked
    assert set(CUTS) == {name for name in (*ON_FOLDS, *ON_SETS) if not name.startswith("group")}


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


@pytest.mark.parametrize("reference", ["zero_shot", "originals", "random"])
@pytest.mark.parametrize(
    ("column", "holding", "failing"),
    [
        ("holm_p", [0.0499], [0.05, 0.0501]),
        ("low", [1e-6], [0.0, -1e-6]),
        ("difference", [1e-6], [0.0, -1e-6]),
    ],
)
def test_the_main_arm_is_above_each_of_the_three_by_both_tests(reference, column, holding, failing):
    for values, status in ((holding, HOLDS), (failing, NOT_SHOWN)):
        for value in values:
            rows = ON_FOLDS | {f"group {reference}": ON_FOLDS[f"group {reference}"] | {column: value}}
            assert judge_primary(pd.DataFrame(rows.values()), "main", PRIMARY).status == status, value


def test_the_group_score_fails_where_both_intervals_lie_below():
    row = write_fold_row("group_score", "random")
    for changes, status in (
        (turn(row), FAILS),
        (turn(row) | {"high": 0.1}, NOT_SHOWN),
        (turn(row) | {"corrected_t_high": 0.1}, NOT_SHOWN),
        (row | {"holm_p": None}, NOT_MEASURED),
    ):
        rows = ON_FOLDS | {"group random": changes}
        assert judge_primary(pd.DataFrame(rows.values()), "main", PRIMARY).status == status
    lacking = {name: row for name, row in ON_FOLDS.items() if name != "group random"}
    part = judge_primary(pd.DataFrame(lacking.values()), "main", PRIMARY)
    assert part.status == NOT_MEASURED and "main-random has no test" in part.found


def test_the_rule_seldom_holds_without_a_difference_and_often_with_a_large_one():
    """A few of the studies of `simulate_study.py`, which prints the rates over 1,000."""
    from simulate_study import measure_rates

    assert measure_rates(main_noise=3.0, studies=20, repeats=2)["passes"] <= 0.1
    assert measure_rates(main_noise=0.3, studies=6, repeats=2)["passes"] >= 0.5


def test_a_part_seldom_holds_at_its_margin_and_often_at_the_planned_effect():
    """A few of the studies of `simulate_rule.py`; of 60 at .05, 9 or more hold in .2 %."""
    from simulate_rule import simulate_parts

    found = simulate_parts(60, names={"affirmative wordings", "sham edits", "placebo"})
    assert len(found) == 3 and (found["false_holds"] <= 8 / 60).all() and (found["power"] >= 0.7).all()


def test_every_printed_interval_holds_what_it_is_of():
    """A few of the studies of `simulate_rule.py`; of 80 at .95, 12 or more miss in .1 %."""
    from simulate_rule import simulate_coverage

    found = simulate_coverage(80).set_index(["figure", "interval"])["coverage"]
    naive = "by question (not printed)"
    assert found.drop(naive, level="interval").min() >= 1 - 11 / 80
    assert found["accuracy, ten questions a photo", naive] < 0.75


def test_the_primary_family_is_of_three():
    assert PRIMARY == ["zero_shot", "originals", "random"] and PRIMARY_METRIC == "group_score"


def test_latex_prints_what_the_text_says():
    assert paper.escape_latex("50 % of {a_b} & $3 #1 x^2 ~ \\ <") == (
        r"50 \% of \{a\_b\} \& \$3 \#1 x\textasciicircum{}2 \textasciitilde{} \textbackslash{} \textless{}"
    )
    table = paper.to_latex(pd.DataFrame({"arm": ["paired_rank"], "group": ["43.4 %"]}), "Scores_of", "tab:x")
    spread = paper.to_latex(pd.DataFrame({"arm": ["x"], "group score, of all": ["43 % (1 to 5)"]}), "s", "t")
    assert (
        r"\shortstack[r]{43 \%\\{\scriptsize 1 to 5}}" in spread
        and r"\shortstack{group score,\\of all}" in spread
    )
    assert r"paired\_rank & 43.4 \%" in table and r"\toprule" in table and r"Scores\_of" in table


def test_paper_is_filled_in_from_the_tables(tmp_path, tiny_settings):
    from tiny_clip import make_pairs

    path_to_pairs, _ = make_pairs(tmp_path / "data", per_group=2)
    judge(tmp_path, compare(tmp_path, make_all(GOOD)))
    classes = pd.DataFrame(
        {
            "arm": ["zero_shot", "main"] * 2,
            "fold": 0,
            "seed": 0,
            "category": ["dog", "dog", "car", "car"],
            "absence_auc_bare": [0.4, 0.8, 0.5, 0.7],
        }
    )
    sweep = pd.DataFrame(
        {
            "arm": "main",
            "fold": 0,
            "seed": 0,
            "alpha": [0.0, 0.5, 1.0],
            "chosen": [False, True, False],
            "group_score": [0.2, 0.5, 0.6],
        }
    )
    for table, frame, name in ((CLASSES, classes, "classes"), (SWEEPS, sweep, "sweeps")):
        table.write(table.frame(frame.to_dict("records")).astype(object), tmp_path / f"{name}.parquet")
    unseen = {
        "arm": "main",
        "metric": "group_score",
        "unseen": 0.4,
        "seen": 0.6,
        "zero_shot": 0.2,
        "n": 24,
        "classes": 3,
    }
    unseen |= {f"minus_seen{end}": value for end, value in (("", -0.2), ("_low", -0.3), ("_high", -0.1))}
    unseen |= {f"minus_zero_shot{end}": value for end, value in (("", 0.2), ("_low", 0.1), ("_high", 0.3))}
    pd.DataFrame([unseen]).to_csv(tmp_path / "unseen.csv", index=False)
    write_json({"photos_in_evaluation_sets": 5, "pairs_kept_out_of_training": 4}, tmp_path / "check.json")
    (tmp_path / "retrieval.png").write_bytes(b"a picture")
    names = (
        *("summary.csv", "comparison.csv", "classes.parquet", "check.json", "verdict.json"),
        *("sweeps.parquet", "unseen.csv", "retrieval.png"),
    )
    tiny_settings["folds"]["leak_guards"] = [{"name": "beaf", "ids": "beaf.json"}]
    tiny_settings["train"] |= {"inner_share": 0.1, "class_folds": ["main"], "true_negations": 0.15}
    tiny_settings["evaluate"]["alphas"] = [0, 0.5, 1]
    captions = pd.read_parquet(path_to_pairs)[["edit_id"]].assign(source="gpt-6-luna", status="ok")
    captions.loc[:0, "source"] = "grammar_fallback"
    write_table(captions, tmp_path / "captions.parquet")
    names += ("captions.parquet",)
    inputs = {"pairs": path_to_pairs, **{name.split(".")[0]: tmp_path / name for name in names}}
    weights = {"masks": {"weights": "models/yolo.pt"}, "edits": {"weights": None}}
    weights |= {"quality": {"judge": "models/judge"}, "train": {"clip": "models/my-clip"}}
    for block in (
        "masks",
        "edits",
        "quality",
        "train",
    ):  # a lineage knows that there is a file, not where
        tiny_settings[block] |= {key: value is not None for key, value in weights[block].items()}
    write_paper(Job(inputs, {"folder": tmp_path / "paper"}, tiny_settings, config=weights))
    written = {path.name for path in (tmp_path / "paper").iterdir()}
    assert written == {
        "arms.csv",
        "arms.md",
        "arms.tex",
        "contrasts.csv",
        "contrasts.md",
        "contrasts.tex",
        "figures.csv",
        "figures.md",
        "figures.tex",
        "methods.md",
        "methods.tex",
        "paper.tex",
        "references.bib",
        "forest.pdf",
        "decomposition.pdf",
        "classes-absence_auc_bare.pdf",
        "wise-ft.pdf",
        "dose.pdf",
        "retrieval.png",
        *(
            f"{name}.{kind}"
            for name in ("wise_ft", "unseen_classes", "shams")
            for kind in ("csv", "md", "tex")
        ),
    }
    methods = (tmp_path / "paper/methods.md").read_text()
    pairs = len(pd.read_parquet(path_to_pairs))
    assert (
        f"{pairs} pairs" in methods
        and "main-zero_shot: +30.0 points" in methods
        and "The pass rule holds" in methods
    )
    for said in (
        "A segmentation model (yolo.pt;",
        "weights my-clip.",
        "judge judged each edit",
        "the model gpt-6-luna (",
        "the offline grammar, in place of a model's answer (",
        "true negation of another object with probability 0.15",
        "α = 0, 0.5, 1",
        "at most 1.0 point",
        "10\u202f% of the photo groups",
        "main was also trained without any removal",
        "5 photos are in one of the guarded evaluation sets (beaf)",
        "4 pairs, were tested on",
    ):
        assert said in methods, said
    cited = set(re.findall(r"@(\w+)", methods))
    written_entries = re.findall(r"^@\w+\{(\w+),", (tmp_path / "paper/references.bib").read_text(), re.M)
    assert cited and cited <= set(written_entries)
    section = (tmp_path / "paper/methods.tex").read_text()
    assert r"\citep{thrush2022winoground}" in section and "[@" not in section
    swept = pd.read_csv(tmp_path / "paper/wise_ft.csv").iloc[0]
    assert swept["chosen α (times)"] == "0.5 (1)" and swept["group score, chosen α"].startswith("50.0")
    assert "−20.0 (−30.0 to −10.0)" in (tmp_path / "paper/unseen_classes.md").read_text()
    assert methods.startswith("**Simulated.**")
    assert r"\paragraph{Data.}" in (tmp_path / "paper/methods.tex").read_text()
    assert "+30.0" in (tmp_path / "paper/contrasts.md").read_text()


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


@pytest.fixture
def tiny_settings(checkout):
    """The blocks of the embedded default that the paper reads, with a main arm and half a dose of it."""
    import yaml

    config = yaml.safe_load((checkout / "config/config.yaml").read_text())
    blocks = ("words", "api", "samples", "keywords", "masks", "edits", "captions", "quality", "folds")
    settings = {key: config[key] for key in (*blocks, "train", "evaluate")}
    arm = config["train"]["arms"]["paired_rank_keep"]
    settings["train"]["arms"] = {"zero_shot": {}, "main": arm, "half": {**arm, "fraction": 0.5}}
    return {**settings, "deploy": {"arm": "main"}}
