"""Whether the rules are read to run something, or by a command that only tells or judges a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_IS_QUESTION: ContextVar[bool] = ContextVar("is_question", default=False)


@contextmanager
def questioning() -> Iterator[None]:
    """Read the rules without a run: nothing is kept for one, and no advice for its start is given."""
    before = _IS_QUESTION.set(True)
    try:
        yield
    finally:
        _IS_QUESTION.reset(before)


def is_question() -> bool:
    """Tell whether the rules are read without a run."""
    return _IS_QUESTION.get()
