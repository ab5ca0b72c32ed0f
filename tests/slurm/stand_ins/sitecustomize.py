"""Stand-in steps for runs of the whole workflow, in Snakemake's own process and in every job of a cluster.

Python imports this at its start when the folder is in PYTHONPATH; it acts in processes of Snakemake
alone. A step then writes, into each output, a digest of its rule, its lineage and the content of its
inputs: two runs are equal only when every job had the same inputs and settings. A step that holds a
GPU leases it as real ones do, in a process of its own, for STAND_IN_SECONDS. Each adds a line on
itself to STAND_IN_RECORD: rule, wildcards, SLURM's job and node, its devices, start and end.

STAND_IN_FAULTS names a JSON file {"rule wildcards": fault}: "memory" takes 1,200 MB whenever the step
runs, "hang" lets its first job run until something ends it.
"""

import hashlib
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

LEASE = """
import json, os, sys, time
from unscene.machine.devices import lease_devices
kind = lease_devices(json.loads(sys.argv[1]), int(sys.argv[2]))
started = time.time()
time.sleep(float(os.environ.get("STAND_IN_SECONDS", "1.5")))
devices = os.environ["CUDA_VISIBLE_DEVICES"] if kind == "cuda" else None
print(json.dumps({"devices": devices, "started": started, "ended": time.time()}))
"""


def make_outputs(path, basedir, input, output, params, wildcards, *given, **_):
    """Stand in for a step."""
    _threads, resources, _log, config, rule = given[:5]
    entry = {
        "rule": rule,
        "wildcards": dict(wildcards.items()),
        "gpus": resources.get("gpu", 0),
        "job": os.environ.get("SLURM_JOB_ID"),
        "node": os.environ.get("SLURMD_NODENAME"),
    }
    _suffer(" ".join([rule, *entry["wildcards"].values()]))
    told = hashlib.sha256(json.dumps([rule, params.lineage, entry["wildcards"]], sort_keys=True).encode())
    for file in input:
        told.update(_read(Path(str(file))))
    if entry["gpus"]:
        command = [*shlex.split(sys.executable), "-c", LEASE, json.dumps(config["runtime"])]
        leased = subprocess.run([*command, str(entry["gpus"])], stdout=subprocess.PIPE, check=True)
        entry |= json.loads(leased.stdout)
    for file in output:
        target = Path(str(file))
        made = f"{target} {told.hexdigest()}"
        if not target.suffix:
            target.mkdir(parents=True, exist_ok=True)
            target = target / "item"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps({"made": made}) + "\n" if target.suffix == ".json" else f"{made}\n")
    with open(os.environ["STAND_IN_RECORD"], "a") as record:
        record.write(json.dumps(entry) + "\n")


def _read(path: Path) -> bytes:
    if path.is_dir():
        return b"".join(_read(file) for file in sorted(path.iterdir()) if not file.name.startswith("."))
    return path.read_bytes()


def _suffer(step: str) -> None:
    """Inject the fault that is planned for a step."""
    if "STAND_IN_FAULTS" not in os.environ:
        return
    plan = Path(os.environ["STAND_IN_FAULTS"])
    fault = json.loads(plan.read_text()).get(step)
    if fault == "memory":
        held = bytearray(1_200_000_000)
        held[::4096] = b"x" * len(held[::4096])
        time.sleep(6)  # SLURM looks every second
    elif fault == "hang":
        hung = plan.with_name(f"hung {step}")
        if not hung.exists():
            hung.write_text(os.environ["SLURM_JOB_ID"])
            time.sleep(3600)


if "STAND_IN_RECORD" in os.environ and any("snakemake" in part for part in sys.orig_argv[1:4]):
    import snakemake.cli  # first: Snakemake's modules import each other
    import snakemake.workflow

    sys.path.append(str(Path(__file__).resolve().parents[2] / "helpers"))
    from instant_run import make_steps_instant

    make_steps_instant()
    snakemake.workflow.script = make_outputs
