"""Fine-tune CLIP for deployment: one arm on all pairs, with training seed 0."""

from unscene.folds.leak_guards import drop_leaked
from unscene.machine.job import Job
from unscene.training.fine_tuning import fine_tune
from unscene.training.pairs import read_pairs
from unscene.training.trainings import Training, describe_run
from unscene.training.workers import run_workers


def train_final(job: Job) -> None:
    """Train on all pairs but those of evaluation sets; what to expect of the model is what the
    folds' models scored.

    inputs: pairs, leaks, and those of `TrainingFiles.of`.
    """
    pair = drop_leaked(read_pairs(job.inputs.pairs), job.inputs.leaks)
    run_workers(fine_tune, {"pair": pair, **describe_run(job, Training.of(job, "all", 0))}, job.runtime)
