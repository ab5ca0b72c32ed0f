"""What an arm shows of its pairs: texts, photos, views and captions."""

import json

import numpy as np
import pandas as pd
import torch

from tiny_clip import ARMS
from training_world import train
from unscene.training.arms import (
    PhotoPlaces,
    choose_photos,
    choose_texts,
    draw_step,
    draw_views,
    list_true_negations,
    rewrite_captions,
    swap_edits,
    take_fraction,
)
from unscene.training.encoding import crop_and_flip
from unscene.training.pairs import read_pairs
from unscene.words.coco80 import COCO80
from unscene.words.phrasings import find_phrasing, hold_out


def test_texts_follow_the_arm():
    text_id = np.arange(40).reshape(
        10, 4
    )  # pair p has a = 4p, b = 4p + 1, n = 4p + 2, and 4p + 3 for a with a true negation
    first, second = np.array([0, 1]), np.array([2, 3])
    draws = draw_step((1, 2), 0, 2, 0.9, ARMS["random"])
    draws.vague[:], draws.denied[:] = (0.2, 0.8), (0.1, 0.9)

    def choose(arm, share=0.25):
        texts = choose_texts(arm, text_id, first, second, draws, share)
        return [texts[role].tolist() for role in ("own_first", "own_second", "hard_first", "hard_second")]

    assert choose(ARMS["originals"]) == [[0, 4], [8, 12], [2, 6], [10, 14]]
    assert choose({**ARMS["originals"], "texts": "negated"}) == [[3, 4], [11, 15], [2, 6], [10, 14]]
    assert choose(ARMS["random"]) == [[3, 4], [9, 14], [2, 6], [8, 12]]
    assert choose(ARMS["random"], 0)[0] == [0, 4]
    assert choose({**ARMS["random"], "texts": "plain"}) == [[0, 4], [9, 13], [2, 6], [8, 12]]
    texts = choose_texts(ARMS["paired_rank"], text_id, first, first, draws, 0.25)
    assert [texts[role].tolist() for role in ("a", "b", "n", "plain")] == [[3, 4], [1, 5], [2, 6], [0, 4]]


def test_photos_follow_the_arm():
    places = PhotoPlaces(np.arange(4), np.arange(4) + 10, np.arange(4) + 20)
    draws = draw_step((1, 2), 0, 2, 0.9, ARMS["paired"])
    draws.sham[:] = (0.2, 0.8)
    at = np.array([0, 1]), np.array([2, 3])
    expected = {
        "originals": [[0, 1], [2, 3]],
        "both": [[0, 1], [12, 13]],
        "sham": [[0, 1], [22, 23]],
        "sham_positives": [[20, 1], [12, 13]],
        "swapped": [[0, 1], [12, 13]],
    }
    for images, shown in expected.items():
        assert choose_photos({"images": images}, *at, places, draws).tolist() == shown


def test_swapped_edits_are_each_used_once_and_belong_to_another_group(world):
    pair = read_pairs(world.pairs)
    swapped = swap_edits(pair, 7)
    assert sorted(swapped["edited_path"]) == sorted(pair["edited_path"])
    assert (swapped["edited_path"] != pair["edited_path"]).all()
    source = pair.set_index("edited_path").loc[swapped["edited_path"]].reset_index()
    assert (source["category"] == swapped["category"]).all() and (source["group"] != swapped["group"]).all()
    assert (source["caption_negated"] == swapped["caption_negated"]).all()
    assert (swapped["caption_original"] == pair["caption_original"]).all()


def test_true_negations_deny_what_no_caption_of_the_group_names(world):
    pair = read_pairs(world.pairs)
    pair.loc[0, "caption_original"] = "a dog and a cat on field 0"
    negations = list_true_negations(pair, 7, COCO80)
    assert "car" in negations[0] and negations[0].startswith("a dog and a cat on field 0")
    for row, text in zip(pair.itertuples(), negations, strict=True):
        assert text != row.caption_original and f"no {row.category}" not in text
    alone = pair[pair["category"] == "dog"].reset_index(drop=True)
    assert list_true_negations(alone, 7, COCO80) == alone["caption_original"].tolist()


def test_a_smaller_fraction_is_part_of_a_larger_one(world):
    pair = read_pairs(world.pairs)
    small, large = take_fraction(pair, 0.25, 7), take_fraction(pair, 0.5, 7)
    assert (len(small), len(large), len(take_fraction(pair, 1, 7))) == (6, 12, 24)
    assert set(small["edit_id"]) < set(large["edit_id"])


def test_a_pair_shares_its_view_only_within_a_batch():
    paired = draw_views(np.random.default_rng(0), 5, 0.8, True)
    random = draw_views(np.random.default_rng(0), 5, 0.8, False)
    for shared, own in zip(paired, random, strict=True):
        assert np.array_equal(shared[:5], shared[5:])
        assert np.array_equal(shared[:5], own[:5]) and not np.array_equal(own[:5], own[5:])
    assert (paired[0] >= np.sqrt(0.8)).all() and (paired[0] <= 1).all()
    assert (np.abs(paired[1]) <= 1 - paired[0] + 1e-12).all()  # the crop stays inside the photo


def test_views_crop_and_flip_as_they_say():
    pixels = torch.arange(64, dtype=torch.float32).reshape(1, 1, 8, 8).repeat(3, 3, 1, 1)
    one, zero = np.ones(3), np.zeros(3)
    side, x, y = np.array([1, 1, 0.5]), np.array([0, 0, 0.5]), np.array([0, 0, -0.5])
    views = crop_and_flip(pixels, side, x, y, np.array([False, True, False]))
    assert torch.allclose(views[0], pixels[0], atol=1e-4)
    assert torch.allclose(views[1], pixels[1].flip(-1), atol=1e-4)
    # The upper right quarter; on a ramp, bilinear values are those of the ramp at the points looked at.
    points = (np.arange(8) + 0.5) / 2 - 0.5
    ramp = 8 * np.clip(points, 0, 7)[:, None] + np.clip(points + 4, 0, 7)[None, :]
    assert np.allclose(views[2][0].numpy(), ramp, atol=1e-4)
    assert torch.equal(crop_and_flip(pixels, one, zero, zero, zero > 1), views[:1].repeat(3, 1, 1, 1))


def test_whole_views_take_nothing_else_from_the_draws():
    drawn, whole = (draw_step((1, 2), 3, 4, 0.5, ARMS["paired"] | arm) for arm in ({}, {"views": "whole"}))
    side, x, y, flip = whole.views
    assert (side == 1).all() and not (x.any() or y.any() or flip.any())
    assert [view.shape for view in whole.views] == [view.shape for view in drawn.views]
    for name in ("vague", "denied", "sham"):
        assert np.array_equal(getattr(drawn, name), getattr(whole, name))


def test_template_captions_replace_what_tells_of_the_edit(world, tmp_path):
    pair = read_pairs(world.pairs)
    told = rewrite_captions(pair, 0.25, 7, COCO80)
    same = [column for column in pair if column not in ("caption_without", "caption_negated")]
    pd.testing.assert_frame_equal(told[same], pair[same])
    assert (told["caption_negated"] != pair["caption_negated"]).all()
    for row in told.itertuples():
        assert row.category not in row.caption_without and row.category in row.caption_negated
        assert find_phrasing(row.caption_negated) not in (None, *hold_out(0.25, 7))
    given, template = (
        train(world, tmp_path / name, {**ARMS["paired"], "captions": name}) for name in ("given", "template")
    )
    hashes = [json.loads((folder / "meta.json").read_text())["data_hash"] for folder in (given, template)]
    assert hashes[0] != hashes[1]


def test_template_captions_name_nothing_that_the_given_ones_know_to_be_gone():
    columns = ["edit_id", "category", "caption_original", "caption_without", "caption_negated"]
    caption = "A nurse holding a phone sits on a bench by a dog."
    rows = [
        ("a", "person", caption, "A bench by a dog.", "No people."),
        ("b", "person", caption, "A dog.", "No people."),
        ("c", "person", caption, "A phone on a bench by a dog.", "No people."),
    ]
    told = rewrite_captions(pd.DataFrame(rows, columns=columns), 0.25, 7, COCO80)
    assert told["caption_without"].tolist() == [
        "A bench by a dog.",
        "A dog.",
        "A phone and a bench by a dog.",
    ]
