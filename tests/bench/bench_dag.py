"""What Snakemake takes to look at the workflow, by the photos of the run: `make bench`.

    python tests/bench/bench_dag.py [--photos 30000 300000 3000000]

The real Snakefile with config/cc3m.yaml and steps that only make their outputs (`instant_run.py`), on
sources that are not there. Three dry runs: of a new run, of a finished one, and of a finished one of
which a shard's samples have changed. The peer is a workflow of the same jobs with the same inputs and
outputs and nothing else: no params, lambdas, resources, logs, and no import. Processor seconds and peak
memory are those of the whole command. Nothing is asserted but that both have the same jobs to do.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]

import instant_run
from result_lines import print_bench
from unscene.run.needed_jobs import built_workflow

# Beyond this many photos a run has the shards of cc3m.yaml, below those of coco30k.yaml.
LARGE, SMALL_SHARD = 100_000, 2048
EMBEDDED = "resources/embedded"
STEPS = ("new", "finished", "one_shard_changed")


def main() -> None:
    """Print for each number of photos the jobs, and for each dry run its cost and the ratio to the peer."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--photos", type=int, nargs="+", default=[30_000])
    for photos in arguments.parse_args().photos:
        with tempfile.TemporaryDirectory() as folder:
            measure(photos, Path(folder))


def measure(photos: int, folder: Path) -> None:
    """Make a run of so many photos and its peer, and print what dry runs of both take."""
    overlay = folder / "overlay.yaml"
    overlay.write_text(yaml.safe_dump(make_overlay(photos)))
    configfiles = [str(CHECKOUT / "config/cc3m.yaml"), str(overlay)]
    ours, peer = folder / "ours", folder / "peer"
    for run in (ours, peer):
        run.mkdir()
    with built_workflow(ours, None, configfiles) as workflow:
        jobs = len(list(workflow.dag.jobs))
        (peer / "Snakefile").write_text(write_peer(workflow))
    (peer / "none.py").touch()
    print_bench(f"dag_{photos}_jobs", jobs, "jobs")
    commands = {ours: ["--configfile", *configfiles], peer: ["--snakefile", str(peer / "Snakefile")]}
    shard = f"results/samples/cc3m-0-of-{count_shards(configfiles, ours)}.parquet"
    for step in STEPS:
        if step == "finished":
            for run, command in commands.items():
                call(run, *command, "--scheduler", "greedy")
        if step == "one_shard_changed":
            for run in commands:
                (run / shard).write_text("another table\n")
        costs, due = {}, {}
        for run, command in commands.items():
            seconds, megabytes, told = call(run, *command, "--dry-run")
            costs[run] = (seconds, megabytes)
            due[run] = int(found[1]) if (found := re.search(r"^total\s+(\d+)", told, re.M)) else 0
        if due[ours] != due[peer]:
            raise AssertionError(f"{step}: {due[ours]} jobs are due here, {due[peer]} of the peer")
        print_bench(f"dag_{photos}_{step}_due", due[ours], "jobs")
        for place, (what, unit) in enumerate((("cpu", "cpu_s"), ("memory", "MB"))):
            value, other = costs[ours][place], costs[peer][place]
            print_bench(f"dag_{photos}_{step}_{what}", value, unit, other / value, "empty_rules")


def make_overlay(photos: int) -> dict:
    """Return what makes config/cc3m.yaml a run of so many photos that needs no file but the checkout's."""
    pool = {"name": "pool", "pool": True, "format": "coco", "photos": 118287, "take": 30000}
    pool |= {"captions": "none/c.json", "instances": "none/i.json", "images": "none"}
    source = {"name": "cc3m", "format": "cc_tsv", "photos": photos, "table": "none/t.tsv", "images": "none"}
    return {
        "samples": {"sources": [source, pool]} | ({} if photos > LARGE else {"shard_size": SMALL_SHARD}),
        "keywords": {"captions_per_prompt": 20},  # `auto` reads what the study has chosen
        "batchsize": {"run": True},
        "masks": {"weights": f"{EMBEDDED}/detector.pt"},
        "edits": {"weights": f"{EMBEDDED}/inpainter"},
        "quality": {"judge": f"{EMBEDDED}/judge.pt"},
        "train": {"clip": f"{EMBEDDED}/clip"},
        "runtime": {"allow_toy": True},
    }


def count_shards(configfiles: list[str], run: Path) -> int:
    """Return how many shards the edited source has."""
    with built_workflow(run, None, configfiles) as workflow:
        return len(workflow.globals["SHARDS"])


def write_peer(workflow) -> str:
    """Return a Snakefile with the jobs of a workflow, their inputs and outputs, and nothing else.

    A rule stays one rule, with its wildcards, unless a function names inputs that differ from job to
    job: then each of its few jobs is a rule.
    """
    jobs: dict[str, list] = {}
    for job in workflow.dag.jobs:
        jobs.setdefault(job.rule.name, []).append(job)
    names = (*jobs.pop(workflow.default_target)[0].input,)
    constraints = workflow.globals["SHARD_PATTERN"]
    text = [
        f"wildcard_constraints:\n    shard={constraints!r},\n    stage='keywords|masks|edits|captions',\n",
        write_rule("all", names, ()),
    ]
    for name, of_rule in jobs.items():
        rule = of_rule[0].rule
        plain = [item for item in rule.input if not str(item).startswith("<function")]
        given = len(rule.input) - len(plain)
        if given and any(len(job.input) > len(plain) for job in of_rule):
            text += [write_rule(f"{name}_{n}", job.input, job.output) for n, job in enumerate(of_rule)]
        else:
            text.append(write_rule(name, plain, rule.output))
    return "\n".join(text)


def write_rule(name: str, inputs, outputs) -> str:
    """Return the text of a rule with these files."""
    lines = [f"rule {name}:"]
    for what, files in (("input", inputs), ("output", outputs)):
        if files:
            lines += [f"    {what}:", *(f"        {write_file(file)}," for file in files)]
    if outputs:
        lines.append('    script: "none.py"')
    return "\n".join(lines) + "\n"


def write_file(file) -> str:
    """Return a file as a rule names it, its constraints left to the head of the Snakefile."""
    text = repr(re.sub(r"\{(\w+),[^{}]*\}", r"{\1}", str(file)))
    for flag in ("directory", "ancient"):
        if getattr(file, "flags", {}).get(flag):
            text = f"{flag}({text})"
    return text


def call(run: Path, *arguments: str) -> tuple[float, float, str]:
    """Run Snakemake with instant steps; return processor seconds, peak MB, and what it said."""
    command = [sys.executable, __file__, "--cores", "1", "--resources", "gpu=1", "--directory", str(run)]
    environment = os.environ | {"UNSCENE_BENCH_DAG": "1", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen(
            [*command, *arguments], cwd=CHECKOUT, env=environment, stdout=told, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        told.seek(0)
        text = told.read()
    if status:
        raise RuntimeError(f"snakemake {' '.join(arguments)} ended with {status}:\n{text[-3000:]}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text


def drive() -> None:
    """Be Snakemake's command line, with steps that only make their outputs."""
    from snakemake.cli import main as run_snakemake

    instant_run.make_steps_instant()
    if "--dry-run" not in sys.argv:
        import unscene.answers.starting
        import unscene.plan.preflight

        # Neither key nor weights nor photos are needed.
        unscene.answers.starting.find_lack_of_key = lambda *_: None
        unscene.plan.preflight.check_before_start = lambda *_: None
    run_snakemake(sys.argv[1:])


if __name__ == "__main__":
    drive() if os.environ.get("UNSCENE_BENCH_DAG") else main()
