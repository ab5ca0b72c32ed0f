"""The documentation as a site: what its pages link to is copied beside them; it is searched from disk."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def pages() -> list[Path]:
    """What `make docs` copies."""
    (patterns,) = re.findall(r"git ls-files -z (.+?) \|", (CHECKOUT / "Makefile").read_text())
    listed = subprocess.check_output(["git", "ls-files", *shlex.split(patterns)], cwd=CHECKOUT, text=True)
    return [Path(name) for name in listed.splitlines()]


def test_every_file_that_a_page_links_to_is_part_of_the_site(pages):
    """A link elsewhere ends `make docs`, which is strict."""
    copied = {CHECKOUT / page for page in pages}
    assert {CHECKOUT / "docs/site.css", CHECKOUT / "docs/iframe-worker.js"} <= copied
    links = 0
    for page in (path for path in copied if path.suffix == ".md"):
        prose = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", prose):
            assert (page.parent / target).resolve() in copied, f"{page.name} links to {target}"
            links += 1
    assert links > 100


@pytest.mark.dear
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium: see tests/README.md")
def test_the_site_is_searched_without_a_server_and_asks_nobody(pages, tmp_path):
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    for page in pages:
        (tmp_path / "build/pages" / page).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CHECKOUT / page, tmp_path / "build/pages" / page)
    shutil.copyfile(CHECKOUT / "mkdocs.yml", tmp_path / "mkdocs.yml")
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "--quiet"], cwd=tmp_path, check=True)
    told = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda asked: asked.url.startswith(("file:", "data:")) or told.append(asked.url))
        page.goto((tmp_path / "build/site/docs/DATA.html").as_uri())
        page.click(".md-search__input")
        page.keyboard.type("placebo")
        found = page.locator(".md-search-result__item a")
        found.first.wait_for(timeout=60_000)
        assert any("docs/EVALUATION.html" in link.get_attribute("href") for link in found.all())
        wide = page.evaluate("document.documentElement.scrollWidth")
        browser.close()
    assert told == [] and wide == 1280
