"""Judge the main arm by the pass rule: which part holds, fails, is not shown, or was not measured."""

import logging
from collections.abc import Sequence

import pandas as pd

from unscene.evaluation.alarms import FEWEST_GROUPS, FEWEST_OF_PART, Figures, list_alarms, list_undecided
from unscene.evaluation.pass_rule import (
    FOLDS,
    NOT_MEASURED,
    PRIMARY,
    REFERENCES,
    REQUIREMENTS,
    Contrasts,
    Part,
    decide,
    judge_primary,
    judge_requirement,
)
from unscene.machine.job import Job
from unscene.run.tables import read_json, write_json

UNFILTERED = "group_score_unfiltered"
# What stands beside the accuracy of multiple choice: what can be had without the right photo.
CHOICE_LINES = {
    "accuracy": "accuracy",
    "swapped_photos_accuracy": "with another question's photo",
    "blind_reader": "a reader who never looks at the photo",
    "blind_chance": "a fair draw",
}


def apply_pass_rule(job: Job) -> None:
    """Write verdict.json: the verdict, its sentence, every part with what was found, the lines,
    which are shown and decide nothing, the alarms, and which alarms are not decided.

    inputs: comparison (of the arms), sets (comparison on external sets), summary (of the arms),
    set_metrics (of the main arm on every set; None without sets). outputs: verdict.
    """
    main_arm = job.settings["deploy"]["arm"]
    comparison, sets, summary = (
        pd.read_csv(path) for path in (job.inputs.comparison, job.inputs.sets, job.inputs.summary)
    )
    verdict = decide(judge_arm(comparison, sets, main_arm))
    lines = list_lines(summary, [read_json(path) for path in job.inputs.set_metrics or ()], main_arm)
    alarms = list_alarms(main_arm, comparison, summary)
    undecided = tell_undecided(list_undecided(Figures(main_arm, comparison, summary)))
    told = {"lines": lines, "alarms": alarms, "alarms_not_decided": undecided}
    write_json({"arm": main_arm, **verdict, **told}, job.outputs.verdict)
    logging.getLogger("unscene").info("%s", verdict["sentence"])
    for alarm in alarms:
        logging.getLogger("unscene").warning("alarm %s: %s", alarm["name"], alarm["sentence"])
    if undecided:
        logging.getLogger("unscene").info("%s", undecided)


def tell_undecided(names: Sequence[str]) -> str:
    """Return the sentence on alarms that are not decided, "" without any."""
    if not names:
        return ""
    return (
        f"Alarms not decided, too few photo groups: {', '.join(names)}. It takes {FEWEST_GROUPS} groups, and"
        f" {FEWEST_OF_PART} for each part that was tested."
    )


def judge_arm(comparison: pd.DataFrame, sets: pd.DataFrame, main_arm: str) -> list[Part]:
    """Return every part of the pass rule. comparison, sets: as compare_arms and compare_arms_on_sets
    write them.
    """
    tables: Contrasts = {FOLDS: comparison, **{str(role): rows for role, rows in sets.groupby("role")}}
    return [
        judge_primary(comparison, main_arm, [other for other in PRIMARY if other != main_arm]),
        *(judge_requirement(requirement, tables, main_arm) for requirement in REQUIREMENTS),
    ]


def list_lines(summary: pd.DataFrame, set_metrics: Sequence[dict], main_arm: str) -> list[dict[str, str]]:
    """Return `name found` of what stands beside the rule: what a part's figure is worth.

    summary: as compare_arms writes it. set_metrics: the main arm's metrics on each set, as
    evaluate_set writes them. A line says so where nothing was measured.
    """
    means = summary.set_index(["arm", "metric"])["mean"]
    shown = {
        arm: means[arm, UNFILTERED]
        for arm in (main_arm, *REFERENCES)
        if (arm, UNFILTERED) in means.index and pd.notna(means[arm, UNFILTERED])
    }
    found = ", ".join(f"{arm} {100 * value:.1f} %" for arm, value in shown.items())
    lines = [{"name": "group score on unfiltered test pairs", "found": found or NOT_MEASURED}]
    for metrics in set_metrics:
        if "swapped_photos_accuracy" in metrics:
            told = [
                f"{words} {100 * metrics[name]:.1f} %"
                for name, words in CHOICE_LINES.items()
                if metrics.get(name) is not None  # null of a set whose every item was left out
            ]
            lines.append({"name": f"multiple choice, {metrics['set']}", "found": ", ".join(told)})
    return lines
