"""The recipes of CONTRIBUTING.md, read and carried out in a copy of the checkout."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
COPIED = ("src", "workflow", "config", "docs", "tests", "envs", "Snakefile", "pyproject.toml", "Makefile")
LINKED = ("resources", "README.md", "LICENSE")
_STEP = re.compile(
    r"^ *`(?P<path>[^`]+)`(?: \((?P<new>new)\)|, (?P<where>after|before|in place of) `(?P<anchor>[^`]+)`):\n\n"
    r"(?P<indent> *)```\w*\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_CHECK = re.compile(r"^Check:\n\n```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """One block of a recipe: a new file, or lines before, after or in place of the only line with `anchor`."""

    path: str
    where: str
    anchor: str
    code: str


@dataclass(frozen=True)
class Recipe:
    """A recipe: its heading, its steps, and the commands that check it."""

    title: str
    steps: tuple[Step, ...]
    checks: tuple[str, ...]

    def count_files(self) -> tuple[int, int]:
        """Return how many files change: of code, and of tests and pages."""
        paths = {step.path for step in self.steps}
        beside = {path for path in paths if path.startswith(("tests/", "docs/")) or path.endswith(".md")}
        return len(paths - beside), len(beside)

    def apply(self, checkout: Path) -> None:
        """Carry the steps out in a copy of the checkout; ValueError when a file or line is not as the recipe says."""
        for step in self.steps:
            path = checkout / step.path
            if step.where == "new":
                if path.exists():
                    raise ValueError(f"{self.title}: {step.path} is there already")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(step.code, encoding="utf-8")
                continue
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            found = [number for number, line in enumerate(lines) if line.startswith(step.anchor)]
            if len(found) != 1:
                raise ValueError(
                    f"{self.title}: {len(found)} lines of {step.path} start with {step.anchor!r}"
                )
            start = found[0] + (step.where == "after")
            end = found[0] + (step.where != "before")
            lines[start : max(start, end)] = [step.code]
            path.write_text("".join(lines), encoding="utf-8")


def read_recipes(path: Path = CHECKOUT / "CONTRIBUTING.md") -> dict[str, Recipe]:
    """Return the recipes by heading: the parts of the page under a third-level heading."""
    _, *parts = re.split(r"^### (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        title: Recipe(title, tuple(_read_steps(text)), _read_checks(text))
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    }


def copy_checkout(target: Path) -> Path:
    """Copy what a recipe may change, and link the rest."""
    target.mkdir(parents=True)
    for name in COPIED:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copyfile(source, target / name)
    for name in LINKED:
        (target / name).symlink_to(CHECKOUT / name)
    return target


def run_check(command: str, checkout: Path) -> subprocess.CompletedProcess:
    """Run a command of a recipe in the copy, with this interpreter and the copy's own package."""
    tool, _, rest = command.partition(" ")
    line = [sys.executable, "-m", tool, *rest.split()]
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(line, cwd=checkout, env=environment, capture_output=True, text=True)


def _read_steps(text: str) -> list[Step]:
    return [
        Step(
            path=match["path"],
            where=match["new"] or match["where"],
            anchor=match["anchor"] or "",
            code=textwrap.dedent(match["indent"] + "|\n" + match["code"]).split("\n", 1)[1],
        )
        for match in _STEP.finditer(text)
    ]


def _read_checks(text: str) -> tuple[str, ...]:
    match = _CHECK.search(text)
    return tuple(match[1].splitlines()) if match else ()
