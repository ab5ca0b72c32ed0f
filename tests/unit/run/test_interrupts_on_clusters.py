"""Ctrl-C reaches a run whose main thread waits and whose executor has threads of its own, as a cluster's."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from unscene.run import interrupts

SRC = Path(interrupts.__file__).resolve().parents[2]
DRIVER = """
import signal, sys, threading, time
from types import SimpleNamespace
sys.path.insert(0, sys.argv[1])
from snakemake.logging import logger
from unscene.run.interrupts import INTERRUPTS

jobs = threading.Semaphore(0)
signal.signal(signal.SIGTERM, lambda *_: jobs.release())  # as Snakemake's own, which lets it look around
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()  # an executor's, older than the block
INTERRUPTS.catch(SimpleNamespace(local_exec=False))
print("waiting", flush=True)
try:
    while True:
        jobs.acquire()
except KeyboardInterrupt:
    print("cancelling", flush=True)
time.sleep(1)
print("ended", flush=True)
"""


def test_ctrl_c_is_taken_at_once_though_a_librarys_thread_gets_the_signal():
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(SRC)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert driver.stdout.readline() == "waiting\n"
        started = time.monotonic()
        os.kill(driver.pid, signal.SIGINT)
        said, told = driver.communicate(timeout=20)
    finally:
        driver.kill()
    assert said == "cancelling\nended\n" and time.monotonic() - started < 15
    assert told.count("unscene: stopping") == 1 and "killing" not in told
