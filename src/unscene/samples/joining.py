"""Join the samples of all shards: drop exact duplicates, and put photos that show the same thing
into one group.
"""

import logging
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from unscene.machine.job import Job
from unscene.photos.groups import (
    Edges,
    join_equal_numbers,
    join_near_values,
    label_components,
    read_hashes,
)
from unscene.run.counts import tell_count
from unscene.run.streaming import iterate_rows, number_texts, read_rows
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

    The tables are read column by column to find the groups, then once more, a piece at a time, to be
    written: of each photo some numbers are held, and of those that others refer to the name.
    """
    paths = job.inputs.tables
    label, first = find_positions(paths, job.settings["samples"]["duplicate_hash_distance"])
    if not len(label):
        raise SourceError(
            tell_unusable("samples.sources", join_tables(job.inputs.rejected).to_dict("records"))
        )
    position = np.arange(len(label))
    size = np.bincount(label[first == position], minlength=len(label))
    # An earlier photo gives a group its name, and a duplicate its reason.
    named = np.union1d(label[label != position], first[first != position])
    names: dict[int, str] = {}
    with REJECTED.open(job.outputs.rejected) as rejected, SAMPLES.open(job.outputs.samples) as samples:
        for unusable in iterate_rows(job.inputs.rejected, REJECTED.names):
            rejected.write_frame(unusable.to_pandas())
        before = rejected.rows
        duplicates = []
        for sample, start in _place(iterate_rows(paths, [name for name in SAMPLES.names if name != "group"])):
            image_ids = sample["image_id"].to_pylist()
            own = slice(start, start + len(image_ids))
            here = named[np.searchsorted(named, own.start) : np.searchsorted(named, own.stop)]
            names |= {int(one): image_ids[one - start] for one in here}
            groups = list(image_ids)
            for row in np.flatnonzero(label[own] != position[own]):
                groups[row] = names[label[own][row]]
            twice = first[own] != position[own]
            of = [names[one] for one in first[own][twice]]
            duplicates.append(tell_duplicates(sample.filter(pa.array(twice)), of))
            sample = sample.append_column("group", pa.array(groups, pa.string())).filter(pa.array(~twice))
            samples.write(sample.select(SAMPLES.names).cast(SAMPLES.schema))
        for duplicate in duplicates:
            rejected.write_frame(duplicate)
    report(size, find_name(paths, int(size.argmax())), rejected.rows - before, rejected.rows)


def find_positions(paths: Sequence[str], distance: int) -> tuple[np.ndarray, np.ndarray]:
    """Return for each photo the position of the first photo of its group, and of the first with its bytes.

    Raises ImageIdError as `check_image_ids` does. Columns are read one after the other, so that only
    one is held.
    """
    image_id = read_numbers(paths, "image_id")
    if len(join_equal_numbers(image_id)[0]):
        check_image_ids(read_rows(paths, ["image_id", "source"]))
    equal: list[Edges] = [
        join_equal_numbers(read_numbers(paths, column)) for column in ("sha256", "url", "group_key")
    ]
    first = np.arange(len(image_id))
    first[equal[0][1]] = equal[0][0]
    near = join_near_values(*read_all_hashes(paths), distance)
    return label_components(len(image_id), [*equal, near]), first


def read_numbers(paths: Sequence[str], column: str) -> np.ndarray:
    """Return a number for each text of a column, 0 for a missing or empty one."""
    numbers = [np.empty(0, np.uint64)]
    for piece in iterate_rows(paths, [column]):
        number = number_texts(piece[column])
        number[(piece[column].to_pandas() == "").fillna(False).to_numpy(bool)] = 0
        numbers.append(number)
    return np.concatenate(numbers)


def read_all_hashes(paths: Sequence[str]) -> Edges:
    """Return the perceptual hashes of several tables, and the positions of their photos."""
    values, rows = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    for piece, start in _place(iterate_rows(paths, ["phash"])):
        value, row = read_hashes(piece["phash"].to_pandas())
        values.append(value)
        rows.append(row + start)
    return np.concatenate(values), np.concatenate(rows)


def tell_duplicates(sample: pa.Table, of: Sequence[str]) -> pd.DataFrame:
    """Return rows of the rejected items for photos that have the bytes of those named `of`."""
    told = sample.select(["source", "source_key", "shard"]).to_pandas()
    return told.assign(reason="duplicate", detail=["has the bytes of " + name for name in of])


def find_name(paths: Sequence[str], position: int) -> str:
    """Return the image id at a position in several tables."""
    for piece, start in _place(iterate_rows(paths, ["image_id"])):
        if position < start + len(piece):
            return piece["image_id"][position - start].as_py()
    raise IndexError(f"there is no photo {position}")


def _place(pieces: Iterable[pa.Table]) -> Iterable[tuple[pa.Table, int]]:
    """Yield each piece with the position of its first row."""
    start = 0
    for piece in pieces:
        yield piece, start
        start += len(piece)


def check_image_ids(sample: pd.DataFrame) -> None:
    """Raise ImageIdError when an image id stands twice: only names of sources can bring that about."""
    twice = sample[sample["image_id"].duplicated(keep=False)]
    if len(twice):
        image_id = twice["image_id"].iloc[0]
        sources = sorted(twice.loc[twice["image_id"] == image_id, "source"].unique())
        raise ImageIdError(
            f"samples.sources: the image id {image_id!r} comes from {' and '.join(sources)}; "
            + ("rename one of the sources" if len(sources) > 1 else "two of its photos have one name there")
        )


def report(size: np.ndarray, largest: str, duplicates: int, rejected: int) -> None:
    """Log how many photos and groups there are, and the largest group: a huge one means that hashes
    merge too much.

    size: photos of each group, at the position of its first photo; largest: the name of the largest.
    """
    logger = logging.getLogger("unscene")
    photos, most = int(size.sum()), int(size.max())
    logger.info(
        "%s in %s, %d rejected, of them %s across shards",
        tell_count(photos, "photo"),
        tell_count((size > 0).sum(), "group"),
        rejected,
        tell_count(duplicates, "duplicate"),
    )
    logger.info(
        "largest group: %s with %s; groups of more than one: %d",
        largest,
        tell_count(most, "photo"),
        (size > 1).sum(),
    )
    if most > max(20, 0.02 * photos):
        logger.warning(
            "the largest group holds %.0f %% of the photos: samples.duplicate_hash_distance may be too large",
            100 * most / photos,
        )
