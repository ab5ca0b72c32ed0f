"""The product's own arms on worlds whose edits are known to be marks, trained until they learned them:
about two minutes of a core each. With `-s` each prints its row of the tables in docs/EVALUATION.md.
"""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from planted_world import describe_world, make_pool, make_world, score_arms, tell_alarms
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
    raised = train_and_tell(tmp_path, name, ARM, plant, steps=STEPS, true_negations=true_negations)
    assert expected <= set(raised)
    assert bool(raised) == bool(expected), raised


def test_the_deployed_arm_hardly_learns_a_mark(tmp_path):
    """Its image tower is frozen, and ordinary photos beside the pairs say what is there."""
    config = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text(encoding="utf-8"))["train"]
    pool, gains = make_pool(tmp_path / "pool", 1000, CLIP), {}
    for plant in ("honest", "stamp"):
        folder = tmp_path / plant
        raised = train_and_tell(folder, f"absence, {plant}", config["arms"]["absence"], plant, pool)
        assert set(raised) <= {"wording"}  # which questions the arm, not the edits
        comparison = pd.read_csv(folder / "comparison.csv").set_index(["contrast", "metric"])
        gains[plant] = comparison["difference"]["main-zero_shot"]
    assert gains["stamp"]["group_score"] < gains["honest"]["group_score"] / 2
    assert gains["stamp"]["group_score_true"] > gains["stamp"]["group_score"] / 2


def train_and_tell(tmp_path: Path, name, arm, plant, further=None, **changes) -> list[str]:
    """Train an arm on two of three folds of a world and return the alarms of its verdict."""
    tables = make_world(tmp_path / "world", 500, plant)
    inputs = {name: tables[name] for name in ("pairs", "folds")}
    inputs |= {"leaks": None, **make_caches(tmp_path, CLIP, tables["pairs"]), **(further or {})}
    changes = {"batch_pairs": 16, "warmup_steps": 10, **changes}
    train_clip(make_training(arm, tmp_path / "model", CLIP, inputs, **changes))
    models = {"zero_shot": (CLIP, None), "main": (CLIP, tmp_path / "model/meta.json")}
    comparison, summary = score_arms(tmp_path, tables, models)
    raised = tell_alarms(tmp_path)
    print(f"\n| {name} | {describe_world(comparison, summary)} | {', '.join(raised)} |")
    gain = comparison.set_index(["contrast", "metric"]).loc[("main-zero_shot", "group_score")]
    assert gain["low"] > 0, "the world was not learned, so the test says nothing"
    return raised
