"""Worlds in which nothing is removed and the hole is marked: an arm that learned the mark scores like
an honest one, its clean sham edits say nothing, and an alarm must name it.

The arm is an adapter on the embedded CLIP (seconds); `test_planted_arms` trains the product's own.
"""

import pytest

from adapted_clip import AdaptedClip, train_adapter
from planted_world import PLANTS, make_world, score_arms
from unscene.evaluation.alarms import list_alarms
from unscene.evaluation.embedders import Embedder
from unscene.evaluation.evaluate_fold import get_true_negations
from unscene.run.checkout import CHECKOUT
from unscene.run.tables import write_json

PAIRS = 300


@pytest.fixture(scope="module")
def clip():
    return AdaptedClip(CHECKOUT / "resources/embedded/clip")


@pytest.mark.parametrize("plant", PLANTS)
def test_a_gain_by_a_mark_raises_a_named_alarm_and_an_honest_one_none(clip, tmp_path, monkeypatch, plant):
    tables = make_world(tmp_path, PAIRS, plant)
    models = {"zero_shot": clip, "main": AdaptedClip(clip.path, *train_adapter(clip, tables))}
    monkeypatch.setattr(Embedder, "load", lambda path, *_: models[path.name])
    comparison, summary = score_arms(tmp_path, tables, {arm: (tmp_path / arm, None) for arm in models})
    gain = comparison.set_index(["contrast", "metric"]).loc[("main-zero_shot", "group_score")]
    # A mark is plain to see. Of honest pairs the 100 that are tested show a gain of a tenth, and no limit.
    learned = gain["difference"] > 0.05 if plant == "honest" else gain["low"] > 0
    assert learned, "the world was not learned, so the test says nothing"
    raised = {alarm["name"] for alarm in list_alarms("main", comparison, summary)}
    assert "sham edits" not in raised  # as they are clean, they do not tell
    # That a denial's words turn captions away is no matter of marks, and honest arms do it, too.
    assert bool(raised - {"wording"}) == (plant != "honest"), raised
    if plant == "stamp":  # what needs no truth tells it, too
        assert "carried fills" in raised


@pytest.mark.parametrize(
    ("arm", "share"),
    [
        ({"images": "both", "texts": "negated"}, 0.0),
        ({"images": "sham", "texts": "negated"}, 0.0),
        ({"images": "originals", "texts": "negated"}, None),
        ({"images": "both", "texts": "negated", "pool": 64, "loss": {"rank": 1, "across_bare": 1}}, None),
        ({"images": "both", "texts": "negated", "pool": 64, "loss": {"rank": 1, "pool_keep": 1}}, 0.0),
        ({"images": "originals", "texts": "plain"}, None),
    ],
)
def test_a_model_tells_how_often_an_original_had_a_true_denial(tmp_path, arm, share):
    write_json({"arm_settings": arm, "train_settings": {"true_negations": 0.0}}, tmp_path / "meta.json")
    assert get_true_negations(tmp_path / "meta.json") == share
    assert get_true_negations(None) is None
