"""How a batch lives: validating, in progress, finalizing, and its ends.

Nothing happens by itself: `settle` brings every batch to the present, in the order of the events.
"""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from batch_server.objects import ACTIVE, FOR_EVER, StoredBatch
from batch_server.results import write_results
from batch_server.validation import MOST_ERRORS, find_errors

if TYPE_CHECKING:
    from batch_server.store import Store


class Event(NamedTuple):
    """What happens next to a batch, and at what elapsed time."""

    due: float
    happen: Callable[["Store", StoredBatch, float], None]


def settle(store: "Store") -> None:
    """Let everything happen that is due by now."""
    now = store.clock.elapsed
    active = [batch for batch in store.batches.values() if batch.status in ACTIVE]
    while True:
        due = [(_next_event(store, batch), batch) for batch in active if batch.status in ACTIVE]
        due = [(event, batch) for event, batch in due if event.due <= now]
        if not due:
            break
        event, batch = min(due, key=lambda entry: (entry[0].due, entry[1].number))
        event.happen(store, batch, event.due)
    for batch in active:
        if batch.status == "in_progress":
            _count(batch, _lines_done(store, batch, now))


def cancel(store: "Store", batch: StoredBatch) -> bool:
    """Begin to cancel a batch; False when it is past that."""
    if batch.status not in ("validating", "in_progress", "finalizing"):
        return False
    now = store.clock.elapsed
    batch.done = len(batch.order) if batch.status == "finalizing" else _lines_done(store, batch, now)
    _enter(store, batch, "cancelling", now)
    return True


def _next_event(store: "Store", batch: StoredBatch) -> Event:
    settings, fate = store.settings, batch.fate
    if batch.status == "cancelling":
        event = Event(batch.entered + settings.cancelling_s, _finish_cancelling)
    elif batch.status == "validating":
        event = Event(batch.entered + settings.validation_s, _validate)
    elif batch.status == "finalizing":
        event = Event(batch.entered + settings.finalizing_s, _complete)
    elif fate.fails_after is not None:
        event = Event(batch.entered + fate.fails_after, _break_down)
    elif fate.cancelled:
        event = Event(batch.entered + fate.until, _give_up)
    elif batch.stall_share is None or fate.stuck == "in_progress":
        event = Event(batch.entered + len(batch.order) / settings.lines_per_s, _finalize)
    else:
        event = Event(FOR_EVER, _finalize)
    if fate.stuck == batch.status:
        return Event(max(event.due, batch.entered + fate.until), event.happen)
    if batch.status == "cancelling":
        return event
    ends = batch.ends if settings.expires else FOR_EVER
    if fate.expires_in is not None:
        ends = min(ends, batch.created + fate.expires_in)
    return Event(ends, _expire) if ends <= event.due else event


def _validate(store: "Store", batch: StoredBatch, elapsed: float) -> None:
    errors = list(find_errors(store, batch))
    if errors or batch.fate.silent:
        batch.order, batch.model, batch.tokens = batch.order[:0], None, 0
        batch.errors = None if batch.fate.silent else errors[:MOST_ERRORS]
        _enter(store, batch, "failed", elapsed)
        return
    draw = random.Random(f"{store.answerer.seed}:{batch.number}")
    draw.shuffle(batch.order)
    batch.fails = bytes(draw.random() < batch.line_errors for _ in batch.order)
    _enter(store, batch, "in_progress", elapsed)


def _finalize(store: "Store", batch: StoredBatch, elapsed: float) -> None:
    _count(batch, len(batch.order))
    _enter(store, batch, "finalizing", elapsed)


def _complete(store: "Store", batch: StoredBatch, elapsed: float) -> None:
    write_results(store, batch, len(batch.order), elapsed, "")
    _enter(store, batch, "completed", elapsed)


def _expire(store: "Store", batch: StoredBatch, elapsed: float) -> None:
    done = len(batch.order) if batch.status == "finalizing" else _lines_done(store, batch, elapsed)
    write_results(store, batch, done, elapsed, "batch_expired")
    _enter(store, batch, "expired", elapsed)


def _give_up(store: "Store", batch: StoredBatch, elapsed: float) -> None:
    batch.done = _lines_done(store, batch, elapsed)
    _enter(store, batch, "cancelling", elapsed)


def _break_down(store: "Store", batch: StoredBatch, elapsed: float) -> None:
    write_results(store, batch, _lines_done(store, batch, elapsed), elapsed, "")
    message = "The batch could not be finished."
    batch.errors = [{"code": "internal_error", "message": message, "line": None, "param": None}]
    _enter(store, batch, "failed", elapsed)


def _finish_cancelling(store: "Store", batch: StoredBatch, elapsed: float) -> None:
    write_results(store, batch, batch.done, elapsed, "batch_cancelled")
    _enter(store, batch, "cancelled", elapsed)


def _enter(store: "Store", batch: StoredBatch, status: str, elapsed: float) -> None:
    batch.status, batch.entered = status, elapsed
    batch.moments[status] = int(store.clock.read(elapsed))


def _lines_done(store: "Store", batch: StoredBatch, elapsed: float) -> int:
    """Return how many lines were worked on by a moment while in progress."""
    if batch.status != "in_progress":
        return 0
    share = 1.0 if batch.stall_share is None else batch.stall_share
    done = int((elapsed - batch.entered) * store.settings.lines_per_s)
    return max(0, min(done, int(share * len(batch.order))))


def _count(batch: StoredBatch, done: int) -> None:
    batch.failed = 0 if batch.line_error == "status_0" else sum(batch.fails[:done])
    batch.completed = done - batch.failed
