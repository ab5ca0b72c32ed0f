"""A real run in one process: Snakemake's command line, with each step called here in place of a process of
its own, so libraries are imported and models are loaded once.

    python tests/helpers/in_process_run.py --directory RUN [--configfile FILE ...] [-- TARGET ...]
"""

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import instant_run

CHECKOUT = Path(__file__).resolve().parents[2]
# What Snakemake hands over after the script's path, in its order.
_GIVEN = ("input", "output", "params", "wildcards", "threads", "resources", "log", "config", "rule")


def call_step(path, _basedir, *given) -> None:
    """Stand in for Snakemake's `script`: run the adapter in this process."""
    known = SimpleNamespace(**dict(zip(_GIVEN, given, strict=False)))
    script = CHECKOUT / "workflow" / "scripts" / Path(str(path)).name
    try:
        runpy.run_path(str(script), {"snakemake": known}, "__main__")
    except SystemExit as end:
        if end.code:
            raise


def main(arguments: list[str]) -> None:
    """Run Snakemake's command line with steps in this process, one after the other."""
    from snakemake.cli import main as run_snakemake

    instant_run.make_steps_instant()  # its measuring of jobs, and then these steps
    sys.modules["snakemake.workflow"].script = call_step
    run_snakemake(["--cores", "1", "--resources", "gpu=1", "--quiet", "progress", "rules", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
