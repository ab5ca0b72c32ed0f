"""The gradient of a batch is the same in parts, with checkpoints and nearly so in bfloat16."""

import pytest
import torch

from tiny_clip import ARMS, PAIRED, SETTINGS
from training_world import open_training


def get_gradients(trainer, reader):
    """Return (loss, gradients by name) of the first batch."""
    loss, _ = trainer.backpropagate(reader.read(0), 0)
    return loss.item(), {n: p.grad.clone() for n, p in trainer.model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(
    "runtime", [{"chunk_pairs": 3}, {"chunk_pairs": 1}, {"checkpoint_activations": True}]
)
def test_parts_and_checkpoints_give_the_gradient_of_the_whole_batch(world, runtime):
    settings = {**SETTINGS, "batch_pairs": 8, "temperature": "trained"}
    arm = {**PAIRED, "loss": {"mask": 1, "rank": 0.5, "keep": 1, "dpo": 0.1}}
    value, whole = get_gradients(*open_training(world, arm, settings))
    again, parts = get_gradients(*open_training(world, arm, settings, runtime))
    assert again == pytest.approx(value, rel=1e-5)
    assert whole.keys() == parts.keys() and "logit_scale" in whole
    for name, gradient in whole.items():
        scale = gradient.abs().max().clamp(min=1e-6)
        assert (gradient - parts[name]).abs().max() < 2e-4 * scale, name


def test_a_chunk_alone_would_give_another_gradient(world):
    """The test above would not notice a loss that is not over the whole batch, were this one to fail."""
    settings = {**SETTINGS, "batch_pairs": 8}
    whole = get_gradients(*open_training(world, ARMS["paired"], settings))[1]
    small = get_gradients(*open_training(world, ARMS["paired"], {**settings, "batch_pairs": 4}))[1]
    assert (whole["text_projection"] - small["text_projection"]).abs().max() > 1e-3


def test_bfloat16_stays_near_float32(world):
    if not torch.cpu.get_capabilities().get("avx512_bf16"):
        pytest.skip("this CPU has no instructions for bfloat16")
    settings = {**SETTINGS, "batch_pairs": 8}
    trainer, reader = open_training(world, ARMS["paired_rank"], settings, {"precision": "bfloat16"})
    exact, whole = get_gradients(*open_training(world, ARMS["paired_rank"], settings))
    value, rough = get_gradients(trainer, reader)
    assert trainer.precision == "bfloat16" and value != exact and value == pytest.approx(exact, rel=0.05)
    one, other = (torch.cat([gradient.ravel() for gradient in part.values()]) for part in (whole, rough))
    assert torch.nn.functional.cosine_similarity(one, other, dim=0) > 0.95
