"""Build the requests that ask for the captions of the edits of one shard: the scene without the object."""

from collections.abc import Iterable

from unscene.answers.backends import find_backend
from unscene.answers.batch_lines import write_lines
from unscene.answers.canaries import spread_with_canaries
from unscene.answers.prompts import caption_request
from unscene.captions.canaries import EDITS_PER_CANARY, list_canaries
from unscene.captions.caption_edits import WantedCaption, list_wanted
from unscene.machine.job import Job
from unscene.words.word_lists import find_vocabulary

# A rewriting needs more care than a list of words: fewer to a prompt.
EDITS_PER_PROMPT = 10


def build_caption_requests(job: Job) -> None:
    """Write one request line a prompt; edits with the same caption and object are asked once. Where
    the answers are paid, canaries are among them.

    inputs: samples, keywords, masks; outputs: requests.
    """
    backend = find_backend(job.settings)
    model = backend.name_model(job.settings)
    canaries = list(list_canaries(find_vocabulary(job.settings))) if backend.is_paid else []
    items = list_items(list_wanted(job))
    prompts = spread_with_canaries(items, EDITS_PER_PROMPT, canaries, EDITS_PER_CANARY)
    write_lines((caption_request(model, prompt) for prompt in prompts), job.outputs.requests)


def list_items(wanted: Iterable[WantedCaption]) -> Iterable[tuple[str, list[str]]]:
    """Return each item once with its photos; edits without a caption have none."""
    photos: dict[str, list[str]] = {}
    for edit in wanted:
        if edit.item is not None:
            photos.setdefault(edit.item, []).append(edit.image_id)
    return photos.items()
