"""Folds: no group in two, none empty, categories spread, the same whatever the order of rows."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from in_memory_joins import group_samples
from unscene.folds.columns import REPEATS
from unscene.folds.splitting import (
    assign_categories,
    assign_folds,
    merge_rare,
    pack_clusters,
    read_groups,
    split_folds,
)
from unscene.machine.job import Job
from unscene.run.tables import write_table

CATEGORIES = ["person", "dog", "cat", "hot dog", "kite"]


def make_tables(
    folder, photos: int = 200, seed: int = 0, group_size: int = 2
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write samples and masks: groups of `group_size` photos, unlike hashes, a third of the edits skipped."""
    rng = np.random.default_rng(seed)
    bits = [rng.permutation(np.repeat([0, 1], 32)) for _ in range(photos)]
    sample = pd.DataFrame(
        {
            "image_id": [f"a_{i}" for i in range(photos)],
            "group": [f"a_{i - i % group_size}" for i in range(photos)],
            "phash": [f"{int(''.join(map(str, row)), 2):016x}" for row in bits],
        }
    )
    edit = pd.DataFrame(
        {
            "image_id": sample["image_id"],
            "category": rng.choice(CATEGORIES, photos, p=[0.5, 0.2, 0.15, 0.1, 0.05]),
            "status": rng.choice(["ok", "ok", "skipped"], photos),
        }
    )
    edit["edit_id"] = edit["image_id"] + "-" + edit["category"].str.replace(" ", "_")
    write(folder, sample, edit)
    return sample, edit


def write(folder, sample, edit):
    write_table(sample, folder / "samples.parquet")
    write_table(edit, folder / "masks.parquet")


def run(folder, folds: int = 4, distance: int = 6, seed: int = 7) -> tuple[pd.DataFrame, pd.DataFrame]:
    inputs = {"samples": folder / "samples.parquet", "masks": folder / "masks.parquet"}
    outputs = {"folds": folder / "folds.parquet", "classes": folder / "classes.parquet"}
    settings = {"seed": seed, "folds": {"folds": folds, "duplicate_hash_distance": distance}}
    split_folds(Job(inputs, outputs, settings))
    return pd.read_parquet(folder / "folds.parquet"), pd.read_parquet(folder / "classes.parquet")


def test_every_wanted_group_has_one_fold_and_categories_are_spread(tmp_path):
    sample, edit = make_tables(tmp_path)
    fold, classes = run(tmp_path)
    assert fold["group"].is_unique
    assert set(fold["group"]) == set(sample["group"])  # skipped edits count, too
    assert set(fold["fold"]) == {0, 1, 2, 3}
    joined = edit.merge(sample).merge(fold, on="group")
    share = pd.crosstab(joined["fold"], joined["category"], normalize="index")
    assert (share["person"].max() - share["person"].min()) < 0.15
    assert joined["fold"].value_counts().min() >= 35
    assert set(classes["category"]) == set(CATEGORIES)


def test_folds_do_not_depend_on_row_order_and_do_on_the_seed(tmp_path):
    sample, edit = make_tables(tmp_path)
    first, _ = run(tmp_path)
    write(tmp_path, sample.sample(frac=1, random_state=1), edit.sample(frac=1, random_state=2))
    again, _ = run(tmp_path)
    pd.testing.assert_frame_equal(first, again)
    other, _ = run(tmp_path, seed=8)
    assert (first["fold"] != other["fold"]).mean() > 0.2


def draw_repeat(folder, repeat, seed=7):
    inputs = {"samples": folder / "samples.parquet", "masks": folder / "masks.parquet"}
    settings = {"seed": seed, "folds": {"folds": 4, "duplicate_hash_distance": 6}}
    outputs = {"folds": folder / f"{repeat}.parquet"}
    split_folds(Job(inputs, outputs, settings, wildcards={"seed": str(repeat)}))
    return REPEATS.read(outputs["folds"])


def test_a_repeat_is_another_split_of_the_same_groups(tmp_path):
    """Two splits drawn apart put a group into the same of four folds one time in four."""
    make_tables(tmp_path, photos=2000)
    own = run(tmp_path)[0].set_index("group")["fold"]
    splits = [own, *(draw_repeat(tmp_path, repeat).set_index("group")["fold"] for repeat in (1, 2))]
    for one, other in combinations(splits, 2):
        assert set(one.index) == set(other.index)
        assert abs((one == other.loc[one.index]).mean() - 0.25) < 0.05
    assert draw_repeat(tmp_path, 1)["repeat"].unique().tolist() == [1]
    # It depends on its number and the config's seed, and not on how many there are.
    again = draw_repeat(tmp_path, 2).set_index("group")["fold"]
    pd.testing.assert_series_equal(splits[2], again)
    assert (draw_repeat(tmp_path, 2, seed=8).set_index("group")["fold"] != again).any()


def test_near_hashes_share_a_fold_though_their_groups_differ(tmp_path):
    sample, edit = make_tables(tmp_path, group_size=1)
    for i in range(
        0, 40, 2
    ):  # five bits turned: farther than the samples' distance, nearer than that of the folds
        sample.loc[i + 1, "phash"] = f"{int(sample.loc[i, 'phash'], 16) ^ 0b11111:016x}"
    write(tmp_path, sample, edit)
    of = run(tmp_path)[0].set_index("group")["fold"]
    assert all(of[f"a_{i}"] == of[f"a_{i + 1}"] for i in range(0, 40, 2))
    of = run(tmp_path, distance=4)[0].set_index("group")["fold"]
    assert any(of[f"a_{i}"] != of[f"a_{i + 1}"] for i in range(0, 40, 2))


def test_groups_and_clusters_equal_the_loop(tmp_path):
    rng = np.random.default_rng(4)
    sample, edit = make_tables(tmp_path, photos=60)
    sample["group"] = [f"a_{number}" for number in rng.integers(0, 40, 60)]
    for row in range(0, 60, 3):  # some near, some one bit too far
        bits = sum(1 << int(bit) for bit in rng.choice(64, rng.integers(4, 8), replace=False))
        other = int(sample.loc[row + 1, "phash"], 16) ^ bits
        sample.loc[row, "phash"] = f"{other:016x}" if row % 2 else None
    sample = sample.sample(frac=1, random_state=3, ignore_index=True)
    write(tmp_path, sample, edit)
    group, cluster = read_groups(tmp_path / "samples.parquet", 6)
    looped = group_samples(sample.rename(columns={"group": "group_key"}).assign(sha256=None, url=None), 6)
    for own, expected in ((group, sample["group"]), (cluster, looped)):
        pairs = {*zip(own.tolist(), expected, strict=True)}
        assert len(pairs) == len(set(own.tolist())) == len(set(expected)) < 60
    # Clusters are numbered by the sorted names of their first photos.
    first = sample.groupby(cluster)["image_id"].min()
    assert first.is_monotonic_increasing


def test_photos_without_an_edit_get_no_fold(tmp_path):
    sample, edit = make_tables(tmp_path, group_size=1)
    write(tmp_path, sample, edit.iloc[:100])
    assert set(run(tmp_path)[0]["group"]) == set(sample["group"][:100])


def test_fewer_groups_than_folds_are_a_fold_each_and_no_edit_is_no_error(tmp_path, caplog):
    make_tables(tmp_path, photos=6, group_size=2)
    assert run(tmp_path)[0]["fold"].tolist() == [0, 1, 2]
    assert "folds.folds is 4, but the wanted edits come from 3 groups" in caplog.text
    sample, edit = make_tables(tmp_path, photos=6)
    write(tmp_path, sample, edit.iloc[:0])
    group, category = run(tmp_path)
    assert group.empty and category.empty and group["fold"].dtype == category["fold"].dtype == "int64"


@pytest.mark.parametrize("seed", range(5))
def test_no_fold_is_empty_when_there_are_just_enough_groups(seed):
    rng = np.random.default_rng(seed)
    sizes = [40, 1, 1, 1]
    cluster = np.repeat(range(4), sizes)
    fold = assign_folds(cluster, rng.choice(2, len(cluster)), 4, seed)
    assert set(fold) == {0, 1, 2, 3}
    assert pd.Series(fold).groupby(cluster).nunique().eq(1).all()


def test_packs_of_clusters_stay_whole_and_even(monkeypatch):
    monkeypatch.setattr("unscene.folds.splitting.MOST_PACKS", 60)
    rng = np.random.default_rng(0)
    cluster, category = rng.integers(0, 900, 1200), rng.choice(5, 1200)
    _, first, inverse = np.unique(cluster, return_index=True, return_inverse=True)
    pack = pack_clusters(first, category[first], seed=1)
    assert pd.Series(category[first]).groupby(pack).nunique().eq(1).all()
    assert 50 <= len(set(pack)) <= 65
    fold = pd.Series(assign_folds(cluster, category, 4, seed=1))
    assert fold.groupby(pack[inverse]).nunique().eq(1).all()
    assert fold.value_counts().min() > 0.8 * 300


def test_rare_categories_are_put_together():
    dog, cat, kite, bus = range(4)
    category = np.array([dog] * 9 + [cat, kite, bus])
    assert merge_rare(category, 3).tolist() == [dog] * 9 + [-1] * 3
    assert merge_rare(category[:11], 3).tolist() == [dog] * 11
    assert len(set(merge_rare(np.array([dog, cat]), 3))) == 1


def test_folds_of_categories_are_balanced_by_edits():
    counts = {"person": 50, "dog": 30, "cat": 20, "kite": 10, "bus": 9, "car": 1}
    classes = assign_categories(pd.DataFrame(counts.items(), columns=["category", "edits"]), 3)
    assert classes["category"].tolist() == sorted(counts)
    assert classes.groupby("fold")["edits"].sum().to_dict() == {0: 50, 1: 39, 2: 31}
