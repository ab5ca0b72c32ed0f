"""RC-S-lite: box filters against plain windows, crops against their description, and the whole on a
tiny DINOv2.
"""

import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from unscene.quality.rcs import RegionScorer, choose_square, list_components, prepare_crop, score_tokens


def score_plainly(features: np.ndarray, hole: np.ndarray) -> float:
    """The definition, window by window and token by token."""
    channels, rows, columns = features.shape
    side = min(int(16 * max(rows, columns) / 64), rows, columns)
    background = [features[:, r, c] for r in range(rows) for c in range(columns) if not hole[r, c]]
    distances = []
    for top in range(0, rows - side + 1, 4):
        for left in range(0, columns - side + 1, 4):
            inner, outer = [], []
            for r in range(top, top + side):
                for c in range(left, left + side):
                    (inner if hole[r, c] else outer).append(features[:, r, c])
            if len(inner) > 5 and len(outer) > 5:
                distances.append(10 * np.sum((np.mean(inner, 0) - np.mean(outer, 0)) ** 2))
            elif len(inner) > 5 and not outer and background:
                distances.append(10 * np.sum((np.mean(inner, 0) - np.mean(background, 0)) ** 2))
    return math.exp(-np.mean(distances) / 3) if distances else math.nan


def draw_features(rng, rows, columns, channels=12):
    features = rng.normal(size=(channels, rows, columns)) + rng.normal(size=(channels, 1, 1))
    return features / np.linalg.norm(features, axis=0)


@pytest.mark.parametrize("shape", [(32, 32), (20, 32), (32, 6)])
@pytest.mark.parametrize("hole", ["small", "large", "ragged", "all", "none"])
def test_box_filters_equal_plain_windows(shape, hole):
    import torch

    rng = np.random.default_rng(sum(shape))
    features = draw_features(rng, *shape)
    mask = np.zeros(shape, bool)
    if hole == "small":
        mask[4:8, 2:5] = True
    elif hole == "large":  # some windows lie wholly in it and are compared with the whole background
        mask[2:18, 1:22] = True
    elif hole == "ragged":
        mask = rng.random(shape) < 0.4
    elif hole == "all":
        mask[:] = True
    found = score_tokens(torch.from_numpy(features), torch.from_numpy(mask))
    assert found == pytest.approx(score_plainly(features, mask), abs=1e-9, nan_ok=True)
    assert math.isnan(found) == (hole in ("all", "none"))


def test_equal_features_score_one_and_foreign_ones_less():
    import torch

    rng = np.random.default_rng(1)
    features = np.repeat(rng.normal(size=(12, 1, 1)), 32, 1).repeat(32, 2)
    features /= np.linalg.norm(features, axis=0)
    hole = np.zeros((32, 32), bool)
    hole[10:22, 10:22] = True
    same = score_tokens(torch.from_numpy(features), torch.from_numpy(hole))
    foreign = features.copy()
    foreign[:, hole] = -features[:, hole]
    assert same == pytest.approx(1)
    # opposite unit vectors are 2 apart: d = 10 * 4 in every window
    assert score_tokens(torch.from_numpy(foreign), torch.from_numpy(hole)) == pytest.approx(math.exp(-40 / 3))


def test_components_are_the_large_parts_or_else_the_largest():
    mask = np.zeros((100, 100), bool)
    mask[0:20, 0:20] = mask[50:70, 30:60] = mask[90:93, 90:93] = True
    assert sorted(list_components(mask)) == [(0, 0, 20, 20), (30, 50, 60, 70)]
    small = np.zeros((40, 40), bool)
    small[1:3, 1:3] = small[10:15, 10:15] = True
    assert list_components(small) == [(10, 10, 15, 15)]
    assert list_components(np.zeros((9, 9), bool)) == []


@pytest.mark.parametrize(
    ("box", "frame", "square"),
    [
        ((40, 40, 70, 60), (100, 120), (25, 75, 30, 80)),  # side 30, a margin of 10 on each side
        ((0, 20, 30, 50), (100, 100), (20, 50, 0, 30)),  # at the border there is no margin
        ((4, 20, 34, 50), (100, 100), (16, 54, 0, 38)),  # four pixels from it, four pixels of margin
        ((0, 10, 100, 30), (40, 100), (0, 40, 0, 100)),  # a square that does not fit is cut
    ],
)
def test_square_grows_by_a_third_as_far_as_the_frame_allows(box, frame, square):
    rows, columns = choose_square(box, *frame)
    assert (rows.start, rows.stop, columns.start, columns.stop) == square


def test_crop_is_448_long_and_a_multiple_of_14():
    pixels = np.random.default_rng(0).integers(0, 255, (90, 120, 3), dtype=np.uint8)
    mask = np.zeros((90, 120), bool)
    mask[40, 60] = True
    crop, hole = prepare_crop(pixels, mask, (slice(0, 61), slice(0, 120)))
    assert crop.shape == (238, 448, 3)  # 61 / 120 x 448 = 228, padded to 238
    assert hole.shape == (17, 32)
    assert hole[40 * 228 // 61 // 14, 60 * 448 // 120 // 14]
    assert 0 < hole.sum() <= 4


@pytest.fixture(scope="module")
def dino(tmp_path_factory):
    import torch
    from transformers import Dinov2Config, Dinov2Model

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("dino")
    config = Dinov2Config(
        hidden_size=24, num_hidden_layers=1, num_attention_heads=2, image_size=56, patch_size=14
    )
    Dinov2Model(config).save_pretrained(folder)
    return folder


def test_a_dinov2_folder_scores_and_batches_change_nothing(dino):
    rng = np.random.default_rng(0)
    photos = [
        np.full((64, 64, 3), 120, np.uint8) + rng.integers(0, 9, (64, 64, 3), dtype=np.uint8)
        for _ in range(3)
    ]
    photos.append(np.full((40, 150, 3), 90, np.uint8))
    masks = [np.zeros(photo.shape[:2], bool) for photo in photos]
    for mask in masks[:3]:
        mask[20:44, 20:44] = True
    masks[3][5:35, 5:130] = True
    photos[1] = photos[0].copy()
    photos[1][20:44, 20:44] = rng.integers(0, 255, (24, 24, 3), dtype=np.uint8)
    scorer = RegionScorer(dino, batch_size=2)
    together = scorer.score(photos, masks)
    assert ((together > 0) & (together <= 1)).all()
    assert together[1] < together[0]
    alone = np.concatenate([scorer.score([p], [m]) for p, m in zip(photos, masks, strict=True)])
    np.testing.assert_array_equal(together, alone)
    assert np.isnan(scorer.score([photos[0]], [np.zeros((64, 64), bool)])).all()


def test_a_folder_that_is_no_dinov2_says_so(tmp_path):
    from transformers import ViTConfig, ViTModel

    config = ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, image_size=32
    )
    ViTModel(config).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="patches of 14"):
        RegionScorer(tmp_path)


def test_a_damaged_dinov2_never_scores(dino, tmp_path):
    """Some of its tensors, one that is no number, another's; a head beyond it counts for nothing."""
    import torch
    from safetensors.torch import load_file, save_file

    state = load_file(dino / "model.safetensors")
    names = sorted(state)
    odd = state | {names[0]: torch.full_like(state[names[0]], float("nan"))}
    for changed, told in (
        ({name: state[name] for name in names[::2]}, "are missing"),
        (odd, "NaN or infinity"),
        ({f"text.{name}": value for name, value in state.items()}, "are missing"),
        (state | {"encoder.layer.7.norm1.weight": torch.ones(24)}, "unknown to it"),
    ):
        folder = Path(shutil.copytree(dino, tmp_path / "dino", dirs_exist_ok=True))
        save_file(changed, folder / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(ValueError, match=f"quality.dino: {folder}.*{told}"):
            RegionScorer(folder)
    head = {"classifier.weight": torch.ones(3, 48)}
    save_file(state | head, folder / "model.safetensors", metadata={"format": "pt"})
    assert RegionScorer(folder)


def test_a_path_without_a_dinov2_is_named_with_its_key(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "clip"}')
    for path, told in (
        (tmp_path / "absent", "config.json is missing"),
        (tmp_path / "config.json", "config.json is missing"),
        (tmp_path, "model_type clip"),
    ):
        with pytest.raises(ValueError, match=f"quality.dino: {path}.*{told}"):
            RegionScorer(path)
