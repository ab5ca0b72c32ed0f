"""Which of the files that the stages list a run makes."""

from collections.abc import Iterable

from unscene.run.configuration import trains

# What only a run that trains needs: its stages, what keeps them apart from what is tested, and pools.
_OF_TRAINING = (
    "results/train/",
    "results/models/",
    "results/metrics/",
    "results/exam/",
    "results/deploy",
    "results/masks/seen/",
    "results/folds/check.json",
    "results/folds/leaks.parquet",
    "results/folds/guards/",
    "results/folds/repeats",
)
# Of the stages before training.
_OF_ALL = ("results/metrics/truth.json",)


def select_targets(files: Iterable[str], config: dict) -> list[str]:
    """Return the files of all stages, or without `train.clip` those of the stages before training."""
    if trains(config):
        return list(files)
    return [file for file in files if file in _OF_ALL or not file.startswith(_OF_TRAINING)]
