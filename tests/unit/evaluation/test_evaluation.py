"""Evaluation and comparison of arms, on a tiny CLIP and on made-up features."""

import json

import numpy as np
import pandas as pd
import pytest

from tiny_clip import (
    make_clip,
    make_evaluation,
    make_pairs,
    make_photos,
    make_shams,
    write_meta,
)
from unscene.evaluation.columns.pairs import ITEMS, SCORES, UNSEEN
from unscene.evaluation.columns.photos import CLASSES, PHOTO_VALUES, PHOTOS, QUERIES, RETRIEVAL
from unscene.evaluation.columns.shams import SHAM_METRICS, SHAMS
from unscene.evaluation.comparison import compare_arms, list_contrasts
from unscene.evaluation.evaluate_fold import evaluate_clip
from unscene.evaluation.evaluate_sham import evaluate_sham
from unscene.evaluation.evaluate_unseen import evaluate_unseen_classes
from unscene.evaluation.fold_scores import score_items
from unscene.evaluation.sham_metrics import score_shams
from unscene.evaluation.unseen_classes import compare_unseen_classes
from unscene.evaluation.untouched_photos import list_untouched_photos
from unscene.folds.columns import CLASSES as folds_of_classes
from unscene.folds.columns import FOLDS, REPEATS
from unscene.machine.job import Job
from unscene.run.tables import TableError, read_json, read_table, write_json, write_table
from unscene.training.pairs import PairError

SETTINGS = {"bootstrap_draws": 500, "confidence": 0.95}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """(path of a tiny CLIP, inputs of an evaluation: pairs, folds, untouched photos, sham edits)."""
    folder = tmp_path_factory.mktemp("world")
    pairs, folds = make_pairs(folder / "data", per_group=2)
    photos, sham = make_photos(folder, pairs, folds), make_shams(folder, pairs)
    return make_clip(folder / "clip"), {"pairs": pairs, "folds": folds, "photos": photos, "sham": sham}


def evaluate(world, folder, arm="zero_shot", fold=1, query_weight=None, **inputs):
    """Evaluate the tiny CLIP as an arm and return the files that it wrote."""
    job = make_evaluation(folder, world[0], world[1] | inputs, arm, fold, query_weight)
    evaluate_clip(job)
    return job.outputs


def evaluate_shams(world, folder, **inputs):
    """Return (metrics, table) of the sham edits of fold 1."""
    job = make_evaluation(folder, world[0], world[1] | inputs, "shams")
    evaluate_sham(job)
    return read_json(job.outputs.metrics), SHAMS.read(job.outputs.sham_table)


def test_evaluation_writes_metrics_and_items(world, tmp_path):
    written = evaluate(world, tmp_path)
    metrics, item = read_json(written.metrics), ITEMS.read(written.item_table)
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
    recalls = [metrics[f"pair_text_to_image_recall_at_{k}"] for k in (1, 5, 10)]
    assert recalls == sorted(recalls) and recalls[-1] == 1


def test_refused_edits_count_in_the_unfiltered_group_score(world, tmp_path):
    """Half of the pairs refused: they are in the unfiltered score, and in no other figure."""
    whole, unfiltered = tmp_path / "whole", world[1]["pairs"]
    every = read_json(evaluate(world, whole).metrics)
    pair = pd.read_parquet(unfiltered)
    write_table(pair[pair["edit_id"].rank() % 2 == 0], tmp_path / "accepted.parquet")
    half = tmp_path / "half"
    half.mkdir()
    job_outputs = evaluate(world, half, pairs=tmp_path / "accepted.parquet", unfiltered=unfiltered)
    metrics = read_json(job_outputs.metrics)
    assert (
        metrics["n_pairs"] < every["n_pairs"] == metrics["n_unfiltered_pairs"] == every["n_unfiltered_pairs"]
    )
    assert metrics["group_score_unfiltered"] == pytest.approx(every["group_score"])
    assert every["group_score_unfiltered"] == pytest.approx(every["group_score"])


def test_evaluation_repeats_itself(world, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = evaluate(world, tmp_path / "a"), evaluate(world, tmp_path / "b")
    for name in set(one) - {"sham_table"}:
        assert one[name].read_bytes() == two[name].read_bytes(), name


def test_another_split_moves_pairs_and_photos_alike(world, tmp_path):
    """The table of photos has the folds of training seed 0; a further seed's split must win over it."""
    fold = FOLDS.read(world[1]["folds"])
    turned = fold.assign(repeat=1, fold=(fold["fold"] + 1) % fold["fold"].nunique())
    REPEATS.write(turned, tmp_path / "1.parquet")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    own = evaluate(world, tmp_path / "a", fold=0)
    other = evaluate(world, tmp_path / "b", fold=1, folds=tmp_path / "1.parquet")
    for name in ("item_table", "retrieval_table", "class_table"):
        frames = [read_table(written[name]).drop(columns="fold") for written in (own, other)]
        pd.testing.assert_frame_equal(*frames)
    assert len(read_table(own.retrieval_table)) == 12


def test_untouched_photos_and_shams_are_scored(world, tmp_path):
    written = evaluate(world, tmp_path)
    metrics, ranks = read_json(written.metrics), RETRIEVAL.read(written.retrieval_table)
    assert (metrics["n_untouched_photos"], metrics["n_untouched_captions"]) == (4, 8)
    assert ranks["way"].value_counts().to_dict() == {"text_to_image": 8, "image_to_text": 4}
    for k in (1, 5, 10):
        of_text = ranks[ranks["way"] == "text_to_image"]["rank"]
        assert metrics[f"text_to_image_recall_at_{k}"] == pytest.approx((of_text < k).mean())
    assert (metrics["gallery_photos"], metrics["gallery_captions"]) == (4, 8)
    assert metrics["absence_auc_bare"] is None and metrics["n_queries"] == 0  # four photos are too few
    assert "no category has 5 photos" in metrics["reasons"]["absence_auc_bare"]
    means = PHOTO_VALUES.read(written.photo_table).groupby("metric")["value"].mean()
    assert len(means) == 6 and all(means[name] == pytest.approx(metrics[name]) for name in means.index)
    metrics, sham = evaluate_shams(world, tmp_path)
    assert metrics["n_shams"] == len(sham) == 8 and sham["edit_id"].str.endswith("-sham").all()
    right = sham[sham["presence"]]
    assert metrics["sham_flip_rate"] == pytest.approx((~right["sham_presence"]).mean())
    assert metrics["artefact_gap"] == pytest.approx(sham["presence"].mean() - sham["sham_presence"].mean())
    assert sham.loc[~sham["presence"], "sham_flip"].isna().all()
    assert set(metrics) == {"arm", "fold", "seed", *SHAM_METRICS}


def test_a_fold_without_untouched_photos_and_shams_has_empty_tables(world, tmp_path):
    fold_of = FOLDS.read(world[1]["folds"]).set_index("group")["fold"]
    less = {}
    for name in ("photos", "sham"):
        table = read_table(world[1][name])
        less[name] = tmp_path / f"{name}.parquet"
        write_table(table[table["group"].map(fold_of) != 1], less[name])
    written = evaluate(world, tmp_path, **less)
    of_shams, shams = evaluate_shams(world, tmp_path, **less)
    assert len(ITEMS.read(written.item_table)) == 8 and shams.empty
    for table, path in (
        (CLASSES, written.class_table),
        (QUERIES, written.query_table),
        (RETRIEVAL, written.retrieval_table),
    ):
        assert table.read(path).empty
    found = read_json(written.metrics) | of_shams
    assert found["group_score"] is not None and found["n_untouched_photos"] == found["n_shams"] == 0
    for name in (
        "text_to_image_recall_at_1",
        "absence_auc_bare",
        "violation_at_5",
        "sham_flip_rate",
    ):
        assert found[name] is None, name


def test_a_fold_of_captions_that_are_all_too_long_is_named(world, tmp_path):
    pair = read_table(world[1]["pairs"])
    write_table(pair.assign(caption_negated="dog " * 90), tmp_path / "pairs.parquet")
    with pytest.raises(PairError, match="each of the 8 pairs.*longer than the model's context"):
        evaluate(world, tmp_path, pairs=tmp_path / "pairs.parquet")


def test_query_arithmetic_changes_negated_texts_alone(world, tmp_path):
    plain = ITEMS.read(evaluate(world, tmp_path).item_table)
    changed = evaluate(world, tmp_path, "query_arithmetic", query_weight=1.9)
    changed = ITEMS.read(changed.item_table)
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


def test_photos_are_listed_with_captions_and_objects(tmp_path):
    sample = pd.DataFrame(
        {
            "image_id": [f"coco_{i}" for i in range(8)],
            "group": [f"g{i // 2}" for i in range(8)],
            "path": "x.png",
            "captions": [["a dog", "a pet"]] * 8,
            "source": "coco",
            "source_key": [str(i) for i in range(8)],
        }
    )
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

    def list_photos(source, max_photos):
        names = ("samples", "keywords", "folds")
        list_untouched_photos(
            Job(
                inputs={name: tmp_path / f"{name}.parquet" for name in names},
                outputs={"photos": tmp_path / "photos.parquet"},
                settings={"seed": 7, "words": "coco80", "evaluate": {"max_photos": max_photos}},
                config={"samples": {"sources": [source]}},
            )
        )
        return PHOTOS.read(tmp_path / "photos.parquet")

    photo = list_photos(source, 3)
    assert photo["fold"].value_counts().to_dict() == {1: 3, 0: 2}  # at most three; g3 has no fold
    objects = dict(zip(photo["image_id"], map(list, photo["objects"]), strict=True))
    assert objects["coco_0"] == ["dog"] and objects.get("coco_4", ["cat", "dog"]) == ["cat", "dog"]
    known = list_photos(source, 9).set_index("image_id")["objects_from"].to_dict()
    # A photo without an annotation has nothing on it when the file lists it; of one that it does
    # not list nothing is known.
    assert known == {f"coco_{i}": "instances" if i < 5 else "captions" for i in range(6)}
    (tmp_path / "instances.json").write_text(json.dumps({"images": []}))
    with pytest.raises(TableError, match=r"instances\.json.*'categories'"):
        list_photos(source, 9)
    photo = list_photos({"name": "coco", "format": "table"}, 9)
    assert set(photo["objects_from"]) == {"captions"} and len(photo) == 6
    FOLDS.write(FOLDS.frame([]), tmp_path / "folds.parquet")  # of a run without a wanted edit
    assert list_photos({"name": "coco", "format": "table"}, 9).empty


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
        hit = np.asarray(hits, bool)[rows]
        item = pd.DataFrame({"edit_id": [f"e{i:03d}" for i in rows]}).assign(arm=arm, fold=fold, seed=seed)
        item = item.reindex(columns=ITEMS.names).assign(interaction=0.1)
        item["group"] = [f"g{i // 6}-{fold}" for i in rows]
        for name in (*SCORES, "presence", "absence", "half_truth", "group_score_without"):
            item[name] = hit
        item["image_to_text_rank"] = item["text_to_image_rank"] = np.where(hit, 0.0, 7.0)
        stem = folder / f"{arm}-fold{fold}-seed{seed}"
        ITEMS.write(item, f"{stem}.items.parquet")
        metrics = {
            "group_score": float(item["group_score"].mean()),
            "absence_auc_bare": None,
            "n_pairs": len(rows),
            "n_groups": item["group"].nunique(),
            "n_training_groups": 0 if arm == "zero_shot" else 2 * item["group"].nunique(),
        }
        write_json({"arm": arm, "fold": fold, "seed": seed, **metrics}, f"{stem}.json")
        paths.append((f"{stem}.json", f"{stem}.items.parquet"))
    return paths


def compare(folder, paths, sham_metrics=None, **tables):
    outputs = {name: folder / f"{name}.csv" for name in ("summary", "comparison")}
    job = Job(
        inputs={
            "metrics": [path for path, _ in paths],
            "item_tables": [path for _, path in paths],
            "sham_metrics": sham_metrics,
            **{"sham_tables": None, "photo_tables": None, **tables},
        },
        outputs={"item_table": folder / "items.parquet", **outputs},
        settings={"seed": 7, "evaluate": SETTINGS, "deploy": {"arm": "paired"}},
    )
    compare_arms(job)
    return ITEMS.read(job.outputs.item_table), *(pd.read_csv(path) for path in outputs.values())


def test_sham_metrics_are_summarised_where_there_are_some(tmp_path):
    hits = np.arange(60) % 2 == 0
    paths = [*write_arm(tmp_path, "zero_shot", hits), *write_arm(tmp_path, "paired", hits)]
    _, without, _ = compare(tmp_path, paths)
    found = without.set_index(["arm", "metric"])["mean"]
    assert found[("paired", "sham_flip_rate")] != found[("paired", "sham_flip_rate")]  # null
    shams = []
    for path, _ in paths:
        run = {key: read_json(path)[key] for key in ("arm", "fold", "seed")}
        shams.append(path.replace(".json", ".shams.json"))
        write_json({**run, "sham_flip_rate": 0.1 * run["fold"], "n_shams": 5}, shams[-1])
    _, with_shams, _ = compare(tmp_path, paths, shams)
    assert with_shams["metric"].tolist() == without["metric"].tolist()
    row = with_shams.set_index(["arm", "metric"]).loc[("paired", "sham_flip_rate")]
    assert row["mean"] == pytest.approx(0.1) and row["n"] == 3


def test_what_is_evaluated_is_compared_with_chance_and_with_each_reference(world, tmp_path):
    """The files of evaluate_clip as they are; the same model in all places, so nothing differs."""
    meta = write_meta(world[0], fold=0)
    # Somebody who looked: what is not on these photos is known.
    photo = read_table(world[1]["photos"])
    write_table(photo.assign(unknown=[[] for _ in photo.index]), tmp_path / "seen.parquet")
    paths, tables = [], []
    for arm in ("zero_shot", "paired"):
        for fold in range(2):
            model = meta if arm == "paired" else None
            written = evaluate(world, tmp_path, arm, fold, model=model, photos=tmp_path / "seen.parquet")
            paths.append((written.metrics, written.item_table))
            tables.append(written.photo_table)
    _, summary, comparison = compare(tmp_path, paths, photo_tables=tables)
    found = comparison.set_index(["contrast", "metric"])
    assert found.loc[("paired-zero_shot", "group_score"), "difference"] == 0
    excess = summary.set_index(["arm", "metric"]).loc[("paired", "placebo_excess"), "mean"]
    chance = found.loc[("paired-chance", "placebo_excess")]
    assert chance["difference"] == pytest.approx(excess, abs=0.02) and np.isfinite(chance["low"])
    groups = read_json(meta)["groups"]
    tested = [read_json(path)["n_groups"] for path, _ in paths[2:]]
    assert found["test_to_train"].iloc[0] == pytest.approx(np.mean(tested) / groups, abs=1e-5)


def write_shams(folder, arm, told, flips, folds=3):
    """Write sham edits as evaluate_sham does: told rightly on the original, and wrongly on the sham edit."""
    rows = np.arange(len(told))
    item = pd.DataFrame({"edit_id": [f"s{i}" for i in rows], "arm": arm, "seed": 0, "fold": rows % folds})
    item = item.reindex(columns=SHAMS.names).assign(group=[f"g{i}" for i in rows])
    item["sham_flip"] = pd.array(flips, dtype="boolean")
    item["sham_flip"] = item["sham_flip"].where(told)
    paths = []
    for fold in range(folds):
        paths.append(folder / f"{arm}-{fold}.shams.parquet")
        SHAMS.write(item[item["fold"] == fold], paths[-1])
    return paths


def test_sham_flips_are_compared_with_an_interval(tmp_path):
    """A rate is of what is told rightly, which differs from arm to arm: no mean of differences."""
    rng = np.random.default_rng(2)
    hits = np.arange(60) % 2 == 0
    paths = [*write_arm(tmp_path, "zero_shot", hits), *write_arm(tmp_path, "paired", hits)]
    told = {arm: rng.random(300) < share for arm, share in (("zero_shot", 0.6), ("paired", 0.9))}
    flips = {arm: rng.random(300) < share for arm, share in (("zero_shot", 0.1), ("paired", 0.3))}
    tables = [path for arm in told for path in write_shams(tmp_path, arm, told[arm], flips[arm])]
    _, _, comparison = compare(tmp_path, paths, sham_tables=tables)
    row = comparison.set_index(["contrast", "metric"]).loc[("paired-zero_shot", "sham_flip_rate")]
    rates = {
        arm: np.mean([flips[arm][fold::3][told[arm][fold::3]].mean() for fold in range(3)]) for arm in told
    }
    assert row["difference"] == pytest.approx(rates["paired"] - rates["zero_shot"], abs=1e-6)
    spread = [rate * (1 - rate) / told[arm].sum() for arm, rate in (("zero_shot", 0.1), ("paired", 0.3))]
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * np.sqrt(sum(spread)), rel=0.2)
    assert row["n"] == 300 and row["corrected_t_low"] < row["difference"]


def test_untouched_photos_are_compared_by_the_values_that_they_have(tmp_path):
    rng = np.random.default_rng(3)
    hits = np.arange(60) % 2 == 0
    paths = [*write_arm(tmp_path, "zero_shot", hits), *write_arm(tmp_path, "paired", hits)]
    tables, means = [], {}
    for arm, area in (("zero_shot", 0.4), ("paired", 0.8)):
        rows = [
            {"arm": arm, "fold": at % 3, "seed": 0, "image_id": f"p{at}", "group": f"g{at}", "metric": metric}
            for at in range(300)
            for metric in ("absence_auc_known", "presence_auc")
        ]
        frame = pd.DataFrame(rows).assign(value=rng.normal(area, 0.5, len(rows)))
        means[arm] = frame[frame["metric"] == "absence_auc_known"]["value"].mean()
        for fold in range(3):
            tables.append(tmp_path / f"{arm}-{fold}.photos.parquet")
            PHOTO_VALUES.write(frame[frame["fold"] == fold], tables[-1])
    _, _, comparison = compare(tmp_path, paths, photo_tables=tables)
    found = comparison.set_index(["contrast", "metric"])
    row = found.loc[("paired-zero_shot", "absence_auc_known")]
    assert row["difference"] == pytest.approx(means["paired"] - means["zero_shot"], abs=1e-5)
    assert row["low"] < row["difference"] < row["high"] and row["n"] == 300
    chance = found.loc[("paired-chance", "absence_auc_known")]
    assert chance["difference"] == pytest.approx(means["paired"] - 0.5, abs=1e-5)
    assert ("paired-chance", "presence_auc") not in found.index


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
        ("paired-zero_shot", "pair_image_to_text_recall_at_5")
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
    """Two seeds that err on other pairs are as good as the reference, whose one model erred on the
    same share.
    """
    one, two = np.arange(60) % 3 > 0, np.arange(60) % 3 < 2
    paths = [path for seed in (0, 1) for path in write_arm(tmp_path, "zero_shot", one, seed)]
    paths += write_arm(tmp_path, "paired", one, 0) + write_arm(tmp_path, "paired", two, 1)
    _, _, comparison = compare(tmp_path, paths)
    assert comparison.loc[comparison["metric"] == "group_score", "mcnemar_p"].tolist() == [1.0]


def test_arms_tested_on_other_pairs_are_refused(tmp_path):
    paths = write_arm(tmp_path, "zero_shot", np.ones(60)) + write_arm(tmp_path, "paired", np.ones(57))
    with pytest.raises(TableError, match="other items"):
        compare(tmp_path, paths)


def test_contrasts_of_the_default_arms():
    arms = ["zero_shot", "originals", "random", "paired", "paired_rank"]
    names = [f"{a}-{b}" for a, b in list_contrasts(arms, "paired_rank")]
    assert names == [
        "originals-zero_shot",
        "random-zero_shot",
        "paired-zero_shot",
        "paired_rank-zero_shot",
        "random-originals",
        "paired-originals",
        "paired_rank-originals",
        "paired-random",
        "paired_rank-paired",
        "paired_rank-random",
    ]
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


def test_unseen_categories_stand_beside_seen_ones_on_the_same_pairs(world, tmp_path):
    classes = pd.DataFrame({"category": ["dog", "cat", "car"], "fold": [0, 1, 1], "edits": 8})
    folds_of_classes.write(classes, tmp_path / "classes.parquet")
    pairs, folds = make_pairs(tmp_path / "data")  # a category a group
    inputs = {"pairs": pairs, "folds": folds, "classes": tmp_path / "classes.parquet"}
    unseen = []
    for fold, n in ((0, 8), (1, 16)):
        job = make_evaluation(tmp_path, world[0], inputs, "paired", fold)
        evaluate_unseen_classes(job)
        item = UNSEEN.read(job.outputs.item_table)
        assert len(item) == n and set(item["category"]) == set(classes[classes["fold"] == fold]["category"])
        assert read_json(job.outputs.metrics)["group_score"] == pytest.approx(item["group_score"].mean())
        unseen.append(tmp_path / f"{fold}.parquet")
        UNSEEN.write(item, unseen[-1])
    of_folds = []
    for arm in ("zero_shot", "paired"):
        for fold in range(3):
            written = evaluate(world, tmp_path, arm, fold, pairs=pairs, folds=folds)
            of_folds.append(ITEMS.read(written.item_table))
    of_folds = pd.concat(of_folds)
    of_folds.loc[of_folds["arm"] == "paired", "group_score"] = np.arange(24) % 2 == 0
    ITEMS.write(of_folds, tmp_path / "items.parquet")
    compare_unseen_classes(
        Job(
            inputs={"unseen": unseen, "items_of_folds": tmp_path / "items.parquet"},
            outputs={"table": tmp_path / "unseen.parquet", "summary": tmp_path / "unseen.csv"},
            settings={"seed": 7, "evaluate": SETTINGS},
        )
    )
    row = pd.read_csv(tmp_path / "unseen.csv").set_index("metric").loc["group_score"]
    # The same model stands in all three places, so the unseen score is the untuned one. That no pair
    # of 24 differs does not show that none could (`limit_rare`).
    assert row["unseen"] == pytest.approx(row["zero_shot"]) and row["seen"] == 0.5
    assert row["minus_zero_shot"] == 0 and -row["minus_zero_shot_low"] == row["minus_zero_shot_high"] < 0.1
    assert row["minus_seen"] == pytest.approx(row["unseen"] - 0.5)
    assert row["minus_seen_low"] < row["minus_seen"] < row["minus_seen_high"]
    assert (row["n"], row["classes"]) == (24, 3) and len(UNSEEN.read(tmp_path / "unseen.parquet")) == 24
