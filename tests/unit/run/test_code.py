"""The hash of a step's code: what cannot change a value does not count, and everything else does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from unscene.run import code

PLAIN = """
import logging
import math
from unscene.noun import scale

LIMIT = 3
NAMES = ("a", "b")


class Box:
    side: int = 2

    def area(self, factor):
        total = self.side * factor
        for row in range(total):
            if row > LIMIT:
                total += row
        return total


def measure(values, weight=0.5):
    found = [scale(value) for value in values]
    rest, mean = found[1:], math.fsum(found) / len(found)
    if not rest:
        raise ValueError(f"measure: {len(values)} values are too few")
    logging.getLogger("unscene").info("measured %d", len(found))
    return {f"{mean:.2f}!": weight * mean, "rest": rest}
"""
# Each pair: what stands in PLAIN, and what stands there after the edit.
DECIDES_NOTHING = {
    "comment": ("LIMIT = 3", "LIMIT = 3  # a limit"),
    "docstring": ("def measure(values, weight=0.5):\n", 'def measure(values, weight=0.5):\n    """Say."""\n'),
    "layout": ("rest, mean = found[1:], math", "rest, mean = (\n        found[1:]), math"),
    "hint of an argument": ("values, weight=0.5", "values: list[float], weight: float = 0.5"),
    "hint of a result": ("weight=0.5):", "weight=0.5) -> dict:"),
    "hint of a variable": ("found = [", "found: list = ["),
    "hint of a constant": ("LIMIT = 3", "LIMIT: int = 3"),
    "import for a hint": ("import math\n", "import math\nfrom collections.abc import Iterable\n"),
    "local name": ("found", "seen"),
    "local name in a method": ("total", "sum_of_rows"),
    "loop variable": ("row", "line"),
    "message of an error": ("values are too few", "values do not suffice"),
    "log line": ('"measured %d"', '"%d were measured"'),
    "order of imports": ("import logging\nimport math\n", "import math\nimport logging\n"),
}
DECIDES = {
    "constant": ("LIMIT = 3", "LIMIT = 4"),
    "comparison": ("row > LIMIT", "row >= LIMIT"),
    "operator": ("weight * mean", "weight + mean"),
    "default": ("weight=0.5", "weight=0.25"),
    "argument's name": ("weight", "share"),
    "text of a value": ('"rest"', '"remainder"'),
    "format": (":.2f}", ":.3f}"),
    "text of an f-string": ("}!", "}?"),
    "field": ("side: int = 2", "side: int = 3"),
    "field's name": ("side", "edge"),
    "class variable": ("side: int = 2", "side: ClassVar[int] = 2"),
    "order of locals": ("rest, mean = found[1:], math", "mean, rest = found[1:], math"),
    "another local": ('"rest": rest', '"rest": found'),
    "swapped names": ('("a", "b")', '("b", "a")'),
    "kind of error": ("raise ValueError", "raise KeyError"),
    "imported from elsewhere": ("import math", "import cmath as math"),
    "other function of the noun": (
        "from unscene.noun import scale",
        "from unscene.noun import shrink as scale",
    ),
    "slice": ("found[1:]", "found[2:]"),
    "statement gone": ("                total += row\n", "                pass\n"),
}
NOUN = "def scale(value):\n    return 2 * value\n\n\ndef shrink(value):\n    return value / 2\n"


@pytest.fixture
def hash_of(tmp_path, monkeypatch):
    """Return a function that hashes a script `step`, which uses the module `unscene.noun`."""
    (tmp_path / "unscene").mkdir()
    monkeypatch.setattr(code, "SCRIPTS", tmp_path)
    monkeypatch.setattr(code, "SOURCE", tmp_path)
    caches = (code.hash_code, code.list_code, code.read_module)

    def build(script, noun=NOUN):
        (tmp_path / "step.py").write_text(script)
        (tmp_path / "unscene" / "noun.py").write_text(noun)
        for cache in caches:
            cache.cache_clear()
        return code.hash_code("step")

    yield build
    for cache in caches:
        cache.cache_clear()


def edit(pair):
    old, new = pair
    assert old in PLAIN
    return PLAIN.replace(old, new)


@pytest.mark.parametrize("name", DECIDES_NOTHING)
def test_what_cannot_change_a_value_does_not_count(hash_of, name):
    assert hash_of(edit(DECIDES_NOTHING[name])) == hash_of(PLAIN)


@pytest.mark.parametrize("name", DECIDES)
def test_what_can_change_a_value_counts(hash_of, name):
    assert hash_of(edit(DECIDES[name])) != hash_of(PLAIN)


def test_the_modules_that_a_step_uses_count_and_others_do_not(hash_of):
    plain = hash_of(PLAIN)
    assert hash_of(PLAIN, NOUN.replace("2 * value", "3 * value")) != plain
    assert hash_of(PLAIN, NOUN.replace("value", "number", 2)) != plain  # the name of an argument
    assert hash_of(PLAIN, f'"""A noun."""\n{NOUN}') == plain
    apart = PLAIN.replace("from unscene.noun import scale", "scale = abs")
    assert hash_of(apart) == hash_of(apart, NOUN.replace("2 * value", "3 * value"))


def test_a_module_that_only_a_hint_names_does_not_count(hash_of):
    script = "from unscene.noun import scale\n\n\ndef f(a: scale):\n    return a\n"
    assert hash_of(script) == hash_of(script, NOUN.replace("2 * value", "3 * value"))


def test_the_reason_of_a_row_counts_and_what_a_declaration_says_does_not(hash_of):
    raised = 'def f():\n    raise PhotoError("broken", "no image")\n'
    assert hash_of(raised) != hash_of(raised.replace("no image", "not an image"))
    column = 'C = Column("side", "number", "how long it is", "px")\n'
    assert hash_of(column) == hash_of(column.replace("how long it is", "its length"))
    assert hash_of(column) != hash_of(column.replace("side", "edge"))
    assert hash_of(column) != hash_of(column.replace('"number"', '"integer"'))


def test_other_pythons_give_the_same_hashes(checkout, tmp_path):
    """A finished run is kept when its Python is upgraded. Skipped where there is one Python only."""
    asked = (
        "from unscene.run import code; print({p.stem: code.hash_code(p.stem) for p in"
        " sorted(code.SCRIPTS.glob('*.py'))})"
    )
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src"), "PYTHONDONTWRITEBYTECODE": "1"}

    def ask(python):
        return subprocess.run(
            [python, "-c", asked], env=environment, capture_output=True, text=True, check=True
        ).stdout

    others = [p for version in ("3.11", "3.12", "3.13", "3.14") if (p := find_python(version))]
    if not others:
        pytest.skip("no other Python is here")
    mine = ask(sys.executable)
    assert len(mine) > 1000
    for python in others:
        assert ask(python) == mine, python


def find_python(version: str) -> str | None:
    """Return another Python of this version, on the path or among pyenv's."""
    roots = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    roots += sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin"))
    found = [root / f"python{version}" for root in roots if (root / f"python{version}").is_file()]
    this = f"{sys.version_info.major}.{sys.version_info.minor}"
    for python in found:
        works = subprocess.run([python, "-c", "import ast"], capture_output=True).returncode == 0
        if works and version != this:
            return str(python)
    return None
