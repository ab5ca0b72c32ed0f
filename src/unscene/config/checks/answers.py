"""Contradictions in what is asked of a language model."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from unscene.answers.backends import BACKENDS
from unscene.answers.endpoints import find_endpoint
from unscene.batchsize.sample_sizes import count_prompts_needed, get_sensitivity
from unscene.run.configuration import PERMUTED_FROM, wants_study

# What a query may hold, and no key: docs/BATCHES.md has an endpoint that asks for it.
_PASSED_ON = {"api-version"}
_CALLS = ("/completions", "/responses", "/batches", "/files", "/models")


def check_api(api: dict) -> Iterator[str]:
    """Say that an address holds more than the address of an API, such as a key. It is never repeated:
    what is asked, and of whom, stands in logs and in the report.
    """
    try:
        parts = urlsplit(api["base_url"] or "")
    except ValueError:  # the pattern of the schema knows no wrong IPv6 address
        yield "api.base_url: is no address; it looks like https://HOST/v1"
        return
    names = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if "@" in parts.netloc or names - _PASSED_ON or parts.fragment:
        yield (
            "api.base_url: holds a user, a # or a query (other than api-version), where keys stand; give the"
            " address alone (https://HOST/v1), and the key by the variable"
            f" {find_endpoint(api['base_url']).key_variable or 'of its endpoint'}"
        )
    elif parts.path.rstrip("/").endswith(_CALLS):
        yield "api.base_url: is the address of one call; give what stands before it (https://HOST/v1)"


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
