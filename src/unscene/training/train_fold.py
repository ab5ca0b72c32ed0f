"""Fine-tune CLIP: one arm on the training pairs of one fold, with one training seed."""

from unscene.folds.inner_validation import mark_inner
from unscene.folds.leak_guards import drop_leaked
from unscene.machine.job import Job
from unscene.training.fine_tuning import fine_tune
from unscene.training.pairs import TooFewPairs, list_categories, read_pairs, split_by_class, split_pairs
from unscene.training.samplers import check_groups
from unscene.training.trainings import Training, describe_run
from unscene.training.workers import run_workers


def train_clip(job: Job) -> None:
    """Train on the pairs of all folds but one; photos of evaluation sets and the inner validation
    are kept out.

    inputs: pairs, folds, leaks, classes (folds of the categories: when given, the wildcard `fold`
    is one of these and its categories are kept out in place of the fold of photos, of the pool's
    labels, too), and those of `TrainingFiles.of`.
    """
    fold, classes = int(job.wildcards["fold"]), job.inputs.get("classes")
    pair = read_pairs(job.inputs.pairs, job.inputs.folds)
    withheld: frozenset[str] = frozenset()
    if classes:
        pair, _ = split_by_class(pair, classes, fold)
        withheld = list_categories(classes, fold)
    else:
        pair, _ = split_pairs(pair, fold)
    pair = drop_leaked(pair, job.inputs.leaks)
    inner_share = job.settings["train"].get("inner_share", 0)
    pair = pair[~mark_inner(pair["group"], inner_share, job.settings["seed"])]
    if pair.empty:
        raise TooFewPairs(
            "every training pair is in the inner validation; lower train.inner_share or add photos"
        )
    name = f"class{fold}" if classes else fold
    training = Training.of(job, name, int(job.wildcards["seed"]), withheld)
    # Here, and not where batches are planned: there torch is imported, and several processes are started.
    check_groups(pair["group"], training.settings["batch_pairs"], training.arm["batches"])
    run_workers(fine_tune, {"pair": pair, **describe_run(job, training)}, job.runtime)
