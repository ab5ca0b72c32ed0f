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


def read_layers(container: str) -> list[set[str]]:
    """Return the layers of the contract on what lies in a package, from the lowest on."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (
        contract
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["containers"] == [container]
    )
    return [set(re.findall(r"\w+", layer)) for layer in contract["layers"]][::-1]


def test_the_order_is_that_of_the_contract():
    assert read_order() == read_layers("unscene")


def test_the_steps_of_the_rewriting_stand_in_the_order_of_their_contract():
    table = PAGE.split("| what is done | files of `rewriting/` |")[1].split("\n\n")[0]
    steps = re.findall(r"`(\w+)/`", table)
    place = {name: level for level, layer in enumerate(read_layers("unscene.rewriting")) for name in layer}
    folders = {path.parent.name for path in (CHECKOUT / "src/unscene/rewriting").glob("*/__init__.py")}
    assert steps == sorted(steps, key=place.get) and set(steps) == folders


def test_files_that_the_page_names_are_there():
    for name in re.findall(r"`((?:[\w-]+/)+[\w.-]+\.\w+)`", PAGE):
        places = (CHECKOUT / name, CHECKOUT / "src/unscene" / name)
        assert any(place.exists() for place in places), f"{name} is not there"
