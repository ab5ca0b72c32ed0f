"""The registries of the report: what a section reads, what the rule is given, and that parsing is cheap."""

import html
import subprocess
import sys

import pytest
import yaml

from fake_run import CHECKOUT, add_optional, make_job, make_run
from unscene.evaluation.columns.agreement import AGREEMENT
from unscene.report.costs import tell_cost, tell_plan
from unscene.report.facts import NO_REASON, list_facts
from unscene.report.page import TEMPLATES
from unscene.report.sections import FILES, SECTIONS, list_inputs, list_templates
from unscene.report.write_report import write_report
from unscene.run.tables import read_json, write_json


@pytest.fixture
def config():
    """The embedded default."""
    return yaml.safe_load((CHECKOUT / "config" / "config.yaml").read_text(encoding="utf-8"))


def test_every_file_is_for_a_section_and_every_section_has_files_and_a_template():
    read = {name for section in SECTIONS for name in (*section.files, *section.may)}
    assert read == set(FILES)
    assert len({section.name for section in SECTIONS}) == len(SECTIONS)
    assert all((CHECKOUT / path).is_file() for path in list_templates())
    of_the_pilot = {"pilot.html.j2"}  # a page of its own
    assert {path.name for path in TEMPLATES.glob("*.j2")} - of_the_pilot == {
        path.split("/")[-1] for path in list_templates()
    }


def test_what_a_section_may_show_only_some_runs_have(config):
    config["train"]["arms"] = {"zero_shot": {}}
    config["deploy"]["arm"] = "zero_shot"
    config["train"]["class_folds"] = []
    config["batchsize"]["run"] = False
    given = list_inputs(config)
    assert set(given) == set(FILES)
    absent = {name for name, path in given.items() if not path}
    assert absent == {
        *("accuracy", "chosen", "study_figure"),
        *("certificate", "sweeps", "unseen", "retrieval"),
    }
    for section in SECTIONS:
        assert not absent & set(section.files) or section.name == "batchsize"


def test_what_the_config_asks_for_is_an_input(config):
    config["evaluate"]["alphas"] = [0, 0.5, 1]
    config["train"]["class_folds"] = ["paired"]
    config["batchsize"]["run"] = True
    config["quality"]["labels"] = "labels.csv"
    assert all(list_inputs(config).values())
    assert list_inputs(config)["certificate"] == "results/quality/certificate.json"


def test_a_section_whose_files_a_run_lacks_is_not_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = make_run(tmp_path, photos=6)
    write_report(make_job(given))
    page = (tmp_path / "results/report.html").read_text(encoding="utf-8")
    shown = [section.name for section in SECTIONS if f'<section id="{section.name}">' in page]
    assert shown == [section.name for section in SECTIONS if all(name in given for name in section.files)]
    assert "yields" in shown and "batchsize" not in shown
    assert all((f'href="#{section.name}"' in page) == (section.name in shown) for section in SECTIONS)


def test_what_only_some_runs_have_is_shown_where_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = make_run(tmp_path, photos=6)
    write_report(make_job(add_optional(tmp_path, paths)))
    page = (tmp_path / "results/report.html").read_text(encoding="utf-8")
    assert '<section id="agreement">' in page and "lexicon against mentions, by caption" in page
    for shown in ("WiSE-FT by arm", "Unseen categories", 'id="wise-ft-', "First photos of a few negated"):
        assert shown in page


def test_readers_that_were_not_compared_have_no_section(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = add_optional(tmp_path, make_run(tmp_path, photos=6))
    AGREEMENT.write(AGREEMENT.frame([]), paths["agreement"])
    write_report(make_job(paths))
    page = (tmp_path / "results/report.html").read_text(encoding="utf-8")
    assert "Readers against each other" not in page and 'href="#agreement"' not in page


def test_a_model_that_was_not_asked_is_named_as_one_that_could_have_been():
    known = {"captions": 150, "requests": 10, "model": "gpt-4o", "price_date": "2026-11-22"}
    estimate = {"model": "gpt-4o", "usd": 0.0236}
    billed = {"usd": 0.0}
    offline = known | {"backend": "lexicon", "estimate": estimate, "billed": billed, "settled": None}
    facts, supposed = list_facts(tell_cost(offline))
    assert facts["facts"][0] == ("Backend", "lexicon: it costs nothing, and no model was asked", False)
    assert "gpt-4o" not in str(facts) and NO_REASON not in str(facts)
    assert "gpt-4o" in supposed["title"] and supposed["facts"] == [("USD", "$0.0236", False)]
    paid = offline | {"backend": "api", "settled": {"usd": 0.02}}
    assert tell_cost(paid) == paid


def test_the_workflow_reads_the_registries_without_what_draws_or_computes():
    heavy = "torch open_clip scipy sklearn matplotlib jinja2 cv2 PIL"
    code = (
        f"import sys; import unscene.report.sections; print(*(name for name in '{heavy}'.split() if name in "
        "sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(CHECKOUT / "src")},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == []


def test_alarms_stand_in_red_where_the_verdict_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = make_run(tmp_path, photos=6)
    verdict = read_json(paths["verdict"])
    told = 'a hole is "taken" for <an absence>'
    few = "Alarms not decided, too few photo groups: placebo."
    raised = [{"name": "carried fills", "sentence": told}]
    write_json(verdict | {"alarms": raised, "alarms_not_decided": few}, paths["verdict"])
    write_report(make_job(paths))
    page = (tmp_path / "results/report.html").read_text()
    escaped = html.escape(told).replace("&quot;", "&#34;")
    head, section = (
        f"<p><strong>Alarm, carried fills:</strong> {escaped}</p>",
        f"Alarm, carried fills: {escaped}",
    )
    assert page.count(escaped) == page.count(few) == 2  # at the head and beside the pass rule
    assert page.index('<div class="alarm"') < page.index(head) < page.index("<nav") < page.index(section)


def test_a_difference_that_no_figure_can_have_is_told_as_one_that_cannot_be_shown():
    part = {"items": 720, "what": "pairs", "effects": {"group_score": 0.145}, "reason": None}
    plan = {"weights": {}, "comparison": {"figures": {"group_score": {"detectable": {"3": 3.39, "4": 0.2}}}}}
    plan |= {"rule": {"power": 0.8, "parts": {"group score": part}}}
    assert tell_plan(plan)["rule"]["group score"] == "group_score +14.5 points (720 pairs)"
    figure = tell_plan(plan)["comparison"]["figures"]["group_score"]
    assert (
        figure["detectable"]["3"].startswith("cannot be shown") and figure["detectable"]["4"] == "20.0 points"
    )
