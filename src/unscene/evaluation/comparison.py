"""Join what all arms were tested on; write each arm's scores and the contrasts between arms, with
intervals.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from unscene.evaluation.alarms import SURPLUSES, add_surpluses
from unscene.evaluation.columns.contrasts import COMPARISON, SUMMARY
from unscene.evaluation.columns.pairs import ITEMS, SHIFTS, TRUE_SCORES, WORDING
from unscene.evaluation.columns.photos import PHOTO_VALUES
from unscene.evaluation.columns.shams import SHAM_METRICS, SHAM_PULLS, SHAMS
from unscene.evaluation.columns.shared import RECALL_AT, WAYS
from unscene.evaluation.csv_tables import write_csv
from unscene.evaluation.pass_rule import CHANCE, CHANCE_OF, PRIMARY, PRIMARY_METRIC, REFERENCES
from unscene.evaluation.statistics import (
    NO_FOOTING,
    adjust_holm,
    check_footing,
    cluster_bootstrap,
    corrected_t,
    exact_mcnemar,
    find_detectable_difference,
    interval_of_folds,
    spread_ratio,
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
    *WORDING,
    *TRUE_SCORES,
]
CONTINUOUS = {"interaction", *SHIFTS, *SURPLUSES, "wording_loss", "true_shortfall", *SHAM_PULLS}
RECALLS = [f"pair_{way}_recall_at_{k}" for way in WAYS for k in RECALL_AT]
# Further contrasts, when both arms are there: the sampler, similar pairs, the mask, the ranking term.
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
# What tells an item of a run from another; the rest of a frame of values are metrics.
KEYS = ["arm", "fold", "seed", "item", "group"]
ONE_PART = "fewer than two tested parts"


@dataclass(frozen=True)
class Design:
    """How the tested parts of a run hang together.

    test_to_train: arm -> photo groups tested / photo groups trained on, the mean over its runs; 0
    of an arm that nothing was trained for. parts: the columns that tell one tested part from
    another: the fold, training seeds being averaged, or, where each seed has a split of its own,
    fold and seed.
    """

    test_to_train: dict[str, float]
    parts: tuple[str, ...] = ("fold",)

    @classmethod
    def of(cls, runs: pd.DataFrame, item: pd.DataFrame) -> "Design":
        """Read it from `arm n_groups n_training_groups`, a row a run, and `item fold` of what was tested."""
        trained = runs["n_training_groups"].astype(float)
        ratio = (runs["n_groups"].astype(float) / trained.where(trained > 0)).fillna(0.0)
        is_repeated = (item.groupby("item")["fold"].nunique() > 1).any()
        return cls(
            {str(arm): float(value) for arm, value in ratio.groupby(runs["arm"]).mean().items()},
            ("fold", "seed") if is_repeated else ("fold",),
        )

    def get_ratio(self, *arms: str) -> float:
        """Return the largest ratio among arms, NaN where the corrected t has no footing."""
        return check_footing(max(self.test_to_train.get(arm, 0.0) for arm in arms))

    def explain(self, parts: int, *arms: str) -> str | None:
        """Return why a corrected t of arms over tested parts has no limits, None where it has."""
        if parts < 2:
            return ONE_PART
        return NO_FOOTING if np.isnan(self.get_ratio(*arms)) else None


def compare_arms(job: Job) -> None:
    """Write items.parquet, summary.csv and comparison.csv.

    The main arm is the one that is deployed: its claim is tested. inputs: metrics, item_tables
    (tested pairs), photo_tables (values of untouched photos; None without), sham_metrics and
    sham_tables (None without sham edits: their metrics are null). outputs: item_table, summary,
    comparison.
    """
    settings, main_arm, seed = (job.settings[key] for key in ("evaluate", "deploy", "seed"))
    main_arm = main_arm["arm"]
    item = join_tables(job.inputs.item_tables)
    ITEMS.write(item[ITEMS.names], job.outputs.item_table)
    runs = pd.DataFrame(join_metrics(job.inputs.metrics, job.inputs.sham_metrics))
    pairs = take_pairs(item)
    design = Design.of(runs, pairs)
    write_csv(SUMMARY, summarise_arms(runs, settings["confidence"], design), job.outputs.summary)
    arms = list(pd.unique(item["arm"]))
    of_main = list_main_contrasts(arms, main_arm)
    of_chance = [pair for pair in of_main if pair[1] == CHANCE]
    tested = [
        (pairs, [*list_contrasts(arms, main_arm), *of_chance]),
        (take_photos(job.inputs.photo_tables or ()), of_main),
        (take_shams(job.inputs.sham_tables or ()), of_main),
    ]
    compared = [compare_values(value, wanted, settings, seed, design) for value, wanted in tested]
    comparison = mark_primary(pd.concat(compared, ignore_index=True), main_arm)
    write_csv(COMPARISON, comparison, job.outputs.comparison)
    for row in comparison[comparison["metric"] == PRIMARY_METRIC].itertuples():
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
        rows.append({name: value for name, value in sorted(found.items()) if name != "reasons"})
    return rows


def summarise_arms(run: pd.DataFrame, confidence: float, design: Design) -> pd.DataFrame:
    """Return `arm metric mean low high n reason`: means over the tested parts and their limits by
    the corrected t, n parts, and why there are no limits where there are none. An untuned arm's
    parts are those of the first training seed.

    run: a row an arm, fold and seed with every metric by its name.
    """
    metrics = [
        name for name in run.columns if name not in ("arm", "fold", "seed") and not name.startswith("n_")
    ]
    rows = []
    for arm in pd.unique(run["arm"]):
        own = run[run["arm"] == arm]
        if design.get_ratio(arm) == 0:
            # Another split asks the same photos again: no further part of what nothing was trained for.
            own = own[own["seed"] == own["seed"].min()]
        by_part = own.groupby(list(design.parts))[metrics]
        values = by_part.agg(lambda column: column.astype(float).mean())
        for metric in metrics:
            of_metric = values[metric].to_numpy(float)
            n = int((~np.isnan(of_metric)).sum())
            interval = interval_of_folds(of_metric, confidence, design.get_ratio(arm))
            rows.append((arm, metric, *interval, n, design.explain(n, arm)))
    return pd.DataFrame(rows, columns=SUMMARY.names)


def list_contrasts(arms: list[str], main_arm: str) -> list[tuple[str, str]]:
    """Return pairs of arms: every other arm against each baseline, then the further contrasts."""
    further = [*FURTHER_CONTRASTS, *((main_arm, other) for other in MAIN_AGAINST if other != main_arm)]
    contrasts = [
        (arm, base)
        for base in REFERENCES
        for arm in arms
        if base in arms and arm not in REFERENCES[: REFERENCES.index(base) + 1]
    ]
    asked = [pair for pair in dict.fromkeys(further) if set(pair) <= set(arms) and pair not in contrasts]
    return contrasts + asked


def list_main_contrasts(arms: list[str], main_arm: str) -> list[tuple[str, str]]:
    """Return what the pass rule asks of the main arm: against each reference that is there, and chance."""
    if main_arm not in arms:
        return []
    return [
        (main_arm, other) for other in (*REFERENCES, CHANCE) if other in (*arms, CHANCE) and other != main_arm
    ]


def mark_primary(comparison: pd.DataFrame, main_arm: str) -> pd.DataFrame:
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


def compare_values(
    value: pd.DataFrame, contrasts: Sequence[tuple[str, str]], settings: dict, seed: int, design: Design
) -> pd.DataFrame:
    """Return the rows of COMPARISON: one a contrast and metric, on pooled out-of-fold items.

    value: KEYS and a float column a metric, a row an arm, run and item. contrasts: (arm, other arm),
    or (arm, CHANCE), which has the metrics of CHANCE_OF alone. An item's runs are averaged first,
    so a seed more is no item more.

    difference, low, high, p: cluster bootstrap by photo group, within the folds of the first
    training seed; n items, in `groups` photo groups. corrected_t_*: Nadeau and Bengio's test on the
    means of the tested parts (`design.parts`; of two untuned arms those of the first training seed),
    for `test_to_train`; detectable: the true difference
    that it would have found with power .8; reason: why it could not be made. mcnemar_p: exact, of
    the first training seed. Raises TableError when the arms tested different items.
    """
    metrics = [name for name in value.columns if name not in KEYS]
    by_arm = {
        arm: rows.set_index(["item", "fold", "seed"]).sort_index() for arm, rows in value.groupby("arm")
    }
    contrasts = [pair for pair in contrasts if pair[0] in by_arm]
    if not contrasts:
        return COMPARISON.frame([])
    where = next(iter(by_arm.values()))["group"]
    for arm, rows in by_arm.items():
        if not rows["group"].equals(where):
            raise TableError(
                f"arm {arm!r} was tested on other items than {next(iter(by_arm))!r}; run evaluate_clip again"
            )
    difference = pd.concat(
        {pair: subtract(by_arm, pair, metrics) for pair in contrasts},
        axis=1,
        names=["one", "other", "metric"],
    )
    index = difference.index.to_frame(index=False)
    is_first = (index["seed"] == index["seed"].min()).to_numpy()
    stratum = index[is_first].set_index("item")["fold"]
    of_item = difference.groupby(level="item").mean()
    group = where.groupby(level="item").first().reindex(of_item.index).astype(str).to_numpy()
    estimate = cluster_bootstrap(
        of_item,
        group,
        stratum.reindex(of_item.index).to_numpy(),
        settings["bootstrap_draws"],
        settings["confidence"],
        derive_seed(seed, "bootstrap"),
        [column for column in of_item.columns if column[2] in CONTINUOUS],
    )
    of_part = difference.groupby(level=list(design.parts)).mean()
    rows = []
    for one, other, metric in difference.columns:
        column = (one, other, metric)
        measured = of_item[column].notna().to_numpy()
        ratio, of_column = design.get_ratio(one, other), of_part[column]
        if ratio == 0 and "seed" in design.parts:
            # As in summarise_arms: without a training, another split asks the same photos again.
            of_column = of_column.xs(index["seed"].min(), level="seed")
        values = of_column.dropna().to_numpy()
        low, high, p = corrected_t(values, ratio, settings["confidence"])
        found = estimate.loc[[column]].iloc[0]
        rows.append(
            {
                "contrast": f"{one}-{other}",
                "metric": metric,
                **found[["difference", "low", "high", "p", "n"]].to_dict(),
                "groups": len(np.unique(group[measured])),
                "folds": len(values),
                "test_to_train": max(design.test_to_train.get(arm, 0.0) for arm in (one, other)),
                "corrected_t_low": low,
                "corrected_t_high": high,
                "corrected_t_p": p,
                "reason": design.explain(len(values), one, other),
                "mcnemar_p": compare_booleans(by_arm, (one, other), metric, is_first),
                "is_primary": False,
                "holm_p": np.nan,
                "detectable": find_detectable_difference(values, ratio, settings["confidence"]),
            }
        )
    return COMPARISON.frame(rows).astype({"n": int, "groups": int, "folds": int})


def subtract(by_arm: dict[str, pd.DataFrame], pair: tuple[str, str], metrics: list[str]) -> pd.DataFrame:
    """Return the metrics of an arm less those of another, or those of CHANCE_OF less what chance gives."""
    one, other = pair
    if other == CHANCE:
        known = [metric for metric in metrics if metric in CHANCE_OF]
        return by_arm[one][known] - pd.Series(CHANCE_OF)[known]
    return by_arm[one][metrics] - by_arm[other][metrics]


def compare_booleans(
    by_arm: dict[str, pd.DataFrame], pair: tuple[str, str], metric: str, is_first: np.ndarray
) -> float:
    """Return McNemar's p of two arms' answers of the first training seed to a yes-or-no metric, NaN
    for any other.
    """
    if metric not in {*ITEM_METRICS, *RECALLS} - CONTINUOUS or CHANCE in pair:
        return float("nan")
    one, other = (by_arm[arm].loc[is_first, metric] for arm in pair)
    both = (one.notna() & other.notna()).to_numpy()
    return exact_mcnemar(one[both] > 0.5, other[both] > 0.5)


def take_pairs(item: pd.DataFrame) -> pd.DataFrame:
    """Return KEYS and every compared metric of the tested pairs as floats."""
    value = item[["arm", "fold", "seed", "group"]].assign(item=item["edit_id"])
    for metric in ITEM_METRICS:
        value[metric] = item[metric].astype("Float64").astype(float)
    for way in WAYS:
        rank = item[f"{way}_rank"].astype(float)
        for k in RECALL_AT:
            value[f"pair_{way}_recall_at_{k}"] = (rank < k).astype(float).where(rank.notna())
    return add_surpluses(value)


def take_photos(paths: Sequence[str]) -> pd.DataFrame:
    """Return KEYS and a column a metric of untouched photos, whose means are the metrics."""
    tables = [PHOTO_VALUES.read(path) for path in paths]
    value = pd.concat(tables) if tables else PHOTO_VALUES.frame([])
    keys = ["arm", "fold", "seed", "image_id", "group"]
    wide = value.pivot_table(index=keys, columns="metric", values="value", observed=True)
    return wide.rename_axis(columns=None).reset_index().rename(columns={"image_id": "item"})


def take_shams(paths: Sequence[str]) -> pd.DataFrame:
    """Return KEYS, `sham_flip_rate` (values of a run whose mean is its rate) and SHAM_PULLS of sham edits."""
    columns = ["arm", "fold", "seed", "edit_id", "group", "sham_flip", *SHAM_PULLS]
    tables = [SHAMS.read(path, columns) for path in paths]
    value = pd.concat(tables, ignore_index=True) if tables else SHAMS.frame([])
    told = value["sham_flip"].notna()
    flip = value["sham_flip"].astype("Float64").fillna(0).astype(float)
    spread = pd.Series(np.nan, index=value.index, dtype=float)
    for _, rows in value.groupby(["arm", "fold", "seed"]).groups.items():
        spread[rows] = spread_ratio(flip[rows], told[rows])
    keys = value[["arm", "fold", "seed", "group"]]
    pulls = value[SHAM_PULLS].astype(float)
    return keys.assign(item=value["edit_id"], sham_flip_rate=spread).join(pulls)
