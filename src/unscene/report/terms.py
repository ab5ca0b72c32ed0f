"""Words that the report uses and a reader may not know, each explained under the section that uses it.

The words of the house are in docs/GLOSSARY.md; these are the field's.
"""

from collections.abc import Mapping

from unscene.report.numbers import percent

TERMS: dict[str, dict[str, str]] = {
    "arms": {
        "zero_shot": "the weights as they came, without any training of ours",
        "held out": "not trained on: every model is tested on photo groups that it never saw",
        "AUC": "the chance that a right item scores above a wrong one; a coin gives 50\u202f%",
        "recall@k": "how often the right caption, or photo, is among the first k that are found",
        "bootstrap": "an interval from drawing the photo groups anew, many times, with replacement",
        "corrected t": "an interval over trainings that allows for folds which share training photos "
        "(Nadeau and Bengio 2003)",
        "Holm": "p-values raised for the number of questions that were asked",
        "McNemar": "a test that counts only the pairs on which two models differ",
        "placebo": "the denial of an object that no removal touched; it should not move",
        "linear probe": "a regression on frozen features: what the features know, whatever the text asks",
        "WiSE-FT": "weights between the untuned and the tuned model (Wortsman et al. 2022)",
    },
    "quality": {
        "control": "an edit whose right answer is known, made to calibrate the scores",
        "cut": "a limit on a score that the run's controls gave",
        "residual": "how surely a detector still finds the object in the painted hole",
        "collateral": "a change outside the mask, where nothing should change",
        "not_chosen": "another edit of the same photo was wanted more",
        "null": "not measured, with the reason beside it",
    },
    "agreement": {
        "precision": "of what one reader named, the share that the other named as well",
        "recall": "of what the other named, the share that this one named",
        "F1": "the harmonic mean of both",
    },
    "truth": {
        "IoU": "the area that two masks share, divided by the area that either covers",
        "PSNR": "how near a fill is to the true background, in decibel: more is nearer",
    },
    "yields": {
        "wanted edit": "an object that a caption names and a detector found",
        "by first reason": "an item that fails several checks counts at the first of them",
    },
}


_TOLD_FIRST = ("of", "images", "texts", "batches", "loss")
_IN_WORDS = {
    "query_weight": "arithmetic on each query's text, weight {:g}".format,
    "pool": "{} ordinary photos more in each step".format,
    "freeze": "the {} tower is frozen".format,
    "lora_rank": "LoRA of rank {}".format,
    "alpha": "weights at α = {:g} between untuned and tuned".format,
    "fraction": lambda share: f"{percent(share, 0)} of the training groups",
    "steps": "{:,} updates".format,
    "learning_rate": "peak learning rate {:g}".format,
}


def explain(section: str, text: str) -> dict[str, str]:
    """Return those explained words of a section that its text uses: word -> meaning."""
    return {
        word: meaning
        for word, meaning in TERMS.get(section, {}).items()
        if word.removesuffix("@k").lower() in text.lower()
    }


def describe_arm(arm: Mapping) -> str:
    """Return what an arm is, in a sentence without a full stop, from its settings."""
    if "loss" not in arm:
        said = [f"the weights of {arm['of']}" if "of" in arm else "the untuned weights"]
        return "; ".join([*said, *_tell_further(arm)])
    photos = {
        "both": "original and edited photos",
        "originals": "original photos",
        "sham": "original photos and sham edits",
    }.get(arm["images"], f"photos: {arm['images'].replace('_', ' ')}")
    batches = {"paired": "each original with its edit", "random": "photos in random order"}.get(
        arm["batches"], f"{arm['batches']} pairs together"
    )
    terms = ", ".join(f"{name.replace('_', ' ')} {weight:g}" for name, weight in arm["loss"].items())
    said = [photos, f"{arm['texts']} captions", batches, *_tell_further(arm), f"loss terms: {terms}"]
    return "; ".join(said)


def _tell_further(arm: Mapping) -> list[str]:
    """Return whatever an arm says beside its photos, captions, batches and loss: no two arms that
    differ are told alike.
    """
    further = {key: value for key, value in arm.items() if key not in _TOLD_FIRST}
    return [
        _IN_WORDS[key](value) if key in _IN_WORDS else f"{key.replace('_', ' ')}: {_write(value)}"
        for key, value in further.items()
        if value is not None and value is not False
    ]


def _write(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "yes" if value is True else str(value)
