"""Runs of the whole workflow on a SLURM cluster, by a site's own profile, with stand-in steps.

The steps are those of `slurm/stand_ins`: quick, and two runs are equal only when every job had the
same inputs and settings. Snakemake, its executor, the profile, SLURM and its limits are the real ones.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import yaml

from slurm_cluster import CPU_PARTITION, GPU_PARTITION, GPUS_A_NODE, Cluster

CHECKOUT = Path(__file__).resolve().parents[2]
CONFIG = CHECKOUT / "tests/config/cluster.yaml"
STAND_INS = CHECKOUT / "tests/slurm/stand_ins"


@dataclass
class Run:
    """A run's directory. steps: with stand-in steps, or the real ones."""

    folder: Path
    cluster: Cluster | None = None
    profile: Path | None = None
    config: Path = CONFIG
    has_stand_ins: bool = True
    more: dict[str, str] = field(default_factory=dict)  # variables of the environment

    @property
    def directory(self) -> Path:
        """Snakemake's `--directory`."""
        return self.folder / "run"

    @property
    def said(self) -> str:
        """What the last Snakemake of this run printed."""
        return (self.folder / "said.txt").read_text()

    @property
    def record(self) -> list[dict]:
        """What the stand-in steps tell of themselves, in the order in which they ended."""
        path = self.folder / "record.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def plan_faults(self, faults: dict[str, str]) -> None:
        """Say which steps (`"rule wildcards"`) suffer what; see slurm/stand_ins."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "faults.json").write_text(json.dumps(faults))

    def find_hung(self, step: str) -> str | None:
        """Return SLURM's id of the job in which a step hangs, once one does."""
        path = self.folder / f"hung {step}"
        return path.read_text() if path.exists() else None

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start Snakemake as a user does, with more arguments: on the cluster, or here without one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        where = ["--cores", "2", "--resources", "gpu=2"]
        if self.cluster:  # as from a checkout: what the profile names must be found from the run, too
            where = ["--profile", os.path.relpath(self.profile, CHECKOUT)]
        command = [sys.executable, "-m", "snakemake", *where, "--configfile", str(self.config)]
        command += ["--directory", str(self.directory), *arguments]
        environment = dict(self.cluster.environment if self.cluster else os.environ)
        paths = [str(CHECKOUT / "src")]
        if self.has_stand_ins:
            paths.insert(0, str(STAND_INS))
            environment["STAND_IN_RECORD"] = str(self.folder / "record.jsonl")
            if (self.folder / "faults.json").exists():
                environment["STAND_IN_FAULTS"] = str(self.folder / "faults.json")
        if "PYTHONPATH" in self.more:
            paths.insert(0, self.more["PYTHONPATH"])
        environment |= self.more | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
        with open(self.folder / "said.txt", "w") as said:
            return subprocess.Popen(
                command, cwd=CHECKOUT, env=environment, stdout=said, stderr=subprocess.STDOUT
            )

    def run(self, *arguments: str, seconds: float = 1800) -> int:
        """Run Snakemake to its end; return its exit status."""
        process = self.start(*arguments)
        try:
            return process.wait(seconds)
        finally:
            process.kill()

    def read_results(self) -> dict[str, bytes]:
        """Return {path: content} of all results."""
        files = (path for path in sorted((self.directory / "results").rglob("*")) if path.is_file())
        shown = (path for path in files if not path.name.startswith("."))
        return {str(path.relative_to(self.directory)): path.read_bytes() for path in shown}


def write_profile(folder: Path, changes: dict | None = None) -> Path:
    """Make a site's profile as docs/CLUSTER.md says: a copy of profiles/slurm, its marked lines edited.

    changes: more keys of the profile, for faults. Times are short, since nothing here is far away.
    """
    shutil.copytree(CHECKOUT / "profiles/slurm", folder)
    partitions = {"partitions": {CPU_PARTITION: {}, GPU_PARTITION: {"max_gpu": GPUS_A_NODE}}}
    (folder / "partitions.yaml").write_text(yaml.safe_dump(partitions))
    path = folder / "profile.yaml"
    text = path.read_text()
    for shipped, own in (
        ("# slurm_account: mine", "slurm_account: ours"),
        ("jobs: 50 ", "jobs: 8 "),
        ("latency-wait: 60 ", "latency-wait: 10 "),
    ):
        assert shipped in text
        text = text.replace(shipped, own)
    more = {"slurm-init-seconds-before-status-checks": 2} | (changes or {})
    path.write_text(text + yaml.safe_dump(more))
    return folder


def list_spans(record: list[dict]) -> list[tuple[float, float]]:
    """Return (start, end) of every step that held a GPU."""
    return [(entry["started"], entry["ended"]) for entry in record if entry["gpus"]]


def count_at_once(spans: list[tuple[float, float]]) -> int:
    """Return how many of the spans (start, end) cover one moment, at most."""
    steps = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans])
    most = now = 0
    for _, step in steps:  # at equal times ends come first
        now += step
        most = max(most, now)
    return most


def find_shared_devices(record: list[dict]) -> list[tuple[dict, dict]]:
    """Return pairs of steps that held a device of a node at one time, both."""
    return [
        (one, other)
        for one, other in combinations([entry for entry in record if entry["gpus"]], 2)
        if one["node"] == other["node"]
        and set(one["devices"].split(",")) & set(other["devices"].split(","))
        and one["started"] < other["ended"]
        and other["started"] < one["ended"]
    ]


def list_submissions(said: str) -> list[str]:
    """Return SLURM's ids of all jobs that a Snakemake says to have submitted."""
    return re.findall(r"submitted with SLURM jobid (\d+)", said)
