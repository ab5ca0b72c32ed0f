"""Where a checkout and its Python lie decides nothing: not a space in the path, not another copy
that is installed.
"""

import subprocess
import sys
import sysconfig

import pytest

from workflow_runs import copy_checkout


@pytest.mark.workflow
def test_a_checkout_with_a_space_in_its_path_runs_its_own_code(tmp_path):
    """In an environment whose path has a space, too, and where another package of this name is installed."""
    checkout = copy_checkout(tmp_path / "a checkout")
    environment = checkout / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    installed = next(environment.glob("lib/python*/site-packages"))
    (installed / "others.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    (installed / "unscene").mkdir()
    (installed / "unscene/__init__.py").write_text(
        'raise ImportError("the installed copy is not asked for")\n'
    )
    command = [
        environment / "bin/python",
        "-m",
        "snakemake",
        "--cores",
        "1",
        "--directory",
        tmp_path / "a run",
    ]
    command += ["--", "results/plan.json"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "a run/results/plan.json").is_file()
