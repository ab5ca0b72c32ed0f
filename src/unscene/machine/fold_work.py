"""The folds of an arm and training seed as one job: libraries are imported and a device is leased once.

Importing them takes longer than a small training. Snakemake deletes the outputs of a failed job, so
what a fold has written waits in scratch until all folds are there: neither an error nor a kill loses
a finished fold.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from unscene.machine.job import Files, Job
from unscene.machine.scratch import link_file
from unscene.run.left_out import LeftOut
from unscene.run.records import fingerprint_now


def work_on_folds(job: Job, work: Callable[[Job], None], of_fold: Collection[str] = ()) -> None:
    """Call `work` for each fold of a job, one after the other, with a job of that fold alone.

    Outputs are lists of one file a fold; so are the inputs named in `of_fold`. With
    `runtime.folds_together: false` the job is one of the fold that its wildcard names.
    """
    if "fold" in job.wildcards:
        work(pick_fold(job, int(job.wildcards["fold"]), 0, of_fold))
        return
    with job.open_scratch() as scratch:
        for fold in range(len(next(iter(job.outputs.values())))):
            one = pick_fold(job, fold, fold, of_fold)
            key, read = str(fold), describe_inputs(one)
            kept = {scratch.files / f"{fold}-{name}": Path(path) for name, path in one.outputs.items()}
            if scratch.results.get(key, {}).get("read") == read:
                logging.getLogger("unscene").info("fold %d was finished by an earlier run", fold)
                for file, path in kept.items():
                    link_file(file, path)
                continue
            try:
                work(one)
            except LeftOut:  # then all folds are left out
                scratch.discard()
                raise
            for file, path in kept.items():
                link_file(path, file)
            scratch.record(key, {"read": read}, [file.name for file in kept])
        scratch.discard()


def pick_fold(job: Job, fold: int, at: int, of_fold: Collection[str] = ()) -> Job:
    """Return the job of one fold, with the outputs at position `at`, the fold's own of the inputs
    named in `of_fold`, and the wildcard `fold`.
    """
    inputs = {name: value[fold] if name in of_fold and value else value for name, value in job.inputs.items()}
    outputs = {name: paths[at] for name, paths in job.outputs.items()}
    return replace(
        job, inputs=Files(inputs), outputs=Files(outputs), wildcards={**job.wildcards, "fold": str(fold)}
    )


def describe_inputs(job: Job) -> list[list]:
    """Return [path, fingerprint] of each input file: a fold's results are those of the files that it
    read, and a lineage does not tell a model from the same one trained elsewhere. Times are lost where
    a run goes on on another machine.
    """
    # check.json must have passed; that it was written anew changes no fold.
    values = [value for name, value in job.inputs.items() if value and name != "checked"]
    paths = {str(path) for value in values for path in (value if isinstance(value, list) else [value])}
    return [[path, fingerprint_now(path)] for path in sorted(paths)]
