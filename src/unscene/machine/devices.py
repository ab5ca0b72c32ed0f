"""One device per job: a file lock per local GPU, freed by the kernel even when the holder is killed.

Snakemake caps how many GPU jobs run at once but assigns no device, so all of them would meet on
cuda:0. Inside a SLURM allocation its devices are shared out in the same way, among that
allocation's own processes.
"""

import logging
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from unscene.run.locks import take_lock

FOLDER = "unscene-devices"  # of the locks, in the machine's shared memory
# This process's devices, each with the open handle of its lock: a lock lives as long as its handle.
_held: dict[str, int] = {}


@dataclass(frozen=True)
class Setup:
    """How a model runs, whatever it is: on which device, in which precision, in batches of what size.

    precision: of the weights on a GPU; on the CPU it is float32. is_compiled: torch compiles what
    takes the time, at the first batch. workers: threads for what runs on the CPU.
    """

    device: str = "cpu"
    precision: str = "float32"
    batch_size: int = 16
    is_compiled: bool = False
    workers: int = 1

    @classmethod
    def of(cls, device: str, runtime: dict) -> "Setup":
        """Return what the config's block `runtime` says, for a device."""
        compiled = runtime.get("compile", False)
        return cls(device, runtime["precision"], runtime["batch_size"], compiled, runtime["workers"])


ON_CPU = Setup()


def lease_device(runtime: dict) -> str:
    """Choose this job's device before CUDA starts: return "cuda" (CUDA_VISIBLE_DEVICES is set) or "cpu".

    `runtime["device"]` is `auto`, `cpu` or `cuda`. Blocks until one of the visible devices is free;
    a process whose visible devices are all its own keeps them. Raises RuntimeError when `cuda` is
    asked for and there is none.
    """
    return lease_devices(runtime, 1)


def lease_devices(runtime: dict, count: int) -> str:
    """Choose several devices as `lease_device` chooses one; CUDA_VISIBLE_DEVICES then names them all.

    All are taken at once or none: jobs that each hold one and wait for the next would wait for
    ever. Raises RuntimeError when fewer are visible, too.
    """
    wanted = runtime.get("device", "auto")
    if wanted == "cpu":
        return "cpu"
    pool = list_devices()
    if not pool:
        if wanted == "cuda":
            raise RuntimeError("runtime.device is cuda, but no NVIDIA device is visible; use auto or cpu")
        return "cpu"
    if count > len(pool):
        raise RuntimeError(
            f"runtime.devices is {count}, and this job sees {len(pool)} ({','.join(pool)}); set it to"
            f" {len(pool)} or less"
        )
    if not holds(pool):
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(_lease(pool, count))
    return "cuda"


def holds(devices: Iterable[str]) -> bool:
    """Tell whether this process has leased all of these devices."""
    return _held.keys() >= set(devices)


def name_used_device() -> str:
    """Return what did this process's device work: the GPU's name once CUDA runs in it, else "CPU".

    So Telea's work counts as the CPU's, though a GPU was leased for it.
    """
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return torch.cuda.get_device_name()
    return "CPU"


def list_devices() -> list[str]:
    """Return the ids of the devices that this process may use: CUDA_VISIBLE_DEVICES when set, else
    the UUIDs of all.

    A device that is cut into MIG instances is these instances.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return [uuid for gpu in _read_listing() for uuid in gpu]
    devices = []
    for device in visible.split(","):
        if device.strip() in ("", "-1", "NoDevFiles"):
            break  # CUDA itself looks no further
        devices.append(device.strip())
    return devices


def _read_listing() -> list[list[str]]:
    """Return for each GPU of nvidia-smi its UUID, or those of its MIG instances; nothing where
    there is no driver.
    """
    try:
        listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return []
    gpus: list[list[str]] = []
    for line in listing.stdout.splitlines() if listing.returncode == 0 else ():
        uuid = re.search(r"UUID: ((?:GPU|MIG)-[^)\s]+)", line)
        if uuid is None:
            continue
        if uuid[1].startswith("GPU-"):
            gpus.append([uuid[1]])
        else:
            gpus[-1] = [each for each in gpus[-1] if each.startswith("MIG-")] + [uuid[1]]
    return gpus


def _name_locks(pool: list[str]) -> dict[str, str]:
    """Return {device: name of its lock}, the same however the device is called (0, GPU-1a2b or its
    full UUID).
    """
    gpus = _read_listing()
    uuids = [uuid for gpu in gpus for uuid in gpu]
    # Two allocations may both call their device 0; SLURM keeps them apart.
    scope = f"slurm{os.environ['SLURM_JOB_ID']}-" if "SLURM_JOB_ID" in os.environ else ""
    names = {}
    for device in pool:
        known = [uuid for uuid in uuids if uuid.startswith(device)]
        if device.isdigit() and int(device) < len(gpus):
            known = gpus[int(device)]
        names[device] = scope + re.sub(r"[^A-Za-z0-9-]", "_", known[0] if len(known) == 1 else device)
    return names


def _lease(pool: list[str], count: int, poll_s: float = 0.5) -> list[str]:
    # Locks must lie on a local disk (flock over NFS is not reliable) and be shared by all users of
    # this machine, whatever their TMPDIR is.
    shared = Path("/dev/shm")
    base = shared if shared.is_dir() and os.access(shared, os.W_OK) else Path(tempfile.gettempdir())
    locks = {device: base / FOLDER / f"{name}.lock" for device, name in _name_locks(pool).items()}
    waited = False
    while True:
        taken: dict[str, int] = {}
        for device in pool:
            handle = take_lock(locks[device], for_all_users=True)
            if handle is not None:
                taken[device] = handle
            if len(taken) == count:
                break
        else:
            for handle in taken.values():
                os.close(handle)
            if not waited:
                logging.getLogger("unscene").info("waiting for %d of the devices %s", count, ",".join(pool))
                waited = True
            # Of two that take and give back at one pace, one comes later the next time.
            time.sleep(poll_s * (1 + os.getpid() % 7 / 7))
            continue
        for device, handle in taken.items():
            # A child that outlives this process may still use the device, so it inherits the lock.
            os.set_inheritable(handle, True)
            _held[device] = handle
        logging.getLogger("unscene").info("leased %s of the devices %s", ",".join(taken), ",".join(pool))
        return list(taken)
