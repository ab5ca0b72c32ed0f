"""Who answers the requests of a shard: an offline backend, or the ledger of paid answers
(unscene.answers.batches).

A prompt that came back cut, refused or miscounted was split: its parts are follow-up requests. They
stand in a file of their own, and their answers behind those of the shard's own requests.
"""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

from unscene.answers.backends import find_backend
from unscene.answers.batch_lines import read_items, read_lines, write_lines
from unscene.answers.batches.ledger import Ledger
from unscene.answers.batches.outcomes import decide, split_request
from unscene.answers.endpoints import find_folder
from unscene.machine.job import Job
from unscene.run.counts import tell_count
from unscene.run.stops import KnownStop
from unscene.words.word_lists import find_vocabulary


class AnswersMissing(KnownStop, RuntimeError):
    """Some requests have no paid answer; the message says what to do."""


def answer_requests(job: Job) -> None:
    """Answer requests by the backend of their stage. inputs: requests; outputs: answers, followups."""
    answer = find_backend(job.settings).load()
    vocabulary = find_vocabulary(job.settings)
    write_answers(
        job.inputs.requests,
        job.outputs.answers,
        job.outputs.followups,
        (lambda request: answer(request, vocabulary)) if answer else None,
        find_folder(job.look_up("api.base_url")),
    )


def write_answers(
    path_to_requests: str | Path,
    path_to_answers: str | Path,
    path_to_followups: str | Path,
    answer_offline: Callable[[dict], dict] | None,
    folder: Path,
) -> None:
    """Write one answer line a request, in their order, then those of the follow-ups, and the
    follow-up requests.

    answer_offline: returns the answer line of a request line; None takes the paid answers from the
    ledger in `folder`.
    """
    requests = read_lines(path_to_requests)
    followups: list[dict] = []
    if answer_offline is None:
        count = write_lines(collect_answers(requests, followups, folder), path_to_answers)
    else:
        count = write_lines((answer_offline(request) for request in requests), path_to_answers)
    write_lines(followups, path_to_followups)
    logging.getLogger("unscene").info(
        "%s, %s", tell_count(count, "answer"), tell_count(len(followups), "follow-up request")
    )


def collect_answers(requests: Iterator[dict], followups: list[dict], folder: Path) -> Iterator[dict]:
    """Yield the paid answer lines of requests and then of their follow-ups, which are appended to
    `followups`.

    A request that was sent in vain (an attempt or more, no line) has no line. AnswersMissing when
    one was never sent.
    """
    ledger = Ledger(folder)
    try:
        later: list[dict] = []
        missing = total = 0
        for request in requests:
            total += 1
            (_, line), *parts = _walk(request, ledger, "")
            missing += line == "" or any(text == "" for _, text in parts)
            if line:
                yield json.loads(line)
            followups += [part for part, _ in parts]
            later += [json.loads(text) for _, text in parts if text]
        if missing:
            raise AnswersMissing(
                f"{missing} of {total} requests have no answer in {ledger.path.resolve()}. Delete the stage's"
                " results/*/batches.json and run the same command again: only what is missing is asked"
            )
        yield from later
    finally:
        ledger.close()


def _walk(request: dict, ledger: Ledger, cause: str) -> Iterator[tuple[dict, str | None]]:
    """Yield a request with the answer line that counts, then those of the prompts it was split into.

    None: it was sent and no line came; empty: it was never sent.
    """
    name = request["custom_id"]
    outcomes = ledger.list_outcomes([name]).get(name, [])
    yield request, ledger.find_answer(name) if outcomes else ""
    # Whether another attempt is due was for the submitter to say.
    step = decide(outcomes, len(read_items(request)), cause, attempts=1)
    if step.do == "split":
        for part in split_request(request, step.sizes):
            yield from _walk(part, ledger, step.cause)
