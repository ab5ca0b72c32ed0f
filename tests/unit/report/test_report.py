"""The report: every number comes from a table, nothing outside the file is needed, and nulls say why."""

import copy
import html
import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from fake_run import ARMS, make_job, make_lineage, make_run
from unscene.captions.writers import count_writers
from unscene.provenance.circumstances import read_versions
from unscene.quality.scores import SCORES
from unscene.report import figures, numbers
from unscene.report.examples import MAX_BYTES, THUMBNAIL_PX, choose_examples, make_thumbnail
from unscene.report.facts import list_facts, look_up
from unscene.report.further_tables import list_tables
from unscene.report.page import EMBEDDED_CAVEAT, TEMPLATES
from unscene.report.run import read_run
from unscene.report.scores import describe_scores, judge, list_arms, list_metrics, name_metric, write_verdict
from unscene.report.sections import PAGE
from unscene.report.terms import describe_arm, explain
from unscene.report.times import count_items, read_benchmarks, read_device_times
from unscene.report.write_report import write_report
from unscene.report.yields import count_classes, count_folds, count_steps, count_unread, list_reasons
from unscene.run.tables import TableError, read_table, write_table


@pytest.fixture(scope="module")
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
    return read(paths)


def read(paths):
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


def test_figures_take_their_colours_from_the_page(built):
    _, _, page = built
    drawn = "".join(re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL))
    assert "var(--series)" in drawn and "var(--accent)" in drawn
    assert not re.search(r"#[0-9a-f]{6}\b", drawn)
    assert "DejaVu" not in drawn


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


def test_who_wrote_the_captions_is_told(run):
    captions = pd.DataFrame(
        {
            "source": ["gpt-6-luna"] * 6 + ["grammar_fallback"] * 3 + ["template_fallback", ""],
            "status": ["ok"] * 10 + ["failed"],
        }
    )
    rows = {row["writer"]: (row["count"], row["share"]) for row in count_writers(captions)}
    assert rows["the model gpt-6-luna"] == (6, 0.6)
    assert [number for number, _ in rows.values()] == [6, 3, 0, 1]
    offline = count_writers(captions.assign(source="template"))
    assert offline[0] == {"writer": "the offline grammar", "count": 10, "share": 1.0}
    assert count_unread(run) == []
    run.keywords.loc[run.keywords.index[:3], "obstacle"] = "not English: Thai script"
    assert count_unread(run) == [{"obstacle": "not English", "count": 3, "words": 3}]


def test_steps_add_up(run):
    steps = {(step["unit"], step["label"]): step for step in count_steps(run)}
    assert steps["edits", "wanted"]["count"] == len(run.pairs) + len(run.rejected_edits)
    assert steps["photos", "items read"]["count"] == 33 and steps["photos", "usable photos"]["count"] == 30
    assert steps["captions", "naming a word"]["share"] == pytest.approx(0.8)
    assert steps["edits", "accepted pairs"]["share"] == pytest.approx(len(run.pairs) / len(run.edits))
    refused = sum(row["count"] for row in list_reasons(run) if row["step"] == "wanted edits")
    assert refused == len(run.rejected_edits)
    classes = count_classes(run)
    assert sum(row["pairs"] for row in classes) == len(run.pairs)
    assert sum(row["wanted"] for row in classes) == len(run.masks)
    assert sum(row["pairs"] for row in count_folds(run)) == len(run.pairs)


def test_many_reasons_are_grouped_and_none_is_lost(run):
    run.rejected_edits = pd.DataFrame(
        {"edit_id": [str(n) for n in range(40)], "reason": [f"edit: failed: code {n}" for n in range(40)]}
    )
    rows = [row for row in list_reasons(run) if row["step"] == "wanted edits"]
    assert [(row["reason"], row["count"]) for row in rows] == [("edit: failed", 40)]


@pytest.mark.parametrize(
    ("limits", "outcome"),
    [
        ((0.01, 0.2), "better"),
        ((-0.2, -0.01), "worse"),
        ((-0.1, 0.2), "no clear difference"),
        ((np.nan, 0.2), "not measured"),
        ((0.01, 0.2, 0.005, 0.3), "better"),
        ((0.01, 0.2, -0.1, 0.3), "no clear difference"),
        ((-0.2, -0.1, -0.4, 0.1), "no clear difference"),
        ((0.01, 0.2, np.nan, np.nan), "better"),
    ],
)
def test_claims_need_both_intervals(limits, outcome):
    assert judge(*limits) == outcome


def test_verdict_is_made_from_the_comparison(run):
    rows = run.comparison
    wanted = (rows["contrast"] == "paired_rank-originals") & (rows["metric"] == "group_score")
    columns = ["difference", "low", "high", "corrected_t_low", "corrected_t_high"]
    run.comparison.loc[wanted, columns] = [0.031, 0.011, 0.052, -0.02, 0.09]
    sentences = write_verdict(run, "paired_rank", 0.95)
    mean = run.summary.set_index(["arm", "metric"]).loc[("paired_rank", "group_score"), "mean"]
    assert f"{100 * mean:.1f}" in sentences[0] and f"{len(run.pairs)} held-out pairs" in sentences[0]
    assert sentences[1].startswith("It is better than zero_shot (+40.0 points")
    assert sentences[2] == (
        "There is no clear difference from originals (+3.1 points, +1.1 to +5.2 over these pairs, but "
        "\u22122.0 to +9.0 by the corrected t over folds)."
    )


def test_verdict_says_what_is_missing(run):
    run.comparison = run.comparison[run.comparison["contrast"] != "paired_rank-originals"]
    assert "comparison.csv has no such contrast" in write_verdict(run, "paired_rank", 0.95)[2]
    assert write_verdict(run, "lora", 0.95) == [
        "The group score of lora was not measured: summary.csv has no arm lora."
    ]


def test_scores_know_their_thresholds_and_nulls(run):
    scores = {
        row["name"]: row
        for row in describe_scores(run, {"max_seam": 0.4, "min_change": None, "min_clip_drop": 0})
    }
    assert scores["seam"]["passed"] == pytest.approx((run.scores["seam"] <= 0.4).mean())
    assert scores["change"]["bounds"] == {} and scores["change"]["passed"] is None
    assert (
        scores["clip_drop"]["nulls"] == len(run.scores)
        and scores["clip_drop"]["reason"] == "no real CLIP weights"
    )
    assert list(scores) == list(SCORES)


def test_arms_keep_the_order_of_the_summary(run, built):
    _, _, page = built
    assert list_arms(run) == list(ARMS)
    table = page[page.index("Pair scores by arm") :]
    assert [table.index(f'<th scope="row">{arm}</th>') for arm in ARMS] == sorted(
        table.index(f'<th scope="row">{arm}</th>') for arm in ARMS
    )


def test_metrics_are_sorted_by_kind(run):
    kinds = list_metrics(run)
    assert kinds["pair"] == ["text_score", "image_score", "group_score"]
    assert {"presence_auc", "wanted_at_10"} <= set(kinds["other"])
    assert not set(kinds["other"]) & {*kinds["pair"], *kinds["retrieval"]}
    assert [name_metric(name) for name in kinds["retrieval"][:3]] == [
        f"image to text R@{k}" for k in (1, 5, 10)
    ]


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


def test_real_photos_stay_small(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lineage = make_lineage()
    lineage["settings"]["report"]["examples"] = 12
    page = rebuild(tmp_path, make_run(tmp_path, photos=14, side=640), lineage)
    assert len(page.encode()) < 6_000_000
    assert "data:image/jpeg" in page


def test_pictures_stop_at_the_byte_limit(run, monkeypatch):
    everything = choose_examples(run, 7, 100)
    assert len(everything["accepted"]) == len(run.pairs)
    assert {e["edit_id"] for e in everything["refused"]} <= set(run.rejected_edits["edit_id"])
    monkeypatch.setattr("unscene.report.examples.MAX_BYTES", 1)
    assert len(choose_examples(run, 7, 100)["accepted"]) == 1
    assert MAX_BYTES < 6_000_000


def test_examples_take_turns_over_categories(run):
    chosen = choose_examples(run, 7, 4)["accepted"]
    assert len({example["category"] for example in chosen}) == 4
    assert [e["edit_id"] for e in chosen] == [e["edit_id"] for e in choose_examples(run, 7, 4)["accepted"]]


def test_missing_photo_is_told_and_changed_edit_is_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = make_run(tmp_path, photos=6, accept=1.0)
    shutil.rmtree("results/scenes")
    assert "cannot be shown: missing:" in text_of(rebuild(tmp_path, paths))
    edits = read_table(paths["edits"])
    write_table(edits.assign(edited_sha256="0" * 64), paths["edits"])
    with pytest.raises(ValueError, match="its content changed"):
        rebuild(tmp_path, paths)


def test_thumbnails_fit():
    wide = make_thumbnail(Image.new("RGB", (640, 100)))
    assert (wide["width"], wide["height"], wide["lossless"]) == (THUMBNAIL_PX, 40, False)
    assert make_thumbnail(Image.new("RGB", (64, 64)))["lossless"]


def test_missing_column_is_named(built, tmp_path, monkeypatch):
    folder, paths, _ = built
    monkeypatch.chdir(folder)
    pd.DataFrame({"arm": [], "metric": []}).to_csv(tmp_path / "summary.csv", index=False)
    with pytest.raises(TableError, match="column mean, low, high, n is missing"):
        read({**paths, "summary": tmp_path / "summary.csv"})
    (tmp_path / "summary.csv").write_text("")
    with pytest.raises(TableError, match=r"summary\.csv: cannot be read as CSV"):
        read({**paths, "summary": tmp_path / "summary.csv"})


def test_times_come_from_the_benchmarks(run, built):
    rows, absent = read_benchmarks(run)
    by_rule = {row["rule"]: row for row in rows}
    assert by_rule["remove_objects"]["seconds_per_item"] == pytest.approx(140 / len(run.edits))
    assert by_rule["segment_objects"]["items"] == 30
    assert by_rule["compare_arms"]["memory_mb"] is None
    assert "parse_keywords" in absent and "write_report" not in absent
    assert read_versions("logs") == {"open_clip_torch": "3.1.0", "python": "3.11.2", "torch": "2.8.0"}


def test_what_is_read_of_a_pool_counts_as_read(run, built):
    """Its shards are read by the same rule, so that its photos are items of these jobs."""
    pool = {"name": "pool", "format": "embedded", "photos": 100, "seed": 3, "pool": True}
    without, settings = count_items(run), copy.deepcopy(run.settings)
    settings["samples"]["sources"].append(pool)
    counted = count_items(replace(run, settings=settings))
    assert counted["read_samples"][1] == without["read_samples"][1] + 100
    assert counted["render_pool"][1] == without["render_pool"][1] + 100
    assert counted["answer_keywords"] == without["answer_keywords"]
    asked = {"name": "web", "format": "folder", "folder": "web", "photos": 7, "pool": True}
    settings["samples"]["sources"].append(asked)
    assert "answer_keywords" not in count_items(replace(run, settings=settings))


def test_device_times_are_those_of_one_device(run, built, tmp_path):
    rows = read_device_times("benchmarks")
    assert [row["rule"] for row in rows] == ["segment_objects", "remove_objects", "make_sham_edits"]
    assert rows[1] == {
        "rule": "remove_objects",
        "shards": 2,
        "items": 40,
        "resumed": 2,
        "items_per_s": 2.0,
        "busy_share": pytest.approx(0.85),
        "devices": ["NVIDIA A100"],
    }
    shown = "remove_objects 2 40 and 2 of an earlier, stopped run 2.00 85.0 % NVIDIA A100"
    assert shown in " ".join(text_of(built[2]).split())
    stage = tmp_path / "segment_objects"
    stage.mkdir()
    (stage / "a.device.json").write_text('{"items": 0, "resumed": 4, "wall_s": 0.0, "device_s": 0.0}')
    [row] = read_device_times(tmp_path)  # all of it was done by an earlier run, which knew no device
    assert row["items_per_s"] is None and row["busy_share"] is None and row["devices"] == ["not recorded"]
    assert read_device_times(tmp_path / "nowhere") == []


def test_every_null_has_its_reason():
    parts = list_facts(
        {
            "a": {"precision": None, "reason": "no truth"},
            "psnr_db": {
                "edit": {"mean": 16.25, "low": 16.0, "high": 16.5, "n": 9},
                "telea": None,
                "telea_reason": "off",
            },
            "c": None,
            "d": {"value": None, "reason": "unknown"},
        }
    )
    facts = {(part["title"], name): value for part in parts for name, value, _ in part["facts"]}
    assert facts == {
        ("A", "Precision"): "not measured: no truth",
        ("PSNR dB", "Edit"): "16.2\u202fdB (16 to 16.5, n = 9)",
        ("PSNR dB", "Telea"): "not measured: off",
        ("", "C"): "not measured: no reason recorded",
        ("", "D"): "not measured: unknown",
    }


def test_a_dict_of_dicts_beside_a_dict_of_facts_is_a_table_of_its_own():
    study = {
        "prompts": {"5": 400, "10": 200},
        "sizes": {"5": {"power": 0.9, "error": 0.1}, "10": {"power": 0.8, "error": 0.2}},
    }
    prompts, sizes = list_facts({"batchsize": study})
    assert [fact[:2] for fact in prompts["facts"]] == [("5", "400"), ("10", "200")]
    assert sizes["table"]["columns"][1:] == ["Power", "Error"]
    assert [row[0][0] for row in sizes["table"]["rows"]] == ["5", "10"]


def test_like_dicts_become_a_table():
    (part,) = list_facts(
        {"by_class": {"dog": {"precision": 0.5, "n": 2}, "car": {"precision": None, "n": 0}}}
    )
    assert part["table"]["columns"] == ["", "Precision", "N"]
    assert part["table"]["rows"][0] == [("dog", False), ("50.0\u202f%", True), ("2", True)]
    assert part["table"]["rows"][1][1][0].startswith("not measured")


def test_look_up_gives_the_nearest_reason():
    truth = {
        "s": {
            "edits": {"psnr": None, "reason": "no true photos"},
            "masks": {"iou": {"mean": 0.9, "low": 0.8, "high": 1.0}},
        }
    }
    assert look_up(truth, ("s", "edits", "psnr_db", "edit")) == ("not measured: no true photos", True)
    assert look_up(truth, ("t", "edits")) == ("not measured: no reason recorded", True)
    assert look_up(truth, ("s", "masks", "iou")) == ("0.900 (0.8 to 1)", False)


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


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (numbers.percent(1 / 6), "16.7\u202f%"),
        (numbers.points(-0.031), "\u22123.1"),
        (numbers.points(None), "not measured"),
        (numbers.interval(0.5, float("nan")), "no interval"),
        (numbers.duration(0.07), "70\u202fms"),
        (numbers.duration(140), "2.33\u202fmin"),
        (numbers.count(30000), "30,000"),
        (numbers.megabytes(2048), "2.0\u202fGB"),
        (numbers.by_name("keyword_usd", 3.609), "$3.61"),
        (numbers.by_name("usd", 0.0123), "$0.0123"),
        (numbers.by_name("total_bytes", 12_345_678), "12.3\u202fMB"),
        (numbers.by_name("psnr_edit", 16.31), "16.3\u202fdB"),
        (numbers.plain(True), "yes"),
        (numbers.plain(pd.NA), "not measured"),
        (numbers.p_value(0.0), "< 0.001"),
    ],
)
def test_numbers(value, text):
    assert value == text


def test_figures_survive_extremes():
    assert figures.draw_distributions([]) == []
    one = {"name": "seam", "values": np.array([1e-9, 2.0, 1e9]), "bounds": {"min": 1e-12}}
    assert len(figures.draw_distributions([one])) == 1
    assert len(figures.draw_distributions([one] * 5)) == 2
    svg = figures.draw_arms(["a"], {"group_score": {"a": {"mean": 0.2, "low": np.nan, "high": np.nan}}}, "a")
    assert svg.startswith("<svg class=") and svg.endswith("</svg>")


def test_figures_for_a_paper_have_the_light_colours_of_the_page(tmp_path):
    drawing = figures.Drawing(
        "dot", 60, lambda figure: figure.subplots().plot([0], [0], "o", color=figures.GOOD)
    )
    for name in ("one.pdf", "two.pdf"):
        drawing.save_pdf(tmp_path / name)
    assert (tmp_path / "one.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    assert "var(--good)" in drawing.to_svg() and "#" not in drawing.to_svg().replace('href="#', "").replace(
        "url(#", ""
    )
    light = (TEMPLATES / PAGE).read_text().split(":root {")[1].split("}")[0]
    assert all(f"--{name}: {colour};" in light for name, colour in figures.ON_PAPER.items())


def test_page_shows_the_pass_rule_and_the_figures_of_the_arms(built):
    page = built[2]
    assert "The pass rule is not decided: no measured part fails." in text_of(page)
    assert "group score on unfiltered test pairs: paired 40.0 %." in text_of(page)
    for name in ("forest", "classes-absence_auc_bare"):
        assert f'id="{name}-' in page
    assert "WiSE-FT" not in text_of(page)  # this run swept nothing


def test_words_are_explained_where_they_are_used(built):
    text = text_of(built[2])
    assert "Words of this section" in text and "an interval from drawing the photo groups anew" in text
    assert set(explain("arms", "a placebo")) == {"placebo"} and not explain("nowhere", "placebo")


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        ({}, "the untuned weights"),
        ({"query_weight": 1.9}, "the untuned weights; arithmetic on each query's text, weight 1.9"),
        (
            {
                "images": "both",
                "texts": "negated",
                "batches": "paired",
                "freeze": "image",
                "pool": 64,
                "loss": {"across_bare": 3},
            },
            "original and edited photos; negated captions; each original with its edit; "
            "the image tower is frozen; 64 ordinary photos more in each step; loss terms: across bare 3",
        ),
    ],
)
def test_an_arm_is_told_in_words(arm, said):
    assert describe_arm(arm) == said


def test_no_two_arms_that_differ_are_told_alike(checkout):
    """Each key that an arm can have, but one that only says whose weights are meant."""
    schema = yaml.safe_load((checkout / "workflow/schemas/base.yaml").read_text())["$defs"]["arm"]
    arm = {"images": "both", "texts": "negated", "batches": "paired", "loss": {"rank": 1}}
    values = {"string": "x", "integer": 3, "number": 0.25, "boolean": True, "array": ["tree"]}
    values |= {"object": {"image": 2}}
    further = {
        key: entry["enum"][-1] if "enum" in entry else values[entry["type"]]
        for key, entry in schema["properties"].items()
        if key not in (*arm, "of")
    }
    told = {describe_arm(arm), *(describe_arm(arm | {key: value}) for key, value in further.items())}
    assert len(further) > 15 and len(told) == len(further) + 1


def test_further_tables_show_what_was_measured_and_nothing_else():
    summary = pd.DataFrame(
        [
            ("zero_shot", "probe_auc", 0.61, 0.58, 0.64, 3),
            ("main", "probe_auc", np.nan, np.nan, np.nan, 0),
            ("main", "placebo_shift", 0.012, -0.004, 0.028, 3),
            ("main", "sham_flip_rate_edge", 0.031, 0.01, 0.05, 3),
            ("main", "average_precision", np.nan, np.nan, np.nan, 0),
        ],
        columns=["arm", "metric", "mean", "low", "high", "n"],
    )
    sweep = pd.DataFrame(
        [
            ("main", fold, seed, alpha, alpha == best, 0.2 + 0.4 * alpha + 0.1 * seed)
            for fold, best in ((0, 0.5), (1, 1))
            for seed in (0, 1)
            for alpha in (0, 0.5, 1)
        ],
        columns=["arm", "fold", "seed", "alpha", "chosen", "group_score"],
    )
    tables = {table.name: table.frame for table in list_tables(summary, sweep, None)}
    # No query was scored, no category left out.
    assert list(tables) == ["wise_ft", "shortcuts", "shams", "placebo"]
    assert tables["shams"].columns.tolist() == ["measure", "zero_shot", "main"]
    swept = tables["wise_ft"].iloc[0]
    assert swept["chosen α (times)"] == "0.5 (2), 1 (2)"
    # Means alone: trainings overlap, so a t over folds would be too narrow.
    assert swept["group score, chosen α"] == "55.0\u202f%"
    assert swept["group score, α = 1"] == "65.0\u202f%"
    assert tables["shortcuts"].values.tolist() == [
        ["edits, probe AUC", "61.0\u202f% (58.0 to 64.0)", "not measured"],
    ]
    assert tables["placebo"].values.tolist() == [
        ["objects in neither photo", "not measured", "+1.2 (\u22120.4 to +2.8)"],
    ]
