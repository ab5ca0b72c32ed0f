"""Ctrl-C on a run: who takes the signal, what is said, and that the jobs end."""

import subprocess
import sys

RUN = """
import os, signal, subprocess, sys, threading, time
from types import SimpleNamespace
import psutil, snakemake.logging  # as in a run: they are there by then
from unscene.run.interrupts import INTERRUPTS

# A library's thread, older than the run: the kernel may hand it the signal.
older = threading.Thread(target=time.sleep, args=(60,), daemon=True)
older.start()
ended = []
signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
INTERRUPTS.catch(SimpleNamespace(local_exec=True))
job = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
if sys.argv[1] == "thread":
    signal.pthread_kill(older.ident, signal.SIGINT)
else:
    os.kill(os.getpid(), signal.SIGINT)
print("job ended by", -job.wait(30), "Snakemake told", ended, "interrupted", INTERRUPTS.was_interrupted)
"""


def run(program: str, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_whichever_thread_is_handed_the_signal_the_jobs_end_and_one_message_is_said():
    for to in ("thread", "process"):
        found = run(RUN, to)
        assert found.stdout == "job ended by 15 Snakemake told [True] interrupted True\n", found.stderr
        assert found.stderr.count("Nothing is lost: run the same line again") == 1
        assert "Traceback" not in found.stderr


EARLY = """
import os, signal, sys, types
sys.modules["snakemake.cli"] = types.ModuleType("snakemake.cli")  # its command line reads the profile
import yaml
text = open("profiles/default/profile.yaml").read()
(definition,) = yaml.safe_load(text)["__definitions__"]
sys.argv = ["snakemake"]
exec(definition)
os.kill(os.getpid(), signal.SIGINT)
"""


def test_before_the_first_job_it_is_a_line_from_the_profile_on(checkout, monkeypatch):
    monkeypatch.chdir(checkout)
    found = run(EARLY)
    assert found.returncode == 130 and "stopped before any job was started" in found.stderr
    assert "Traceback" not in found.stderr
