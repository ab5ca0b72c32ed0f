"""What an arm does at query time, which no form holds: told, with the score that the form has without it."""

import pandas as pd

from unscene.evaluation.query_arithmetic import NEUTRAL
from unscene.report.headline import EDITED, ORDINARY

FORMULA = (
    "e' = normalise(e - weight ((e . n) - (e_neutral . n)) n): e is the text's embedding, n that of 'a photo"
    f" of' the denied object, e_neutral that of '{NEUTRAL}'; all have length 1"
)


def describe_arithmetic(name: str, arms: dict[str, dict], summary: pd.DataFrame) -> dict | None:
    """Return `weight formula scores arm_without` of an arm with query arithmetic; None of another.

    scores: a row a figure, `metric name with without`. without: of the arm that is equal but for the
    arithmetic, `arm_without`; both are null where the run has none.
    """
    arm = arms[name]
    if "query_weight" not in arm:
        return None
    rest = {key: value for key, value in arm.items() if key != "query_weight"}
    without = next((other for other, told in arms.items() if told == rest), None)
    mean = summary.set_index(["arm", "metric"])["mean"].dropna()
    scores = [
        {
            "metric": figure.metric,
            "name": figure.name,
            "with": mean.get((name, figure.metric)),
            "without": mean.get((without, figure.metric)),
        }
        for figure in (*ORDINARY, *EDITED)
        if (name, figure.metric) in mean.index
    ]
    return {"weight": arm["query_weight"], "formula": FORMULA, "scores": scores, "arm_without": without}
