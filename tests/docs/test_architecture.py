"""The page on the architecture: it names the rooms that are there, in the order that the contract
of imports has.
"""

import re
import tomllib
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = (CHECKOUT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")


def read_order() -> list[set[str]]:
    """Return the rooms as the page has them, from the first on; rooms on one line are one step."""
    table = PAGE.split("| room | what it holds |")[1].split("\n\n")[0]
    return [set(re.findall(r"`(\w+)`", line.split("|")[1])) for line in table.splitlines()[2:]]


def test_every_room_is_there_once():
    rooms = {path.parent.name for path in (CHECKOUT / "src/unscene").glob("*/__init__.py")}
    named = [room for step in read_order() for room in step]
    assert sorted(named) == sorted(rooms)


def test_the_order_is_that_of_the_contract():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = project["tool"]["importlinter"]["contracts"]
    layers = [set(re.findall(r"\w+", layer)) for layer in contract["layers"]]
    assert read_order() == layers[::-1]


def test_files_that_the_page_names_are_there():
    for name in re.findall(r"`((?:[\w-]+/)+[\w.-]+\.\w+)`", PAGE):
        places = (CHECKOUT / name, CHECKOUT / "src/unscene" / name)
        assert any(place.exists() for place in places), f"{name} is not there"
