"""A run in seconds whose instant steps also write the records that real ones write.

python tests/helpers/recorded_run.py --directory RUN [--configfile FILE ...] [-- TARGET ...]
"""

import sys

import pandas as pd

import instant_run
from partial_tables import write_some
from unscene.machine.job import Job
from unscene.samples.columns import SHARD_SAMPLES


def make_recorded_outputs(path, basedir, input, output, params, wildcards, *given) -> None:
    """Stand in for a step as `instant_run` does, with a readable table of samples, and a record."""
    rule = given[4]
    instant_run.make_outputs(path, basedir, input, output)
    if rule == "read_samples":
        frame = pd.DataFrame([{"image_id": wildcards.shard, "path": "photo.png"}])
        write_some(SHARD_SAMPLES, frame, output.table)
    Job(
        inputs={name: _plain(value) for name, value in input.items()},
        outputs={name: _plain(value) for name, value in output.items()},
        wildcards=dict(wildcards.items()),
        rule=rule,
        lineage=params.lineage,
    ).record()


def _plain(value) -> str | list[str]:
    return value if isinstance(value, str) else [str(item) for item in value]


def main(arguments: list[str]) -> None:
    """Run Snakemake's command line with these steps."""
    from snakemake.cli import main as run_snakemake

    instant_run.make_steps_instant()
    sys.modules["snakemake.workflow"].script = make_recorded_outputs
    run_snakemake(["--cores", "1", "--quiet", "progress", "rules", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
