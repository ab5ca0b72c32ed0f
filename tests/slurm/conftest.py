"""A SLURM for these tests, and what a run without it makes; skipped, saying so, where there is none."""

import pytest

from cluster_runs import Run
from slurm_cluster import Cluster, find_lack, run_cluster


@pytest.fixture
def cluster(tmp_path_factory) -> Cluster:
    """A private SLURM: two nodes with two countable GPUs each. It ends with the test."""
    if lack := find_lack():
        pytest.skip(lack)
    with run_cluster(tmp_path_factory.mktemp("cluster")) as one:
        yield one


@pytest.fixture(scope="module")
def local_results(tmp_path_factory) -> dict[str, bytes]:
    """The results of the whole workflow with the same stand-in steps, on this machine alone."""
    if lack := find_lack():
        pytest.skip(lack)
    run = Run(tmp_path_factory.mktemp("local"))
    assert run.run() == 0, run.said
    return run.read_results()
