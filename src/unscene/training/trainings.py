"""One training: which arm, with what settings and seeds, and the files that it reads and writes."""

import math
from dataclasses import dataclass
from pathlib import Path

from unscene.machine.job import Job
from unscene.training.state import name_state
from unscene.words.coco80 import COCO80
from unscene.words.vocabulary import Vocabulary
from unscene.words.word_lists import find_vocabulary

# Keys of `train` that an arm may have itself.
OWN_SETTINGS = ("learning_rate", "steps")


@dataclass(frozen=True)
class Training:
    """What decides a training, beside its pairs.

    name, arm: of train.arms. settings: the keys of `train` (steps, batch_pairs, learning_rate ...);
    an arm's own come first. seeds: (config seed, fold, training seed); the fold is a number,
    `class{number}` of a fold of categories, or `all`. held_out_share: of the negation phrasings,
    which an arm's own captions don't use either. digest: of the lineage. vocabulary: the words that
    captions may name. withheld: words that no pair and no label of the pool may deny: those of the
    arm, and the categories of a fold of categories.
    """

    name: str
    arm: dict
    settings: dict
    seeds: tuple[int, int | str, int]
    held_out_share: float = 0.0
    digest: str = ""
    vocabulary: Vocabulary = COCO80
    withheld: frozenset[str] = frozenset()

    @property
    def starts(self) -> dict[str, int]:
        """The first step, from 0, of each term of the loss: those of `late` come in after a share of the
        steps, rounded down, so that each has the last step at least.
        """
        late, steps = self.arm.get("late", {}), self.settings["steps"]
        # Of 100 steps a share of 0.29 is 28.999999999999996.
        return {name: math.floor(round(late.get(name, 0) * steps, 6)) for name in self.arm["loss"]}

    @classmethod
    def of(
        cls, job: Job, fold: int | str, training_seed: int, withheld: frozenset[str] = frozenset()
    ) -> "Training":
        """Return the training that a job's settings and its wildcard `arm` describe."""
        arm = job.settings["arm"]
        own = {key: arm[key] for key in OWN_SETTINGS if key in arm}
        return cls(
            name=job.wildcards["arm"],
            arm=arm,
            settings={key: value for key, value in job.settings["train"].items() if key != "clip"} | own,
            seeds=(job.settings["seed"], fold, training_seed),
            held_out_share=job.settings["captions"]["held_out_share"],
            digest=job.digest,
            vocabulary=find_vocabulary(job.settings),
            withheld=withheld | frozenset(arm.get("withheld", ())),
        )


@dataclass(frozen=True)
class PoolFiles:
    """Where the pool lies. table: pool.parquet. photos: pool.npy, or the cached features. index:
    pool_photos.parquet, a row a row of either.
    """

    table: Path
    photos: Path
    index: Path


@dataclass(frozen=True)
class TrainingFiles:
    """Where a training reads and writes.

    clip: the folder of the untuned model. photos, index: the photo cache, or with `reader: tars`
    the folder of tars; and the table of either. model: the folder to write. state: what a killed
    training goes on from. sham: the sham edits, their photo cache and its index, for arms that show
    these. pool: for arms that show ordinary photos beside their pairs.
    """

    clip: Path
    photos: Path
    index: Path
    model: Path
    state: Path
    sham: tuple[Path, Path, Path] | None = None
    pool: PoolFiles | None = None

    @classmethod
    def of(cls, job: Job) -> "TrainingFiles":
        """Return the files that a job names: inputs index, photos (of the cache; tars lie in the
        folder named as their table); with sham edits sham, sham_photos, sham_index; with a pool pool,
        pool_photos (or their features), pool_index; output meta.
        """
        model = Path(job.outputs.meta).parent
        sham, pool = None, None
        if job.inputs.get("pool"):
            pool = PoolFiles(Path(job.inputs.pool), Path(job.inputs.pool_photos), Path(job.inputs.pool_index))
        if job.inputs.get("sham"):
            sham = Path(job.inputs.sham), Path(job.inputs.sham_photos), Path(job.inputs.sham_index)
        return cls(
            clip=job.get_path("train.clip"),
            # Tars are told by their table, which holds a hash of each sample; the folder is no input.
            photos=Path(job.inputs.get("photos") or Path(job.inputs.index).with_suffix("")),
            index=Path(job.inputs.index),
            model=model,
            state=name_state(model),
            sham=sham,
            pool=pool,
        )


def describe_run(job: Job, training: Training) -> dict:
    """Return the arguments of `fine_tune` that a job gives, whatever its pairs."""
    files = TrainingFiles.of(job)
    return {"training": training, "files": files, "runtime": job.runtime, "threads": job.threads}
