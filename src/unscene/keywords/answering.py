"""Answer the keyword requests of one shard: from the lexicon, or from paid answers of the Batch API."""

from unscene.answers.answering import answer_requests
from unscene.answers.batch_lines import build_answer, read_items
from unscene.words.lexicon import find_words


def answer_keywords(path_to_requests, path_to_answers, path_to_followups, backend: str, folder) -> None:
    """Write one answer line a request, in the order of the requests.

    backend: `lexicon` reads the captions out of each request's body, as a model does; `openai` takes the answers from
    the ledger of paid answers in `folder`.
    """
    answer_offline = None if backend == "openai" else answer_from_lexicon
    answer_requests(path_to_requests, path_to_answers, path_to_followups, answer_offline, folder)


def answer_from_lexicon(request: dict) -> dict:
    """Return the answer line of the lexicon to a request line."""
    words = [{"w": find_words(caption)} for caption in read_items(request)]
    return build_answer(request, "lexicon", words)
