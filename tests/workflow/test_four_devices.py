"""`--resources gpu=4` on one machine: four jobs at once, each with a device of its own."""

import uuid

import pytest

from cluster_runs import Run, count_at_once, find_shared_devices, list_spans


@pytest.mark.workflow
def test_four_jobs_at_once_have_four_devices(tmp_path, monkeypatch):
    """Of a machine whose driver lists four: real scheduling and leases, stand-ins for the work."""
    gpus = [f"GPU-{uuid.uuid4()}" for _ in range(4)]
    tool = tmp_path / "bin/nvidia-smi"
    tool.parent.mkdir()
    lines = "".join(f"echo 'GPU {n}: NVIDIA A100-SXM4-40GB (UUID: {gpu})'\n" for n, gpu in enumerate(gpus))
    tool.write_text(f"#!/bin/sh\n{lines}")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent), prepend=":")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    run = Run(tmp_path / "four", more={"STAND_IN_SECONDS": "5"})
    code = run.run("--cores", "8", "--resources", "gpu=4", "--until", "remove_objects")
    assert code == 0, run.said
    held = [entry for entry in run.record if entry["gpus"]]
    assert len(held) == 12 and {entry["devices"] for entry in held} == set(gpus)
    assert find_shared_devices(run.record) == []
    assert count_at_once(list_spans(run.record)) == 4
