"""Put what models score on categories that they never saw removed beside what they score on the same pairs otherwise."""

import logging

import pandas as pd

from unscene.tables import join_tables, read_table, write_table, write_text

METRICS = ["group_score", "text_score", "image_score", "presence", "absence"]


def compare_unseen_classes(paths_to_unseen, path_to_items, path_to_table, path_to_summary):
    """Write the joined tested pairs, and `arm metric unseen seen zero_shot n classes`: means over the same pairs.

    unseen: models trained without the pair's category; seen: the arm's models of the folds of photos, which know the category and not the
    photo; zero_shot: the untuned model. Training seeds are averaged within a pair.
    """
    unseen, item = join_tables(paths_to_unseen), read_table(path_to_items)
    write_table(unseen, path_to_table)
    rows = []
    for arm in pd.unique(unseen["arm"]):
        own = average(unseen, arm)
        seen, untuned = average(item, arm).reindex(own.index), average(item, "zero_shot").reindex(own.index)
        classes = unseen.loc[unseen["arm"] == arm, "category"].nunique()
        for metric in METRICS:
            means = (float(frame[metric].mean()) for frame in (own, seen, untuned))
            rows.append((arm, metric, *means, len(own), classes))
    frame = pd.DataFrame(rows, columns=["arm", "metric", "unseen", "seen", "zero_shot", "n", "classes"])
    write_text(frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"), path_to_summary)
    for row in frame[frame["metric"] == "group_score"].itertuples():
        logging.getLogger("unscene").info(
            "%s: group score %.3f on unseen categories, %.3f on seen ones, %.3f untuned, %d pairs", row.arm, row.unseen, row.seen,
            row.zero_shot, row.n,
        )  # fmt: skip


def average(item, arm):
    """Return METRICS of an arm by edit_id, averaged over training seeds."""
    return item[item["arm"] == arm].set_index("edit_id")[METRICS].astype(float).groupby(level=0).mean()


if __name__ == "__main__":
    from unscene.logs import log_job

    with log_job(snakemake):
        compare_unseen_classes(
            paths_to_unseen=list(snakemake.input.unseen),
            path_to_items=snakemake.input.items_of_folds,
            path_to_table=snakemake.output.table,
            path_to_summary=snakemake.output.summary,
        )
