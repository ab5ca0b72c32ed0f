"""Sizes that the house keeps: short adapters, few parameters."""

import ast
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
ADAPTERS = sorted((CHECKOUT / "workflow/scripts").glob("*.py"))
MODULES = sorted((CHECKOUT / "src/unscene").rglob("*.py"))


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.stem)
def test_an_adapter_hands_its_job_to_a_room_and_does_nothing_else(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 15
    assert "with open_job(snakemake) as job:" in text


def list_public(tree: ast.Module) -> list[ast.FunctionDef]:
    """Return the functions of a module, and the methods of its classes, whose names do not begin with an underscore."""
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    return [
        node
        for body in bodies
        for node in body
        if isinstance(node, ast.FunctionDef) and (not node.name.startswith("_") or node.name == "__init__")
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CHECKOUT / "src/unscene")))
def test_no_public_function_has_more_than_seven_parameters(path):
    for function in list_public(ast.parse(path.read_text())):
        arguments = function.args
        names = [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        assert len([name for name in names if name not in ("self", "cls")]) <= 7, function.name
