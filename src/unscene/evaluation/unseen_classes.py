"""Put what models score on categories that they never saw removed beside what they score on the
same pairs otherwise.
"""

import logging

import pandas as pd

from unscene.evaluation.columns.contrasts import UNSEEN_SUMMARY
from unscene.evaluation.columns.pairs import ITEMS, UNSEEN
from unscene.evaluation.csv_tables import write_csv
from unscene.evaluation.pass_rule import UNTUNED
from unscene.evaluation.statistics import cluster_bootstrap
from unscene.machine.job import Job
from unscene.run.seeds import derive_seed
from unscene.run.tables import join_tables

METRICS = ["group_score", "text_score", "image_score", "presence", "absence"]


def compare_unseen_classes(job: Job) -> None:
    """Write the joined tested pairs, and a row an arm and metric: `unseen seen zero_shot`, means
    over the same pairs.

    unseen: models trained without the pair's category; seen: the arm's models of the folds of
    photos, which know the category and not the photo; zero_shot: the untuned model. Training seeds
    are averaged within a pair. `minus_seen` and `minus_zero_shot` have `_low` and `_high`: cluster
    bootstrap by photo group within folds of categories. inputs: unseen, items_of_folds. outputs:
    table, summary.
    """
    unseen, item = join_tables(job.inputs.unseen), ITEMS.read(job.inputs.items_of_folds)
    UNSEEN.write(unseen, job.outputs.table)
    settings, seed = job.settings["evaluate"], derive_seed(job.settings["seed"], "bootstrap")
    rows = [row for arm in pd.unique(unseen["arm"]) for row in compare_arm(arm, unseen, item, settings, seed)]
    frame = UNSEEN_SUMMARY.frame(rows)
    write_csv(UNSEEN_SUMMARY, frame, job.outputs.summary)
    for row in frame[frame["metric"] == "group_score"].itertuples():
        logging.getLogger("unscene").info(
            "%s: group score %.3f on unseen categories, %.3f on seen ones, %.3f untuned, %d pairs",
            row.arm,
            row.unseen,
            row.seen,
            row.zero_shot,
            row.n,
        )


def compare_arm(arm: str, unseen: pd.DataFrame, item: pd.DataFrame, settings: dict, seed: int) -> list[dict]:
    """Return the rows of one arm, one a metric. settings: `bootstrap_draws` and `confidence`."""
    of_arm = unseen[unseen["arm"] == arm]
    own = average(of_arm, arm)
    others = {
        name: average(item, of).reindex(own.index) for name, of in (("seen", arm), ("zero_shot", UNTUNED))
    }
    where = of_arm.drop_duplicates("edit_id").set_index("edit_id").loc[own.index]
    difference = pd.concat({name: own - other for name, other in others.items()}, axis=1)
    estimate = cluster_bootstrap(
        difference,
        where["group"].astype(str).to_numpy(),
        where["class_fold"].to_numpy(),
        settings["bootstrap_draws"],
        settings["confidence"],
        seed,
    )
    rows = []
    for metric in METRICS:
        row = {"arm": arm, "metric": metric, "unseen": own[metric].mean()}
        row |= {name: other[metric].mean() for name, other in others.items()}
        for name in others:
            found = estimate.loc[[(name, metric)]].iloc[0]
            row |= {
                f"minus_{name}": found["difference"],
                f"minus_{name}_low": found["low"],
                f"minus_{name}_high": found["high"],
            }
        rows.append(row | {"n": len(own), "classes": of_arm["category"].nunique()})
    return rows


def average(item, arm):
    """Return METRICS of an arm by edit_id, averaged over training seeds."""
    return item[item["arm"] == arm].set_index("edit_id")[METRICS].astype(float).groupby(level=0).mean()
