"""Numbers of things in messages."""

from typing import SupportsInt


def tell_count(number: SupportsInt, one: str, many: str | None = None) -> str:
    """Return a number with the name of what it counts: "1 photo", "1,234 photos"; `many` where the
    plural is not `one` with an s.
    """
    number = int(number)
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
