"""Ctrl-C reaches a run whose main thread waits and whose executor has threads of its own, as a cluster's."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from unscene.run import interrupts

SRC = Path(interrupts.__file__).resolve().parents[2]
DRIVER = """
import signal, subprocess, sys, threading, time
from types import SimpleNamespace
sys.path.insert(0, sys.argv[1])
from snakemake.logging import logger
from unscene.run.interrupts import INTERRUPTS

jobs = threading.Semaphore(0)
signal.signal(signal.SIGTERM, lambda *_: jobs.release())  # as Snakemake's own, which lets it look around
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()  # an executor's, older than the block
INTERRUPTS.catch(SimpleNamespace(local_exec=False))
hold = "import time; time.sleep(600)"
local = subprocess.Popen([sys.executable, "-c", hold, ".snakemake/scripts/tmp1.parse_keywords.py"])
print("waiting", flush=True)
try:
    while True:
        jobs.acquire()
except KeyboardInterrupt:
    cancelled = subprocess.run([sys.executable, "-c", "import time; time.sleep(1); print('cancelled')"])
    print("cancelling ended with", cancelled.returncode, "a local job with", local.wait(), flush=True)
"""


def test_ctrl_c_is_taken_at_once_and_ends_local_jobs_but_not_what_cancels_the_others():
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(SRC)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert driver.stdout.readline() == "waiting\n"
        os.kill(driver.pid, signal.SIGINT)
        said, told = driver.communicate(timeout=120)  # what is not taken at once waits for ten minutes
    finally:
        driver.kill()
    assert said == "cancelled\ncancelling ended with 0 a local job with -15\n"
    assert told.count("unscene: stopping") == 1 and "killing" not in told
