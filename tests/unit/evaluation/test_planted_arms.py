"""The product's own arm on worlds whose edits are known to be marks, trained until it learned them:
about two minutes of a core an arm.
"""

import pytest

from planted_world import make_world, score_arms
from tiny_clip import make_caches, make_training
from unscene.evaluation.alarms import list_alarms
from unscene.run.checkout import CHECKOUT
from unscene.training.train_fold import train_clip

pytestmark = pytest.mark.dear
CLIP = CHECKOUT / "resources/embedded/clip"
ARM = {"images": "both", "texts": "negated", "batches": "paired", "loss": {"mask": 1, "rank": 0.5, "keep": 1}}
# The mark is learned later than the object: 100 steps suffice where something is removed.
WORLDS = {
    "honest": ("honest", 100, 0.25),
    "stamp": ("stamp", 400, 0.25),
    "grid": ("grid", 400, 0.25),
    "blur": ("blur", 400, 0.25),
    "no true negations": ("honest", 100, 0.0),
}


@pytest.mark.parametrize("name", WORLDS)
def test_an_arm_that_learned_a_mark_raises_a_named_alarm(tmp_path, name):
    plant, steps, true_negations = WORLDS[name]
    tables = make_world(tmp_path / "world", 500, plant)
    inputs = {name: tables[name] for name in ("pairs", "folds")}
    inputs |= {"leaks": None, **make_caches(tmp_path, CLIP, tables["pairs"])}
    changes = {"steps": steps, "batch_pairs": 16, "warmup_steps": 10, "true_negations": true_negations}
    train_clip(make_training(ARM, tmp_path / "model", CLIP, inputs, **changes))
    models = {"zero_shot": (CLIP, None), "main": (CLIP, tmp_path / "model/meta.json")}
    comparison, summary = score_arms(tmp_path, tables, models)
    gain = comparison.set_index(["contrast", "metric"]).loc[("main-zero_shot", "group_score")]
    assert gain["low"] > 0, "the world was not learned, so the test says nothing"
    raised = {alarm["name"] for alarm in list_alarms("main", comparison, summary)}
    assert bool(raised) == (name != "honest"), raised
