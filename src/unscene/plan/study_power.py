"""What a batch-size study of some number of captions can decide, before anything is spent."""

from unscene.batchsize.design import Trial
from unscene.batchsize.sample_sizes import (
    MARGINS_OF_DECLINE,
    count_captions_needed,
    count_prompts_needed,
    get_decline_error,
    get_detectable,
    get_error,
    get_power,
    get_sensitivity,
)


def estimate_size(trial: Trial, captions: int, margin: float, discordance: float) -> dict:
    """Return what a size of the study can decide: the prompts that rule out rare shifts, the power
    to pass each of the two bounds when the size is as good as n = 1, and both together, and the
    loss that is told from none with a power of 90 %.

    The two estimates are independent, since places are drawn at random.
    """
    error = get_error(captions, discordance, trial.permutations)
    decline = get_decline_error(captions, discordance, trial.permutations, trial.size)
    bound = get_power(error, margin)
    place = get_power(decline, MARGINS_OF_DECLINE * margin)
    return {
        "prompts_needed": count_prompts_needed(margin, get_sensitivity(trial.size)),
        "error": error,
        "power_bound": bound,
        "power_place": place,
        "power": bound * place,
        "detectable": get_detectable(error),
        "captions_for_power_90": count_captions_needed(discordance, margin, trial.permutations),
    }


def describe_power(study: dict) -> str:
    """Return what the study's number of captions can decide, for people."""
    if not study["sizes"]:
        return "             no captions, so nothing can be decided"
    powers = ", ".join(f"n = {name}: {one['power']:.0%}" for name, one in study["sizes"].items())
    text = (
        f"             {study['items']:,} captions: where {study['discordance']:.0%} of the answers differ,"
        f" a size that loses nothing passes at a margin of {100 * study['margin']:g} point(s) with a power"
        f" of {powers} (90 % for its bound needs"
        f" {max(one['captions_for_power_90'] for one in study['sizes'].values()):,} captions)"
    )
    short = [
        f"n = {name} ({study['prompts'][name]} of {one['prompts_needed']})"
        for name, one in study["sizes"].items()
        if study["prompts"][name] < one["prompts_needed"]
    ]
    if short:
        text += f"; too few prompts to rule out rare shifts, so undecided: {', '.join(short)}"
    return text
