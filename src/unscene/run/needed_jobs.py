"""Which jobs would a run start now, and why? Asked of Snakemake itself, in plain words.

    python -m unscene.run.needed_jobs [--directory RUN] [--configfile FILE ...]

Snakemake has no public call for this; the private names used here are why its version is pinned.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

NOTHING = "Nothing would run: every result is up to date."
REASONS = {
    "missing_output": "its output is missing",
    "params_changed": "its settings, code or weights changed, or a parent's did",
    "updated_input": "an input is newer",
    "updated_input_run": "an input will be made anew",
    "input_changed": "the set of its inputs changed",
    "forced": "it was forced",
}


def list_needed_jobs(
    directory: str | Path,
    config: dict | None = None,
    configfiles: list[str] | None = None,
    snakefile: str | Path = "Snakefile",
) -> dict[str, tuple[int, list[str]]]:
    """Return {rule: (number of jobs, reasons)} for the jobs that a run in `directory` would start now.

    config: overrides, merged over the config files as `--config` does.
    """
    from snakemake.api import ConfigSettings, DAGSettings, OutputSettings, ResourceSettings, SnakemakeApi
    from snakemake.settings.enums import Quietness, RerunTrigger

    back = Path.cwd()
    try:
        with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
            workflow = api.workflow(
                resource_settings=ResourceSettings(cores=1),
                config_settings=ConfigSettings(
                    config=config or {}, configfiles=[Path(file).resolve() for file in configfiles or []]
                ),
                snakefile=Path(snakefile).resolve(),
                workdir=Path(directory).resolve(),
            )
            # The profile's triggers: profiles are read by the command line only.
            triggers = frozenset({RerunTrigger.INPUT, RerunTrigger.MTIME, RerunTrigger.PARAMS})
            inner = workflow.dag(DAGSettings(rerun_triggers=triggers)).workflow_api._workflow
            inner._prepare_dag(forceall=False, ignore_incomplete=True, lock_warn_only=True)
            inner._build_dag()
            needed: dict[str, tuple[int, set]] = {}
            for job in inner.dag.needrun_jobs():
                jobs, reasons = needed.get(job.rule.name, (0, set()))
                found = {text for name, text in REASONS.items() if getattr(inner.dag.reason(job), name, None)}
                needed[job.rule.name] = (jobs + 1, reasons | found)
            return {rule: (jobs, sorted(reasons)) for rule, (jobs, reasons) in needed.items()}
    finally:
        os.chdir(back)


def warn_of_needed_jobs(config: dict) -> None:
    """Say on stderr when a run that has just ended well leaves something to do; config: what it was given beside the default.

    Snakemake does not look through `ancient` inputs for jobs that are due when another job above them is due, too, so a
    change can need a second run. In a process of its own: the finished run still holds Snakemake's state.
    """
    command = [*shlex.split(sys.executable), "-m", "unscene.run.needed_jobs", "--config", json.dumps(config)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    checkout = Path(__file__).resolve().parents[3]
    command += ["--directory", str(Path.cwd())]
    told = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)
    if told.returncode:
        print(f"What is left to do could not be found out:\n{told.stderr[-2000:]}", file=sys.stderr)
    elif NOTHING not in told.stdout:
        print(f"The whole run has still to do (snakemake once more does it):\n{told.stdout}", file=sys.stderr)


def main(asked: list[str] | None = None) -> None:
    """Print what would run, a line a rule."""
    parser = argparse.ArgumentParser(description="What would run again, and why.")
    parser.add_argument("--directory", default=".", help="the run's directory")
    parser.add_argument("--configfile", nargs="*", default=[], help="overlays, as given to snakemake")
    parser.add_argument("--config", type=json.loads, default={}, help="overrides, as JSON")
    arguments = parser.parse_args(asked)
    needed = list_needed_jobs(arguments.directory, arguments.config, arguments.configfile)
    needed.pop("all", None)
    if not needed:
        print(NOTHING)
    for rule, (jobs, reasons) in needed.items():
        print(f"{rule} ({jobs} job{'s' if jobs > 1 else ''}): {'; '.join(reasons) or 'asked for'}")


if __name__ == "__main__":
    main()
