"""Contradictions in what is asked of a language model."""

from collections.abc import Iterator

from unscene.answers.backends import BACKENDS
from unscene.batchsize.sample_sizes import count_prompts_needed, get_sensitivity
from unscene.run.configuration import PERMUTED_FROM, wants_study


def check_keywords(keywords: dict) -> Iterator[str]:
    """Say that a study cannot choose for a backend that is not asked by prompts."""
    if keywords["captions_per_prompt"] == "auto" and not BACKENDS[keywords["backend"]].is_paid:
        paid = " or ".join(name for name, one in BACKENDS.items() if one.is_paid)
        yield f"keywords.captions_per_prompt: auto needs keywords.backend: {paid}; give a number"


def check_study(config: dict) -> Iterator[str]:
    """Say that the batch-size study would be paid for and could choose nothing.

    Without `needed` prompts of its smallest size, rare shifts of whole prompts cannot be ruled out,
    so no size can pass.
    """
    study = config["batchsize"]
    if config["keywords"]["captions_per_prompt"] != "auto":
        return
    if not wants_study(config):
        yield "keywords.captions_per_prompt: auto needs the batch-size study; batchsize.run must not be false"
        return
    smallest = min(study["sizes"])
    prompts = study["captions"] / smallest * (study["permutations"] if smallest >= PERMUTED_FROM else 1)
    needed = count_prompts_needed(study["margin"], get_sensitivity(smallest))
    if prompts < needed:
        yield (
            f"keywords.captions_per_prompt: auto needs {needed} prompts of the smallest size of the"
            f" batch-size study ({smallest} a prompt); batchsize.captions gives {prompts:.0f}: ask more"
            " captions, or give a number here"
        )
