"""Evaluation sets: one reader a format, and the task that each becomes.

A reader takes an entry of evaluate.sets and returns a task (`tasks.py`); `unscene.set_metrics` scores tasks, whatever the
format they came in.
"""

from collections.abc import Callable
from pathlib import Path

from unscene.evaluation_sets import beaf, cc_neg, class_folders, coco, negbench, sugarcrepe
from unscene.evaluation_sets.tasks import SetError, Task

# format -> (reader, keys that the entry must have)
READERS: dict[str, tuple[Callable[[dict, Callable], Task], tuple[str, ...]]] = {
    "negbench_mcq": (negbench.read_choices, ("path", "images")),
    "negbench_retrieval": (negbench.read_retrieval, ("path", "images")),
    "coco_mcq": (coco.rebuild_choices, ("instances", "images")),
    "coco_retrieval": (coco.read_retrieval, ("captions", "images")),
    "coco_objects": (coco.read_objects, ("instances", "images")),
    "sugarcrepe": (sugarcrepe.read_choices, ("path", "images")),
    "cc_neg": (cc_neg.read_choices, ("path", "images")),
    "beaf": (beaf.read_removals, ("path", "images")),
    "class_folders": (class_folders.read_folders, ("path",)),
    "clip_benchmark": (class_folders.read_clip_benchmark, ("path",)),
}


def read_set(entry: dict, resolve: Callable[[str], Path], seed: int = 0) -> Task:
    """Return the task of an entry of evaluate.sets (`name format` and the format's keys).

    resolve: config path -> path. Raises SetError naming the set when a file does not have the stated format.
    """
    reader, _ = READERS[entry["format"]]
    try:
        task = reader({**entry, "seed": seed}, resolve)
    except (KeyError, ValueError, TypeError, OSError) as error:
        if isinstance(error, SetError):
            raise
        raise SetError(
            f"evaluate.sets, {entry['name']!r}: not in the format {entry['format']} ({type(error).__name__}: {error})"
        ) from error
    if not len(task):
        raise SetError(f"evaluate.sets, {entry['name']!r}: the set has no item")
    return task
