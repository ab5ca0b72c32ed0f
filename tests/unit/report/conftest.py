"""A run of 30 photos with its report, made once: no test changes its tables."""

import pytest

from fake_run import make_job, make_run
from report_pages import read_made_run
from unscene.report.write_report import write_report


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A run directory of 30 photos with its report: (folder, paths, text of the page)."""
    folder = tmp_path_factory.mktemp("run")
    paths = make_run(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_report(make_job(paths))
    return folder, paths, (folder / "results/report.html").read_text(encoding="utf-8")


@pytest.fixture
def run(built, monkeypatch):
    """The tables of the run, with its folder as the working directory."""
    folder, paths, _ = built
    monkeypatch.chdir(folder)
    return read_made_run(paths)
