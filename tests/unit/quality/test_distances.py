"""Distances of sets: fast code against plain loops, and a table that tells edits from originals."""

import math

import numpy as np
import pandas as pd
import pytest

from unscene.machine.job import Job
from unscene.photos.images import write_png
from unscene.quality.columns import DISTANCES
from unscene.quality.distances import choose_sets, measure_distances
from unscene.quality.kernel_distances import measure_cmmd, measure_kid
from unscene.run.tables import write_table


def draw_features(rng, count, shift=0.0, width=16):
    features = rng.normal(size=(count, width)) + shift
    return (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)


def measure_cmmd_plainly(first, second):
    def mean(a, b):
        return np.mean(
            [[math.exp(-sum((x - y) ** 2) / 200) for y in b.astype(float)] for x in a.astype(float)]
        )

    return 1000 * (mean(first, first) + mean(second, second) - 2 * mean(first, second))


def test_cmmd_equals_the_plain_double_loop(monkeypatch):
    rng = np.random.default_rng(0)
    first, second = draw_features(rng, 23), draw_features(rng, 17, 0.5)
    expected = measure_cmmd_plainly(first, second)
    assert measure_cmmd(first, second) == pytest.approx(expected, abs=1e-9)
    monkeypatch.setattr("unscene.quality.kernel_distances._ROWS_AT_ONCE", 5)
    assert measure_cmmd(first, second) == pytest.approx(expected, abs=1e-9)
    assert measure_cmmd(first, first) == pytest.approx(0, abs=1e-9)


def test_kid_of_whole_sets_is_the_unbiased_cubic_mmd():
    rng = np.random.default_rng(0)
    first, second = draw_features(rng, 20).astype(float), draw_features(rng, 20, 0.5).astype(float)

    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    within = sum((kernel(x, x).sum() - np.trace(kernel(x, x))) / (20 * 19) for x in (first, second))
    expected = within - 2 * kernel(first, second).mean()
    mean, spread = measure_kid(np.tile(first, (1, 1)), second, seed=0)
    assert mean == pytest.approx(expected, abs=4 * spread)
    assert measure_kid(first, second, seed=0) == (mean, spread)
    same, _ = measure_kid(first, draw_features(rng, 20), seed=0)
    assert mean > 2 * abs(same)


def make_run(folder, count=60):
    """Every third photo has no dog; dogs are red, and their edits are not."""
    rng = np.random.default_rng(0)
    rows, pairs = [], []
    for number in range(count):
        name, has_dog = f"toy_{number}", number % 3 > 0
        ground = rng.integers(90, 130, (32, 32, 3), dtype=np.uint8)
        photo = ground.copy()
        if has_dog:
            photo[8:24, 8:24] = (220, 20, 30)
            write_png(ground, folder / f"{name}.edit.png")
            pairs.append(
                {
                    "edit_id": f"{name}-dog",
                    "category": "dog",
                    "original_path": str(folder / f"{name}.png"),
                    "edited_path": str(folder / f"{name}.edit.png"),
                }
            )
        write_png(photo, folder / f"{name}.png")
        rows.append(
            {"image_id": name, "path": str(folder / f"{name}.png"), "words": ["dog"] if has_dog else []}
        )
    frame = pd.DataFrame(rows)
    write_table(frame[["image_id", "path"]], folder / "samples.parquet")
    write_table(frame[["image_id", "words"]], folder / "keywords.parquet")
    write_table(frame[["image_id"]].assign(category="cat").head(1), folder / "masks.parquet")
    write_table(pd.DataFrame(pairs), folder / "pairs.parquet")
    return Job(
        {name: folder / f"{name}.parquet" for name in ("samples", "keywords", "masks", "pairs")},
        {"table": folder / "distances.parquet"},
        {"seed": 7},
        {"device": "cpu", "batch_size": 16},
        config={"train": {"clip": "resources/embedded/clip"}},
    )


def measure(job):
    measure_distances(job)
    return DISTANCES.read(job.outputs.table).set_index("category").loc["dog"]


def test_edits_are_nearer_to_photos_without_the_class_than_originals(tmp_path):
    job = make_run(tmp_path)
    row = measure(job)
    assert (row["edits"], row["photos"], row["status"]) == (40, 20, "ok")
    assert row["cmmd"] < row["cmmd_original"] / 5
    assert row["kid"] < row["kid_original"]
    first = job.outputs.table.read_bytes()
    measure(job)
    assert job.outputs.table.read_bytes() == first


def test_photos_on_which_captions_or_detector_know_the_class_are_no_photos_without_it(tmp_path):
    job = make_run(tmp_path)
    seen = pd.DataFrame({"image_id": ["toy_0", "toy_1"], "category": ["dog", "dog"]})
    write_table(seen, tmp_path / "masks.parquet")  # no caption of toy_0 names the dog
    pairs, without = choose_sets(job, seed=7)["dog"]
    assert sorted(without["image_id"]) == sorted(f"toy_{number}" for number in range(3, 60, 3))
    assert len(pairs) == 40


def test_few_photos_are_a_row_with_a_reason(tmp_path):
    job = make_run(tmp_path, count=12)
    (tmp_path / "toy_0.png").write_bytes(b"broken")
    row = measure(job)
    assert (row["status"], row["photos"], row["edits"]) == ("skipped", 3, 8)
    assert "fewer than 20" in row["reason"]
    assert np.isnan(row["cmmd"])
