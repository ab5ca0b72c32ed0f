"""Fine-tune CLIP for deployment: one arm on all pairs, with training seed 0."""

from unscene.folds.leak_guards import drop_leaked
from unscene.machine.job import Job
from unscene.training.fine_tuning import fine_tune
from unscene.training.pairs import read_pairs
from unscene.training.samplers import check_groups
from unscene.training.trainings import Training, describe_run
from unscene.training.workers import run_workers


def train_final(job: Job) -> None:
    """Train on all pairs but those of evaluation sets; what to expect of the model is what the
    folds' models scored.

    inputs: pairs, leaks, and those of `TrainingFiles.of`.
    """
    pair = drop_leaked(read_pairs(job.inputs.pairs), job.inputs.leaks)
    training = Training.of(job, "all", 0)
    check_groups(pair["group"], training.settings["batch_pairs"], training.arm["batches"])
    run_workers(fine_tune, {"pair": pair, **describe_run(job, training)}, job.runtime)
