"""Figures of what the arms learned, for the report and for a paper: decomposition, classes,
WiSE-FT, dose and response.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from unscene.report.figures import ACCENT, INK, MUTED, SERIES, Drawing, draw_interval, label_rows

EFFECTS = {
    "interaction": ("what the model understood (G)", "o", SERIES),
    "image_effect_size": ("traces of the edit |A|", "s", ACCENT),
    "text_effect_size": ("style of the caption |B|", "^", MUTED),
}


def draw_decomposition(arms: Sequence[str], summaries: dict[str, dict[str, dict]]) -> Drawing:
    """Draw the parts of the four cosines of a pair by arm: G must exceed |B| for the text score and
    |A| for the image score.

    summaries: metric -> arm -> {mean, low, high}, for the metrics of EFFECTS
    (`unscene.evaluation.pair_metrics.score_pairs`).
    """

    def draw(figure):
        axes = figure.subplots()
        axes.axvline(0, color=INK, linewidth=1)
        for metric, (label, marker, colour) in EFFECTS.items():
            rows = summaries.get(metric, {})
            at = [position for position, arm in enumerate(arms) if arm in rows]
            axes.plot(
                [rows[arms[p]]["mean"] for p in at], at, marker, color=colour, markersize=7, label=label
            )
        label_rows(axes, arms)
        axes.set_xlabel("mean over held-out pairs, in units of cosine")
        figure.legend(loc="outside upper left", ncols=1)

    return Drawing("decomposition", 120 + 24 * len(arms), draw)


def draw_classes(classes: pd.DataFrame, metric: str, arms: Sequence[str]) -> Drawing:
    """Draw a metric by category for some arms, the category where the last arm is best first; the
    line at 1/2 is chance.

    classes: `arm category` and the metric, a share; rows of one arm and category are averaged
    (folds and seeds).
    """
    mean = classes[classes["arm"].isin(arms)].pivot_table(index="category", columns="arm", values=metric)
    mean = mean.reindex(columns=[arm for arm in arms if arm in mean])
    mean = mean.sort_values(list(mean.columns[::-1]), ascending=False)

    def draw(figure):
        axes = figure.subplots()
        axes.axvline(50, color=ACCENT, linewidth=1.2, linestyle=(0, (4, 3)))
        for arm, colour in zip(mean.columns, _shades(len(mean.columns)), strict=True):
            axes.plot(100 * mean[arm], range(len(mean)), "o", color=colour, markersize=6, label=arm)
        label_rows(axes, list(mean.index))
        axes.set_xlim(0, 100)
        axes.set_xlabel(f"{metric.replace('_', ' ')}, %; broken line: chance")
        figure.legend(loc="outside upper left", ncols=len(mean.columns))

    return Drawing(f"classes-{metric}", 90 + 20 * len(mean), draw)


def draw_wise_ft(sweep: pd.DataFrame, arm: str, metrics: Sequence[str], chosen: float | None) -> Drawing:
    """Draw what an arm keeps and gains between the untuned weights (0) and its own (1).

    sweep: `arm alpha` and the metrics, shares; rows of one alpha are averaged (folds and seeds).
    chosen: the mean over folds and seeds of the alphas that the inner validation chose, marked by a
    line.
    """
    mean = sweep[sweep["arm"] == arm].groupby("alpha")[list(metrics)].mean()

    def draw(figure):
        axes = figure.subplots()
        if chosen is not None:
            axes.axvline(chosen, color=ACCENT, linewidth=1.2, linestyle=(0, (4, 3)))
        for metric, colour in zip(metrics, _shades(len(metrics)), strict=True):
            axes.plot(mean.index, 100 * mean[metric], "o-", color=colour, label=metric.replace("_", " "))
        axes.set_xlabel(
            "α: 0 untuned weights, 1 tuned weights"
            + ("; broken line: chosen, mean" if chosen is not None else "")
        )
        axes.set_ylabel("%")
        figure.legend(loc="outside upper left", ncols=2)

    return Drawing("wise-ft", 260, draw)


def draw_dose(dose: pd.DataFrame) -> Drawing:
    """Draw the group score against the share of the training pairs that an arm was trained on.

    dose: `fraction mean low high`, all shares.
    """

    def draw(figure):
        axes = figure.subplots()
        rows = dose.sort_values("fraction")
        axes.plot(100 * rows["fraction"], 100 * rows["mean"], "o-", color=SERIES)
        axes.vlines(100 * rows["fraction"], 100 * rows["low"], 100 * rows["high"], color=SERIES)
        axes.set_xscale("log")
        axes.set_xticks(100 * rows["fraction"], [f"{100 * share:g}" for share in rows["fraction"]])
        axes.minorticks_off()
        axes.set_xlabel("% of the training pairs")
        axes.set_ylabel("group score, %")

    return Drawing("dose", 240, draw)


def draw_forest(contrasts: Sequence[dict]) -> Drawing:
    """Draw contrasts on one metric as a forest plot: thin lines the corrected t over folds, thick
    ones the bootstrap.

    contrasts: `arm reference difference low high corrected_t_low corrected_t_high is_primary`,
    differences of shares.
    """

    def draw(figure):
        axes = figure.subplots()
        axes.axvline(0, color=INK, linewidth=1)
        for position, row in enumerate(contrasts):
            colour = SERIES if row.get("is_primary") else MUTED
            limits = np.array([row["corrected_t_low"], row["corrected_t_high"]], float)
            if np.isfinite(limits).all():
                axes.plot(100 * limits, [position, position], color=colour, linewidth=1)
            draw_interval(axes, position, row["difference"], row["low"], row["high"], colour)
        label_rows(axes, [f"{row['arm']} \u2212 {row['reference']}" for row in contrasts])
        axes.set_xlabel("difference of the group score in points")

    return Drawing("forest", 60 + 24 * max(1, len(contrasts)), draw)


def _shades(count: int) -> list[str]:
    return [MUTED, SERIES, ACCENT, INK][:count] if count > 1 else [SERIES]
