"""The evaluation of an arm on a fold: pairs, untouched photos, sham edits."""

import numpy as np
import pandas as pd
import pytest

from evaluated_arms import evaluate
from tiny_clip import make_evaluation
from unscene.evaluation.columns.pairs import ITEMS
from unscene.evaluation.columns.photos import CLASSES, PHOTO_VALUES, QUERIES, RETRIEVAL
from unscene.evaluation.columns.shams import SHAM_METRICS, SHAMS
from unscene.evaluation.evaluate_sham import evaluate_sham
from unscene.evaluation.fold_scores import score_items
from unscene.folds.columns import FOLDS, REPEATS
from unscene.run.tables import read_json, read_table, write_table
from unscene.training.pairs import PairError


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
