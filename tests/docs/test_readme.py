"""The README and its Chinese twin stay in step: equal headings, commands, links and table sizes."""

import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
ENGLISH, CHINESE = ((CHECKOUT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md"))


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
