"""How tests run the workflow: the real command line, in a directory of its own, from this checkout
or a copy of it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
COPIED = ("Snakefile", "config", "envs", "profiles", "resources", "src", "workflow", "tests/config")


def run_snakemake(
    directory: Path, *arguments: str, configfiles: tuple = (), checkout: Path = CHECKOUT, cores: int = 2
) -> subprocess.CompletedProcess:
    """Run snakemake as a user does, in `directory`; returns the finished process with its output as text."""
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--resources", "gpu=2"]
    command += ["--directory", str(directory)]
    if configfiles:
        command += ["--configfile", *map(str, configfiles)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [*command, *arguments], cwd=checkout, env=environment, capture_output=True, text=True, timeout=1500
    )


def copy_checkout(folder: Path) -> Path:
    """Copy what a run needs of the checkout, with new modification times as a fresh clone has them."""
    for name in COPIED:
        source, target = CHECKOUT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(
                source, target, copy_function=shutil.copy, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(source, target)
    return folder
