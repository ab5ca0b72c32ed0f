"""Categories that no training saw, beside seen ones."""

import numpy as np
import pandas as pd
import pytest

from evaluated_arms import SETTINGS, evaluate
from tiny_clip import make_evaluation, make_pairs
from unscene.evaluation.columns.pairs import ITEMS, UNSEEN
from unscene.evaluation.evaluate_unseen import evaluate_unseen_classes
from unscene.evaluation.unseen_classes import compare_unseen_classes
from unscene.folds.columns import CLASSES as folds_of_classes
from unscene.machine.job import Job
from unscene.run.tables import read_json


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
