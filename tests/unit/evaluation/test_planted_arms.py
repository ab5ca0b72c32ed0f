"""The product's own arm on worlds whose edits are known to be marks, trained until it learned them:
about two minutes of a core an arm. With `-s` each prints its row of the table in docs/EVALUATION.md.
"""

import pytest

from planted_world import describe_world, make_world, score_arms, tell_alarms
from tiny_clip import make_caches, make_training
from unscene.run.checkout import CHECKOUT
from unscene.training.train_fold import train_clip

pytestmark = pytest.mark.dear
CLIP = CHECKOUT / "resources/embedded/clip"
ARM = {"images": "both", "texts": "negated", "batches": "paired", "loss": {"mask": 1, "rank": 0.5, "keep": 1}}
STEPS = 400  # a mark is learned later than the object: after 100 some are not
# world: (what its edits are, share of true negations, alarms that must be raised)
WORLDS = {
    "honest": ("honest", 0.25, set()),
    "stamp": ("stamp", 0.25, {"placebo", "carried fills"}),
    "grid": ("grid", 0.25, {"placebo"}),
    "blur": ("blur", 0.25, {"placebo"}),
    "no true negations": ("honest", 0.0, {"wording", "denials of edits alone"}),
}


@pytest.mark.parametrize("name", WORLDS)
def test_an_arm_that_learned_a_mark_raises_a_named_alarm(tmp_path, name):
    plant, true_negations, expected = WORLDS[name]
    tables = make_world(tmp_path / "world", 500, plant)
    inputs = {name: tables[name] for name in ("pairs", "folds")}
    inputs |= {"leaks": None, **make_caches(tmp_path, CLIP, tables["pairs"])}
    changes = {"steps": STEPS, "batch_pairs": 16, "warmup_steps": 10, "true_negations": true_negations}
    train_clip(make_training(ARM, tmp_path / "model", CLIP, inputs, **changes))
    models = {"zero_shot": (CLIP, None), "main": (CLIP, tmp_path / "model/meta.json")}
    comparison, summary = score_arms(tmp_path, tables, models)
    raised = tell_alarms(tmp_path)
    print(f"\n| {name} | {describe_world(comparison, summary)} | {', '.join(raised)} |")
    gain = comparison.set_index(["contrast", "metric"]).loc[("main-zero_shot", "group_score")]
    assert gain["low"] > 0, "the world was not learned, so the test says nothing"
    assert expected <= set(raised)
    assert bool(raised) == bool(expected), raised
