"""The Dockerfile: the lock's versions, no root, no address of an index, and nothing of a run in it.

It was not built where it was written. hadolint has no complaint; where it is installed, this is tested, too.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[3]


def read_instructions() -> list[tuple[str, str]]:
    """Return (instruction, its text) with continued lines joined, comments left out."""
    lines = (CHECKOUT / "Dockerfile").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", "", text)
    return [
        (word, rest.strip())
        for word, _, rest in (line.partition(" ") for line in joined.splitlines())
        if word
    ]


def get_all(name: str) -> list[str]:
    return [text for word, text in read_instructions() if word == name]


def test_every_version_is_the_lock_s():
    lock = (CHECKOUT / "requirements.lock").read_text().splitlines()
    runs = " ".join(get_all("RUN"))
    (uv,) = re.findall(r"\buv==\S+", runs)
    assert uv in lock
    (base,) = get_all("FROM")
    python = re.fullmatch(r"python:(3\.\d+)-slim-\w+", base)
    environment = yaml.safe_load((CHECKOUT / "envs/text.yaml").read_text())
    assert python and f"python={python[1]}" in environment["dependencies"]
    installs = [line for run in get_all("RUN") for line in re.findall(r"uv pip install [^&]+", run)]
    assert all("--no-deps" in line for line in installs)
    assert ["-r requirements.lock" in line for line in installs] == [True, False]
    assert "--no-build-isolation --editable ." in installs[1]


def test_it_runs_as_no_root_and_names_no_address():
    words = [word for word, _ in read_instructions()]
    assert words.index("USER") < words.index("ENTRYPOINT") and get_all("USER") == ["1000"]
    before = [text for word, text in read_instructions()[: words.index("USER")] if word == "RUN"]
    assert len(before) == 2 and before[1].startswith("useradd")  # root installs Debian's packages alone
    assert "rm -rf /var/lib/apt/lists/*" in before[0] and "--no-install-recommends" in before[0]
    assert not {"ADD", "ARG"} & set(words)
    text = (CHECKOUT / "Dockerfile").read_text()
    assert "://" not in text and "index" not in text.replace("apt-get", "")


def test_nothing_of_a_run_is_copied_in_and_all_of_the_workflow_is():
    def read(name: str) -> set[str]:
        lines = (CHECKOUT / name).read_text().splitlines()
        return {line.strip("/").removeprefix("**/") for line in lines if line and not line.startswith("#")}

    ignored = read(".dockerignore")
    assert read(".gitignore") <= ignored
    tracked = {path.name for path in CHECKOUT.iterdir()} - read(".gitignore")
    assert {"Snakefile", "src", "workflow", "config", "profiles", "envs", "resources"} <= tracked
    assert not tracked & ignored


def test_hadolint_has_no_complaint():
    if shutil.which("hadolint") is None:
        pytest.skip("hadolint is not here")
    done = subprocess.run(["hadolint", CHECKOUT / "Dockerfile"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
