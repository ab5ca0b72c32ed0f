"""What breaks on a cluster, injected into runs of the workflow on a real SLURM, and how each must end: with
the results of a run without SLURM, or in one clear message.

`run_whole`: everything, with a job that takes too much memory, one that hangs until its time is over,
and one that is cancelled by hand. `kill_driver`: Snakemake itself is killed while a job of it is at work.
`interrupt_driver`: it is stopped by Ctrl-C.
"""

import re
import signal
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cluster_runs import Run, count_at_once, find_shared_devices, list_spans, list_submissions, write_profile
from slurm_cluster import GPU_PARTITION, Cluster

GREEDY, SLOW = "render_scenes scenes", "segment_objects more-0-of-2"
CANCELLED = "remove_objects scenes-1-of-4"
ORPHAN = "read_samples scenes-0-of-4"
FEW = ("results/samples/samples.parquet",)  # what the killed run is to make
ONE = ("results/samples/scenes-0-of-4.parquet",)
SURVIVED, CLEAR, WRONG = "survived", "clear stop", "wrong"


@dataclass
class Outcome:
    """What became of faults: {fault: SURVIVED, CLEAR or WRONG}, and what was seen."""

    faults: dict[str, str] = field(default_factory=dict)
    jobs: list[dict] = field(default_factory=list)
    notes: dict[str, object] = field(default_factory=dict)


def run_whole(cluster: Cluster, folder: Path, expected: dict[str, bytes]) -> Outcome:
    """Run everything with three faults, and judge jobs, devices and results.

    expected: the results of a run without SLURM.
    """
    run = Run(folder, cluster, write_profile(folder / "site"))
    run.plan_faults({GREEDY: "memory", SLOW: "hang", CANCELLED: "hang"})
    began = time.monotonic()
    driver = run.start()
    try:
        for step, end in (
            (SLOW, cluster.let_time_run_out),
            (CANCELLED, lambda job: cluster.ask("scancel", job)),
        ):
            cluster.wait_for(lambda step=step: run.find_hung(step) or driver.poll() is not None, 1800)
            if job := run.find_hung(step):
                end(job)
        code = driver.wait(1800)
    finally:
        driver.kill()
    seconds = time.monotonic() - began
    results, record = run.read_results(), run.record
    found = Outcome(jobs=cluster.list_jobs())
    is_right = code == 0 and results == expected
    asked = {step: _list_jobs_of(found.jobs, step) for step in (GREEDY, SLOW, CANCELLED)}
    memory = [job["mem"] for job in asked[GREEDY]]
    minutes = [job["minutes"] for job in asked[SLOW]]
    found.notes = {
        "code": code,
        "seconds": round(seconds),
        "submitted": len(list_submissions(run.said)),
        "local": sum(entry["job"] is None for entry in record),
        "differing": sorted(n for n in {*expected, *results} if expected.get(n) != results.get(n)),
        "gpu_jobs": sum(entry["gpus"] > 0 for entry in record),
        "gpus_at_once": count_at_once([_span(job) for job in found.jobs if job["gpus"] != "0"]),
        "steps_at_once": count_at_once(list_spans(record)),
        "devices": sorted({(e["node"], e["devices"]) for e in record if e["gpus"]}),
        "shared": find_shared_devices(record),
        "misplaced": [j for j in found.jobs if (j["partition"] == GPU_PARTITION) != (j["gpus"] != "0")],
        "memory": memory,
        "minutes": minutes,
        "states": {step: [job["state"] for job in jobs] for step, jobs in asked.items()},
    }
    again = len(asked[CANCELLED]) == 2
    found.faults = {
        "out of memory": SURVIVED if is_right and memory == ["1000M", "2000M"] else WRONG,
        "out of time": SURVIVED if is_right and minutes[1:] == ["2:00:00"] else WRONG,
        "cancelled": SURVIVED if is_right and again else WRONG,
    }
    return found


def kill_driver(cluster: Cluster, folder: Path, expected: dict[str, bytes]) -> Outcome:
    """Kill Snakemake while a job of it is at work; do what the messages say; judge the end.

    expected: the results of a run without SLURM, of which FEW are asked for.
    """
    run = Run(folder, cluster, write_profile(folder / "site"))
    run.plan_faults({ORPHAN: "hang"})
    driver = run.start(*FEW)
    try:
        cluster.wait_for(lambda: run.find_hung(ORPHAN) or driver.poll() is not None, 900)
    finally:
        driver.send_signal(signal.SIGKILL)
    driver.wait()
    orphan = run.find_hung(ORPHAN)
    found = Outcome(notes={"orphan": orphan})
    locked = run.run(*FEW)
    found.notes["locked"] = (locked, run.said)
    tells = locked != 0 and "--unlock" in run.said and _tells_to_end(run.said, orphan)
    found.faults["killed driver: the same line"] = CLEAR if tells else WRONG
    # Who unlocks and goes on without a look at the queue is held back.
    unlocked = run.run("--unlock")
    early = run.run(*FEW)
    found.notes["early"] = (early, run.said)
    holds = unlocked == 0 and early != 0 and not list_submissions(run.said)
    holds = holds and _tells_to_end(run.said, orphan)
    found.faults["killed driver: its job is at work"] = CLEAR if holds else WRONG
    cluster.ask("scancel", orphan)
    cluster.wait_for(lambda: not cluster.ask("squeue", "--noheader").strip(), 120)
    code = run.run(*FEW)
    found.notes["end"] = (code, run.said)
    results = run.read_results()
    differing = [name for name in results if results[name] != expected[name]]
    found.notes["differing"] = differing
    is_right = code == 0 and FEW[0] in results and not differing
    found.faults["killed driver: on with it"] = SURVIVED if is_right else WRONG
    found.jobs = cluster.list_jobs()
    return found


def interrupt_driver(cluster: Cluster, folder: Path, expected: dict[str, bytes]) -> Outcome:
    """Press Ctrl-C while a job is at work, and run the same line again.

    expected: the results of a run without SLURM, of which ONE is asked for.
    """
    run = Run(folder, cluster, write_profile(folder / "site"))
    run.plan_faults({ORPHAN: "hang"})
    driver = run.start(*ONE)
    try:
        cluster.wait_for(lambda: run.find_hung(ORPHAN) or driver.poll() is not None, 900)
        driver.send_signal(signal.SIGINT)
        stopped = driver.wait(300)
    finally:
        driver.kill()
    found = Outcome(notes={"stopped": (stopped, run.said)})
    cluster.wait_for(lambda: not cluster.ask("squeue", "--noheader").strip(), 60)
    states = {job["id"]: job["state"] for job in cluster.list_jobs()}
    found.notes["states"] = states
    is_ended = stopped != 0 and "stopping" in run.said and states[run.find_hung(ORPHAN)] == "CANCELLED"
    code = run.run(*ONE)
    found.notes["end"] = (code, run.said)
    results = run.read_results()
    is_right = code == 0 and ONE[0] in results and all(results[n] == expected[n] for n in results)
    found.faults["Ctrl-C"] = SURVIVED if is_ended and is_right else WRONG
    found.jobs = cluster.list_jobs()
    return found


def _tells_to_end(said: str, job: str) -> bool:
    return any(job in command.split() for command in re.findall(r"scancel ([\d ]+)", said))


def _list_jobs_of(jobs: list[dict], step: str) -> list[dict]:
    name = "rule_" + step.replace(" ", "_wildcards_")
    return sorted((job for job in jobs if job["rule"] == name), key=lambda job: int(job["id"]))


def _span(job: dict) -> tuple[float, float]:
    return tuple(datetime.fromisoformat(job[key]).timestamp() for key in ("start", "end"))


def print_outcome(found: Outcome) -> None:
    """Print what was seen, a line each."""
    for name, value in found.notes.items():
        print(f"  {name}: {str(value)[-600:]}")
    for fault, end in found.faults.items():
        print(f"  {fault}: {end}", flush=True)
