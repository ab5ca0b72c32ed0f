"""The report: every number comes from a table, nothing outside the file is needed, and nulls say why."""

import json
import re
import shutil

import pandas as pd
import pytest

from fake_run import ARMS, make_lineage, make_run
from report_pages import read_made_run, rebuild, text_of
from unscene.report.page import EMBEDDED_CAVEAT
from unscene.run.tables import TableError, read_table, write_table


def test_page_needs_nothing_outside_itself(built):
    _, _, page = built
    assert "<link" not in page and "@import" not in page and "<script src" not in page
    assert not re.search(r"fetch\(|XMLHttpRequest|import\(|https?://", page.partition("<script>")[2])
    assert all(target.startswith("#") for target in re.findall(r'href="([^"]*)"', page))
    sources = re.findall(r'src="([^"]*)"', page)
    assert sources and all(source.startswith("data:image/") for source in sources)
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", page))


def test_page_is_accessible(built):
    _, _, page = built
    assert all(' alt="' in tag and 'alt=""' not in tag for tag in re.findall(r"<img[^>]*>", page))
    for table in re.findall(r"<table>.*?</table>", page, flags=re.DOTALL):
        assert '<th scope="col"' in table
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for target in re.findall(r'href="#([^"]*)"', page) + re.findall(r"url\(#([^)]*)\)", page):
        assert target in ids
    assert page.count('role="img" aria-label="') == page.count("<svg ")


def test_same_inputs_give_the_same_bytes(built, monkeypatch, tmp_path):
    folder, _, page = built
    shutil.copytree(folder, tmp_path / "again")
    monkeypatch.chdir(tmp_path / "again")
    paths = make_run(tmp_path / "again")
    assert rebuild(tmp_path / "again", paths) == page


def test_captions_are_escaped(built):
    _, _, page = built
    assert "&lt;green&gt; grass" in page and "<green>" not in page


def test_embedded_sources_carry_the_caveat_and_real_ones_do_not(built, monkeypatch):
    folder, paths, page = built
    monkeypatch.chdir(folder)
    assert EMBEDDED_CAVEAT in page
    real = make_lineage({"name": "scenes", "format": "coco", "photos": 30, "captions": "a", "images": "b"})
    assert EMBEDDED_CAVEAT not in rebuild(folder, paths, real)


def test_no_accepted_pair(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = text_of(rebuild(tmp_path, make_run(tmp_path, photos=8, accept=0.0)))
    assert f"The group score of {ARMS[-1]} was not measured: no edit was accepted" in page
    assert "Pair scores were not measured: no accepted pair was tested" in page
    assert "No edit was accepted." in page and "nan" not in page.lower().split()


def test_one_arm_and_one_photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lineage = make_lineage()
    lineage["settings"]["deploy"]["arm"] = "zero_shot"
    page = text_of(
        rebuild(tmp_path, make_run(tmp_path, photos=1, arms=("zero_shot",), accept=1.0, seed=3), lineage)
    )
    assert "zero_shot has a group score of" in page
    assert "The difference from originals was not measured: comparison.csv has no such contrast." in page


def test_nothing_at_all(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = make_run(tmp_path, photos=4, accept=0.0)
    for name in (
        "samples",
        "rejected_samples",
        "keywords",
        "masks",
        "edits",
        "captions",
        "scores",
        "rejected_edits",
        "folds",
    ):
        write_table(read_table(paths[name]).iloc[:0], paths[name])
    shutil.rmtree("benchmarks")
    shutil.rmtree("logs")
    page = text_of(rebuild(tmp_path, paths))
    assert "Times were not measured: there are no benchmark files" in page
    assert "no log of a job is there" in page
    assert "no caption names a word of the vocabulary" in page


def test_missing_column_is_named(built, tmp_path, monkeypatch):
    folder, paths, _ = built
    monkeypatch.chdir(folder)
    pd.DataFrame({"arm": [], "metric": []}).to_csv(tmp_path / "summary.csv", index=False)
    with pytest.raises(TableError, match="column mean, low, high, n is missing"):
        read_made_run({**paths, "summary": tmp_path / "summary.csv"})
    (tmp_path / "summary.csv").write_text("")
    with pytest.raises(TableError, match=r"summary\.csv: cannot be read as CSV"):
        read_made_run({**paths, "summary": tmp_path / "summary.csv"})


def test_page_shows_the_tables_numbers(built):
    folder, paths, page = built
    shown = text_of(page)
    summary = pd.read_csv(folder / paths["summary"])
    for row in summary[summary["metric"].isin(["text_score", "image_score", "group_score"])].itertuples():
        assert f"{100 * row.mean:.1f}\u202f%" in page
    assert all(arm in shown for arm in ARMS)
    assert "16.7\u202f%" in page and "25.0\u202f%" in page
    assert "not measured: no true backgrounds" in shown and "not measured: the lexicon bills nothing" in shown
    assert json.dumps("0123456789abcdef").strip('"') in shown
    assert all(path in shown for path in paths.values())


def test_page_shows_the_pass_rule_and_the_figures_of_the_arms(built):
    page = built[2]
    assert "The pass rule is not decided: no measured part fails." in text_of(page)
    assert "group score on unfiltered test pairs: paired 40.0 %." in text_of(page)
    for name in ("forest", "classes-absence_auc_bare"):
        assert f'id="{name}-' in page
    assert "WiSE-FT" not in text_of(page)  # this run swept nothing
