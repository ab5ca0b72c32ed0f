"""What a batch leaves behind: its two files, their charges, and the answer of each request."""

import json
from typing import TYPE_CHECKING

from batch_server.bad_lines import LINES
from batch_server.objects import StoredBatch, StoredFile
from batch_server.prompts import UnknownTask

if TYPE_CHECKING:
    from batch_server.store import Store

FLAGS = {
    "invalid_prompt": "Invalid prompt: your prompt was flagged as potentially violating our usage policy."
    " Please try again with a different prompt.",
    "content_filter": "The response was filtered due to the prompt triggering the content management policy."
    " Please modify your prompt and retry.",
}


def refuse_body(store: "Store", body: dict) -> dict | None:
    """Return the error object of a body that is answered 400, None for one that is answered."""
    settings = store.settings
    text = json.dumps(body.get("messages"), ensure_ascii=False)
    for name in settings.refused_fields:
        if name in body:
            message = f"Unrecognized request argument supplied: {name}"
            return (
                _error("unknown_parameter", message, name)
                if settings.refused_param
                else _error(None, message)
            )
    if any(flagged in text for flagged in settings.flagged_texts):
        return _error(settings.flag_code, FLAGS.get(settings.flag_code, "Flagged."), "prompt")
    return None


def answer_request(store: "Store", request: dict) -> tuple[int, dict]:
    """Return the status and the body by which a request is answered."""
    error = refuse_body(store, request["body"])
    if error is None:
        try:
            answer = store.answerer.answer(request)
            answer["created"] = int(store.clock.read())
            return 200, answer
        except (UnknownTask, KeyError, TypeError, ValueError) as problem:
            error = _error(None, f"{type(problem).__name__}: {problem}")
    return 400, {"error": error}


def write_results(store: "Store", batch: StoredBatch, done: int, elapsed: float, rest: str) -> None:
    """Write both result files and charge: `done` lines were worked on; the others say the code
    `rest`, or are not there.
    """
    output = store.add_file(f"{batch.id}_output.jsonl", "batch_output", batch.output_seconds, elapsed)
    error = store.add_file(f"{batch.id}_error.jsonl", "batch_output", batch.output_seconds, elapsed)
    tokens_in = tokens_out = succeeded = failed = 0
    with open(batch.input.path, "rb") as source, open(output.path, "w") as good, open(error.path, "w") as bad:
        for position, offset in enumerate(batch.order):
            source.seek(offset)
            request = json.loads(source.readline())
            line = {"id": f"batch_req_{batch.id[6:18]}{position}", "custom_id": request["custom_id"]}
            if position >= done and not rest:
                continue
            if position >= done:
                message = "This request could not be executed before the batch ended."
                bad.write(json.dumps(line | _failure(rest, message)) + "\n")
                failed += rest == "batch_expired"
                continue
            line |= _work(store, batch, request, position)
            status = (line["response"] or {}).get("status_code")
            if status == 200:
                usage = line["response"]["body"]["usage"]
                tokens_in, tokens_out = (
                    tokens_in + usage["prompt_tokens"],
                    tokens_out + usage["completion_tokens"],
                )
                good.write(_charge(store, batch, request, line, output))
            else:
                # status 0 was seen to pass for a success
                (good if status == 0 else bad).write(json.dumps(line) + "\n")
            succeeded, failed = succeeded + (status in (200, 0)), failed + (status not in (200, 0))
    batch.completed, batch.failed, batch.usage = succeeded, failed, (tokens_in, tokens_out)
    batch.output_file_id = _keep(store, output)
    batch.error_file_id = _keep(store, error)


def _work(store: "Store", batch: StoredBatch, request: dict, position: int) -> dict:
    """Return `response` and `error` of a line that was worked on."""
    if batch.fails[position] and batch.line_error == "request_timeout":
        return _failure("request_timeout", "The request timed out.")
    if batch.fails[position] and batch.line_error == "insufficient_quota":
        status, body = 429, {"error": _error("insufficient_quota", "You exceeded your current quota.")}
    elif batch.fails[position]:
        status = int(batch.line_error.removeprefix("status_"))
        body = {
            "error": {
                "message": "The server had an error.",
                "type": "server_error",
                "param": None,
                "code": None,
            }
        }
        body = body if status else {}
    else:
        status, body = answer_request(store, request)
        if status == 400 and store.settings.refused_by == "error":
            return {"response": None, "error": body["error"]}
    return {
        "response": {"status_code": status, "request_id": store.make_id("req_"), "body": body},
        "error": None,
    }


def _charge(store: "Store", batch: StoredBatch, request: dict, line: dict, output: StoredFile) -> str:
    """Book an answer; return the text of its line, as it may have been poisoned."""
    charge = store.bill.charge(request, line["response"]["body"], batch.id)
    charge.lost = "acts_twice" if batch.is_unheard else None
    output.charges.append(charge)
    faults = store.faults.strike("line", None, store.clock.elapsed, batch.number)
    if not faults:
        return json.dumps(line) + "\n"
    kind = LINES[faults[0].kind]
    if kind.spoils:
        charge.lost = faults[0].kind
    text = kind.act(line)
    return text + "\n" if text else ""


def _keep(store: "Store", file: StoredFile) -> str | None:
    """Return the id of a file that holds something; forget one that does not."""
    if file.path.stat().st_size:
        return file.id
    del store.files[file.id]
    return None


def _failure(code: str, message: str) -> dict:
    return {"response": None, "error": {"code": code, "message": message}}


def _error(code: str | None, message: str, param: str | None = None) -> dict:
    return {"message": message, "type": "invalid_request_error", "param": param, "code": code}
