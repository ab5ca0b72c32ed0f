"""The recipes of CONTRIBUTING.md: each is carried out in a copy of the checkout, checked, and its
files are counted.
"""

import re

import pytest

from recipes import CHECKOUT, copy_checkout, read_recipes, run_check

# Files of code, and of tests and pages, that a change may take at most.
LIMITS = {
    "A remover": (5, 2),
    "A term of a loss": (3, 3),
    "A quality score": (6, 3),
    "An external benchmark": (3, 2),
    "A reader of a source's format": (4, 2),
    "A report figure from a new table": (4, 1),
    "A word list": (3, 3),
    "An OpenAI-compatible endpoint": (1, 1),
}
RECIPES = read_recipes()


def test_every_change_has_its_recipe():
    assert list(RECIPES) == list(LIMITS)


@pytest.mark.parametrize("title", LIMITS)
def test_recipe_takes_no_more_files_than_it_may_and_the_page_says_how_many(title):
    code, beside = RECIPES[title].count_files()
    assert (code, beside) <= LIMITS[title] and beside <= LIMITS[title][1]
    page = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    anchor = re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
    assert re.search(rf"\(#{anchor}\) \| {code} \| {beside} \|", page)


@pytest.mark.workflow
@pytest.mark.parametrize("title", LIMITS)
def test_recipe_works_as_it_is_written(title, tmp_path):
    recipe = RECIPES[title]
    checkout = copy_checkout(tmp_path / "checkout")
    recipe.apply(checkout)
    (checkout / "try.yaml").write_text(recipe.overlay, encoding="utf-8")
    for name in re.findall(r"\bmine\.\w+", recipe.overlay):
        (checkout / name).touch()
    assert any(command.startswith("snakemake --dry-run") for command in recipe.checks)
    for command in ("make schema", "unscene.run.code_versions keep", *recipe.checks):
        run = run_check(command, checkout)
        assert run.returncode == 0, f"{command}\n{run.stdout[-3000:]}{run.stderr[-3000:]}"
