"""The sweep between untuned and tuned weights: its formula, its choice, and that the choice never
sees the test fold.
"""

import numpy as np
import pandas as pd
import pytest

from tiny_clip import RUNTIME, make_clip, make_evaluation, make_pairs, make_photos, write_meta
from unscene.clip.models import load_clip
from unscene.evaluation.columns.sweeps import SWEEPS, SWEPT_ITEMS
from unscene.evaluation.evaluate_fold import evaluate_clip
from unscene.evaluation.weight_sweep import sweep_alphas
from unscene.evaluation.wise_ft import choose_alpha
from unscene.folds.inner_validation import mark_inner
from unscene.machine.job import Job
from unscene.run.tables import read_json, read_table, write_table
from unscene.training.optimisation import interpolate_weights


def test_interpolation_is_its_formula():
    import torch

    untuned = {"w": torch.tensor([0.0, 2.0]), "mask": torch.tensor([1, 2])}
    tuned = {"w": torch.tensor([1.0, 6.0]), "mask": torch.tensor([1, 2])}
    assert interpolate_weights(untuned, tuned, 0.25)["w"].tolist() == [0.25, 3.0]
    for alpha, end in ((0, untuned), (1, tuned)):
        assert torch.equal(interpolate_weights(untuned, tuned, alpha)["w"], end["w"])
    with pytest.raises(ValueError, match="two architectures"):
        interpolate_weights(untuned, {"w": tuned["w"]}, 0.5)


@pytest.mark.parametrize(
    ("group_score", "general", "expected"),
    [
        ([0.1, 0.3, 0.5], [0.5, 0.5, 0.5], 1.0),
        ([0.1, 0.3, 0.5], [0.5, 0.495, 0.4], 0.5),  # more than a point lost: not allowed
        ([0.1, 0.5, 0.5], [0.5, 0.5, 0.5], 0.5),  # of equal ones the smallest
        ([0.4, 0.3, 0.2], [0.5, 0.5, 0.5], 0.0),
        ([0.1, 0.3, 0.5], [np.nan] * 3, 1.0),  # without photos nothing is known to be lost
    ],
)
def test_alpha_is_the_best_that_loses_little(group_score, general, expected):
    sweep = pd.DataFrame({"alpha": [0, 0.5, 1], "inner_group_score": group_score, "inner_general": general})
    assert choose_alpha(sweep.sample(frac=1, random_state=1)) == expected


def test_the_inner_validation_is_a_share_of_groups_whatever_the_fold():
    group = pd.Series([f"g{i // 3}" for i in range(6000)])
    inner = mark_inner(group, 0.1, 7)
    assert 0.08 < inner.mean() < 0.12
    assert (pd.Series(inner).groupby(group).nunique() == 1).all()
    assert (mark_inner(group[:900], 0.1, 7) == inner[:900]).all()
    assert not mark_inner(group, 0, 7).any() and (mark_inner(group, 0.1, 8) != inner).any()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    pairs, folds = make_pairs(folder / "data", count=48)
    clips = [make_clip(folder / "untuned"), make_clip(folder / "tuned")]
    import torch
    from safetensors.torch import load_file, save_file

    weights = load_file(clips[1] / "open_clip_model.safetensors")
    torch.manual_seed(3)
    weights = {
        name: value + 0.2 * value.std() * torch.randn_like(value) if value.ndim > 1 else value
        for name, value in weights.items()
    }
    save_file(weights, clips[1] / "open_clip_model.safetensors")
    return clips, pairs, folds, make_photos(folder, pairs, folds)


def sweep(world, folder, pairs=None):
    (untuned, tuned), own_pairs, folds, photos = world
    outputs = {"sweep": folder / "sweep.parquet", "item_table": folder / "swept.parquet"}
    inputs = {"pairs": pairs or own_pairs, "folds": folds, "photos": photos, "model": write_meta(tuned)}
    job = Job(
        inputs=inputs,
        outputs=outputs,
        settings={
            "seed": 7,
            "words": "coco80",
            "train": {"inner_share": 0.4},
            "evaluate": {"alphas": [0, 1, 0.5]},
        },
        runtime=RUNTIME,
        wildcards={"arm": "paired", "fold": "1", "seed": "0"},
        config={"train": {"clip": str(untuned)}},
    )
    sweep_alphas(job)
    return SWEEPS.read(outputs["sweep"]), SWEPT_ITEMS.read(outputs["item_table"])


def test_both_ends_of_the_sweep_are_the_two_models(world, tmp_path):
    rows, item = sweep(world, tmp_path)
    assert rows["alpha"].tolist() == [0, 0.5, 1] and rows["chosen"].sum() == 1
    assert (
        set(item["arm"]) == {"paired_wise_ft"}
        and item["alpha"].iloc[0] == rows.loc[rows["chosen"], "alpha"].iloc[0]
    )
    (untuned, tuned), pairs, folds, photos = world
    for row, clip in ((0, untuned), (2, tuned)):
        inputs = {"pairs": pairs, "folds": folds, "photos": photos, "model": write_meta(clip)}
        job = make_evaluation(tmp_path / str(row), untuned, inputs, "paired", 1)
        evaluate_clip(job)
        metrics = read_json(job.outputs.metrics)
        for name in ("group_score", "absence", "interaction", "text_to_image_recall_at_1"):
            assert rows[name][row] == pytest.approx(metrics[name]), name


def test_the_choice_does_not_see_the_test_fold(world, tmp_path):
    rows, _ = sweep(world, tmp_path)
    pair, fold = read_table(world[1]), read_table(world[2]).set_index("group")["fold"]
    tested = pair["group"].map(fold) == 1
    pair.loc[tested, ["original_path", "edited_path"]] = pair.loc[
        tested, ["edited_path", "original_path"]
    ].to_numpy()
    write_table(pair, tmp_path / "turned.parquet")
    turned, _ = sweep(world, tmp_path, tmp_path / "turned.parquet")
    columns = ["inner_group_score", "inner_general", "n_inner_pairs", "chosen"]
    pd.testing.assert_frame_equal(rows[columns], turned[columns])
    assert np.allclose(rows["image_effect_size"], turned["image_effect_size"])
    assert not np.allclose(rows["interaction"], turned["interaction"])


def test_tiny_models_differ(world):
    states = [load_clip(path)[0].state_dict() for path in world[0]]
    assert any((states[0][name] != states[1][name]).any() for name in states[0])
