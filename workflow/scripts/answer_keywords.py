"""Answer the keyword requests of one shard: from the lexicon, or from paid answers of the Batch API."""

import logging

from unscene.batch_lines import build_answer, read_items, read_lines, write_lines
from unscene.lexicon import find_words
from unscene.paid_answers import PATH_TO_STATE, collect_answers

logger = logging.getLogger("unscene")


def answer_keywords(
    path_to_requests, path_to_answers, backend: str, name: str, path_to_state=PATH_TO_STATE
) -> None:
    """Write one answer line a request, in the order of the requests.

    backend: `lexicon` reads the captions out of each request's body, as a model does; `openai` takes the answers from
    the paid-answer files. name: what the file of missing requests is called.
    """
    requests = list(read_lines(path_to_requests))
    if backend == "openai":
        answers = collect_answers(requests, name, path_to_state)
    else:
        answers = [answer_from_lexicon(request) for request in requests]
    write_lines(answers, path_to_answers)
    logger.info("%d requests answered by %s", len(answers), backend)


def answer_from_lexicon(request: dict) -> dict:
    """Return the answer line of the lexicon to a request line."""
    words = [{"w": find_words(caption)} for caption in read_items(request)]
    return build_answer(request, "lexicon", words)


if __name__ == "__main__":
    from unscene.logs import log_job

    with log_job(snakemake):
        answer_keywords(
            path_to_requests=snakemake.input.requests,
            path_to_answers=snakemake.output.answers,
            backend=snakemake.params.lineage["settings"]["keywords"]["backend"],
            name=f"keywords-{snakemake.wildcards.shard}",
        )
