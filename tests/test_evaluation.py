"""Evaluation, comparison of arms and export, on a tiny CLIP and on made-up features."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from compare_arms import compare_arms, list_contrasts
from draw_retrieval import draw_retrieval
from evaluate_clip import evaluate_clip, score_items
from export_clip import export_clip
from tiny_clip import RUNTIME, make_clip, make_pairs
from unscene.tables import TableError, read_table, write_json, write_table

DESIGN_COLUMNS = [
    "arm", "fold", "seed", "edit_id", "text_score", "image_score", "group_score",
    "cos_original_present", "cos_original_negated", "cos_edited_present", "cos_edited_negated",
]  # fmt: skip
SETTINGS = {"bootstrap_draws": 500, "confidence": 0.95}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """(path of a tiny CLIP, path of the pairs, path of the folds)."""
    folder = tmp_path_factory.mktemp("world")
    return make_clip(folder / "clip"), *make_pairs(folder / "data", per_group=2)


def evaluate(world, folder, arm="zero_shot", fold=1, seed=0):
    paths = folder / f"{arm}-{fold}-{seed}.json", folder / f"{arm}-{fold}-{seed}.items.parquet"
    evaluate_clip(world[1], world[2], world[0], *paths, arm, fold, seed, RUNTIME, "cpu", 1)
    return paths


def test_evaluation_writes_metrics_and_items(world, tmp_path):
    path_to_metrics, path_to_items = evaluate(world, tmp_path)
    metrics, item = json.loads(path_to_metrics.read_text()), read_table(path_to_items, DESIGN_COLUMNS)
    assert (metrics["arm"], metrics["fold"], metrics["seed"]) == ("zero_shot", 1, 0)
    assert metrics["n_pairs"] == len(item) == 8 and metrics["n_photos"] == metrics["n_groups"] == 4
    assert item["image_to_text_rank"].notna().sum() == 4  # one a photo, at its first pair
    for name in ("text_score", "image_score", "group_score"):
        assert item[name].dtype == bool
        assert metrics[name] == pytest.approx(item[name].mean())
    text = (item["cos_original_present"] > item["cos_original_negated"]) & (
        item["cos_edited_negated"] > item["cos_edited_present"]
    )
    assert (text == item["text_score"]).all()
    held_out = item["group_score_held_out_phrasing"].dropna()
    assert 0 < len(held_out) < 8
    assert metrics["group_score_held_out_phrasing"] == pytest.approx(held_out.astype(float).mean())
    recalls = [metrics[f"text_to_image_recall_at_{k}"] for k in (1, 5, 10)]
    assert recalls == sorted(recalls) and recalls[-1] == 1


def test_evaluation_repeats_itself(world, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for one, two in zip(evaluate(world, tmp_path / "a"), evaluate(world, tmp_path / "b"), strict=True):
        assert one.read_bytes() == two.read_bytes()


def test_pairs_without_held_out_phrasing_have_null_scores():
    table = pd.DataFrame(
        {
            "edit_id": ["a", "b"],
            "image_id": ["a", "b"],
            "category": "dog",
            "group": ["a", "b"],
            "caption_original": "x",
        }
    )
    features = {
        name: np.eye(2, dtype=np.float32) for name in ("original", "edited", "present", "without", "negated")
    }
    item = score_items(table, {**features, "held_out": None})
    assert item["group_score_held_out_phrasing"].isna().all()
    assert not item["group_score"].any()  # all ties


def write_arm(folder, arm, hits, seed=0, folds=3):
    """Write metrics and items of an arm whose pair i has a group score of hits[i]."""
    paths = []
    for fold in range(folds):
        rows = np.arange(fold, len(hits), folds)
        item = pd.DataFrame({"arm": arm, "fold": fold, "seed": seed, "edit_id": [f"e{i:03d}" for i in rows]})
        item["group"] = [f"g{i // 6}-{fold}" for i in rows]
        for name in (
            "group_score", "text_score", "image_score", "presence", "absence", "half_truth", "group_score_without",
        ):  # fmt: skip
            item[name] = np.asarray(hits, bool)[rows]
        item["group_score_held_out_phrasing"] = pd.array([None] * len(rows), dtype="boolean")
        item["interaction"] = 0.1
        item["image_to_text_rank"] = item["text_to_image_rank"] = np.where(np.asarray(hits)[rows], 0.0, 7.0)
        stem = folder / f"{arm}-fold{fold}-seed{seed}"
        write_table(item, f"{stem}.items.parquet")
        metrics = {
            "group_score": float(item["group_score"].mean()),
            "absence_auc": None,
            "n_pairs": len(rows),
        }
        write_json({"arm": arm, "fold": fold, "seed": seed, **metrics}, f"{stem}.json")
        paths.append((f"{stem}.json", f"{stem}.items.parquet"))
    return paths


def compare(folder, paths):
    outputs = folder / "items.parquet", folder / "summary.csv", folder / "comparison.csv"
    compare_arms([path for path, _ in paths], [path for _, path in paths], *outputs, SETTINGS, "paired", 7)
    return read_table(outputs[0]), *(pd.read_csv(path) for path in outputs[1:])


def test_comparison_finds_the_difference_that_is_there(tmp_path):
    rng = np.random.default_rng(0)
    base, better = rng.random(120) < 0.2, rng.random(120) < 0.7
    paths = [*write_arm(tmp_path, "zero_shot", base), *write_arm(tmp_path, "originals", base)]
    item, summary, comparison = compare(tmp_path, paths + write_arm(tmp_path, "paired", better))
    assert len(item) == 360
    row = comparison.set_index(["contrast", "metric"]).loc[("paired-zero_shot", "group_score")]
    assert row["difference"] == pytest.approx(better.mean() - base.mean(), abs=1e-6)
    assert 0 < row["low"] < row["difference"] < row["high"] and row["p"] < 0.01
    assert (row["n"], row["folds"], row["groups"]) == (120, 3, 60)
    same = comparison.set_index(["contrast", "metric"]).loc[("originals-zero_shot", "group_score")]
    assert (same["difference"], same["p"], same["corrected_t_p"]) == (0, 1, 1)
    recall = comparison.set_index(["contrast", "metric"]).loc[
        ("paired-zero_shot", "image_to_text_recall_at_5")
    ]
    assert recall["difference"] == pytest.approx(row["difference"])
    held_out = comparison[comparison["metric"] == "group_score_held_out_phrasing"]
    assert held_out["difference"].isna().all() and (held_out["n"] == 0).all()
    line = summary.set_index(["arm", "metric"]).loc[("paired", "group_score")]
    assert line["mean"] == pytest.approx(better.mean(), abs=1e-6) and line["n"] == 3
    assert not summary["metric"].str.startswith("n_").any()


def test_seeds_are_averaged_and_count_once(tmp_path):
    base, one, two = np.zeros(60, bool), np.ones(60, bool), np.zeros(60, bool)
    paths = [path for seed in (0, 1) for path in write_arm(tmp_path, "zero_shot", base, seed)]
    paths += write_arm(tmp_path, "paired", one, 0) + write_arm(tmp_path, "paired", two, 1)
    _, summary, comparison = compare(tmp_path, paths)
    row = comparison[comparison["metric"] == "group_score"].iloc[0]
    assert (row["difference"], row["n"]) == (0.5, 60)
    assert summary.set_index(["arm", "metric"]).loc[("paired", "group_score"), "n"] == 3


def test_arms_tested_on_other_pairs_are_refused(tmp_path):
    paths = write_arm(tmp_path, "zero_shot", np.ones(60)) + write_arm(tmp_path, "paired", np.ones(57))
    with pytest.raises(TableError, match="other pairs"):
        compare(tmp_path, paths)


def test_contrasts_of_the_default_arms():
    arms = ["zero_shot", "originals", "random", "paired", "paired_rank"]
    names = [f"{a}-{b}" for a, b in list_contrasts(arms, "paired_rank")]
    assert names == [
        "originals-zero_shot", "random-zero_shot", "paired-zero_shot", "paired_rank-zero_shot",
        "random-originals", "paired-originals", "paired_rank-originals", "paired-random", "paired_rank-paired",
        "paired_rank-random",
    ]  # fmt: skip
    assert list_contrasts(["zero_shot"], "zero_shot") == []
    assert list_contrasts(["zero_shot", "paired"], "paired") == [("paired", "zero_shot")]


def test_primary_contrasts_are_adjusted_as_one_family(tmp_path):
    rng = np.random.default_rng(1)
    hits = {"zero_shot": 0.2, "originals": 0.25, "random": 0.5, "paired": 0.8}
    paths = [path for arm, p in hits.items() for path in write_arm(tmp_path, arm, rng.random(240) < p)]
    _, _, comparison = compare(tmp_path, paths)
    primary = comparison[comparison["is_primary"]].set_index("contrast")
    assert list(primary.index) == ["paired-zero_shot", "paired-originals", "paired-random"]
    assert (primary["metric"] == "group_score").all() and comparison["holm_p"].notna().sum() == 3
    assert (primary["holm_p"] >= primary["corrected_t_p"]).all()
    assert primary["holm_p"].min() == pytest.approx(3 * primary["corrected_t_p"].min(), rel=1e-4)
    assert primary.loc["paired-zero_shot", "mcnemar_p"] < 1e-6 and (primary["detectable"] > 0).all()
    assert comparison.loc[comparison["metric"] == "interaction", "mcnemar_p"].isna().all()


def test_export_loads_with_plain_open_clip_and_measures_parity(world, tmp_path):
    export_clip(world[0], world[1], tmp_path / "deploy", "zero_shot", RUNTIME, "cpu", 1)
    parity = json.loads((tmp_path / "deploy/parity.json").read_text())
    assert parity["max_difference"] <= 1e-4 and parity["photos"] == 32 and parity["texts"] == 48
    assert {path.name for path in (tmp_path / "deploy").iterdir()} == {"model", "README.md", "parity.json"}
    assert 'local-dir:model"' in (tmp_path / "deploy/README.md").read_text()


def test_export_fails_when_the_copy_embeds_otherwise(world, tmp_path, monkeypatch):
    import export_clip as script

    def copy_another(path_to_model, path_to_copy):
        for path in make_clip(tmp_path / "other", quick_gelu=False).iterdir():
            shutil.copyfile(path, path_to_copy / path.name)

    monkeypatch.setattr(script, "copy_model", copy_another)
    with pytest.raises(RuntimeError, match="plain open_clip"):
        export_clip(world[0], world[1], tmp_path / "deploy", "zero_shot", RUNTIME, "cpu", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_retrieval_grid_tells_only_what_is_known(world, tmp_path):
    paths = tmp_path / "grid.png", tmp_path / "grid.json"
    draw_retrieval(world[1], world[2], world[0], world[0], *paths, "paired", 0, 7, RUNTIME, "cpu", 1)
    found = json.loads(paths[1].read_text())
    assert paths[0].read_bytes().startswith(b"\x89PNG") and found["gallery"] > 0 and found["queries"]
    for row in found["queries"]:
        assert row["untuned"] == row["paired"]  # the same model twice
        assert set(row["paired"]) <= {"contains", "removed", "other"}
        assert row["category"] in row["query"]
    assert len({row["category"] for row in found["queries"]}) == len(found["queries"])
