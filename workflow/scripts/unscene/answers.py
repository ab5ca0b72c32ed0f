"""Who answers the requests: an offline function, or paid answers, which are never asked twice.

Paid answers are the answer lines of OpenAI's batches that lie in `state/answers/`, found again by the hash of the request.
`state/` belongs to no rule, so that nothing that Snakemake deletes was paid for.
"""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from unscene.batch_lines import may_try_again, read_lines, write_lines

PATH_TO_STATE = Path("state")


class AnswersMissing(RuntimeError):
    """Some requests have no paid answer yet; the message says what to do."""


def answer_requests(
    path_to_requests: str | Path,
    path_to_answers: str | Path,
    answer_offline: Callable[[dict], dict] | None,
    name: str,
    path_to_state: Path = PATH_TO_STATE,
) -> None:
    """Write one answer line a request, in the order of the requests.

    answer_offline: returns the answer line of a request line; None takes the paid answers. name: what the file of missing
    requests is called.
    """
    requests = list(read_lines(path_to_requests))
    if answer_offline is None:
        answers = collect_answers(requests, name, path_to_state)
    else:
        answers = [answer_offline(request) for request in requests]
    write_lines(answers, path_to_answers)
    logging.getLogger("unscene").info("%d requests answered", len(answers))


def collect_answers(requests: list[dict], name: str, path_to_state: Path = PATH_TO_STATE) -> list[dict]:
    """Return the paid answer line of each request, in the order of the requests.

    All `answers/*.jsonl` are read in the order of their names; the first line that was served counts. When requests are
    left, they are written to `requests/{name}.jsonl` below `path_to_state`, ready for upload, and AnswersMissing is
    raised: what was answered stays and is never asked again.
    """
    wanted = {request["custom_id"] for request in requests}
    found: dict[str, dict] = {}
    unserved = 0
    folder = path_to_state / "answers"
    for path in sorted(folder.glob("*.jsonl")):
        for line in read_lines(path):
            if line["custom_id"] not in wanted or line["custom_id"] in found:
                continue
            if may_try_again(line):
                unserved += 1
            else:
                found[line["custom_id"]] = line
    missing = [request for request in requests if request["custom_id"] not in found]
    path_to_upload = path_to_state / "requests" / f"{name}.jsonl"
    if missing:
        write_lines(missing, path_to_upload)
        raise AnswersMissing(_explain(missing, len(requests), unserved, path_to_upload, folder))
    path_to_upload.unlink(missing_ok=True)
    return [found[request["custom_id"]] for request in requests]


def _explain(missing: Iterable[dict], total: int, unserved: int, path_to_upload: Path, folder: Path) -> str:
    missing = list(missing)
    tried = f" ({unserved} lines in it say expired or not served)" if unserved else ""
    return (
        f"{len(missing)} of {total} requests have no paid answer in {folder.resolve()}{tried}. "
        f"Upload {path_to_upload.resolve()} as a batch for {missing[0]['url']} (https://platform.openai.com/batches, purpose `batch`), "
        f"put its output file, and the error file if there is one, as *.jsonl into {folder.resolve()}, and run the same "
        f"command again. Nothing is lost: answers that are there are used and not asked again."
    )
