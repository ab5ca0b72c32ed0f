"""The whole run at measured rates: by hand, from a run directory whose every figure is known."""

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from partial_tables import write_some
from unscene.answers.prices import read_prices
from unscene.edits.columns import EDITS
from unscene.masks.columns import MASKS
from unscene.plan import projection
from unscene.plan.estimate import make_plan, read_throughput
from unscene.plan.projection import COURSE_PHOTOS_A_DAY, describe_projection, project_run
from unscene.quality.columns import PAIRS
from unscene.samples.columns import SHARD_REJECTED, SHARD_SAMPLES

SHARDS = ("mine-0-of-5", "mine-1-of-5")


@pytest.fixture
def settings(checkout):
    """A run of 10,000 photos in shards of 2,000 that asks nobody."""
    config = yaml.safe_load((checkout / "config" / "config.yaml").read_text())
    source = {"name": "mine", "format": "folder", "photos": 10_000, "folder": "photos"}
    config["samples"] |= {"sources": [source], "shard_size": 2000}
    config["edits"] |= {"sham": False}
    return config


def project(settings, checkout):
    assumed = read_throughput()
    plan = make_plan(settings, read_prices(checkout / settings["plan"]["prices"]), assumed)
    return plan, project_run(settings, plan, assumed)


def make_run() -> None:
    """Two shards of 100 items: 90 photos, 40 masks of which 30 are usable, 1.5 attempts an edit."""
    for shard in SHARDS:
        photos = [{"image_id": f"{shard}_{number}"} for number in range(90)]
        write_some(SHARD_SAMPLES, pd.DataFrame(photos), Path(f"results/samples/{shard}.parquet"))
        lost = pd.DataFrame([{"source": "mine", "reason": "broken"}] * 10)
        write_some(SHARD_REJECTED, lost, Path(f"results/samples/{shard}.rejected.parquet"))
        masks = [{"edit_id": f"{shard}-{n}", "status": "ok" if n < 30 else "skipped"} for n in range(40)]
        edits = [{"attempt": 1 + n % 2, "status": "ok" if n < 30 else "skipped"} for n in range(40)]
        write_some(MASKS, pd.DataFrame(masks), Path(f"results/masks/{shard}.parquet"))
        write_some(EDITS, pd.DataFrame(edits), Path(f"results/edits/{shard}.parquet"))
        for number in range(30):
            for stage, size in (("masks", 100), ("edits", 5000)):
                file = Path(f"results/{stage}/{shard}/{number}.png")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(b"x" * size)
        for rule, items, wall in (("segment_objects", 90, 9.0), ("remove_objects", 30, 60.0)):
            file = Path(f"benchmarks/{rule}/{shard}.device.json")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({"items": items, "wall_s": wall, "device": "NVIDIA A100-SXM4-40GB"}))
    usable = pd.DataFrame([{"edit_id": f"e{n}", "status": "ok"} for n in range(60)])
    write_some(MASKS, usable, Path("results/masks/masks.parquet"))
    write_some(PAIRS, usable[:24][["edit_id"]], Path("results/quality/pairs.parquet"))
    cost = {"captions": 100, "settled": {"usd": 0.5, "simulated": False}}
    Path("results/keywords").mkdir()
    Path("results/keywords/cost.json").write_text(json.dumps(cost))


def test_what_was_measured_stands_for_the_whole_run(tmp_path, monkeypatch, settings, checkout):
    monkeypatch.chdir(tmp_path)
    make_run()
    plan, found = project(settings, checkout)
    items = found["items"]
    assert {name: one["value"] for name, one in items.items() if name != "shams"} == {
        "photos": 10_000,
        "edits": 3000,  # 60 of 200 photos
        "attempts": 4500,
        "pairs": 1200,  # 24 of 60
    }
    assert items["edits"]["source"] == "measured here on 200 photos"
    stages = {row["rule"]: row for row in found["stages"]}
    assert stages["segment_objects"]["hours"] == pytest.approx(10_000 / 10 / 3600)
    assert stages["remove_objects"]["hours"] == pytest.approx(3000 / 0.5 / 3600)
    assert stages["remove_objects"]["source"] == "measured here on 60 items"
    assert "A100" in stages["remove_objects"]["device"]
    assert stages["score_edits"]["items"] == 3000 and "measured here" not in stages["score_edits"]["source"]
    assert found["hours"] == pytest.approx(sum(row["hours"] for row in stages.values()))
    storage = found["storage"]["folders"]
    assert storage["edits"]["bytes"] == 3000 * 5000 and storage["edits"]["files"] == 3000
    assert storage["masks"]["bytes"] == 3000 * 100 and storage["models"]["source"] == "assumed"
    captions = plan["items"]["captions"] + plan["items"]["pool_captions"]
    assert found["usd"]["stages"]["keywords"]["usd"] == pytest.approx(0.005 * captions)
    assert found["course"]["days"] == pytest.approx(10_000 / COURSE_PHOTOS_A_DAY)
    text = describe_projection(found)
    assert "172,800 photos a GPU-day" in text and "measured here on 180 items" in text


def test_without_measurements_it_is_the_plan(tmp_path, monkeypatch, settings, checkout):
    monkeypatch.chdir(tmp_path)
    plan, found = project(settings, checkout)
    for name, one in found["items"].items():
        assert one["value"] == plan["items"][name]
    for row in found["stages"]:
        assert min(plan["devices"]["stages"][row["rule"]]["hours"].values()) <= row["hours"] + 1e-4
        assert row["source"] in ("assumed", "predicted", "published", "bench")
    assert found["storage"]["bytes"] == plan["storage"]["bytes"]["total"]
    assert found["storage"]["files"] == plan["storage"]["files"]["total"]
    assert found["usd"]["total"] == pytest.approx(plan["api"]["usd"])
    assert "measured here on" not in describe_projection(found)


def test_pairs_that_were_counted_here_move_the_tests_of_pairs_alone(
    tmp_path, monkeypatch, settings, checkout
):
    monkeypatch.chdir(tmp_path)
    make_run()
    settings["evaluate"]["world"] = {"name": "fresh", "photos": 500, "seed": 1}
    plan, found = project(settings, checkout)
    stages, rows = plan["devices"]["stages"], {row["rule"]: row for row in found["stages"]}
    more = stages["evaluate_clip"]["items_of_pairs"] * (1200 / plan["items"]["pairs"] - 1)
    assert more and rows["evaluate_clip"]["items"] == round(stages["evaluate_clip"]["items"] + more)
    assert rows["evaluate_set"]["items"] == stages["evaluate_set"]["items"]
    write_times = {"photos": 32, "seconds_per_photo": 1.0, "embedding_seconds_per_photo": 0.5}
    Path("results/pilot").mkdir()
    Path("results/pilot/training.json").write_text(json.dumps(write_times | {"device": "A100"}))
    _, found = project(settings, checkout)
    rows = {row["rule"]: row for row in found["stages"]}
    assert rows["evaluate_set"]["items_per_s"] == rows["evaluate_clip"]["items_per_s"] == 2


def test_play_money_is_no_price(tmp_path, monkeypatch, settings, checkout):
    monkeypatch.chdir(tmp_path)
    make_run()
    cost = {"captions": 100, "settled": {"usd": 0.5, "simulated": True}}
    Path("results/keywords/cost.json").write_text(json.dumps(cost))
    plan, found = project(settings, checkout)
    assert found["usd"]["total"] == plan["api"]["usd"]


def test_packed_shards_are_a_file_each(tmp_path, monkeypatch, settings, checkout):
    monkeypatch.chdir(tmp_path)
    plan, _ = project(settings, checkout)
    found = project_run(settings, plan, read_throughput(), is_packed=True)["storage"]["folders"]
    assert found["masks"]["files"] == found["edits"]["files"] == 5
    assert found["masks"]["bytes"] == plan["storage"]["bytes"]["masks"]


def test_a_handful_of_photos_has_no_rate_and_no_infinite_one(tmp_path, monkeypatch, settings, checkout):
    monkeypatch.chdir(tmp_path)
    settings["samples"]["sources"][0]["photos"] = 2
    plan, found = project(settings, checkout)
    rows = {row["rule"]: row for row in found["stages"]}
    assert not any(plan["devices"]["stages"]["segment_objects"]["hours"].values())
    assert rows["segment_objects"]["items_per_s"] is None and rows["segment_objects"]["hours"] == 0
    text = describe_projection(found)
    assert "inf" not in text and "nan" not in text


@pytest.mark.parametrize(("cards", "expected"), [([], "two_cores"), (["GPU-1"], "a100")])
def test_without_a_gpu_the_time_is_that_of_processors(
    tmp_path, monkeypatch, settings, checkout, cards, expected
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(projection, "list_devices", lambda: cards)
    settings["masks"]["weights"], settings["quality"]["judge"] = "models/yolo.pt", "models/judge"
    painter = dict(settings["edits"])
    settings["edits"] |= {"backend": "telea", "weights": None}
    settings["train"] |= {"clip": "models/clip"}
    _, found = project(settings, checkout)
    devices = {row["rule"]: row["device"] for row in found["stages"]}
    assert devices.pop("remove_objects") == "two_cores" and set(devices.values()) == {expected}
    assert ("on processors, as no GPU is here" in describe_projection(found)) is (not cards)
    # Of diffusion no processor's figure is known: it is for a card.
    settings["edits"] = painter | {"weights": "models/sd"}
    _, found = project(settings, checkout)
    assert {row["device"] for row in found["stages"]} == {"a100"}


@pytest.mark.parametrize(("hours", "told"), [(0.004, "14 s"), (0.5, "30.0 min"), (1234.5, "1,234.50 h")])
def test_times_are_told_in_a_unit_that_shows_them(hours, told):
    assert projection.tell_time(hours) == told
