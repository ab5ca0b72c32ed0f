"""Read an evaluation set of any format."""

from collections.abc import Callable
from pathlib import Path

from unscene.evaluation.sets.formats import FORMATS
from unscene.evaluation.sets.tasks import SetError, Task
from unscene.run.tables import TableError


def read_set(entry: dict, resolve: Callable[[str], Path], seed: int = 0) -> Task:
    """Return the task of an entry of evaluate.sets (`name format` and the format's keys).

    resolve: config path -> path. Raises SetError naming the set when a file cannot be opened, is torn, or
    does not have the stated format.
    """
    try:
        task = FORMATS[entry["format"]].find_reader()({**entry, "seed": seed}, resolve)
    except (SetError, ImportError, MemoryError):  # the latter two are of this machine, not of the file
        raise
    except (OSError, TableError) as error:  # each names its file and what is wrong with it
        raise SetError(f"evaluate.sets, {entry['name']!r}: {error}") from error
    except Exception as error:  # whatever it is: the files are anybody's, and torn in any way
        raise SetError(
            f"evaluate.sets, {entry['name']!r}: torn, or not in the format {entry['format']} "
            f"({type(error).__name__}: {error})"
        ) from error
    if not len(task):
        raise SetError(f"evaluate.sets, {entry['name']!r}: the set has no item")
    return task
