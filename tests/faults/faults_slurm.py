"""Faults of a cluster: a real SLURM on this machine, and what breaks in the whole workflow on it.

    python tests/faults/faults_slurm.py

It takes an hour on two cores that others keep busy, and says so where SLURM is not installed.
"""

import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT / "tests/helpers"))

from cluster_faults import CLEAR, SURVIVED, WRONG, interrupt_driver, kill_driver, print_outcome, run_whole
from cluster_runs import Run
from result_lines import print_faults
from slurm_cluster import ALL_GPUS, NODES, find_lack, run_cluster


def main() -> int:
    """Bring up a cluster, inject all faults, print; return the exit status."""
    if lack := find_lack():
        print(lack)
        return 0
    faults: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        local = Run(folder / "local")
        if local.run():
            print(local.said)
            return 1
        expected = local.read_results()
        scenarios = {"whole": run_whole, "killed": kill_driver, "stopped": interrupt_driver}
        for name, inject in scenarios.items():
            with run_cluster(folder / f"cluster-{name}") as cluster:
                found = inject(cluster, folder / name, expected)
            print(f"{name}: {len(found.jobs)} jobs on {len(NODES)} nodes with {ALL_GPUS} GPUs")
            print_outcome(found)
            faults |= found.faults
    ends = list(faults.values())
    counts = {"survived": ends.count(SURVIVED), "clear_stop": ends.count(CLEAR), "silent": ends.count(WRONG)}
    print_faults("slurm", injected=len(ends), **counts, double_billed=0)
    return 1 if counts["silent"] else 0


if __name__ == "__main__":
    sys.exit(main())
