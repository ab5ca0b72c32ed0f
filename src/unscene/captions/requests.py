"""Build the requests that ask for the captions of the edits of one shard: without the object, and
saying so.
"""

from collections.abc import Iterable

from unscene.answers.backends import find_backend
from unscene.answers.batch_lines import spread, write_lines
from unscene.answers.prompts import caption_request
from unscene.captions.caption_edits import WantedCaption, list_wanted
from unscene.machine.job import Job

# A rewriting needs more care than a list of words: fewer to a prompt.
EDITS_PER_PROMPT = 10


def build_caption_requests(job: Job) -> None:
    """Write one request line a prompt; edits with the same caption, object and phrasing are asked once.

    inputs: samples, keywords, masks; outputs: requests.
    """
    model = find_backend(job.settings).name_model(job.settings)
    prompts = spread(list_items(list_wanted(job)), EDITS_PER_PROMPT)
    write_lines((caption_request(model, prompt) for prompt in prompts), job.outputs.requests)


def list_items(wanted: Iterable[WantedCaption]) -> Iterable[tuple[str, list[str]]]:
    """Return each item once with its photos; edits without a caption have none."""
    photos: dict[str, list[str]] = {}
    for edit in wanted:
        if edit.item is not None:
            photos.setdefault(edit.item, []).append(edit.image_id)
    return photos.items()
