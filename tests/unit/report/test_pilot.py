"""What a pilot's counts make of the whole run."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from PIL import Image

from unscene.machine.job import Job
from unscene.report.pilot import describe_figures, estimate_devices, estimate_pairs, fill_page, list_warnings
from unscene.run.tables import read_json
from unscene.training.timing import time_training


def make_run(pairs_of: dict[str, int], photos: dict[str, int]) -> SimpleNamespace:
    """Return a run whose first photos of each source have a pair each."""
    image_ids = {name: [f"{name}_{number}" for number in range(count)] for name, count in photos.items()}
    samples = [(one, f"{name}-0-of-9") for name, ids in image_ids.items() for one in ids]
    edits = [one for name, count in pairs_of.items() for one in image_ids[name][:count]]
    return SimpleNamespace(
        samples=pd.DataFrame(samples, columns=["image_id", "shard"]),
        masks=pd.DataFrame({"edit_id": [f"{one}-dog" for one in edits], "image_id": edits}),
        pairs=pd.DataFrame({"edit_id": [f"{one}-dog" for one in edits], "group": edits}),
    )


def test_each_source_is_scaled_by_its_own_yield():
    pilot, whole = {"a": 100, "b": 50}, {"a": 1000, "b": 5000}
    found = estimate_pairs(make_run({"a": 50, "b": 5}, pilot), whole, pilot)
    assert found["pilot"] == 55 and found["whole"] == 500 + 500
    assert found["low"] < 1000 < found["high"]


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(3)
    truth = rng.random(2000) < 0.3
    held = 0
    for _ in range(300):
        hits = int(truth[rng.choice(2000, 200, replace=False)].sum())
        found = estimate_pairs(make_run({"a": hits}, {"a": 200}), {"a": 2000}, {"a": 200})
        held += found["low"] <= truth.sum() <= found["high"]
    assert 0.91 <= held / 300 <= 0.99  # 95 %, give or take three standard errors


def test_a_pilot_of_all_photos_leaves_nothing_open_and_one_without_pairs_says_so():
    found = estimate_pairs(make_run({"a": 7}, {"a": 40}), {"a": 40}, {"a": 40})
    assert (found["low"], found["whole"], found["high"]) == (7, 7, 7)
    none = estimate_pairs(make_run({}, {"a": 100}), {"a": 1000}, {"a": 100})
    assert none["whole"] == 0 and none["high"] == 30  # three in a hundred
    arms = {"zero_shot": {}, "paired": {"batches": "paired", "loss": {"infonce": 1}}}
    settings = make_settings(arms, folds=5, batch_pairs=256)
    assert "No edit became a pair" in list_warnings(settings, none)[0]
    (told,) = list_warnings(settings, {"pilot": 10, "whole": 100, "groups": 100})
    assert "about 80 photo groups" in told and "needs 256: training may stop" in told
    assert list_warnings(settings, {"pilot": 100, "whole": 400, "groups": 400}) == []
    arms["originals"] = {"batches": "random", "loss": {"infonce": 1}}  # both halves are of other photos
    (told,) = list_warnings(settings, {"pilot": 100, "whole": 400, "groups": 400})
    assert "needs 512" in told


def make_settings(arms, folds, batch_pairs, kind="folder"):
    sources = [{"name": "mine", "format": kind}]
    return {
        "samples": {"sources": sources},
        "folds": {"folds": folds},
        "train": {"batch_pairs": batch_pairs, "arms": arms},
    }


def test_photo_groups_and_not_pairs_are_what_a_batch_needs():
    run = make_run({"a": 10}, {"a": 20})
    run.masks = pd.concat([run.masks.assign(edit_id=run.masks["image_id"] + f"-{n}") for n in range(3)])
    run.pairs = run.masks.rename(columns={"image_id": "group"})  # three edits a photo
    pairs = estimate_pairs(run, {"a": 40}, {"a": 20})
    assert (pairs["pilot"], pairs["whole"], pairs["groups"]) == (30, 60, 20)
    arms = {"paired": {"batches": "paired", "loss": {"infonce": 1}}}
    (told,) = list_warnings(make_settings(arms, folds=3, batch_pairs=32), pairs)
    assert "about 13 photo groups" in told and "needs 32: training may stop" in told


def test_a_pilot_says_that_a_batch_of_few_photos_teaches_nothing():
    arms = {"paired": {"batches": "paired", "loss": {"infonce": 1}}}
    few = {"pilot": 10, "whole": 60, "groups": 60}
    (told,) = list_warnings(make_settings(arms, folds=3, batch_pairs=32), few)
    assert "about 40 photo groups: too few to learn from" in told
    assert list_warnings(make_settings(arms, folds=3, batch_pairs=32), few | {"groups": 96}) == []
    assert list_warnings(make_settings(arms, 3, 32, kind="embedded"), few) == []
    assert list_warnings(make_settings(arms, 3, 32), few, trains_models=False) == []
    assert list_warnings(make_settings({"zero_shot": {}}, 3, 32), few) == []


def test_a_pilot_counts_the_tests_of_pairs_by_its_own_and_a_fresh_world_as_planned(tmp_path):
    training = {
        "photos": 32,
        "device": "A100",
        "seconds_per_photo": 1.0,
        "embedding_seconds_per_photo": 0.5,
    }
    stages = {
        "train_clip": {"items": 1000},
        "evaluate_clip": {"items": 300, "items_of_pairs": 100},
        "evaluate_set": {"items": 700},
    }
    plan = {"devices": {"stages": stages}, "items": {"pairs": 20}}
    found = estimate_devices(SimpleNamespace(benchmarks=tmp_path, plan=plan), training, 1.0, 60)["stages"]
    assert {row["rule"]: row["items"] for row in found} == {
        "train_clip": 1000,
        "evaluate_clip": 500,
        "evaluate_set": 700,
    }
    assert found[-1]["hours"] == 700 * 0.5 / 3600


def test_without_a_clip_the_pilot_tells_of_pairs_and_times_no_training(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    job = Job({}, {"times": "times.json"}, {"train": {"batch_pairs": 8}}, config={"train": {"clip": None}})
    time_training(job)
    training = read_json("times.json")
    plan = {"devices": {"stages": {}}, "items": {"pairs": 0}}
    devices = estimate_devices(SimpleNamespace(benchmarks=tmp_path, plan=plan), training, 2.0, 10)
    assert devices == {"stages": [], "hours": 0}
    figures = {
        "photos": {"pilot": 20, "whole": 40},
        "steps": [],
        "reasons": [],
        "pairs": {"pilot": 5, "whole": 10, "low": 6, "high": 14},
        "devices": devices,
        "training": training,
        "dollars": {"asked": False},
        "comparison": {"figures": {}},
        "warnings": [],
    }
    assert not any("power" in line for line in describe_figures(figures))
    Image.new("RGB", (60, 40), "red").save("sheet.png")
    page = fill_page(figures, Path("sheet.png"))
    assert "Nothing will be trained (train.clip is null)" in page and "will be able to tell" not in page
