"""Evaluation, comparison of arms and export, on a tiny CLIP and on made-up features."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from tiny_clip import RUNTIME, make_clip, make_pairs, make_photos, make_shams
from unscene.deploy.export import export_clip
from unscene.evaluation.comparison import compare_arms, list_contrasts
from unscene.evaluation.evaluate_fold import evaluate_clip
from unscene.evaluation.evaluate_unseen import evaluate_unseen_classes
from unscene.evaluation.fold_scores import score_items
from unscene.evaluation.sham_metrics import score_shams, summarise_shams
from unscene.evaluation.unseen_classes import compare_unseen_classes
from unscene.evaluation.untouched_photos import list_untouched_photos
from unscene.run.tables import TableError, read_table, write_json, write_table
from unscene.training.pairs import PairError

DESIGN_COLUMNS = [
    "arm", "fold", "seed", "edit_id", "text_score", "image_score", "group_score",
    "cos_original_present", "cos_original_negated", "cos_edited_present", "cos_edited_negated",
]  # fmt: skip
SETTINGS = {"bootstrap_draws": 500, "confidence": 0.95}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """(path of a tiny CLIP, of the pairs, the folds, the untouched photos and the sham edits)."""
    folder = tmp_path_factory.mktemp("world")
    pairs, folds = make_pairs(folder / "data", per_group=2)
    photos, shams = make_photos(folder, pairs, folds), make_shams(folder, pairs)
    return make_clip(folder / "clip"), pairs, folds, photos, shams


def evaluate(world, folder, arm="zero_shot", fold=1, seed=0, query_weight=None, shams=True):
    clip, pairs, folds, photos, controls = world
    tables = ("item_table", "class_table", "query_table", "retrieval_table", "sham_table")
    paths = {name: folder / f"{arm}.{name}.parquet" for name in tables} | {"metrics": folder / f"{arm}.json"}
    evaluate_clip(
        pairs, folds, photos, controls if shams else None, clip, paths, arm, fold, seed, query_weight, RUNTIME, "cpu", 1
    )  # fmt: skip
    return [paths[name] for name in ("metrics", *tables)]


def test_evaluation_writes_metrics_and_items(world, tmp_path):
    path_to_metrics, path_to_items, *_ = evaluate(world, tmp_path)
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


def test_untouched_photos_and_shams_are_scored(world, tmp_path):
    path_to_metrics, *_, path_to_ranks, path_to_shams = evaluate(world, tmp_path)
    metrics, ranks, sham = (
        json.loads(path_to_metrics.read_text()),
        read_table(path_to_ranks),
        read_table(path_to_shams),
    )
    assert (metrics["n_untouched_photos"], metrics["n_untouched_captions"]) == (4, 8)
    assert ranks["way"].value_counts().to_dict() == {"text_to_image": 8, "image_to_text": 4}
    for k in (1, 5, 10):
        of_text = ranks[ranks["way"] == "text_to_image"]["rank"]
        assert metrics[f"untouched_text_to_image_recall_at_{k}"] == pytest.approx((of_text < k).mean())
    assert metrics["untouched_absence_auc"] is None and metrics["n_queries"] == 0  # four photos are too few
    assert metrics["n_shams"] == len(sham) == 8 and sham["edit_id"].str.endswith("-sham").all()
    right = sham[sham["presence"]]
    assert metrics["sham_flip_rate"] == pytest.approx((~right["sham_presence"]).mean())
    assert metrics["artefact_gap"] == pytest.approx(sham["presence"].mean() - sham["sham_presence"].mean())
    assert sham.loc[~sham["presence"], "sham_flip"].isna().all()
    (tmp_path / "without").mkdir()
    metrics = json.loads(evaluate(world, tmp_path / "without", shams=False)[0].read_text())
    assert metrics["sham_flip_rate"] is None and metrics["n_shams"] == 0


def test_a_fold_without_untouched_photos_and_shams_has_empty_tables(world, tmp_path):
    clip, pairs, folds, photos, controls = world
    fold_of = read_table(folds).set_index("group")["fold"]
    for path, name in ((photos, "photos"), (controls, "controls")):
        table = read_table(path)
        write_table(table[table["group"].map(fold_of) != 1], tmp_path / f"{name}.parquet")
    less = (clip, pairs, folds, tmp_path / "photos.parquet", tmp_path / "controls.parquet")
    metrics, item, *tables = evaluate(less, tmp_path)
    assert len(read_table(item)) == 8
    assert [len(read_table(path, ["arm", "fold", "seed"])) for path in tables] == [0, 0, 0, 0]
    found = json.loads(metrics.read_text())
    assert found["group_score"] is not None and found["n_untouched_photos"] == 0
    for name in (
        "untouched_text_to_image_recall_at_1",
        "untouched_absence_auc",
        "query_violation_at_5",
        "sham_flip_rate",
    ):
        assert found[name] is None, name


def test_a_fold_of_captions_that_are_all_too_long_is_named(world, tmp_path):
    clip, pairs, folds, *rest = world
    pair = read_table(pairs)
    write_table(pair.assign(caption_negated="dog " * 90), tmp_path / "pairs.parquet")
    with pytest.raises(PairError, match="each of the 8 pairs.*longer than the model's context"):
        evaluate((clip, tmp_path / "pairs.parquet", folds, *rest), tmp_path)


def test_query_arithmetic_changes_negated_texts_alone(world, tmp_path):
    plain = read_table(evaluate(world, tmp_path)[1])
    changed = read_table(evaluate(world, tmp_path, "query_arithmetic", query_weight=1.9)[1])
    assert np.abs(plain["cos_original_present"] - changed["cos_original_present"]).max() < 1e-6
    assert np.abs(plain["cos_original_negated"] - changed["cos_original_negated"]).min() > 1e-4


def test_sham_scores_equal_the_loop():
    rng = np.random.default_rng(0)
    original, sham, present, negated = (rng.normal(size=(50, 5)) for _ in range(4))
    item = score_shams(original, sham, present, negated)
    for row in range(50):
        before, after = (
            original[row] @ present[row] > original[row] @ negated[row],
            sham[row] @ present[row] > sham[row] @ negated[row],
        )
        assert (item["presence"][row], item["sham_presence"][row]) == (before, after)
        assert item["sham_flip"][row] is pd.NA if not before else item["sham_flip"][row] == (not after)
        pull = (sham[row] - original[row]) @ (negated[row] - present[row])
        assert item["sham_pull"][row] == pytest.approx(pull)
    assert np.isnan(summarise_shams(item.head(0))["sham_flip_rate"])


def test_photos_are_listed_with_captions_and_objects(tmp_path):
    sample = pd.DataFrame(
        {
            "image_id": [f"coco_{i}" for i in range(8)], "group": [f"g{i // 2}" for i in range(8)], "path": "x.png",
            "captions": [["a dog", "a pet"]] * 8, "source": "coco", "source_key": [str(i) for i in range(8)],
        }
    )  # fmt: skip
    folds = pd.DataFrame({"group": ["g0", "g1", "g2"], "fold": [0, 1, 1]})
    keyword = pd.DataFrame({"image_id": sample["image_id"], "words": [["dog"]] * 8})
    for name, frame in (("samples", sample), ("keywords", keyword), ("folds", folds)):
        write_table(frame, tmp_path / f"{name}.parquet")
    instances = {
        "images": [{"id": i, "file_name": f"{i}.png", "height": 8, "width": 8} for i in range(5)],
        "categories": [{"id": 17, "name": "cat"}],
        "annotations": [{"image_id": 4, "category_id": 17}],
    }
    (tmp_path / "instances.json").write_text(json.dumps(instances))
    source = {"name": "coco", "format": "coco", "instances": str(tmp_path / "instances.json")}
    tables = [tmp_path / f"{name}.parquet" for name in ("samples", "keywords", "folds", "photos")]
    list_untouched_photos(*tables, {"coco": source}, 3, 7)
    photo = read_table(tables[-1])
    assert photo["fold"].value_counts().to_dict() == {1: 3, 0: 2}  # at most three; g3 has no fold
    objects = dict(zip(photo["image_id"], map(list, photo["objects"]), strict=True))
    assert objects["coco_0"] == ["dog"] and objects.get("coco_4", ["cat", "dog"]) == ["cat", "dog"]
    list_untouched_photos(*tables, {"coco": source}, 9, 7)
    known = read_table(tables[-1]).set_index("image_id")["labels"].to_dict()
    # A photo without an annotation has nothing on it when the file lists it; of one that it does not list nothing is known.
    assert known == {f"coco_{i}": "instances" if i < 5 else "captions" for i in range(6)}
    (tmp_path / "instances.json").write_text(json.dumps({"images": []}))
    with pytest.raises(TableError, match=r"instances\.json.*'categories'"):
        list_untouched_photos(*tables, {"coco": source}, 9, 7)
    list_untouched_photos(*tables, {"coco": {"name": "coco", "format": "table"}}, 9, 7)
    assert set(read_table(tables[-1])["labels"]) == {"captions"} and len(read_table(tables[-1])) == 6


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


def test_mcnemar_looks_at_one_seed_since_a_mean_is_no_yes_or_no(tmp_path):
    """Two seeds that err on other pairs are as good as the reference, whose one model erred on the same share."""
    one, two = np.arange(60) % 3 > 0, np.arange(60) % 3 < 2
    paths = [path for seed in (0, 1) for path in write_arm(tmp_path, "zero_shot", one, seed)]
    paths += write_arm(tmp_path, "paired", one, 0) + write_arm(tmp_path, "paired", two, 1)
    _, _, comparison = compare(tmp_path, paths)
    assert comparison.loc[comparison["metric"] == "group_score", "mcnemar_p"].tolist() == [1.0]


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
    from unscene.deploy import export as script

    def copy_another(path_to_model, path_to_copy):
        for path in make_clip(tmp_path / "other", quick_gelu=False).iterdir():
            shutil.copyfile(path, path_to_copy / path.name)

    monkeypatch.setattr(script, "copy_model", copy_another)
    with pytest.raises(RuntimeError, match="plain open_clip"):
        export_clip(world[0], world[1], tmp_path / "deploy", "zero_shot", RUNTIME, "cpu", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_unseen_categories_stand_beside_seen_ones_on_the_same_pairs(world, tmp_path):
    classes = pd.DataFrame({"category": ["dog", "cat", "car"], "fold": [0, 1, 1], "edits": 8})
    write_table(classes, tmp_path / "classes.parquet")
    pairs, folds = make_pairs(tmp_path / "data")  # a category a group
    clip = world[0]
    unseen = []
    for fold, n in ((0, 8), (1, 16)):
        paths = tmp_path / f"{fold}.json", tmp_path / f"{fold}.parquet"
        evaluate_unseen_classes(
            pairs, folds, tmp_path / "classes.parquet", clip, *paths, "paired", fold, 0, RUNTIME, "cpu", 1
        )  # fmt: skip
        item = read_table(paths[1])
        assert len(item) == n and set(item["category"]) == set(classes[classes["fold"] == fold]["category"])
        assert json.loads(paths[0].read_text())["group_score"] == pytest.approx(item["group_score"].mean())
        unseen.append(paths[1])
    of_folds = []
    for arm in ("zero_shot", "paired"):
        for fold in range(3):
            own_world = (clip, pairs, folds, *world[3:])
            of_folds.append(read_table(evaluate(own_world, tmp_path, arm, fold, shams=False)[1]))
    of_folds = pd.concat(of_folds)
    of_folds.loc[of_folds["arm"] == "paired", "group_score"] = np.arange(24) % 2 == 0
    write_table(of_folds, tmp_path / "items.parquet")
    compare_unseen_classes(
        unseen, tmp_path / "items.parquet", tmp_path / "unseen.parquet", tmp_path / "unseen.csv", SETTINGS, 7
    )
    row = pd.read_csv(tmp_path / "unseen.csv").set_index("metric").loc["group_score"]
    # The same model stands in all three places, so the unseen score is the untuned one.
    assert row["unseen"] == pytest.approx(row["zero_shot"]) and row["seen"] == 0.5
    assert (row["minus_zero_shot_low"], row["minus_zero_shot"], row["minus_zero_shot_high"]) == (0, 0, 0)
    assert row["minus_seen"] == pytest.approx(row["unseen"] - 0.5)
    assert row["minus_seen_low"] < row["minus_seen"] < row["minus_seen_high"]
    assert (row["n"], row["classes"]) == (24, 3) and len(read_table(tmp_path / "unseen.parquet")) == 24
