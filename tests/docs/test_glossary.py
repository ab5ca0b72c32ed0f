"""The glossary: a word that it gives up for another one is used nowhere."""

import re
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDERS = ("src", "workflow", "config", "docs", "tests", "profiles", "envs")
PAGES = ("README.md", "CONTRIBUTING.md", "Makefile", "Snakefile", "pyproject.toml")
KINDS = {".py", ".smk", ".md", ".yaml", ".j2", ".html", ".rst"}
GLOSSARY = CHECKOUT / "docs" / "GLOSSARY.md"


def read_glossary() -> dict[str, list[str]]:
    """Return each word of the glossary with what is not said for it."""
    rows = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \| ?([^|]*)\|$", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE
    )
    return {
        word.strip(): [name.strip() for name in given_up.split(",") if name.strip()]
        for word, _, given_up in rows
        if word.strip() not in ("word", "---")
    }


@cache
def read_pages() -> dict[Path, str]:
    """Return the text of what is written here, every run of white space and comment signs as one space."""
    own = {GLOSSARY, Path(__file__).resolve(), CHECKOUT / "CHANGELOG.md"}
    paths = [path for folder in FOLDERS for path in (CHECKOUT / folder).rglob("*") if path.suffix in KINDS]
    paths += [CHECKOUT / name for name in PAGES]
    texts = {path: path.read_text(encoding="utf-8") for path in paths if path not in own}
    return {path: re.sub(r"[\s#]+", " ", text).lower() for path, text in texts.items()}


GIVEN_UP = [(name, word) for word, names in read_glossary().items() for name in names]


def test_a_word_stands_once_and_none_is_given_up_for_itself():
    text = GLOSSARY.read_text(encoding="utf-8")
    words = re.findall(r"^\| ([^|]+?) \|", text, re.MULTILINE)
    words = [word for word in words if word not in ("word", "---")]
    assert len(words) == len(set(words)) > 60
    assert not set(words) & {name for name, _ in GIVEN_UP}


@pytest.mark.parametrize(("name", "word"), GIVEN_UP)
def test_what_is_given_up_for_another_word_is_used_nowhere(name, word):
    pattern = re.compile(rf"\b{re.escape(name.lower())}s?\b")
    found = [str(path.relative_to(CHECKOUT)) for path, text in read_pages().items() if pattern.search(text)]
    assert not found, (
        f"{name!r} is called {word!r} (docs/GLOSSARY.md); it is still used in {', '.join(found)}"
    )
