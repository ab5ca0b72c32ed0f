"""Answer the caption requests of one shard: by the offline grammar, or from paid answers of the Batch API."""

import json

from unscene.answers.answering import answer_requests
from unscene.answers.batch_lines import build_answer, read_items
from unscene.captions.caption_edits import rewrite
from unscene.machine.job import Job
from unscene.words.vocabulary import Vocabulary


def answer_captions(job: Job) -> None:
    """Write one answer line a request, in their order. inputs: requests; outputs: answers, followups."""
    answer_requests(job)


def answer_from_template(request: dict, vocabulary: Vocabulary) -> dict:
    """Return the answer line of the offline grammar to a request line; an empty text where it found
    no rewriting.
    """
    items = [rewrite_item(json.loads(item), vocabulary) for item in read_items(request)]
    return build_answer(request, "template", items)


def rewrite_item(item: dict, vocabulary: Vocabulary) -> dict:
    """Return what an item of a prompt asks for: the scene without the object."""
    return {"without": rewrite(item["caption"], item["object"], vocabulary)}
