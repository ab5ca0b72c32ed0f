"""The Makefile's verbs that make and remove folders: they touch nothing that is not theirs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path) -> Path:
    """What the verbs need of a checkout, in a folder with a space in its name; the lock pins nothing."""
    folder = tmp_path / "a checkout"
    folder.mkdir()
    shutil.copy(CHECKOUT / "Makefile", folder)
    shutil.copytree(CHECKOUT / "envs", folder / "envs")
    (folder / "requirements.lock").touch()
    return folder


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )


def make_run(folder: Path) -> Path:
    for name in (
        "results/report.html",
        "logs/a.log",
        "benchmarks/a.tsv",
        ".snakemake/log/a",
        "state/api/ledger",
        "mine.txt",
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("paid for")
    return folder


def list_files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_clean_removes_results_and_says_what_stays(copy):
    run = make_run(copy / "runs/my run")
    others = [make_run(copy / "runs/my"), make_run(copy / "run")]
    done = make(copy, "clean", "RUN=runs/my run")
    assert done.returncode == 0, done.stderr
    assert list_files(run) == {"state/api/ledger", "mine.txt"}
    assert f"removing {run}/results\n" in done.stdout and f"staying  {run}/state" in done.stdout
    assert all(len(list_files(other)) == 6 for other in others)
    again = make(copy, "clean", "RUN=runs/my run")
    assert again.returncode != 0 and "not a run" in again.stderr


def test_clean_takes_the_checkout_itself_as_a_run(copy):
    make_run(copy)
    done = make(copy, "clean")
    assert done.returncode == 0, done.stderr
    assert not (copy / "results").exists() and (copy / "state/api/ledger").is_file()


def test_clean_removes_a_link_and_not_what_it_points_to(copy):
    run, other = make_run(copy / "runs/one"), make_run(copy / "runs/two")
    shutil.rmtree(run / "results")
    (run / "results").symlink_to(other / "results")
    assert make(copy, "clean", "RUN=runs/one").returncode == 0
    assert not (run / "results").is_symlink() and (other / "results/report.html").is_file()


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ("", "RUN is empty"),
        ("/", "the checkout lies in it"),
        ("..", "the checkout lies in it"),
        ("nowhere", "is not there"),
        ("other project", "not a run"),
        ("$$HOME", "is not there"),
    ],
)
def test_clean_refuses_what_is_no_run(copy, run, message):
    other = copy / "other project"
    for folder in (copy.parent, other):
        make_run(folder)
    shutil.rmtree(other / ".snakemake")
    before = list_files(copy.parent)
    done = make(copy, "clean", f"RUN={run}")
    assert done.returncode != 0 and message in done.stderr, done.stderr
    assert "removing" not in done.stdout and list_files(copy.parent) == before


@pytest.mark.parametrize(
    ("kind", "message"),
    [("link", "is a link to"), ("foreign", "did not make"), ("elsewhere", "/another, so it is not replaced")],
)
def test_env_replaces_nothing_that_it_did_not_make(copy, tmp_path, kind, message):
    target = tmp_path / "elsewhere" if kind == "link" else copy / ".venv"
    (target / "bin").mkdir(parents=True)
    (target / "bin/python").write_text("precious")
    if kind == "link":
        (target / ".installed").touch()
        (copy / ".venv").symlink_to(target)
    if kind == "elsewhere":
        (tmp_path / "another").mkdir()
        (target / ".installed").write_text(f"{tmp_path / 'another'}\n")
    os.utime(copy / "requirements.lock", (2e9, 2e9))
    done = make(copy, "env")
    assert done.returncode != 0 and message in done.stderr, done.stderr
    assert (target / "bin/python").read_text() == "precious"
    assert not list(copy.glob(".venv-*"))


def test_a_build_that_fails_leaves_the_old_environment(copy):
    """A Python that can do nothing stands for a network that is away."""
    (copy / ".venv/bin").mkdir(parents=True)
    (copy / ".venv/bin/python").write_text("old")
    (copy / ".venv/.installed").write_text(f"{copy}\n")
    python = copy / "python"
    python.write_text('#!/bin/sh\ncase " $* " in *" -c "*) exit 0;; esac\necho no network >&2\nexit 1\n')
    python.chmod(0o755)
    os.utime(copy / "requirements.lock", (2e9, 2e9))
    done = make(copy, "env", f"PYTHON={python}")
    assert done.returncode != 0 and "no network" in done.stderr
    assert (copy / ".venv/bin/python").read_text() == "old"
    assert not list(copy.glob(".venv-*"))


def test_a_moved_checkout_makes_its_environment_anew(copy):
    """The build is tried, though the lock is older, since the old place is gone."""
    (copy / ".venv/bin").mkdir(parents=True)
    (copy / ".venv/.installed").write_text(f"{copy.parent / 'its old place'}\n")
    python = copy / "python"
    python.write_text(
        '#!/bin/sh\ncase " $* " in *" -c "*) exit 0;; esac\necho it is built anew >&2\nexit 1\n'
    )
    python.chmod(0o755)
    os.utime(copy / "requirements.lock", (1e9, 1e9))
    assert "it is built anew" in make(copy, "env", f"PYTHON={python}").stderr
    (copy / ".venv/.installed").write_text(f"{copy}\n")
    assert make(copy, "env", f"PYTHON={python}").returncode == 0


def test_clean_removes_nothing_of_a_run_that_is_locked(copy):
    run = make_run(copy / "runs/mine")
    (run / ".snakemake/locks").mkdir()
    assert make(copy, "clean", "RUN=runs/mine").returncode == 0
    run = make_run(run)
    (run / ".snakemake/locks").mkdir()
    (run / ".snakemake/locks/0.input.lock").touch()
    before = list_files(run)
    done = make(copy, "clean", "RUN=runs/mine")
    assert done.returncode != 0 and "--unlock" in done.stderr
    assert list_files(run) == before


def test_every_verb_is_told(copy):
    told = make(copy, "help").stdout
    for verb in ("env", "demo", "plan", "why", "lint", "test", "label", "schema", "clean"):
        assert f"\n{verb} " in f"\n{told}"
