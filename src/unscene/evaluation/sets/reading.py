"""Read an evaluation set of any format."""

from collections.abc import Callable
from pathlib import Path

from unscene.evaluation.sets.formats import FORMATS
from unscene.evaluation.sets.tasks import SetError, Task


def read_set(entry: dict, resolve: Callable[[str], Path], seed: int = 0) -> Task:
    """Return the task of an entry of evaluate.sets (`name format` and the format's keys).

    resolve: config path -> path. Raises SetError naming the set when a file does not have the stated format.
    """
    try:
        task = FORMATS[entry["format"]].find_reader()({**entry, "seed": seed}, resolve)
    except SetError:
        raise
    except Exception as error:  # whatever it is: the files are anybody's, and torn in any way
        raise SetError(
            f"evaluate.sets, {entry['name']!r}: not in the format {entry['format']} "
            f"({type(error).__name__}: {error})"
        ) from error
    if not len(task):
        raise SetError(f"evaluate.sets, {entry['name']!r}: the set has no item")
    return task
