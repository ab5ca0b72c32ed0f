"""Made rows of every figure that the pass rule asks for, and the verdict on them."""

import json

import pandas as pd

from unscene.evaluation.verdict import apply_pass_rule
from unscene.machine.job import Job

BOTH = ("zero_shot", "originals")
RECALLS = ("image_to_text_recall_at_1", "text_to_image_recall_at_1")
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


def write_row(role, metric, reference="zero_shot", **values):
    """A row of sets.csv that holds, unless its values say otherwise."""
    row = {"set": role, "format": "", "role": role, "contrast": f"main-{reference}", "metric": metric}
    return row | {"difference": 0.3, **LIMITS, "models": 3} | values


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
ON_SETS = {
    **{f"total {name}": write_row("mcq", "accuracy", name) for name in BOTH},
    **{f"type {name}": write_row("mcq", "accuracy_hybrid", name) for name in BOTH},
    **{f"negated {name}": write_row("negated_retrieval", "text_to_image_recall_at_5", name) for name in BOTH},
    **{f"understanding {name}": write_row("removal", "true_understanding", name) for name in BOTH},
    **{f"indecision {name}": turn(write_row("removal", "indecision", name)) for name in BOTH},
    **{f"classes {name}": write_row("zero_shot", "top1", name) for name in BOTH},
    **{f"{metric} {name}": write_row("retrieval", metric, name) for metric in RECALLS for name in BOTH},
}


def write_summary(path):
    """Write a summary.csv of three arms."""
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
    """Apply the pass rule to figures of the folds and to sets.csv; return the verdict."""
    comparison = pd.DataFrame(on_folds.values()).assign(groups=300, folds=3)
    comparison.to_csv(folder / "comparison.csv", index=False)
    write_summary(folder / "summary.csv")
    sets.to_csv(folder / "judged.csv", index=False)
    inputs = {"comparison": "comparison.csv", "sets": "judged.csv", "summary": "summary.csv"}
    inputs = {name: folder / file for name, file in inputs.items()} | {"set_metrics": list(set_metrics)}
    apply_pass_rule(Job(inputs, {"verdict": folder / "verdict.json"}, {"deploy": {"arm": "main"}}))
    return json.loads((folder / "verdict.json").read_text())


def get_statuses(verdict):
    """Return {part: status}."""
    return {part["name"]: part["status"] for part in verdict["parts"]}
