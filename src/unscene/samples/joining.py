"""Join the samples of all shards: drop exact duplicates, and put photos that show the same thing
into one group.
"""

import logging

import pandas as pd

from unscene.machine.job import Job
from unscene.photos.groups import join_equal, join_near_hashes, label_components
from unscene.run.tables import join_tables
from unscene.samples.columns import REJECTED, SAMPLES
from unscene.samples.readers import SourceError
from unscene.samples.reading import tell_unusable


class ImageIdError(ValueError):
    """Two photos of different sources got the same image id."""


def join_samples(job: Job) -> None:
    """Write all samples with their `group`, and all rejected items with the duplicates found across shards.

    A photo with the bytes of an earlier one is rejected. `group` is the image id of a group's first
    photo; photos share one when they share bytes, URL or the table's own group, or when their
    perceptual hashes are near.
    """
    sample, unusable = join_tables(job.inputs.tables), join_tables(job.inputs.rejected)
    if sample.empty:
        raise SourceError(tell_unusable("samples.sources", unusable.to_dict("records")))
    check_image_ids(sample)
    sample["group"] = find_groups(sample, job.settings["samples"]["duplicate_hash_distance"])
    first = sample.groupby("sha256")["image_id"].transform("first")
    twice = first != sample["image_id"]
    duplicate = sample.loc[twice, ["source", "source_key", "shard"]].assign(
        reason="duplicate", detail="has the bytes of " + first[twice].astype(str)
    )
    sample = sample[~twice].drop(columns=["group_key"])
    rejected = pd.concat([unusable, duplicate], ignore_index=True)
    REJECTED.write(rejected, job.outputs.rejected)
    SAMPLES.write(sample, job.outputs.samples)
    report(sample, len(duplicate), len(rejected))


def check_image_ids(sample: pd.DataFrame) -> None:
    """Raise ImageIdError when an image id stands twice: only names of sources can bring that about."""
    twice = sample[sample["image_id"].duplicated(keep=False)]
    if len(twice):
        image_id = twice["image_id"].iloc[0]
        sources = sorted(twice.loc[twice["image_id"] == image_id, "source"].unique())
        raise ImageIdError(
            f"samples.sources: the image id {image_id!r} comes from {' and '.join(sources)}; "
            "rename one of the sources"
        )


def find_groups(sample: pd.DataFrame, distance: int) -> pd.Series:
    """Return for each photo the image id of the first photo of its group."""
    edges = [join_equal(sample[column]) for column in ("sha256", "url", "group_key")]
    edges.append(join_near_hashes(sample["phash"], distance))
    label = label_components(len(sample), edges)
    return pd.Series(sample["image_id"].to_numpy()[label], index=sample.index, dtype=object)


def report(sample: pd.DataFrame, duplicates: int, rejected: int) -> None:
    """Log how many photos and groups there are, and the largest group: a huge one means that hashes
    merge too much.
    """
    logger = logging.getLogger("unscene")
    size = sample["group"].value_counts()
    logger.info(
        "%d photos in %d groups, %d rejected, of them %d duplicates across shards",
        len(sample),
        len(size),
        rejected,
        duplicates,
    )
    if len(size):
        logger.info(
            "largest group: %s with %d photos; %d groups have more than one",
            size.index[0],
            size.iloc[0],
            (size > 1).sum(),
        )
        if size.iloc[0] > max(20, 0.02 * len(sample)):
            logger.warning(
                "the largest group holds %.0f %% of the photos: samples.duplicate_hash_distance "
                "may be too large",
                100 * size.iloc[0] / len(sample),
            )
