"""A program whose output another one stops reading, as `| head` does."""

import os
import subprocess
import sys
from pathlib import Path


def read_first_line(code: str, folder: Path, checkout: Path, errors: str = "") -> subprocess.CompletedProcess:
    """Run Python code in a folder behind `head -1`; return the code's exit status, and what was read.

    errors: where the shell sends the code's errors, as `2>&1`.
    """
    (folder / "code.py").write_text(code)
    return subprocess.run(
        ["bash", "-c", f"{sys.executable} code.py {errors} | head -1; exit ${{PIPESTATUS[0]}}"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(checkout / "src")},
        capture_output=True,
        text=True,
        timeout=60,
    )
