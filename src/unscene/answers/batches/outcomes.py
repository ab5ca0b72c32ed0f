"""What an answer line came to, and what to do next: ask again, split the prompt, or leave it."""

from typing import NamedTuple

from unscene.answers.batch_lines import canonical_json, hash_body, read_items
from unscene.answers.envelopes import complains_of_form, find_codes, may_try_again
from unscene.answers.verdicts import judge_answer

OK = "ok"
UNSERVED = "unserved"  # this line failed at the server: the same body may be sent again
AWAY = "away"  # the endpoint did not serve: expired, cancelled, no line, a whole batch of server errors
LENGTH = "length"  # the answer was cut off
REFUSED = "refused"  # a refusal or the content filter
MISMATCH = "mismatch"  # broken JSON, a wrong number of items or wrong indices
NO_CREDIT = "no credit"  # the account is empty: nobody's fault, and nothing to count
REJECTED = "rejected"  # the endpoint calls all requests wrong: a fault of ours or of the account
FAULTY = "faulty"  # the endpoint calls this request wrong, and takes others like it

# Codes that mean that no money is left (Batch API guide; issue threads of the openai client).
NO_CREDIT_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
# Codes of a line that was never worked on.
_AWAY_CODES = frozenset({"batch_expired", "batch_cancelled"})
# Times that a request may come back because the endpoint did not serve; then it is a failed row.
AWAY_AT_MOST = 16


class Step(NamedTuple):
    """`do` is done, ask, split or end; `sizes` are those of the prompts after a split, `cause` why
    it came to that.
    """

    do: str
    sizes: tuple[int, ...] = ()
    cause: str = ""


def classify(answer: dict | None, items: int, schema: dict | None = None) -> str:
    """Return the outcome of an answer line to a prompt of so many items, by the schema that was sent
    where it is known; None is a line that never came.

    What fails in judging, for whatever reason, is this request's fault alone: a mismatch.
    """
    if answer is None:
        return AWAY
    try:
        codes = find_codes(answer)
        if codes & NO_CREDIT_CODES:
            return NO_CREDIT
        if codes & _AWAY_CODES:
            return AWAY
        if complains_of_form(answer):
            return REJECTED
        if may_try_again(answer):
            return UNSERVED
        verdict = judge_answer(answer, items, schema)
        if verdict.status == "ok":
            canonical_json(verdict.items).encode()
    except Exception:
        return MISMATCH
    if verdict.status in (OK, REFUSED):
        return verdict.status
    if verdict.reason == "finish_reason length":
        return LENGTH
    return REJECTED if verdict.reason.startswith("status ") else MISMATCH


def decide(outcomes: list[str], items: int, cause: str, attempts: int) -> Step:
    """Return the next step for a prompt from the outcomes of its attempts, in their order.

    cause: why its parent was split, if it was. The first accepted answer counts. A cut answer
    splits the prompt in two, a refusal (or a request that alone is called wrong) into single items,
    a mismatch in two and then into single items; a single item that fails so ends. `attempts` are
    for failures of the request's own; what the endpoint did not serve is counted apart.
    """
    if OK in outcomes:
        return Step("done")
    fault = next((outcome for outcome in outcomes if outcome in (LENGTH, REFUSED, MISMATCH, FAULTY)), None)
    if fault is None:
        if outcomes.count(UNSERVED) < attempts and outcomes.count(AWAY) < AWAY_AT_MOST:
            return Step("ask")
        return Step("end", cause=UNSERVED)
    if items == 1:
        return Step("end", cause=fault)
    if fault in (REFUSED, FAULTY) or (fault == MISMATCH and cause == MISMATCH):
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
