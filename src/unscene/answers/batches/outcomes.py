"""What an answer line came to, and what to do next: ask again, split the prompt, or leave it."""

from typing import NamedTuple

from unscene.answers.batch_lines import hash_body, read_items
from unscene.answers.results import judge_answer, may_try_again

OK = "ok"
UNSERVED = "unserved"  # expired, rate limit, server error, no line at all: the same body may be sent again
LENGTH = "length"  # the answer was cut off
REFUSED = "refused"  # a refusal or the content filter
MISMATCH = "mismatch"  # broken JSON, a wrong number of items or wrong indices
NO_CREDIT = "no credit"  # the account is empty: nobody's fault, and nothing to count
REJECTED = "rejected"  # the endpoint calls the request wrong: a fault of ours or of the account

# Codes that mean that no money is left (Batch API guide; issue threads of the openai client).
NO_CREDIT_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})


class Step(NamedTuple):
    """`do` is done, ask, split or end; `sizes` are those of the prompts after a split, `cause` why
    it came to that.
    """

    do: str
    sizes: tuple[int, ...] = ()
    cause: str = ""


def classify(answer: dict | None, items: int) -> str:
    """Return the outcome of an answer line to a prompt of so many items; None is a line that never came."""
    if answer is None:
        return UNSERVED
    response, error = answer.get("response") or {}, answer.get("error") or {}
    body = response.get("body") or {}
    codes = {error.get("code"), *((body.get("error") or {}).get(key) for key in ("code", "type"))}
    if codes & NO_CREDIT_CODES:
        return NO_CREDIT
    if may_try_again(answer):
        return UNSERVED
    if error or response.get("status_code") != 200:
        return REJECTED
    verdict = judge_answer(answer, items)
    if verdict.status == "ok":
        return OK
    if verdict.status == "refused":
        return REFUSED
    return LENGTH if verdict.reason == "finish_reason length" else MISMATCH


def decide(outcomes: list[str], items: int, cause: str, attempts: int) -> Step:
    """Return the next step for a prompt from the outcomes of its attempts, in their order.

    cause: why its parent was split, if it was. The first accepted answer counts. A cut answer
    splits the prompt in two, a refusal into single items, a mismatch in two and then into single
    items; a single item that fails so ends.
    """
    if OK in outcomes:
        return Step("done")
    fault = next((outcome for outcome in outcomes if outcome in (LENGTH, REFUSED, MISMATCH)), None)
    if fault is None:
        unserved = outcomes.count(UNSERVED)
        return Step("ask") if unserved < attempts else Step("end", cause=UNSERVED)
    if items == 1:
        return Step("end", cause=fault)
    if fault == REFUSED or (fault == MISMATCH and cause == MISMATCH):
        return Step("split", (1,) * items, fault)
    return Step("split", (items - items // 2, items // 2), fault)


def split_request(request: dict, sizes: tuple[int, ...]) -> list[dict]:
    """Return the requests that ask for the items of a request in prompts of the given sizes, in order.

    They are what the builder would have built for these items. Equal parts of two prompts get one
    id, but for those of a replicate, which stay apart.
    """
    items, body = read_items(request), request["body"]
    if sum(sizes) != len(items):
        raise ValueError(f"request {request['custom_id']}: {len(items)} items cannot be split into {sizes}")
    replicate = 0 if hash_body(body) == request["custom_id"] else request["custom_id"]
    room, start, parts = (body["max_completion_tokens"] - 64) // len(items), 0, []
    for size in sizes:
        part = _with_items(body, items[start : start + size], 64 + room * size)
        parts.append({**request, "custom_id": hash_body(part, replicate), "body": part})
        start += size
    return parts


def _with_items(body: dict, items: list[str], room: int) -> dict:
    prompt = "\n".join(f"{i}. {item}" for i, item in enumerate(items, 1))
    messages = [*body["messages"][:-1], {**body["messages"][-1], "content": prompt}]
    form = body["response_format"]["json_schema"]
    answers = {**form["schema"]["properties"]["r"], "minItems": len(items), "maxItems": len(items)}
    schema = {**form["schema"], "properties": {"r": answers}}
    return {
        **body,
        "messages": messages,
        "max_completion_tokens": room,
        "response_format": {**body["response_format"], "json_schema": {**form, "schema": schema}},
    }
