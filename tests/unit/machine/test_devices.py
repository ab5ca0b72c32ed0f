"""The device lease: one device a job, whoever is killed, and whatever the device is called."""

import os
import select
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from unscene.machine import devices

SCRIPTS = Path(devices.__file__).resolve().parents[2]
AGAIN = """
import os, sys
sys.path.insert(0, sys.argv[1])
from unscene.machine.devices import lease_device, lease_devices
count = int(sys.argv[2])
for _ in range(2):
    kind = lease_device({}) if count == 1 else lease_devices({}, count)
    print(kind, os.environ["CUDA_VISIBLE_DEVICES"])
"""
HOLD = """
import logging, os, sys, time
sys.path.insert(0, sys.argv[1])
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
from unscene.machine.devices import lease_device
print(lease_device({"device": "auto"}), os.environ.get("CUDA_VISIBLE_DEVICES"), "torch" in sys.modules,
      flush=True)
if sys.argv[2:] == ["forked"]:
    child = os.fork()
    if child:
        print(child, flush=True)
elif sys.argv[2:] == ["program"]:
    import subprocess
    command = [sys.executable, "-c", "import time; time.sleep(120)"]
    print(subprocess.Popen(command, close_fds=False, stdout=subprocess.DEVNULL).pid, flush=True)
time.sleep(120)
"""
LISTING = """GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa0000-1111)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-bbbb0000-1111)
  MIG 3g.20gb     Device  0: (UUID: MIG-cccc0000-1111)
  MIG 3g.20gb     Device  1: (UUID: MIG-dddd0000-1111)
"""


@pytest.fixture
def pool(monkeypatch, tmp_path):
    """Two devices with names that no other process can hold."""
    names = [f"MIG-{uuid.uuid4()}", f"MIG-{uuid.uuid4()}"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", ",".join(names))
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))  # no nvidia-smi
    return names


@pytest.fixture
def holders():
    """A function that starts a process holding a lease; all end with the test."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(SCRIPTS), *arguments], stdout=subprocess.PIPE, bufsize=0
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def read_line(process) -> str:
    """Return the next line of a process; a minute and a half without one is a hang."""
    assert select.select([process.stdout], [], [], 90)[0]
    return process.stdout.readline().decode()


def read_lease(process) -> str:
    assert (line := read_line(process)).startswith("leased "), line
    kind, device, has_torch = read_line(process).split()
    assert (kind, has_torch) == ("cuda", "False")
    return device


def waits(process) -> bool:
    return read_line(process).startswith("waiting for ")


def test_each_process_gets_its_own_device_and_the_third_waits_for_a_killed_one(pool, holders):
    first, second = holders(), holders()
    leased = [read_lease(first), read_lease(second)]
    assert sorted(leased) == sorted(pool)
    third = holders()
    assert waits(third)
    first.send_signal(signal.SIGKILL)
    assert read_lease(third) == leased[0]


@pytest.mark.parametrize("count", [1, 2])
def test_a_second_lease_of_a_process_is_the_first(pool, count):
    """Several trainings in one job must neither wait for themselves nor take a second device."""
    command = [sys.executable, "-c", AGAIN, str(SCRIPTS), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    first, second = done.stdout.splitlines()
    assert first == second
    kind, leased = first.split()
    assert kind == "cuda" and len(set(leased.split(",")) & set(pool)) == len(leased.split(",")) == count


HOLD_TWO = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from unscene.machine.devices import lease_devices
for _ in range(3):
    child = os.fork()
    if child == 0:
        lease_devices({}, 2)
        print(os.environ["CUDA_VISIBLE_DEVICES"], time.monotonic(), flush=True)
        time.sleep(0.2)
        print(os.environ["CUDA_VISIBLE_DEVICES"], time.monotonic(), flush=True)
        os._exit(0)
for _ in range(3):
    os.wait()
"""


def test_jobs_of_two_devices_do_not_wait_for_each_other_with_one_each(pool, monkeypatch):
    """Three at once on three devices: each gets two, one after the other."""
    names = [*pool, f"MIG-{uuid.uuid4()}"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", ",".join(names))
    command = [sys.executable, "-c", HOLD_TWO, str(SCRIPTS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    spans = sorted((float(line.split()[1]), line.split()[0]) for line in done.stdout.splitlines())
    assert len(spans) == 6 and all(len(set(devices.split(",")) & set(names)) == 2 for _, devices in spans)
    held = [devices for _, devices in spans]
    assert held[::2] == held[1::2]  # each gives its two back before the next takes them


def test_more_devices_than_are_visible_are_refused(pool):
    with pytest.raises(RuntimeError, match=r"devices is 3, and this job sees 2 .*set it to 2 or less"):
        devices.lease_devices({}, 3)


@pytest.mark.parametrize("kind", ["forked", "program"])
def test_a_child_that_outlives_its_parent_keeps_the_device(pool, holders, monkeypatch, kind):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", pool[0])
    parent = holders(kind)
    assert read_lease(parent) == pool[0]
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    other = holders()
    try:
        assert waits(other)
    finally:
        os.kill(child, signal.SIGKILL)
    assert read_lease(other) == pool[0]


def test_allocations_of_slurm_that_call_their_device_0_do_not_wait_for_each_other(
    holders, monkeypatch, tmp_path
):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    job = uuid.uuid4().hex
    monkeypatch.setenv("SLURM_JOB_ID", f"{job}1")
    assert read_lease(holders()) == "0"
    monkeypatch.setenv("SLURM_JOB_ID", f"{job}2")
    assert read_lease(holders()) == "0"
    assert waits(holders())  # but a second process of the same allocation does


def fake_listing(tmp_path, monkeypatch, listing=LISTING):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n/bin/cat <<'END'\n{listing}END\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)


def test_all_devices_are_listed_by_uuid_and_mig_instances_stand_for_their_device(tmp_path, monkeypatch):
    fake_listing(tmp_path, monkeypatch)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert devices.list_devices() == ["GPU-aaaa0000-1111", "MIG-cccc0000-1111", "MIG-dddd0000-1111"]


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        ("2,0", ["2", "0"]),
        ("GPU-aaaa", ["GPU-aaaa"]),
        ("0,-1,1", ["0"]),
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),
    ],
)
def test_what_the_environment_says_is_respected(visible, expected, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert devices.list_devices() == expected


def test_a_device_has_one_lock_whatever_it_is_called(tmp_path, monkeypatch):
    fake_listing(tmp_path, monkeypatch)
    names = devices._name_locks(["0", "GPU-aaaa", "GPU-aaaa0000-1111", "MIG-dddd", "7", "../x"])
    assert list(names.values()) == [*["GPU-aaaa0000-1111"] * 3, "MIG-dddd0000-1111", "7", "___x"]


def test_without_a_device_auto_is_the_cpu_and_cuda_an_error(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert devices.lease_device({"device": "auto"}) == "cpu"
    assert devices.lease_device({"device": "cpu"}) == "cpu"
    with pytest.raises(RuntimeError, match=r"runtime\.device is cuda"):
        devices.lease_device({"device": "cuda"})
