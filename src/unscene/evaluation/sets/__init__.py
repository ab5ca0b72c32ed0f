"""Evaluation sets: one reader a format, and the task that each becomes.

A reader takes an entry of evaluate.sets and returns a task (`tasks.py`); `unscene.evaluation.set_metrics` scores tasks, whatever the
format they came in.
"""

from collections.abc import Callable
from pathlib import Path

from unscene.evaluation.sets import beaf, cc_neg, class_folders, coco, negbench, sugarcrepe
from unscene.evaluation.sets.tasks import SetError, Task

READERS: dict[str, Callable[[dict, Callable], Task]] = {
    "negbench_mcq": negbench.read_choices,
    "negbench_retrieval": negbench.read_retrieval,
    "coco_mcq": coco.rebuild_choices,
    "coco_retrieval": coco.read_retrieval,
    "coco_objects": coco.read_objects,
    "sugarcrepe": sugarcrepe.read_choices,
    "cc_neg": cc_neg.read_choices,
    "beaf": beaf.read_removals,
    "class_folders": class_folders.read_folders,
    "clip_benchmark": class_folders.read_clip_benchmark,
}


def read_set(entry: dict, resolve: Callable[[str], Path], seed: int = 0) -> Task:
    """Return the task of an entry of evaluate.sets (`name format` and the format's keys).

    resolve: config path -> path. Raises SetError naming the set when a file does not have the stated format.
    """
    try:
        task = READERS[entry["format"]]({**entry, "seed": seed}, resolve)
    except (KeyError, ValueError, TypeError, OSError) as error:
        if isinstance(error, SetError):
            raise
        raise SetError(
            f"evaluate.sets, {entry['name']!r}: not in the format {entry['format']} ({type(error).__name__}: {error})"
        ) from error
    if not len(task):
        raise SetError(f"evaluate.sets, {entry['name']!r}: the set has no item")
    return task
