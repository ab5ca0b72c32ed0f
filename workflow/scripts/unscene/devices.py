"""One device per job: a file lock per local GPU, freed by the kernel even when the holder is killed.

Snakemake caps how many GPU jobs run at once but assigns no device, so all of them would meet on cuda:0.
"""

import fcntl
import logging
import os
import subprocess
import tempfile
import time
from pathlib import Path

_held: list[int] = []  # open file handles: a lock lives as long as its handle


def lease_device(runtime: dict) -> str:
    """Choose this job's device before torch is imported: return "cuda" (CUDA_VISIBLE_DEVICES is set) or "cpu".

    `runtime["device"]` is `auto`, `cpu` or `cuda`. Under SLURM the scheduler's choice is used. Blocks until a local
    device is free. Raises RuntimeError when `cuda` is asked for and there is none.
    """
    wanted = runtime.get("device", "auto")
    if wanted == "cpu":
        return "cpu"
    pool = list_devices()
    if not pool:
        if wanted == "cuda":
            raise RuntimeError("runtime.device is cuda, but no NVIDIA device is visible; use auto or cpu")
        return "cpu"
    if "SLURM_JOB_ID" not in os.environ:
        os.environ["CUDA_VISIBLE_DEVICES"] = _lease(pool)
    return "cuda"


def list_devices() -> list[str]:
    """Return the ids of the devices this process may use: CUDA_VISIBLE_DEVICES when set, else all that NVML lists."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [device for device in visible.split(",") if device not in ("", "-1")]
    try:
        listing = subprocess.run(
            ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return listing.stdout.split() if listing.returncode == 0 else []


def _lease(pool: list[str], poll_s: float = 0.5) -> str:
    # Locks must lie on a local disk (flock over NFS is not reliable) and be shared by all runs of this user.
    folder = Path(tempfile.gettempdir()) / f"unscene-devices-{os.getuid()}"
    folder.mkdir(parents=True, exist_ok=True)
    waited = False
    while True:
        for device in pool:
            handle = os.open(folder / f"{device.replace('/', '_')}.lock", os.O_CREAT | os.O_RDWR, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                continue
            os.set_inheritable(handle, True)
            _held.append(handle)
            logging.getLogger("unscene").info("leased device %s of %s", device, ",".join(pool))
            return device
        if not waited:
            logging.getLogger("unscene").info("waiting for one of the devices %s", ",".join(pool))
            waited = True
        time.sleep(poll_s)
