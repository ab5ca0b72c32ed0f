"""Peak memory of the rules that read whole tables, by the rows of the run: `make bench`.

    python tests/bench/bench_joins.py [--rows 30000 300000 3000000]

Each rule works in a process of its own on made-up tables of shards of 16,384 rows. The peer, where there
is one, does the same with whole tables in memory, as the rules did before they read pieces. What loading
the libraries takes counts on both sides. Nothing is asserted.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from in_memory_joins import PEERS
from result_lines import print_bench
from unscene.captions.columns import CAPTIONS
from unscene.edits.columns import EDITS
from unscene.evaluation.mention_agreement import measure_agreement
from unscene.evaluation.untouched_photos import list_untouched_photos
from unscene.folds.checking import check_folds
from unscene.folds.columns import FOLDS, LEAKS
from unscene.folds.leaks import find_leaks
from unscene.folds.splitting import split_folds
from unscene.keywords.columns import KEYWORDS
from unscene.machine.job import Job
from unscene.machine.joining import join_shards
from unscene.masks.columns import MASKS
from unscene.pool.listing import list_pool
from unscene.quality.calibration import SIZE_BINS
from unscene.quality.columns import CONTROL_SCORES, EDIT_SCORES, PAIRS, UNFILTERED
from unscene.quality.control_calibration import calibrate_scores
from unscene.quality.control_source import Source
from unscene.quality.selection import select_pairs
from unscene.run.tables import Table
from unscene.samples.columns import SAMPLES, SHARD_REJECTED, SHARD_SAMPLES
from unscene.samples.joining import join_samples
from unscene.words.coco80 import COCO80

SHARD = 16_384
SOURCE = {"name": "cc3m", "format": "webdataset", "tars": "."}
POOL = {**SOURCE, "name": "pool", "pool": True}


def order_controls(job: Job) -> None:
    """Do what `score_controls` does before it opens a photo, and find grounds for 200 objects."""
    source = Source(job.inputs.samples, job.inputs.masks, job.settings["seed"])
    for row in islice(source.iterate_masks(SIZE_BINS), 200):
        assert source.list_grounds(row["category"], row["image_id"], 0)


RULES = {
    "join_shards": join_shards,
    "join_samples": join_samples,
    "select_pairs": select_pairs,
    "calibrate_scores": calibrate_scores,
    "split_folds": split_folds,
    "find_leaks": find_leaks,
    "check_folds": check_folds,
    "list_untouched_photos": list_untouched_photos,
    "measure_agreement": measure_agreement,
    "score_controls": order_controls,
    "list_pool": list_pool,
}
TABLES = {
    "samples": SHARD_SAMPLES,
    "rejected": SHARD_REJECTED,
    "keywords": KEYWORDS,
    "masks": MASKS,
    "edits": EDITS,
    "captions": CAPTIONS,
    "scores": EDIT_SCORES,
}
# The joined tables of a run.
WHOLE = {
    "samples": SAMPLES,
    "pairs": PAIRS,
    "unfiltered": UNFILTERED,
    "folds": FOLDS,
    **{name: TABLES[name] for name in ("keywords", "masks", "edits", "captions", "scores")},
}


def main() -> None:
    """Print a line a rule and number of rows."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rows", type=int, nargs="+", default=[30_000, 300_000])
    arguments.add_argument("--rule", choices=RULES, help="for the processes that this one starts")
    arguments.add_argument("--peer", action="store_true", help="likewise")
    given = arguments.parse_args()
    if given.rule:
        work = (PEERS if given.peer else RULES)[given.rule]
        work(make_job(given.rule))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, time.process_time())
        return
    for rows in given.rows:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            make_tables(rows)
            for rule in RULES:
                peak, seconds = measure(rule)
                peer = (measure(rule, "--peer")[0] / peak, "whole_tables_in_memory") if rule in PEERS else ()
                print_bench(f"{rule}_{rows}_memory", peak, "MB", *peer)
                print_bench(f"{rule}_{rows}_cpu", seconds, "cpu_s")
            os.chdir("/")


def measure(rule: str, *more: str) -> tuple[float, float]:
    """Return the peak memory in MB and the processor seconds of a rule in a process of its own."""
    command = [sys.executable, __file__, "--rule", rule, *more]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    peak, seconds = done.stdout.split()[-2:]
    return float(peak), float(seconds)


def make_job(rule: str) -> Job:
    """Return the job of a rule on the tables in this folder."""
    parts = {name: sorted(map(str, Path(name).glob("*.parquet"))) for name in TABLES}
    joined = {name: f"{name}.parquet" for name in (*TABLES, *WHOLE)}
    out = {
        name: f"out-{rule}-{name}.parquet" for name in ("table", "samples", "rejected", "pairs", "unfiltered")
    }
    limits = dict.fromkeys(("max_residual", "max_seam"), 0.9)
    jobs = {
        "join_shards": ({"tables": parts["keywords"]}, {}),
        "join_samples": (
            {"tables": parts["samples"], "rejected": parts["rejected"]},
            {"samples": {"duplicate_hash_distance": 4}},
        ),
        "select_pairs": (
            {**joined, "controls": None, "calibration": None, "certificate": None},
            {"quality": {"policy": "fixed", "unjudged": "accept", "thresholds": limits}},
        ),
        "calibrate_scores": (
            {**joined, "controls": "controls.parquet", "sham": None},
            {"quality": {"control_percentile": 0.95}},
        ),
    }
    pool = {"tables": ["pool.parquet"], "rejected": parts["rejected"][:1], "run_tables": parts["samples"]}
    pool |= {"hashes": [], "keywords": [], "seen": [], "leaks": "leaks.parquet"}
    folds = {"folds": 5, "duplicate_hash_distance": 6}
    of_pool = {"samples": {"duplicate_hash_distance": 4}, "folds": folds, "words": "coco80"}
    jobs["list_pool"] = ({**joined, **pool}, of_pool)
    settings = {"seed": 7, "words": "coco80", "folds": folds, "evaluate": {"max_photos": 2000}}
    more = {"sham": None, "repeats": None, "pool": None, "answers": [], "hashes": []}
    more |= {"leaks": "leaks.parquet"}
    # The made-up folds part photos that look alike by chance.
    jobs["check_folds"] = ({**joined, **more, "folds": "out-split_folds-folds.parquet"}, settings)
    inputs, settings = jobs.get(rule, ({**joined, **more}, settings))
    outputs = {"calibration": "c.json", "standard": "standard.parquet", "check": "check.json"}
    outputs |= {
        name: f"out-{rule}-{name}.parquet"
        for name in ("folds", "classes", "leaks", "photos", "agreement", "pool", "dropped")
    }
    guards = [{"name": "set", "hashes": str(Path("guard.csv").absolute())}]
    config = {"samples": {"sources": [SOURCE, POOL]}, "folds": {"leak_guards": guards}}
    return Job(inputs, {**out, **outputs}, settings, config=config)


def make_tables(rows: int) -> None:
    """Write made-up tables of so many rows: by shard those of joins, joined those of other rules."""
    CONTROL_SCORES.write(CONTROL_SCORES.frame([]), "controls.parquet")
    LEAKS.write(LEAKS.frame([]), "leaks.parquet")
    Path("guard.csv").write_text("phash\n" + "\n".join(f"{2**31 - 1 << row % 33:016x}" for row in range(33)))
    pool = make_rows(SHARD_SAMPLES, np.arange(rows, rows + SHARD))
    source = pa.array([POOL["name"]] * len(pool))
    with SHARD_SAMPLES.open("pool.parquet") as writer:
        writer.write(pool.set_column(pool.schema.get_field_index("source"), "source", source))
    with ExitStack() as stack:
        writers = {name: stack.enter_context(table.open(f"{name}.parquet")) for name, table in WHOLE.items()}
        for start in range(0, rows, SHARD):
            numbers = np.arange(start, min(start + SHARD, rows))
            for name in ("samples", "rejected", "keywords"):
                few = numbers[::50] if name == "rejected" else numbers
                with TABLES[name].open(f"{name}/{start:09}.parquet") as writer:
                    writer.write(make_rows(TABLES[name], few))
            for name, writer in writers.items():
                writer.write(make_rows(WHOLE[name], numbers))


def make_rows(table: Table, numbers: np.ndarray) -> pa.Table:
    """Return rows that have every column filled with something of its kind and of a likely length."""
    number = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), 8, padding="0")
    rng = np.random.default_rng(int(numbers[0]))
    digits = rng.bytes(32 * len(numbers)).hex()

    def extend(before: str, after: str = "") -> pa.Array:
        return pc.binary_join_element_wise(before, number, after, "")

    columns = []
    for column in table.columns:
        if column.name in ("image_id", "group"):
            columns.append(extend("cc3m_"))
        elif column.name == "edit_id":
            columns.append(extend("cc3m_", "-dog"))
        elif column.name in ("sha256", "phash"):
            length = 64 if column.name == "sha256" else 16
            columns.append([digits[64 * row : 64 * row + length] for row in range(len(numbers))])
        elif column.name in ("reason", "group_key", "mentions") or column.name.endswith("_reason"):
            columns.append([None] * len(numbers))
        elif column.kind == "text":
            columns.append(extend(f"results/{column.name}/cc3m_", "-dog.png"))
        elif column.kind == "texts":
            columns.append([["a person rides a bicycle past a parked car on a sunny day"]] * len(numbers))
        elif column.kind == "number":
            columns.append(rng.random(len(numbers)))
        else:
            fill = {"integer": 640, "boolean": True, "numbers": [0.5], "lists of texts": [["dog"]]}[
                column.kind
            ]
            columns.append([fill] * len(numbers))
    words = np.array(COCO80.words)[numbers % len(COCO80)]
    told = {
        "status": ["ok"] * len(numbers),
        "sane": np.ones(len(numbers)),
        "source": ["lexicon" if table is KEYWORDS else SOURCE["name"]] * len(numbers),
        "shard": [f"{SOURCE['name']}-0-of-1"] * len(numbers),
        "caption_id": extend("cc3m_", "-0"),
        "category": words,
        "words": words[:, None].tolist(),
        "seen_boxes": rng.random((len(numbers), 12)).tolist(),
        "fold": numbers % 5,
    }
    columns = [told.get(name, values) for name, values in zip(table.names, columns, strict=True)]
    return pa.table(dict(zip(table.names, columns, strict=True)), schema=table.schema)


if __name__ == "__main__":
    main()
