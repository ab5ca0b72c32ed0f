"""Joins of a run's tables with whole tables in memory, in plain pandas: what the rules that read pieces
are held against, and measured against.
"""

import itertools

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from unscene.machine.job import Job
from unscene.quality.columns import STANDARD_SCORES
from unscene.samples.columns import SAMPLES


def read_all(paths) -> pd.DataFrame:
    """Return the rows of several parquet tables, read without any code of the package."""
    return pa.concat_tables([pq.read_table(path) for path in paths], promote_options="permissive").to_pandas()


def join_shards(job: Job) -> None:
    """Stand in for `unscene.machine.joining.join_shards`."""
    pq.write_table(pa.Table.from_pandas(read_all(job.inputs["tables"])), job.outputs["table"])


def join_samples(job: Job) -> None:
    """Stand in for `unscene.samples.joining.join_samples`, without a search for near hashes."""
    sample, rejected = read_all(job.inputs["tables"]), read_all(job.inputs["rejected"])
    first = sample.groupby("sha256")["image_id"].transform("first")
    sample["group"] = first
    twice = first != sample["image_id"]
    told = sample.loc[twice, ["source", "source_key", "shard"]].assign(reason="duplicate")
    pq.write_table(pa.Table.from_pandas(pd.concat([rejected, told])), job.outputs["rejected"])
    pq.write_table(pa.Table.from_pandas(sample[~twice][SAMPLES.names]), job.outputs["samples"])


def select_pairs(job: Job) -> None:
    """Stand in for `unscene.quality.selection.select_pairs`: the join of its five tables alone, without
    any decision.
    """
    wanted = read_all([job.inputs["masks"]]).merge(
        read_all([job.inputs["samples"]]), on="image_id", how="left"
    )
    for name in ("edits", "captions", "scores"):
        wanted = wanted.merge(
            read_all([job.inputs[name]]), on="edit_id", how="left", suffixes=("", f"_{name}")
        )
    pq.write_table(pa.Table.from_pandas(wanted), job.outputs["pairs"])


def calibrate_scores(job: Job) -> None:
    """Stand in for `unscene.quality.control_calibration.calibrate_scores`: its table alone."""
    score, mask = read_all([job.inputs["scores"]]), read_all([job.inputs["masks"]])
    score = score.merge(mask[["edit_id", "area_fraction"]], on="edit_id", how="left")
    names = [name.removesuffix("_z") for name in STANDARD_SCORES.names if name.endswith("_z")]
    pq.write_table(pa.Table.from_pandas(score[["edit_id", *names]]), job.outputs["standard"])


def group_samples(sample: pd.DataFrame, distance: int) -> list[str]:
    """Return for each photo the name of the first photo of its group, by comparing all with all."""
    label = np.arange(len(sample))
    rows = sample.astype(object).where(sample.notna(), None).to_dict("records")
    bits = [int(row["phash"], 16) if row["phash"] else None for row in rows]

    def belong(one: int, other: int) -> bool:
        for column in ("sha256", "url", "group_key"):
            if rows[one][column] and rows[one][column] == rows[other][column]:
                return True
        known = bits[one] is not None and bits[other] is not None
        telling = known and all(22 <= bits[each].bit_count() <= 42 for each in (one, other))
        return bool(telling) and (bits[one] ^ bits[other]).bit_count() <= distance

    for one, other in itertools.combinations(range(len(sample)), 2):
        if belong(one, other):
            low, high = sorted((label[one], label[other]))
            label[label == high] = low
    return [rows[position]["image_id"] for position in label]


PEERS = {
    "join_shards": join_shards,
    "join_samples": join_samples,
    "select_pairs": select_pairs,
    "calibrate_scores": calibrate_scores,
}
