"""Put what models score on categories that they never saw removed beside what they score on the same pairs otherwise."""

import logging

import pandas as pd

from unscene.evaluation.statistics import cluster_bootstrap
from unscene.run.seeds import derive_seed
from unscene.run.tables import join_tables, read_table, write_table, write_text

METRICS = ["group_score", "text_score", "image_score", "presence", "absence"]


def compare_unseen_classes(paths_to_unseen, path_to_items, path_to_table, path_to_summary, settings, seed):
    """Write the joined tested pairs, and a row an arm and metric: `unseen seen zero_shot`, means over the same pairs, and differences.

    unseen: models trained without the pair's category; seen: the arm's models of the folds of photos, which know the category
    and not the photo; zero_shot: the untuned model. Training seeds are averaged within a pair. `minus_seen` and
    `minus_zero_shot` have `_low` and `_high`: cluster bootstrap by photo group within folds of categories. settings:
    `bootstrap_draws` and `confidence`.
    """
    unseen, item = join_tables(paths_to_unseen), read_table(path_to_items)
    write_table(unseen, path_to_table)
    rows = []
    for arm in pd.unique(unseen["arm"]):
        of_arm = unseen[unseen["arm"] == arm]
        own = average(of_arm, arm)
        others = {
            name: average(item, of).reindex(own.index)
            for name, of in (("seen", arm), ("zero_shot", "zero_shot"))
        }
        where = of_arm.drop_duplicates("edit_id").set_index("edit_id").loc[own.index]
        difference = pd.concat({name: own - other for name, other in others.items()}, axis=1)
        estimate = cluster_bootstrap(
            difference, where["group"].astype(str).to_numpy(), where["class_fold"].to_numpy(), settings["bootstrap_draws"],
            settings["confidence"], derive_seed(seed, "bootstrap"),
        )  # fmt: skip
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
    frame = pd.DataFrame(rows)
    write_text(frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"), path_to_summary)
    for row in frame[frame["metric"] == "group_score"].itertuples():
        logging.getLogger("unscene").info(
            "%s: group score %.3f on unseen categories, %.3f on seen ones, %.3f untuned, %d pairs", row.arm, row.unseen, row.seen,
            row.zero_shot, row.n,
        )  # fmt: skip


def average(item, arm):
    """Return METRICS of an arm by edit_id, averaged over training seeds."""
    return item[item["arm"] == arm].set_index("edit_id")[METRICS].astype(float).groupby(level=0).mean()
