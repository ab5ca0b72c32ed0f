"""Join the tested pairs of all arms; write each arm's scores and the contrasts between arms, with
intervals.
"""

import logging

import numpy as np
import pandas as pd

from unscene.evaluation.columns import COMPARISON, ITEMS, RECALL_AT, SHAM_METRICS, SHIFTS, SUMMARY, WAYS
from unscene.evaluation.csv_tables import write_csv
from unscene.evaluation.pass_rule import PRIMARY, PRIMARY_METRIC
from unscene.evaluation.statistics import (
    adjust_holm,
    cluster_bootstrap,
    corrected_t,
    exact_mcnemar,
    find_detectable_difference,
    interval_of_folds,
)
from unscene.machine.job import Job
from unscene.run.seeds import derive_seed
from unscene.run.tables import TableError, join_tables, read_json

# What a contrast is computed on: columns of the tested pairs, and recalls from their ranks.
ITEM_METRICS = [
    "group_score",
    "text_score",
    "image_score",
    "presence",
    "absence",
    "half_truth",
    "interaction",
    "group_score_without",
    "group_score_held_out_phrasing",
    *SHIFTS,
]
CONTINUOUS = {"interaction", *SHIFTS}
BASELINES = ["zero_shot", "originals"]
# Questions of their own, when both arms are there: the sampler, similar pairs, the mask, the ranking term.
FURTHER_CONTRASTS = [
    ("paired", "random"),
    ("paired_similar", "paired"),
    ("paired_similar", "random"),
    ("paired_mask", "paired"),
    ("paired_rank", "paired_mask"),
    ("paired_rank", "paired"),
]
# And of the main arm: the primary ones first (see PRIMARY), then what the keep term, the images and
# their pairing add, and what is artefact.
MAIN_AGAINST = ["random", "paired_rank", "text_negatives", "sham", "swapped"]


def compare_arms(job: Job) -> None:
    """Write items.parquet, summary.csv and comparison.csv.

    The main arm is the one that is deployed: its claim is tested. Training seeds are averaged
    within an item and a fold before anything else, so a seed more is not a pair more. inputs:
    metrics, item_tables, sham_metrics (None without sham edits: their metrics are null). outputs:
    item_table, summary, comparison.
    """
    settings, main_arm, seed = (job.settings[key] for key in ("evaluate", "deploy", "seed"))
    main_arm = main_arm["arm"]
    item = join_tables(job.inputs.item_tables)
    ITEMS.write(item, job.outputs.item_table)
    runs = pd.DataFrame(join_metrics(job.inputs.metrics, job.inputs.sham_metrics))
    write_csv(SUMMARY, summarise_arms(runs, settings["confidence"]), job.outputs.summary)
    contrasts = list_contrasts(list(pd.unique(item["arm"])), main_arm)
    of_one_seed = average_seeds(pick_first_seed(item))
    comparison = mark_primary(
        compare_values(average_seeds(item), contrasts, settings, seed, of_one_seed), main_arm
    )
    write_csv(COMPARISON, comparison, job.outputs.comparison)
    for row in comparison[comparison["metric"] == "group_score"].itertuples():
        logging.getLogger("unscene").info(
            "%s: group score %+.3f [%+.3f, %+.3f], p %.3g",
            row.contrast,
            row.difference,
            row.low,
            row.high,
            row.p,
        )


def join_metrics(paths_to_metrics: list[str], paths_to_sham: list[str] | None) -> list[dict]:
    """Return every metric by name of each arm, fold and seed; those of sham edits are None where
    there are none.
    """
    of_run = {
        (metrics["arm"], metrics["fold"], metrics["seed"]): metrics
        for metrics in map(read_json, paths_to_sham or ())
    }
    rows = []
    for metrics in map(read_json, paths_to_metrics):
        shams = of_run.get((metrics["arm"], metrics["fold"], metrics["seed"]), {})
        found = {**dict.fromkeys(SHAM_METRICS), **shams, **metrics}
        rows.append(dict(sorted(found.items())))
    return rows


def summarise_arms(run, confidence):
    """Return `arm metric mean low high n`: means over folds (seeds averaged within), t-intervals of
    the fold means, n folds.

    run: a row an arm, fold and seed with every metric by its name.
    """
    metrics = [
        name for name in run.columns if name not in ("arm", "fold", "seed") and not name.startswith("n_")
    ]
    rows = []
    for arm in pd.unique(run["arm"]):
        by_fold = (
            run[run["arm"] == arm].groupby("fold")[metrics].agg(lambda values: values.astype(float).mean())
        )
        for metric in metrics:
            values = by_fold[metric].to_numpy(float)
            rows.append((arm, metric, *interval_of_folds(values, confidence), int((~np.isnan(values)).sum())))
    return pd.DataFrame(rows, columns=SUMMARY.names)


def list_contrasts(arms, main_arm):
    """Return pairs of arms: every other arm against each baseline, then the questions of their own."""
    further = [*FURTHER_CONTRASTS, *((main_arm, other) for other in MAIN_AGAINST if other != main_arm)]
    contrasts = [
        (arm, base)
        for base in BASELINES
        for arm in arms
        if base in arms and arm not in BASELINES[: BASELINES.index(base) + 1]
    ]
    asked = [pair for pair in dict.fromkeys(further) if set(pair) <= set(arms) and pair not in contrasts]
    return contrasts + asked


def mark_primary(comparison, main_arm):
    """Return the comparison with `is_primary` and `holm_p`: Holm's adjustment of the corrected t
    over the primary family.

    A member of the family that was not trained or could not be tested still counts in the adjustment.
    """
    family = pd.Series(np.nan, index=[f"{main_arm}-{other}" for other in PRIMARY if other != main_arm])
    is_primary = comparison["contrast"].isin(family.index) & (comparison["metric"] == PRIMARY_METRIC)
    tested = comparison[is_primary].set_index("contrast")["corrected_t_p"].astype(float)
    family[tested.index] = tested
    adjusted = pd.Series(adjust_holm(family.to_numpy()), index=family.index)
    holm_p = comparison["contrast"].map(adjusted).where(is_primary)
    return comparison.assign(is_primary=is_primary, holm_p=holm_p.astype(float))


def compare_values(value, contrasts, settings, seed, of_one_seed=None):
    """Return the rows of COMPARISON: one a contrast and metric, on pooled out-of-fold pairs.

    value: `arm fold edit_id group` and a float column a metric, a row an arm and pair (training
    seeds averaged). of_one_seed: the same of one training seed, for McNemar's test, which needs a
    yes or a no; None: value itself.

    difference, low, high, p: cluster bootstrap by photo group within folds; n pairs, in `groups`
    photo groups. corrected_t_*: Nadeau and Bengio's test on the fold means; detectable: the true
    difference that it would have found with power .8. mcnemar_p: exact, of one training seed.
    Raises TableError when the arms tested different pairs.
    """
    metrics = [name for name in value.columns if name not in ("arm", "fold", "edit_id", "group")]
    by_arm, yes_or_no = (
        {arm: rows.set_index("edit_id").sort_index() for arm, rows in frame.groupby("arm")}
        for frame in (value, value if of_one_seed is None else of_one_seed)
    )
    where = next(iter(by_arm.values()))[["fold", "group"]]
    for arm, rows in by_arm.items():
        if not rows[["fold", "group"]].equals(where):
            raise TableError(
                f"arm {arm!r} was tested on other pairs than {next(iter(by_arm))!r}; run evaluate_clip again"
            )
    if not contrasts:
        return pd.DataFrame(columns=COMPARISON.names)
    difference = pd.concat(
        {f"{one}-{other}": by_arm[one][metrics] - by_arm[other][metrics] for one, other in contrasts}, axis=1
    )
    fold, group = where["fold"].to_numpy(), where["group"].astype(str).to_numpy()
    estimate = cluster_bootstrap(
        difference,
        group,
        fold,
        settings["bootstrap_draws"],
        settings["confidence"],
        derive_seed(seed, "bootstrap"),
    )
    folds = len(np.unique(fold))
    contrasts_of = {f"{one}-{other}": (one, other) for one, other in contrasts}
    of_folds = difference.groupby(fold).mean()
    rows = []
    for column in difference.columns:
        measured = difference[column].notna().to_numpy()
        tested = of_folds[column].to_numpy(), 1 / max(1, folds - 1), settings["confidence"]
        one, other = contrasts_of[column[0]]
        rows.append(
            (
                *column,
                *estimate.loc[[column]].iloc[0],
                len(np.unique(group[measured])),
                folds,
                *corrected_t(*tested),
                compare_booleans(yes_or_no[one][column[1]], yes_or_no[other][column[1]], column[1]),
                False,
                np.nan,
                find_detectable_difference(*tested),
            )
        )
    comparison = pd.DataFrame(rows, columns=COMPARISON.names)
    return comparison.astype({"n": int, "groups": int, "folds": int})


def compare_booleans(one, other, metric):
    """Return McNemar's p of two arms' values (0 or 1) of a yes-or-no metric, NaN for a continuous one."""
    if metric in CONTINUOUS:
        return float("nan")
    both = one.notna() & other.notna()
    return exact_mcnemar(one[both] > 0.5, other[both] > 0.5)


def pick_first_seed(item):
    """Return the rows of each arm's smallest training seed: a mean over seeds is no yes or no."""
    return item[item["seed"] == item.groupby("arm")["seed"].transform("min")]


def average_seeds(item):
    """Return `arm fold edit_id group` and every compared metric as a float, averaged over training seeds."""
    value = item[["arm", "fold", "edit_id", "group", *ITEM_METRICS]].copy()
    value[ITEM_METRICS] = value[ITEM_METRICS].astype("Float64").astype(float)
    for way in WAYS:
        rank = item[f"{way}_rank"].astype(float)
        for k in RECALL_AT:
            value[f"{way}_recall_at_{k}"] = (rank < k).astype(float).where(rank.notna())
    return value.groupby(["arm", "fold", "edit_id", "group"], sort=True).mean().reset_index()
