"""A few of the kills of `make faults KIND=gpu`; the whole of it takes minutes."""

import os
import subprocess
import sys
from pathlib import Path


def test_killed_stages_continue_and_end_with_the_same_bytes():
    command = [sys.executable, str(Path(__file__).with_name("faults_gpu.py")), "--quick"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    assert last == "faults gpu injected=4 survived=4 clear_stop=0 silent=0 double_billed=0"
