"""Cutting requests into batch files, and choosing what may be sent now: by requests, bytes,
enqueued tokens and dollars.
"""

from collections.abc import Iterable

from unscene.answers.batches.agenda import Asked
from unscene.answers.batches.terms import Limits

# A queue of this many files stays busy while one of them waits for its last answers.
_FILES_IN_QUEUE = 4


class TooLarge(ValueError):
    """One request alone is above a limit."""


def cut(waiting: Iterable[Asked], limits: Limits, queued_tokens: int, committed_usd: float) -> list[Asked]:
    """Return the requests of the next file, in their order; none when what is under way must end first.

    queued_tokens, committed_usd: what batches under way take, and dollars settled or under way at
    worst. When all that waits fits into the queue it is one file; else files are a quarter of the
    queue, so that a slow one holds up no other. A file that the room in the queue or the budget
    cuts short is sent only when nothing else is under way.
    """
    waiting = list(waiting)
    if not waiting:
        return []
    room = limits.enqueued_tokens - queued_tokens
    total = sum(asked.tokens for asked in waiting)
    target = max(limits.enqueued_tokens // _FILES_IN_QUEUE, waiting[0].tokens)
    most = room if total <= room else min(room, target)
    money = limits.budget_usd - committed_usd
    chosen: list[Asked] = []
    size = tokens = 0
    usd = 0.0
    for asked in waiting:
        if asked.size > limits.bytes_per_file:
            raise TooLarge(
                f"request {asked.custom_id} has {asked.size} bytes, api.bytes_per_file is"
                f" {limits.bytes_per_file}"
            )
        if len(chosen) == limits.requests_per_file or size + asked.size > limits.bytes_per_file:
            return chosen
        if tokens + asked.tokens > most or usd + asked.usd_worst > money:
            squeezed = usd + asked.usd_worst > money or most < target
            return [] if squeezed and queued_tokens else chosen
        chosen.append(asked)
        size, tokens, usd = size + asked.size, tokens + asked.tokens, usd + asked.usd_worst
    return chosen
