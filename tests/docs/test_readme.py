"""The README and its Chinese twin stay in step: equal headings, commands, links and table sizes. Their
figures are those of docs/RESULTS.md, and the first screen says losses as plainly as gains.
"""

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
ENGLISH, CHINESE = ((CHECKOUT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md"))

RESULTS = (CHECKOUT / "docs/RESULTS.md").read_text(encoding="utf-8")
STUDY = RESULTS[: RESULTS.index("## What the demo shows")]
# What the first screen tells from the left to the right figure, and where docs/RESULTS.md has both.
FIRST_SCREEN = {
    "gains": [
        r"\| absence AUC, \"a photo with no o\".*?\| {} \|.*\*\*{}\*\*",
        r"\| \"X but no o\": violated in the first ten \| {} %.*\| {} % \[",
    ],
    "losses": [
        r"\| absence AUC, negation words that training has not \| {} \|.*\| {} \[",
        r"\| affirmative with a negative word .*?\| {} \|.*\| {} \[",
        r"for\s+{1}\s+%\s+\({0}\s+untuned",
    ],
    "second list": [r"reach\s+{1}\s+on\s+average\s+\(untuned\s+{0}\)"],
    "rule": [r"\*not shown\* to hold: {1} of its {0} parts hold, none fails"],
}


def list_figures(line: str) -> list[str]:
    """Return the numbers of a line, without signs and marks."""
    return re.findall(r"(?<![\w.])\d*\.?\d+", line.replace(",", ""))


def list_commands(page: str) -> list[str]:
    """Return the lines of code without their comments."""
    lines = [line for line in page.splitlines() if line.startswith("    ")]
    return [re.sub(r"\s+#.*", "", line).strip() for line in lines]


def list_links(page: str) -> list[str]:
    """Return where links lead, in order of their names, since a translation moves words."""
    return sorted(re.findall(r"\]\(([^)]+)\)", page))


def test_both_have_the_same_headings():
    levels = [
        [line.split(" ")[0] for line in page.splitlines() if line.startswith("#")]
        for page in (ENGLISH, CHINESE)
    ]
    assert levels[0] == levels[1] and len(levels[0]) > 5


def test_both_have_the_same_commands():
    assert list_commands(ENGLISH) == list_commands(CHINESE) and "make demo" in list_commands(ENGLISH)


def test_both_lead_to_the_same_pages():
    assert list_links(ENGLISH) == list_links(CHINESE)


def test_both_have_the_same_rows_and_code_words():
    rows = [sum(line.startswith("|") for line in page.splitlines()) for page in (ENGLISH, CHINESE)]
    assert rows[0] == rows[1]
    words = [
        sorted(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", page, flags=re.S)))
        for page in (ENGLISH, CHINESE)
    ]
    assert words[0] == words[1]


def test_every_link_of_the_readme_leads_somewhere():
    paths = [link.partition("#")[0] for link in list_links(ENGLISH) if "://" not in link]
    assert paths and [path for path in paths if not (CHECKOUT / path).exists()] == []


def test_every_command_of_the_package_that_the_readme_names_is_there():
    from unscene.cli.command import COMMANDS

    named = set(re.findall(r"(?:`|^ {4})unscene ([a-z]+)", ENGLISH, re.MULTILINE))
    assert len(named) > 4 and named <= set(COMMANDS)


@pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=["english", "chinese"])
def test_the_first_screen_tells_gains_losses_and_the_rule_by_the_figures_of_the_results(page):
    """Four points of a list above the first heading, in the first lines; a loss for each gain at least."""
    screen = page[: page.index("\n## ")]
    points = re.findall(r"^\* \*\*.*(?:\n  .*)*", screen, re.MULTILINE)
    assert len(points) == 4 and len(screen.splitlines()) <= 27 and "(docs/RESULTS.md)" in points[3]
    gains, losses, second = (re.findall(r"(\d*\.\d+) → (\d*\.\d+)", point) for point in points[:3])
    assert len(losses) >= len(gains) == len(FIRST_SCREEN["gains"])
    held = [sorted(list_figures(points[3]), key=int, reverse=True)[:2]]
    for pairs, places in zip((gains, losses, second, held), FIRST_SCREEN.values(), strict=True):
        for figures, place in zip(pairs, places, strict=True):
            stands = place.format(*map(re.escape, figures))
            assert re.search(stands, STUDY), f"{figures}: not in docs/RESULTS.md as {stands}"


@pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=["english", "chinese"])
def test_the_table_has_the_figures_of_the_results(page):
    """Each figure of a row, rounded or not, stands in one row of the study's tables; of the group score the
    interval stands below them.
    """
    rows = re.findall(r"^\| 7,000 .*\n\|[-|]+\n((?:\|.*\n)+)", page, re.MULTILINE)
    told = [[re.findall(r"\d*\.?\d+", cell) for cell in row.split("|")[2:6]] for row in rows[0].splitlines()]
    known = [list_figures(line) for line in STUDY.splitlines() if line.startswith(("|", "*"))]
    joined = [
        [*above, *below] for above, below in zip(known, known[1:], strict=False)
    ]  # recalls have two rows
    group = [figure for line in known for figure in line]
    assert len(told) == 9
    for row in told:
        figures = [figure for cell in row for figure in cell]
        assert any(stand_in(figures, line) for line in (*known, *joined)) or (
            figures[0] == "8.8" and stand_in(figures, group)
        ), row


def stand_in(figures: list[str], known: list[str]) -> bool:
    """Tell whether each figure is one of the known ones, or one of them rounded to its decimals."""

    def is_known(figure: str) -> bool:
        decimals = len(figure.partition(".")[2])
        return any(f"{float(one):.{decimals}f}" == f"{float(figure):.{decimals}f}" for one in known)

    return all(map(is_known, figures))
