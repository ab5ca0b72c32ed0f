"""Times of rules and of devices."""

import copy
from dataclasses import replace

import pytest

from report_pages import text_of
from unscene.provenance.circumstances import read_versions
from unscene.report.times import count_items, read_benchmarks, read_device_times


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
