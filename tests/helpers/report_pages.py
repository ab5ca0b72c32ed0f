"""Reports of made-up runs: written, read back, and as a reader sees them."""

import html
import re

from fake_run import make_job, make_lineage
from unscene.report.run import read_run
from unscene.report.write_report import write_report


def read_made_run(paths):
    """Return the run that a report of these files shows."""
    lineage = make_lineage()
    return read_run(paths, lineage["settings"], lineage)


def rebuild(folder, paths, lineage=None) -> str:
    """Write a report in the working directory and return its text."""
    write_report(make_job(paths, lineage=lineage))
    return (folder / "results/report.html").read_text(encoding="utf-8")


def text_of(page: str) -> str:
    """Return what a reader sees, in one line."""
    body = re.sub(r"<style>.*?</style>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
