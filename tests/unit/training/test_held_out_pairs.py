"""Which pairs a training sees: folds, categories and groups that are kept out."""

import json

import pandas as pd
import pytest

from tiny_clip import PAIRED, make_pairs, make_training
from training_world import train, write_leaks
from unscene.folds.columns import CLASSES
from unscene.folds.inner_validation import mark_inner
from unscene.run.tables import read_table, write_table
from unscene.training.pairs import PairError, read_pairs, split_by_class, split_pairs
from unscene.training.train_final import train_final
from unscene.training.train_fold import train_clip


def test_splits_keep_groups_apart_and_bad_tables_are_named(world, tmp_path):
    pair = read_pairs(world.pairs, world.folds)
    train_part, test_part = split_pairs(pair, 2)
    assert len(train_part) == 16 and len(test_part) == 8
    assert not set(train_part["group"]) & set(test_part["group"])
    with pytest.raises(PairError, match="fold 9 has no test pairs"):
        split_pairs(pair, 9)
    write_table(read_table(world.pairs).head(0), tmp_path / "none.parquet")
    with pytest.raises(PairError, match=r"quality\.thresholds"):
        read_pairs(tmp_path / "none.parquet")
    write_table(read_table(world.folds).head(3), tmp_path / "folds.parquet")
    with pytest.raises(PairError, match="has no fold"):
        read_pairs(world.pairs, tmp_path / "folds.parquet")


def test_of_unfiltered_pairs_nothing_held_out_is_trained_on(tmp_path, monkeypatch):
    """Held out: a fold of photos or of categories, the inner validation, photos of evaluation sets."""
    _, path_to_folds = make_pairs(tmp_path, 48, per_group=2)
    pair = read_pairs(tmp_path / "pairs.parquet", path_to_folds)
    groups, seen = pd.unique(pair["group"]), []
    held_out = set(pair.loc[pair["fold"] == 0, "group"])
    with_cat = set(pair.loc[pair["category"] == "cat", "group"])
    inner = set(groups[mark_inner(groups, 0.3, 7)])
    leaked = set(sorted(set(groups) - held_out - with_cat - inner)[:2])
    classes = pd.DataFrame({"category": ["cat", "car", "dog"], "fold": [0, 1, 2], "edits": 16})
    CLASSES.write(classes, tmp_path / "classes.parquet")
    inputs = {
        "pairs": tmp_path / "pairs.parquet",
        "folds": path_to_folds,
        "leaks": write_leaks(tmp_path / "leaks.parquet", sorted(leaked)),
        "photos": tmp_path / "photos.npy",
        "index": tmp_path / "photos.parquet",
    }
    arm = {**PAIRED, "pairs": "unfiltered"}
    for module in ("train_fold", "train_final"):
        monkeypatch.setattr(
            f"unscene.training.{module}.run_workers",
            lambda work, arguments, _: seen.append(arguments["pair"]),
        )

    def job(inner_share=0.3, **more):
        return make_training(arm, tmp_path / "model", tmp_path, inputs | more, inner_share=inner_share)

    train_clip(job())
    train_clip(job(classes=tmp_path / "classes.parquet"))
    train_final(job())
    with pytest.raises(PairError, match="lower train.inner_share"):
        train_clip(job(inner_share=1))
    assert len(leaked) == 2 and inner - held_out and inner - with_cat
    for kept_out, trained in zip((held_out | inner, with_cat | inner, set()), seen, strict=True):
        expected = pair[~pair["group"].isin(kept_out | leaked)]
        assert trained["edit_id"].tolist() == expected["edit_id"].tolist() != []


def test_leave_class_out_keeps_the_categories_and_their_photos_out(world, tmp_path):
    classes = pd.DataFrame({"category": ["cat", "car", "dog"], "fold": [0, 1, 2], "edits": 8})
    CLASSES.write(classes, tmp_path / "classes.parquet")
    pair = read_pairs(world.pairs, world.folds)
    pair.loc[pair["edit_id"] == "s_000-dog", "group"] = "g001"  # shares its photos with a cat
    part, test = split_by_class(pair, tmp_path / "classes.parquet", 0)
    assert set(test["category"]) == {"cat"} and set(part["category"]) == {"car", "dog"}
    assert "s_000-dog" not in set(part["edit_id"]) and len(part) == 15
    meta = json.loads(
        (
            train(world, tmp_path / "m", inputs={"classes": tmp_path / "classes.parquet"}) / "meta.json"
        ).read_text()
    )
    assert (meta["fold"], meta["pairs"]) == ("class0", 16)
