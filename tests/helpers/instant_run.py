"""A finished run in seconds: the real Snakefile, params and records, with steps that only make their outputs.

    python tests/helpers/instant_run.py --directory RUN [--configfile FILE ...] [-- TARGET ...]

What Snakemake asks of a finished run (`unscene why`) depends on names, times, checksums and
lineages alone, so nothing need be computed.
"""

import sys
from contextlib import contextmanager
from pathlib import Path


def make_outputs(path, basedir, input, output, *_arguments, **_named) -> None:
    """Stand in for a step: write something into every output that the rule names; a folder, which
    has no suffix, gets a file.
    """
    for file in output:
        target = Path(str(file))
        if not target.suffix:
            target.mkdir(parents=True, exist_ok=True)
            (target / "item").write_text("made\n")
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text("{}\n" if target.suffix == ".json" else f"made as {target}\n")


@contextmanager
def measure_nothing(_pid, record=None, interval=None):
    """Stand in for Snakemake's measuring of a job."""
    yield record


def make_steps_instant() -> None:
    """Put the stand-ins in place. Snakemake's command line must be imported by then: its modules
    import each other.
    """
    import snakemake.benchmark
    import snakemake.workflow

    snakemake.workflow.script = make_outputs
    snakemake.benchmark.benchmarked = measure_nothing
    snakemake.benchmark.write_benchmark_records = lambda records, path, *_: Path(str(path)).write_text(
        "s\n1\n"
    )


def main(arguments: list[str]) -> None:
    """Run Snakemake's command line with instant steps, of weights and photos that need not be such."""
    from snakemake.cli import main as run_snakemake

    import unscene.plan.preflight

    unscene.plan.preflight.check_before_start = lambda config, due: None
    make_steps_instant()
    run_snakemake(["--cores", "2", "--quiet", "progress", "rules", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
