"""Build the requests that ask which words the captions of one shard mention."""

from collections.abc import Iterable

import pandas as pd

from unscene.answers.backends import find_backend
from unscene.answers.batch_lines import flatten, write_lines
from unscene.answers.canaries import spread_with_canaries
from unscene.answers.prompts import keyword_request
from unscene.keywords.canaries import CAPTIONS_PER_CANARY, list_canaries
from unscene.machine.job import Job
from unscene.run.configuration import ConfigError, read_chosen
from unscene.samples.columns import SHARD_SAMPLES
from unscene.words.word_lists import find_vocabulary


def build_keyword_requests(job: Job) -> None:
    """Write one request line a prompt; a caption that several photos share is asked once. Where the
    answers are paid, canaries are among them.

    inputs: samples, chosen (the choice of the batch-size study, where captions_per_prompt is auto);
    outputs: requests.
    """
    backend = find_backend(job.settings)
    model = backend.name_model(job.settings)
    size = job.settings["keywords"]["captions_per_prompt"]
    if size == "auto":
        size = read_chosen(*job.inputs.chosen, model=model)
    if size is None:
        raise ConfigError(
            "keywords.captions_per_prompt: auto takes the number from results/batchsize/chosen.json, which"
            " the batch-size study has to write first; until then give a number, e.g. 20"
        )
    samples = SHARD_SAMPLES.read(job.inputs.samples, ["image_id", "captions"])
    vocabulary = find_vocabulary(job.settings)
    canaries = list(list_canaries(vocabulary)) if backend.is_paid else []
    prompts = spread_with_canaries(list_texts(samples), size, canaries, CAPTIONS_PER_CANARY)
    write_lines((keyword_request(model, prompt, vocabulary) for prompt in prompts), job.outputs.requests)


def list_texts(samples: pd.DataFrame) -> Iterable[tuple[str, list[str]]]:
    """Return each caption text once with its photos: first captions of all photos first, so that
    prompts mix photos.
    """
    photos: dict[str, list[str]] = {}
    longest = max((len(captions) for captions in samples["captions"]), default=0)
    for position in range(longest):
        for image_id, captions in zip(samples["image_id"], samples["captions"], strict=True):
            text = flatten(captions[position]) if position < len(captions) else ""
            if text:
                photos.setdefault(text, []).append(image_id)
    return photos.items()
