"""Answer the keyword requests of one shard: from the lexicon, or from paid answers of the Batch API."""

from unscene.answers import PATH_TO_STATE, answer_requests
from unscene.batch_lines import build_answer, read_items
from unscene.lexicon import find_words


def answer_keywords(
    path_to_requests, path_to_answers, backend: str, name: str, path_to_state=PATH_TO_STATE
) -> None:
    """Write one answer line a request, in the order of the requests.

    backend: `lexicon` reads the captions out of each request's body, as a model does; `openai` takes the answers from
    the paid-answer files. name: what the file of missing requests is called.
    """
    answer_offline = None if backend == "openai" else answer_from_lexicon
    answer_requests(path_to_requests, path_to_answers, answer_offline, name, path_to_state)


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
