"""Judge the main arm by the pass rule: which part holds, which fails, and which nobody measured."""

import logging

import pandas as pd

from unscene.evaluation.alarms import list_alarms
from unscene.evaluation.pass_rule import PRIMARY, decide, judge_bound, judge_primary
from unscene.machine.job import Job
from unscene.run.tables import write_json

# Points (shares of 1) by which a figure may fall before a part fails; fixed beforehand.
TYPE_MARGIN, INDECISION_MARGIN, FORGETTING_MARGIN, SHAM_MARGIN = 0.02, 0.02, 0.01, 0.02


def apply_pass_rule(job: Job) -> None:
    """Write verdict.json: the verdict, its sentence, every part with what was found, and the alarms.

    inputs: comparison (of the arms), sets (comparison on external sets), summary (of the arms, for
    the sham flip rate). outputs: verdict.
    """
    main_arm = job.settings["deploy"]["arm"]
    comparison, sets, summary = (
        pd.read_csv(path) for path in (job.inputs.comparison, job.inputs.sets, job.inputs.summary)
    )
    verdict = decide(
        [
            judge_primary(comparison, main_arm, [other for other in PRIMARY if other != main_arm]),
            *judge_choices(sets, main_arm),
            judge_bound(
                "negated retrieval",
                "R-Neg@5 above zero_shot: lower limit above 0",
                pick(sets, "negated_retrieval", ["text_to_image_recall_at_5"], main_arm, "zero_shot", "low"),
                0.0,
            ),
            *judge_removals(sets, main_arm),
            judge_bound(
                "nothing forgotten",
                "zero-shot classes and COCO R@1 both ways: lower limit above -1 point against "
                "zero_shot, COCO also against originals",
                list_retained(sets, main_arm),
                -FORGETTING_MARGIN,
            ),
            judge_sham(summary, main_arm),
        ]
    )
    alarms = list_alarms(main_arm, comparison, summary)
    write_json({"arm": main_arm, **verdict, "alarms": alarms}, job.outputs.verdict)
    logging.getLogger("unscene").info("%s", verdict["sentence"])
    for alarm in alarms:
        logging.getLogger("unscene").warning("alarm %s: %s", alarm["name"], alarm["sentence"])


def pick(sets, role, metrics, main_arm, reference, column):
    """Return `set metric reference` -> the column's value, for the sets of a role; {role: None}
    when there is none.
    """
    rows = sets[
        (sets["role"] == role)
        & (sets["contrast"] == f"{main_arm}-{reference}")
        & sets["metric"].isin(metrics)
    ]
    if rows.empty:
        return {f"{role} against {reference}": None}
    return {f"{row.set} {row.metric} against {reference}": getattr(row, column) for row in rows.itertuples()}


def judge_choices(sets, main_arm):
    """Return the two parts on multiple choice: the total rises, no type of question falls by more
    than two points.
    """
    types = sorted(name for name in set(sets["metric"]) if name.startswith("accuracy_"))
    return [
        judge_bound(
            "multiple choice, total",
            "accuracy above zero_shot: lower limit above 0",
            pick(sets, "mcq", ["accuracy"], main_arm, "zero_shot", "low"),
            0.0,
        ),
        judge_bound(
            "multiple choice, types",
            "no type of question more than 2 points below zero_shot",
            pick(sets, "mcq", types, main_arm, "zero_shot", "difference"),
            -TYPE_MARGIN,
            may_equal=True,
        ),
    ]


def judge_removals(sets, main_arm):
    """Return the two parts on real removals (BEAF): understanding rises, indecision about other
    objects hardly.
    """
    changed = pick(sets, "removal", ["indecision"], main_arm, "zero_shot", "difference")
    return [
        judge_bound(
            "removals, understanding",
            "true understanding above zero_shot: lower limit above 0",
            pick(sets, "removal", ["true_understanding"], main_arm, "zero_shot", "low"),
            0.0,
        ),
        judge_bound(
            "removals, indecision",
            "indecision at most 2 points above zero_shot (sign turned)",
            {name: None if value is None else -value for name, value in changed.items()},
            -INDECISION_MARGIN,
            may_equal=True,
        ),
    ]


def list_retained(sets, main_arm):
    """Return the lower limits of what general ability must keep, by name."""
    recalls = ["image_to_text_recall_at_1", "text_to_image_recall_at_1"]
    return {
        **pick(sets, "zero_shot", ["top1"], main_arm, "zero_shot", "low"),
        **pick(sets, "retrieval", recalls, main_arm, "zero_shot", "low"),
        **pick(sets, "retrieval", recalls, main_arm, "originals", "low"),
    }


def judge_sham(summary, main_arm):
    """Return the part on sham edits: the share that the model takes for a removal, at most two
    points above zero_shot.
    """
    rate = summary[summary["metric"] == "sham_flip_rate"].set_index("arm")["mean"]
    known = {main_arm, "zero_shot"} <= set(rate.dropna().index)
    return judge_bound(
        "sham edits",
        "sham flip rate at most 2 points above zero_shot (sign turned)",
        {"zero_shot minus " + main_arm: rate["zero_shot"] - rate[main_arm] if known else None},
        -SHAM_MARGIN,
        may_equal=True,
    )
