"""List the pool: which of its photos may be trained on, and what is known to be on each."""

import logging
from collections import Counter, defaultdict

import numpy as np
import pandas as pd

from unscene.folds.leaks import match_guards, read_guards
from unscene.machine.job import Job
from unscene.masks.columns import SEEN
from unscene.photos.coco_instances import list_objects
from unscene.pool.columns import POOL, POOL_DROPPED
from unscene.pool.guarding import find_excluded
from unscene.pool.labels import PhotoLabels, label_by_captions, label_by_detector, label_by_instances
from unscene.run.configuration import list_sources
from unscene.run.counts import tell_count
from unscene.run.streaming import Lookup, Positions, iterate_rows
from unscene.run.tables import join_tables
from unscene.samples.instances import read_source_categories, read_source_instances
from unscene.samples.joining import read_numbers
from unscene.words.vocabulary import Vocabulary
from unscene.words.word_lists import find_vocabulary


class PoolError(ValueError):
    """A pool that cannot be trained on; the message names the key and the way out."""


def list_pool(job: Job) -> None:
    """Write a row a pool photo that may be trained on, and a row an item of a pool source that may not.

    inputs: tables and rejected (of the pools' shards), run_tables (of the other shards), samples,
    folds, leaks, hashes (of leak guards); keywords and seen (of shards whose source lists no
    objects). outputs: pool, dropped. Raises PoolError when no photo is left. The photos are read a
    piece at a time.
    """
    settings, tables = job.settings, job.inputs.tables
    distances = (
        settings["samples"]["duplicate_hash_distance"],
        settings["folds"]["duplicate_hash_distance"],
    )
    excluded = find_excluded(tables, job.inputs.run_tables, mark_photos(job), find_guarded(job), distances)
    rejected = join_tables(job.inputs.rejected).assign(image_id=None)[POOL_DROPPED.names]
    dropped = pd.concat([rejected, excluded[POOL_DROPPED.names]], ignore_index=True)
    counts = dropped["reason"].value_counts().to_dict()
    labels, start = PoolLabels(job), 0
    sources: Counter[str] = Counter()
    with POOL.open(job.outputs.pool) as writer:
        for piece in iterate_rows(tables):
            photo = piece.to_pandas().set_index(np.arange(start, start + len(piece)))
            start += len(piece)
            photo = photo[~photo.index.isin(excluded.index)]
            if len(photo):
                labelled = labels.add(photo)
                writer.write_frame(labelled[POOL.names])
                sources.update(labelled["objects_from"])
        if not writer.rows:
            raise PoolError(f"samples.sources: no photo of a pool is left of {len(dropped)}: {counts}")
    POOL_DROPPED.write(dropped, job.outputs.dropped)
    logging.getLogger("unscene").info(
        "pool: %s, %d left out %s; objects from %s",
        tell_count(writer.rows, "photo"),
        len(dropped),
        counts,
        dict(sources.most_common()),
    )


def mark_photos(job: Job) -> tuple[np.ndarray, np.ndarray]:
    """Return which photos of the edited sources are tested, and which leaked.

    They come from the tables of the shards, which still hold the photos and the groups that the
    join drops.
    """
    groups = read_numbers([job.inputs.samples], "group")
    position = Positions(read_numbers([job.inputs.samples], "image_id")).find(
        read_numbers(job.inputs.run_tables, "image_id")
    )
    known = position >= 0
    return tuple(
        known & np.isin(groups, read_numbers([path], "group"))[position]
        for path in (job.inputs.folds, job.inputs.leaks)
    )


def find_guarded(job: Job) -> pd.DataFrame:
    """Return `photo guard reason detail` of the pool photos that a leak guard names; photo: its position."""
    coco = [source["name"] for source in list_sources(job.config, pool=True) if source["format"] == "coco"]
    guards = read_guards(job.look_up("folds.leak_guards"), job.inputs.hashes or ())
    distance = job.settings["folds"]["duplicate_hash_distance"]
    start, parts = 0, []
    for piece in iterate_rows(job.inputs.tables, ["path", "source", "source_key", "phash"]):
        photo = piece.to_pandas().assign(image_id=np.arange(start, start + len(piece)))
        start += len(piece)
        parts.append(match_guards(photo, guards, coco, distance))
    found = pd.concat(parts, ignore_index=True).rename(columns={"image_id": "photo"})
    # By guard, then by photo, as one look at all photos finds them.
    order = {guard.name: place for place, guard in enumerate(guards)}
    return found.sort_values("guard", key=lambda name: name.map(order), kind="stable", ignore_index=True)


class PoolLabels:
    """What is told of pool photos: the words that their captions name, and what is on them."""

    def __init__(self, job: Job):
        self._vocabulary = find_vocabulary(job.settings)
        self._sources = {source["name"]: source for source in list_sources(job.config, pool=True)}
        self._labelled = {name: read_source_categories(source) for name, source in self._sources.items()}
        keywords, seen = job.inputs.keywords, job.inputs.seen
        self._keywords = Lookup(keywords, "image_id", ["words"]) if keywords else None
        columns = [name for name in SEEN.names if name != "image_id"]
        self._seen = Lookup(seen, "image_id", columns) if seen else None
        # Asked for only where a detector has looked.
        self._sure: float = job.settings["masks"]["target_confidence"] if seen else 1.0

    def add(self, photo: pd.DataFrame) -> pd.DataFrame:
        """Return photos with the columns `named present unknown objects_from`."""
        answered = self._read_keywords(photo["image_id"])
        seen = {} if self._seen is None else _by_id(self._seen.find_all(photo["image_id"]))
        keys = photo["source_key"].astype(str).groupby(photo["source"]).agg(set)
        instances = {name: read_source_instances(self._sources[name], own) for name, own in keys.items()}
        rows = []
        for row in photo.itertuples():
            told = answered.get(row.image_id)
            named = name_words(row, self._vocabulary) if told is None else self._vocabulary.sort(told)
            listed = list_objects(instances[row.source], row.source_key)
            labels = self._label(row, named, listed, seen.get(row.image_id))
            rows.append((named, labels.present, labels.unknown, labels.source))
        columns = zip(("named", "present", "unknown", "objects_from"), zip(*rows, strict=True), strict=True)
        return photo.assign(**dict(columns))

    def _label(self, row, named: list[str], listed: set[str] | None, look) -> PhotoLabels:
        if listed is not None:
            return label_by_instances(named, listed, self._labelled[row.source], self._vocabulary)
        if look is not None and look.status == "ok":
            confidences = dict(zip(look.seen, look.confidences, strict=True))
            return label_by_detector(named, confidences, set(look.looked_for), self._sure, self._vocabulary)
        return label_by_captions(named, self._vocabulary)

    def _read_keywords(self, image_ids: pd.Series) -> dict[str, set[str]]:
        """Return the words of photos by their ids; a caption that nobody could read names none."""
        words: dict[str, set[str]] = defaultdict(set)
        if self._keywords is not None:
            for row in self._keywords.find_all(image_ids).itertuples():
                words[row.image_id].update(() if row.words is None else row.words)
        return words


def _by_id(frame: pd.DataFrame) -> dict:
    return {row.image_id: row for row in frame.itertuples()}


def name_words(row, vocabulary: Vocabulary) -> list[str]:
    """Return the words that a photo's captions name: by its source's own mentions, else by the lexicon.

    No API is asked about a photo whose objects are listed.
    """
    if row.mentions is not None:
        return vocabulary.sort(word for words in row.mentions for word in words if word in vocabulary)
    return vocabulary.sort(word for caption in row.captions for word in vocabulary.find_words(caption))
