"""Build the requests that ask which of the 80 words the captions of one shard mention."""

from collections.abc import Iterable

import pandas as pd

from unscene.answers.batch_lines import flatten, spread, write_lines
from unscene.answers.prompts import keyword_request
from unscene.run.configuration import ConfigError
from unscene.run.tables import read_table
from unscene.words.lexicon import load_lexicon


def build_keyword_requests(path_to_samples, path_to_requests, settings: dict, model: str) -> None:
    """Write one request line a prompt; a caption that several photos share is asked once.

    settings: the config block `keywords`. model: the name in the body (the backend's own name when it is offline).
    """
    size = settings["captions_per_prompt"]
    if size == "auto":
        raise ConfigError(
            "keywords.captions_per_prompt: auto takes the number from results/batchsize/chosen.json, which the study of the "
            "stage batchsize has to write first; until then give a number, e.g. 20"
        )
    samples = read_table(path_to_samples, ["image_id", "captions"])
    prompts = spread(list_texts(samples), size)
    rules = load_lexicon().rules
    write_lines((keyword_request(model, prompt, rules) for prompt in prompts), path_to_requests)


def list_texts(samples: pd.DataFrame) -> Iterable[tuple[str, list[str]]]:
    """Return each caption text once with its photos: first captions of all photos first, so that prompts mix photos."""
    photos: dict[str, list[str]] = {}
    longest = max((len(captions) for captions in samples["captions"]), default=0)
    for position in range(longest):
        for image_id, captions in zip(samples["image_id"], samples["captions"], strict=True):
            text = flatten(captions[position]) if position < len(captions) else ""
            if text:
                photos.setdefault(text, []).append(image_id)
    return photos.items()
