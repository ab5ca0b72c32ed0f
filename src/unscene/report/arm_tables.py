"""Which figures of the arms a run allows, and the rows that each is drawn from."""

import pandas as pd

from unscene.evaluation.pass_rule import UNTUNED
from unscene.report import arm_figures
from unscene.report.figures import Drawing

SWEPT_METRICS = ["group_score", "text_to_image_recall_at_1", "image_to_text_recall_at_1"]
CLASS_METRIC = "absence_auc_bare"


def list_drawings(
    summary: pd.DataFrame,
    comparison: pd.DataFrame,
    classes: pd.DataFrame,
    sweep: pd.DataFrame | None,
    settings: dict,
) -> list[Drawing]:
    """Return the figures that the tables allow: forest, decomposition, classes, WiSE-FT, dose and response.

    summary, comparison: as compare_arms writes them. classes: a row an arm, fold, seed and
    category. sweep: a row an arm, fold, seed and alpha, or None. settings: the config's blocks
    `train` and `deploy`.
    """
    main = settings["deploy"]["arm"]
    measured = summary.dropna(subset="mean")
    by_metric = {
        metric: rows.set_index("arm").to_dict("index") for metric, rows in measured.groupby("metric")
    }
    drawings = []
    contrasts = list_group_contrasts(comparison)
    if contrasts:
        drawings.append(arm_figures.draw_forest(contrasts))
    if set(arm_figures.EFFECTS) & set(by_metric):
        drawings.append(arm_figures.draw_decomposition(list(pd.unique(summary["arm"])), by_metric))
    shown = [arm for arm in (UNTUNED, main) if arm in set(classes["arm"])]
    if shown and classes.loc[classes["arm"].isin(shown), CLASS_METRIC].notna().any():
        drawings.append(arm_figures.draw_classes(classes, CLASS_METRIC, list(dict.fromkeys(shown))))
    if sweep is not None and main in set(sweep["arm"]):
        metrics = [metric for metric in SWEPT_METRICS if metric in sweep and sweep[metric].notna().any()]
        of_main = sweep[sweep["arm"] == main]
        chosen = float(of_main.loc[of_main["chosen"].astype(bool), "alpha"].mean())
        drawings.append(arm_figures.draw_wise_ft(sweep, main, metrics, chosen))
    dose = list_doses(summary, settings["train"]["arms"], main)
    if len(dose) > 1:
        drawings.append(arm_figures.draw_dose(dose))
    return drawings


def list_group_contrasts(comparison: pd.DataFrame) -> list[dict]:
    """Return the contrasts of the group score as the forest plot takes them, the primary ones first."""
    rows = comparison[(comparison["metric"] == "group_score") & comparison["difference"].notna()]
    rows = rows.sort_values("is_primary", ascending=False, kind="stable").to_dict("records")
    return [
        {**row, **dict(zip(("arm", "reference"), row["contrast"].split("-", 1), strict=True))} for row in rows
    ]


def list_doses(summary: pd.DataFrame, arms: dict, main: str) -> pd.DataFrame:
    """Return `fraction mean low high` of the main arm and of the arms that differ from it in
    `fraction` alone.
    """

    def without_fraction(arm: dict) -> dict:
        return {key: value for key, value in arm.items() if key != "fraction"}

    found = summary[summary["metric"] == "group_score"].set_index("arm")
    rows = [
        {"fraction": arm.get("fraction", 1.0), **found.loc[name, ["mean", "low", "high"]].to_dict()}
        for name, arm in arms.items()
        if arm and name in found.index and without_fraction(arm) == without_fraction(arms[main])
    ]
    return pd.DataFrame(rows, columns=["fraction", "mean", "low", "high"])
