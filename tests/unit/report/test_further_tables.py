"""Further tables of a report: what was measured, and nothing else."""

import numpy as np
import pandas as pd

from unscene.report.further_tables import list_tables


def test_further_tables_show_what_was_measured_and_nothing_else():
    summary = pd.DataFrame(
        [
            ("zero_shot", "probe_auc", 0.61, 0.58, 0.64, 3),
            ("main", "probe_auc", np.nan, np.nan, np.nan, 0),
            ("main", "placebo_shift", 0.012, -0.004, 0.028, 3),
            ("main", "sham_flip_rate_edge", 0.031, 0.01, 0.05, 3),
            ("main", "average_precision", np.nan, np.nan, np.nan, 0),
        ],
        columns=["arm", "metric", "mean", "low", "high", "n"],
    )
    sweep = pd.DataFrame(
        [
            ("main", fold, seed, alpha, alpha == best, 0.2 + 0.4 * alpha + 0.1 * seed)
            for fold, best in ((0, 0.5), (1, 1))
            for seed in (0, 1)
            for alpha in (0, 0.5, 1)
        ],
        columns=["arm", "fold", "seed", "alpha", "chosen", "group_score"],
    )
    tables = {table.name: table.frame for table in list_tables(summary, sweep, None)}
    # No query was scored, no category left out.
    assert list(tables) == ["wise_ft", "shortcuts", "shams", "placebo"]
    assert tables["shams"].columns.tolist() == ["measure", "zero_shot", "main"]
    swept = tables["wise_ft"].iloc[0]
    assert swept["chosen α (times)"] == "0.5 (2), 1 (2)"
    # Means alone: trainings overlap, so a t over folds would be too narrow.
    assert swept["group score, chosen α"] == "55.0\u202f%"
    assert swept["group score, α = 1"] == "65.0\u202f%"
    assert tables["shortcuts"].values.tolist() == [
        ["edits, probe AUC", "61.0\u202f% (58.0 to 64.0)", "not measured"],
    ]
    assert tables["placebo"].values.tolist() == [
        ["objects in neither photo", "not measured", "+1.2 (\u22120.4 to +2.8)"],
    ]
