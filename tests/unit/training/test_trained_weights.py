"""Which weights of a CLIP move, and how: towers, layers, LoRA, the temperature and the optimizer."""

import numpy as np
import pytest
import torch

from tiny_clip import ARMS, SETTINGS
from training_world import open_training, train
from unscene.clip.models import embed_texts, load_clip
from unscene.training.optimisation import add_lora, freeze, make_optimizer


@pytest.mark.parametrize("tower", ["image", "text"])
def test_a_frozen_tower_stays_as_it_is(world, tmp_path, tower):
    folder = train(world, tmp_path / "model", {**ARMS["paired"], "freeze": tower})
    base, tuned = load_clip(world.clip)[0].state_dict(), load_clip(folder)[0].state_dict()
    changed = {name for name in base if not torch.equal(base[name], tuned[name])}
    assert changed and all(name.startswith("visual.") == (tower == "text") for name in changed)


@pytest.mark.parametrize(
    ("tower", "groups", "trained"),
    [
        ("image", 1, ("visual.proj",)),
        ("image", 2, ("visual.proj", "visual.ln_post.", "visual.transformer.resblocks.1.")),
        ("text", 2, ("text_projection", "ln_final.", "transformer.resblocks.1.")),
    ],
)
def test_only_the_unlocked_layers_of_a_tower_are_trained(world, tmp_path, tower, groups, trained):
    folder = train(world, tmp_path / "model", {**ARMS["paired"], "unlocked": {tower: groups}})
    base, tuned = load_clip(world.clip)[0].state_dict(), load_clip(folder)[0].state_dict()
    changed = {name for name in base if not torch.equal(base[name], tuned[name])}
    of_tower = {name for name in base if name.startswith("visual.") == (tower == "image")} - {"logit_scale"}
    expected = {name for name in of_tower if name.startswith(trained)}
    assert {name for name in changed if name in of_tower} == expected - {"attn_mask"}
    assert changed - of_tower  # the other tower is trained as a whole


def test_lora_trains_attention_and_mlp_and_merges_exactly(world):
    settings = {**SETTINGS, "learning_rate": 1e-2}
    arm = {**ARMS["paired_rank"], "lora_rank": 4}
    trainer, reader = open_training(world, arm, settings)
    base = load_clip(world.clip)[0].state_dict()
    adapters = {n: p for n, p in trainer.model.named_parameters() if p.requires_grad}
    assert adapters and all("lora_" in name for name in adapters)
    trainer.train(reader)
    for name, parameter in adapters.items():
        assert parameter.abs().max() > 0, name  # B starts at zero: each of them was trained
    merged = trainer.model.state_dict()
    assert merged.keys() == base.keys()
    changed = {name for name in base if not torch.equal(base[name], merged[name])}
    kinds = ("in_proj_weight", "out_proj.weight", "c_fc.weight", "c_proj.weight")
    assert changed == {name for name in base if name.endswith(kinds)}
    update = (
        merged["visual.transformer.resblocks.0.attn.in_proj_weight"]
        - base["visual.transformer.resblocks.0.attn.in_proj_weight"]
    ).double()
    assert (
        torch.linalg.matrix_rank(update, rtol=1e-3) <= 4
    )  # exactly W + BA: no rounding of full rank beside it


def test_lora_leaves_a_frozen_tower_alone(world):
    trainer, _ = open_training(world, {**ARMS["paired"], "lora_rank": 2, "freeze": "image"}, SETTINGS)
    trained = [name for name, p in trainer.model.named_parameters() if p.requires_grad]
    assert trained and not any(name.startswith("visual.") for name in trained)


def test_a_trained_temperature_moves_and_stays_below_its_bound(world, tmp_path):
    folder = train(world, tmp_path / "model", temperature="trained")
    scale = load_clip(folder)[0].logit_scale.item()
    assert scale != load_clip(world.clip)[0].logit_scale.item() and scale <= np.log(100) + 1e-6


def test_the_optimizer_spares_one_dimensional_weights_and_the_schedule_warms_up(world):
    model = load_clip(world.clip)[0]
    freeze(model, None, False)
    optimizer, schedule = make_optimizer(
        model, {**SETTINGS, "steps": 100, "warmup_steps": 10, "learning_rate": 1.0}
    )
    decayed, spared = optimizer.param_groups
    assert all(p.ndim > 1 for p in decayed["params"]) and all(p.ndim <= 1 for p in spared["params"])
    assert (decayed["weight_decay"], spared["weight_decay"]) == (SETTINGS["weight_decay"], 0)
    assert (decayed["betas"], decayed["eps"]) == ((0.9, 0.98), 1e-6)
    assert (
        len(decayed["params"]) + len(spared["params"]) == len(list(model.parameters())) - 1
    )  # the temperature
    assert schedule(0) == pytest.approx(0.1) and schedule(10) == 1.0 and schedule(55) == pytest.approx(0.5)


def test_adapters_take_a_saved_state_after_texts_were_embedded(world):
    """A pool has texts embedded before the training goes on from where it was killed."""
    model, _, tokenizer = load_clip(world.clip)
    add_lora(model, 2, seed=0)
    saved = {name: value.clone() for name, value in model.state_dict().items()}
    embed_texts(model, tokenizer, ["a photo"])
    model.load_state_dict(saved)
    assert all(torch.equal(value, saved[name]) for name, value in model.state_dict().items())
