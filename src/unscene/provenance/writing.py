"""Write the record of a finished run: what made each result, and how it looks."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from unscene.machine.job import Job
from unscene.provenance.circumstances import find_commit, read_machines, read_versions
from unscene.provenance.hashing import count_rows, hash_file, hash_folder, hash_rows, holds_times
from unscene.provenance.inputs import list_input_files
from unscene.provenance.record import CIRCUMSTANCES, Output, write_record
from unscene.provenance.vouching import read_inside
from unscene.run.checkout import CHECKOUT
from unscene.run.counts import tell_count
from unscene.run.left_out import read_left_out
from unscene.run.lineage import digest, fingerprint
from unscene.run.logs import progress
from unscene.run.stops import KnownStop
from unscene.run.tables import check_sealed

# Results that show measured times: another run of the same inputs has others.
SHOW_TIMES = ("results/report.html",)
# Newer files above this size are not compared by content (profiles/default), so that their times count.
LARGE_BYTES = 1_000_000_000


class WeightsReplaced(KnownStop):
    """Weights changed during the run."""


def write_provenance(job: Job) -> None:
    """Write config, seeds, hashes of inputs, weights and results, counts of rows, and under
    `circumstances` all that another run of the same inputs need not share.

    inputs: every result, by the name of the rule that makes it; outputs: provenance. Raises
    TableError for a table that is damaged, and WeightsReplaced.
    """
    check_weights(job)
    made = [(rule, path) for rule, paths in job.inputs.items() for path in _as_list(paths)]
    with ThreadPoolExecutor(max(job.threads, 1)) as pool, progress(total=len(made), unit="result") as bar:

        def describe(one: tuple[str, str]) -> Output:
            output = describe_output(one[1], one[0])
            bar.update()
            return output

        outputs = list(pool.map(describe, made))
    settings = job.settings
    record = {
        "config": settings,
        "config_digest": digest(settings),
        "lineage": job.digest,
        "seeds": {"seed": settings["seed"], "train.seeds": settings["train"]["seeds"]},
        **list_input_files(job.config),
        "results": [_tell(output) for output in outputs],
        CIRCUMSTANCES: {
            "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "checkout": find_commit(),
            "versions": read_versions("logs"),
            **read_machines("logs", "benchmarks"),
            "overlays": job.config.get("overlays", []),
            "measured": {output.path: _tell_measured(output) for output in outputs if _is_measured(output)},
            "modified": {
                output.path: Path(output.path).stat().st_mtime
                for output in outputs
                if not output.is_folder and output.bytes > LARGE_BYTES
            },
        },
    }
    write_record(record, job.outputs.provenance)
    logging.getLogger("unscene").info(
        "%s: %s, %s, weights: %d",
        job.outputs.provenance,
        tell_count(len(outputs), "result"),
        tell_count(len(record["inputs"]), "input"),
        len(record["weights"]),
    )


def check_weights(job: Job) -> None:
    """Raise WeightsReplaced when weights are not those that were there when this run began: some
    jobs read the old ones, and some the new ones.
    """
    for key, before in job.lineage["weights"].items():
        path = job.look_up(key)
        if before and (not (CHECKOUT / path).exists() or fingerprint(CHECKOUT / path) != before):
            raise WeightsReplaced(
                f"{path} ({key}) was replaced while the run worked, so its results may be of the old weights,"
                " of the new ones, or of both. Run the same line again: what reads them is made anew"
            )


def describe_output(path: str, rule: str) -> Output:
    """Return how a result looks. The files of a shard's folder that its table tells are not read again."""
    here = Path(path)
    if here.is_dir():
        return Output(path, rule, **hash_folder(here, read_inside(path)))
    if read_left_out(here):
        return Output(path, rule, bytes=here.stat().st_size, sha256=hash_file(here))
    if here.suffix == ".parquet":
        check_sealed(here)
    return Output(
        path,
        rule,
        bytes=here.stat().st_size,
        sha256=hash_file(here),
        rows=count_rows(here),
        rows_sha256=hash_rows(here) if holds_times(here) else None,
    )


def _is_measured(output: Output) -> bool:
    return output.rows_sha256 is not None or output.path in SHOW_TIMES


def _tell(output: Output) -> dict:
    told = {key: value for key, value in asdict(output).items() if value is not None}
    if _is_measured(output):
        del told["sha256"], told["bytes"]
    return told


def _tell_measured(output: Output) -> dict:
    return {"sha256": output.sha256, "bytes": output.bytes}


def _as_list(paths: str | list[str]) -> list[str]:
    return [paths] if isinstance(paths, str) else paths
