"""The documentation as a site: what its pages link to is copied beside them."""

import re
import shlex
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def test_every_file_that_a_page_links_to_is_part_of_the_site():
    """A link elsewhere ends `make docs`, which is strict."""
    (patterns,) = re.findall(r"git ls-files -z (.+?) \|", (CHECKOUT / "Makefile").read_text())
    listed = subprocess.check_output(["git", "ls-files", *shlex.split(patterns)], cwd=CHECKOUT, text=True)
    copied = {CHECKOUT / name for name in listed.splitlines()}
    assert CHECKOUT / "docs/site.css" in copied
    links = 0
    for page in (path for path in copied if path.suffix == ".md"):
        prose = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", prose):
            assert (page.parent / target).resolve() in copied, f"{page.name} links to {target}"
            links += 1
    assert links > 100
