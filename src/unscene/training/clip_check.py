"""Can this CLIP be trained as the arms ask? Told at a run's start, before hours are spent on pairs."""

import logging

from unscene.machine.job import Job
from unscene.run.configuration import ConfigError
from unscene.run.tables import write_json

NEEDS_CHECK = ("lora_rank", "unlocked")


def list_checked_arms(arms: dict[str, dict]) -> dict[str, dict]:
    """Return the arms that not every family of CLIP can be trained by."""
    return {name: arm for name, arm in arms.items() if any(key in arm for key in NEEDS_CHECK)}


def check_clip(job: Job) -> None:
    """Load the CLIP, try the towers of each arm that is not for every family, and write what the CLIP is.

    outputs: report. Raises ClipError and ConfigError, with the key.
    """
    from unscene.clip.models import embed_texts, load_clip
    from unscene.training.optimisation import TowerError, check_towers, list_lora_targets

    model, preprocess, tokenizer = load_clip(job.get_path("train.clip"))
    embed_texts(model, tokenizer, ["a photo of a beach"], 1)
    targets = list_lora_targets(model)
    write_json(
        {
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "context_length": tokenizer.context_length,
            "layers_with_adapters": {
                tower: sum(name.startswith("visual.") == (tower == "image") for name in targets)
                for tower in ("image", "text")
            },
        },
        job.outputs.report,
    )
    for name, arm in list_checked_arms(job.settings["train"]["arms"]).items():
        try:
            check_towers(model, arm)
        except TowerError as error:
            raise ConfigError(f"train.arms.{name}: {error}") from error
        logging.getLogger("unscene").info("the arm %s can be trained", name)
