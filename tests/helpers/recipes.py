"""The recipes of CONTRIBUTING.md, read and carried out in a copy of the checkout."""

import os
import re
import shlex
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
    r"^ *`(?P<path>[^`]+)`(?: \((?P<new>new)\)|, (?P<end>at the end)"
    r"|, (?P<where>after the entry|after|before|in place of) `(?P<anchor>[^\n]+)`):\n\n"
    r"(?P<indent> *)```\w*\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_OVERLAY = re.compile(r"^Overlay to try it, `try.yaml`:\n\n```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CHECK = re.compile(r"^Check:\n\n```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """One block of a recipe: a new file, or lines before, after or in place of the only line that
    starts with `anchor`.

    After the entry: after the line that closes the parenthesis in which the anchor stands.
    """

    path: str
    where: str
    anchor: str
    code: str


@dataclass(frozen=True)
class Recipe:
    """A recipe: its heading, its steps, the commands that check it, and the overlay that tries it."""

    title: str
    steps: tuple[Step, ...]
    checks: tuple[str, ...]
    overlay: str

    def count_files(self) -> tuple[int, int]:
        """Return how many files change: of code, and of tests and pages."""
        paths = {step.path for step in self.steps}
        beside = {path for path in paths if path.startswith(("tests/", "docs/")) or path.endswith(".md")}
        return len(paths - beside), len(beside)

    def apply(self, checkout: Path) -> None:
        """Carry the steps out in a copy of the checkout; ValueError when a file or line is not as
        the recipe says.
        """
        for step in self.steps:
            path = checkout / step.path
            if step.where == "new":
                if path.exists():
                    raise ValueError(f"{self.title}: {step.path} is there already")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(step.code, encoding="utf-8")
                continue
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            start, end = self._find(step, lines)
            lines[start:end] = [step.code]
            path.write_text("".join(lines), encoding="utf-8")

    def _find(self, step: Step, lines: list[str]) -> tuple[int, int]:
        """Return which lines a step takes the place of: none where it only adds some."""
        if step.where == "at the end":
            return len(lines), len(lines)
        found = [number for number, line in enumerate(lines) if line.startswith(step.anchor)]
        if len(found) != 1:
            raise ValueError(f"{self.title}: {len(found)} lines of {step.path} start with {step.anchor!r}")
        (at,) = found
        if step.where == "after the entry":
            closing = step.anchor[: len(step.anchor) - len(step.anchor.lstrip()) - 4] + ")"
            at += next(number for number, line in enumerate(lines[at:]) if line.startswith(closing))
        start = at + step.where.startswith("after")
        return start, max(start, at + (step.where != "before"))


def read_recipes(path: Path = CHECKOUT / "CONTRIBUTING.md") -> dict[str, Recipe]:
    """Return the recipes by heading: the parts of the page under a third-level heading."""
    _, *parts = re.split(r"^### (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        title: Recipe(title, tuple(_read_steps(text)), _read_checks(text), _read_overlay(text))
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
    """Run a command of a recipe in the copy, with this interpreter and the copy's own package;
    `make VERB` as `unscene VERB`.
    """
    tool, *rest = shlex.split(command)
    line = [sys.executable, "-m", *(("unscene", *rest) if tool == "make" else (tool, *rest))]
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(line, cwd=checkout, env=environment, capture_output=True, text=True)


def _read_steps(text: str) -> list[Step]:
    return [
        Step(
            path=match["path"],
            where=match["new"] or match["end"] or match["where"],
            anchor=match["anchor"] or "",
            code=textwrap.dedent(match["indent"] + "|\n" + match["code"]).split("\n", 1)[1],
        )
        for match in _STEP.finditer(text)
    ]


def _read_checks(text: str) -> tuple[str, ...]:
    match = _CHECK.search(text)
    return tuple(match[1].splitlines()) if match else ()


def _read_overlay(text: str) -> str:
    match = _OVERLAY.search(text)
    return match[1] if match else ""
