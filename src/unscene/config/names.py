"""The name that a misspelt one was meant to be."""

from collections.abc import Iterable
from difflib import get_close_matches

_LIKENESS = 0.6


def find_nearest(name: object, known: Iterable[object]) -> str | None:
    """Return the known name that is most like a name, whatever its case and dashes; None where none
    is like it.
    """
    plain = {_flatten(one): str(one) for one in known}
    found = get_close_matches(_flatten(name), plain, n=1, cutoff=_LIKENESS)
    return plain[found[0]] if found else None


def suggest(name: object, known: Iterable[object]) -> str:
    """Return `; did you mean NAME?`, or where nothing is like it `; there are A, B, C`."""
    known = list(known)
    nearest = find_nearest(name, known)
    return f"; did you mean {nearest}?" if nearest else f"; there are {list_names(known)}"


def list_names(names: Iterable[object], most: int = 12) -> str:
    """Return names as a list of words, the first of them where there are many."""
    names = [str(name) for name in names]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _flatten(name: object) -> str:
    return str(name).lower().replace("-", "_").replace(" ", "_")
