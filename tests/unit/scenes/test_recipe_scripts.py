"""The scripts that made the embedded weights: too dear to run, so at least what they import is there."""

import ast
import importlib

import pytest

from unscene.run.checkout import CHECKOUT

SCRIPTS = sorted((CHECKOUT / "resources/recipe").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_what_a_script_imports_of_the_package_is_there(script):
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unscene"):
            module = importlib.import_module(node.module)
            missing = [each.name for each in node.names if not hasattr(module, each.name)]
            assert not missing, f"{node.module} has no {missing}"
