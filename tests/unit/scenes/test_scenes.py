"""The drawn world: deterministic, exact masks, true backgrounds, COCO's format, captions with known truth."""

import hashlib
import json
import re

import cv2
import numpy as np
import pandas as pd
import pytest

from unscene.photos.coco_instances import decode_segmentation
from unscene.scenes import CATEGORIES, compose_scene, render_scene, write_captions
from unscene.scenes.rendering import draw_dataset, encode_mask
from unscene.words.coco80 import COCO80, COCO_IDS

SEED = 2500
NEGATIONS = re.compile(r"\b(no|not|without|none|never|nobody|nothing|absent|missing|lacks?|free of)\b|n't")


def captions_of(index):
    return write_captions(compose_scene(SEED, index), np.random.default_rng([SEED, index]))


def test_a_scene_is_decided_by_seed_and_index():
    first, again, other = compose_scene(SEED, 3), compose_scene(SEED, 3), compose_scene(SEED, 4)
    assert first == again != other
    assert np.array_equal(render_scene(first).rgb, render_scene(again).rgb)
    assert captions_of(3) == captions_of(3)


def test_masks_are_exact_visible_and_disjoint():
    for index in range(30):
        rendered = render_scene(compose_scene(SEED, index))
        assert rendered.rgb.shape == (64, 64, 3) and rendered.rgb.dtype == np.uint8
        assert len(rendered.masks) == len(rendered.objects) > 0
        assert np.sum(rendered.masks, axis=0).max() <= 1


def test_each_category_appears_and_is_seen():
    areas = {category: [] for category in CATEGORIES}
    for index in range(150):
        rendered = render_scene(compose_scene(SEED, index))
        for thing, mask in zip(rendered.objects, rendered.masks, strict=True):
            areas[thing.category].append(mask.sum())
    assert set(CATEGORIES) <= set(COCO80)
    for category, seen in areas.items():
        assert len(seen) >= 5 and np.median(seen) >= 30, category


def test_without_a_category_only_its_pixels_and_shadow_change():
    for index in range(40):
        scene = compose_scene(SEED, index)
        full = render_scene(scene)
        for category in {thing.category for thing in scene.objects}:
            behind = render_scene(scene, without=category)
            assert category not in {thing.category for thing in behind.objects}
            union = np.any(
                [m for m, t in zip(full.masks, full.objects, strict=True) if t.category == category], axis=0
            )
            reach = cv2.dilate(union.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
            changed = (full.rgb != behind.rgb).any(2)
            assert not changed[~reach].mean() > 0.02, (index, category)
            assert changed[union].mean() > 0.8 or union.sum() < 12


def test_leaving_out_what_is_not_there_is_an_error():
    scene = compose_scene(SEED, 0)
    absent = next(c for c in CATEGORIES if c not in {thing.category for thing in scene.objects})
    with pytest.raises(ValueError, match=absent):
        render_scene(scene, without=absent)


def test_run_length_code_round_trip():
    rng = np.random.default_rng(0)
    for mask in (np.zeros((5, 7), bool), np.ones((5, 7), bool), rng.random((64, 48)) < 0.5):
        code = encode_mask(mask)
        assert sum(code["counts"]) == mask.size and np.array_equal(
            decode_segmentation(code, *mask.shape), mask
        )


def test_dataset_in_coco_format(tmp_path):
    draw_dataset(tmp_path / "a", name="tiny", photos=6, seed=SEED)
    draw_dataset(tmp_path / "b", name="tiny", photos=6, seed=SEED)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)
    instances = json.loads((tmp_path / "a/instances_tiny.json").read_text())
    captions = json.loads((tmp_path / "a/captions_tiny.json").read_text())
    assert [c["name"] for c in instances["categories"]] == list(COCO80)
    assert {c["name"]: c["id"] for c in instances["categories"]} == COCO_IDS and COCO_IDS["toothbrush"] == 90
    assert len(captions["annotations"]) == 30
    for image in instances["images"]:
        assert cv2.imread(str(tmp_path / "a/images" / image["file_name"])).shape == (64, 64, 3)
    for annotation in instances["annotations"]:
        mask = decode_segmentation(annotation["segmentation"], 64, 64)
        left, top, width, height = annotation["bbox"]
        assert mask.sum() == annotation["area"] == mask[top : top + height, left : left + width].sum()
    truth = pd.read_parquet(tmp_path / "a/truth.parquet")
    assert list(truth.columns) == ["file_name", "category", "truth_path", "truth_sha256"]
    for row in truth.itertuples():
        assert hashlib.sha256((tmp_path / "a" / row.truth_path).read_bytes()).hexdigest() == row.truth_sha256
        assert row.truth_path == f"truth/{row.file_name[:-4]}-{row.category.replace(' ', '_')}.png"


def test_captions_mention_known_words_and_negate_nothing():
    sentences = set()
    for index in range(300):
        present = {thing.category for thing in compose_scene(SEED, index).objects}
        captions = captions_of(index)
        assert len(captions) == 5
        for sentence, mentions in captions:
            assert mentions == sorted(set(mentions)) and set(mentions) <= set(COCO80)
            assert set(mentions) <= present | {"hot dog", "cup", "teddy bear"}
            assert not NEGATIONS.search(sentence.lower()), sentence
            assert "  " not in sentence and sentence[0].isupper()
            sentences.add(sentence)
    assert len(sentences) > 1300


def test_traps_appear_with_their_truth():
    told = [caption for index in range(800) for caption in captions_of(index)]

    def those_with(text):
        found = [(sentence.lower(), mentions) for sentence, mentions in told if text in sentence.lower()]
        assert found, f"no caption with {text!r}"
        return found

    assert all("hot dog" in mentions for _, mentions in those_with("hot dog"))
    assert all(
        "dog" not in m
        for s, m in those_with("hot dog")
        if not re.search(r"\b(dogs?|pupp|pup)", s.replace("hot dog", ""))
    )
    assert all("cup" in mentions for _, mentions in those_with("glass of lemonade"))
    assert all("teddy bear" in mentions for _, mentions in those_with("teddy bear"))
    assert all("orange" not in mentions for _, mentions in those_with("orange shirt") + those_with("orange "))
    assert all("bus" not in mentions for _, mentions in those_with("bus stop"))
    assert all("train" not in mentions for _, mentions in those_with("train station"))
    assert any("bird" not in mentions for _, mentions in those_with("bird bath"))
    assert any("boat" not in mentions for _, mentions in those_with("boat dock"))
    assert any(not mentions for _, mentions in told)
