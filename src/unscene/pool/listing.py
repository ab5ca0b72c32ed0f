"""List the pool: which of its photos may be trained on, and what is known to be on each."""

import logging
from collections import defaultdict
from collections.abc import Iterator

import pandas as pd

from unscene.folds.columns import FOLDS, LEAKS
from unscene.folds.leaks import match_guards, read_guards
from unscene.keywords.columns import KEYWORDS
from unscene.machine.job import Job
from unscene.masks.columns import SEEN
from unscene.photos.coco_instances import list_objects
from unscene.pool.columns import POOL, POOL_DROPPED
from unscene.pool.guarding import find_excluded
from unscene.pool.labels import PhotoLabels, label_by_captions, label_by_detector, label_by_instances
from unscene.run.configuration import list_sources
from unscene.run.streaming import read_rows
from unscene.run.tables import join_tables, read_table
from unscene.samples.instances import read_source_categories, read_source_instances
from unscene.samples.joining import GROUPED_BY
from unscene.words.vocabulary import Vocabulary
from unscene.words.word_lists import find_vocabulary


class PoolError(ValueError):
    """A pool that cannot be trained on; the message names the key and the way out."""


def list_pool(job: Job) -> None:
    """Write a row a pool photo that may be trained on, and a row an item of a pool source that may not.

    inputs: tables and rejected (of the pools' shards), run_tables (of the other shards), samples,
    folds, leaks, hashes (of leak guards); keywords and seen (of shards whose source lists no
    objects). outputs: pool, dropped. Raises PoolError when no photo is left.
    """
    photo = join_tables(job.inputs.tables)
    excluded = find_excluded(
        photo,
        mark_photos(job),
        find_guarded(job, photo),
        job.settings["samples"]["duplicate_hash_distance"],
        job.settings["folds"]["duplicate_hash_distance"],
    )
    kept = photo[~photo["image_id"].isin(excluded["image_id"])].reset_index(drop=True)
    dropped = excluded.merge(photo[["image_id", "source", "source_key"]], on="image_id")
    rejected = join_tables(job.inputs.rejected).assign(image_id=None)[POOL_DROPPED.names]
    dropped = pd.concat([rejected, dropped[POOL_DROPPED.names]], ignore_index=True)
    counts = dropped["reason"].value_counts().to_dict()
    if kept.empty:
        raise PoolError(f"samples.sources: no photo of a pool is left of {len(dropped)}: {counts}")
    named, labels = zip(*label_photos(job, kept, find_vocabulary(job.settings)), strict=True)
    pool = kept.assign(
        named=named,
        present=[one.present for one in labels],
        unknown=[one.unknown for one in labels],
        objects_from=[one.source for one in labels],
    )
    POOL.write(pool[POOL.names], job.outputs.pool)
    POOL_DROPPED.write(dropped, job.outputs.dropped)
    logging.getLogger("unscene").info(
        "pool: %d photos, %d left out %s; objects from %s",
        len(pool),
        len(dropped),
        counts,
        pool["objects_from"].value_counts().to_dict(),
    )


def mark_photos(job: Job) -> pd.DataFrame:
    """Return the photos of the edited sources with `is_tested` and `is_leaked`.

    They come from the tables of the shards, which still hold the photos and the groups that the
    join drops.
    """
    run = read_rows(job.inputs.run_tables, GROUPED_BY)
    group = read_table(job.inputs.samples, ["image_id", "group"], only=True).set_index("image_id")["group"]
    of_photo = run["image_id"].map(group)
    return run.assign(
        is_tested=of_photo.isin(set(FOLDS.read(job.inputs.folds)["group"])),
        is_leaked=of_photo.isin(set(LEAKS.read(job.inputs.leaks, ["group"])["group"])),
    )


def find_guarded(job: Job, photo: pd.DataFrame) -> pd.DataFrame:
    """Return `image_id guard reason detail` of the pool photos that a leak guard names."""
    coco = [source["name"] for source in list_sources(job.config, pool=True) if source["format"] == "coco"]
    guards, distance = job.look_up("folds.leak_guards"), job.settings["folds"]["duplicate_hash_distance"]
    return match_guards(photo, read_guards(guards, job.inputs.hashes or ()), coco, distance)


def label_photos(
    job: Job, photo: pd.DataFrame, vocabulary: Vocabulary
) -> Iterator[tuple[list[str], PhotoLabels]]:
    """Yield for each photo the words that its captions name, and its labels."""
    answered = read_keywords(job.inputs.keywords or ())
    seen = {row.image_id: row for path in job.inputs.seen or () for row in SEEN.read(path).itertuples()}
    sources = list_sources(job.config, pool=True)
    instances = {
        source["name"]: read_source_instances(source, set(photo["source_key"].astype(str)))
        for source in sources
    }
    labelled = {source["name"]: read_source_categories(source) for source in sources}
    for row in photo.itertuples():
        told = answered.get(row.image_id)
        named = name_words(row, vocabulary) if told is None else vocabulary.sort(told)
        listed = list_objects(instances[row.source], row.source_key)
        look = seen.get(row.image_id)
        if listed is not None:
            yield named, label_by_instances(named, listed, labelled[row.source], vocabulary)
        elif look is not None and look.status == "ok":
            confidences = dict(zip(look.seen, look.confidences, strict=True))
            sure = job.settings["masks"]["target_confidence"]
            yield named, label_by_detector(named, confidences, set(look.looked_for), sure, vocabulary)
        else:
            yield named, label_by_captions(named, vocabulary)


def name_words(row, vocabulary: Vocabulary) -> list[str]:
    """Return the words that a photo's captions name: by its source's own mentions, else by the lexicon.

    No API is asked about a photo whose objects are listed.
    """
    if row.mentions is not None:
        return vocabulary.sort(word for words in row.mentions for word in words if word in vocabulary)
    return vocabulary.sort(word for caption in row.captions for word in vocabulary.find_words(caption))


def read_keywords(paths) -> dict[str, set[str]]:
    """Return the words of each photo by its id; a caption that nobody could read names none."""
    words: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        keyword = KEYWORDS.read(path, ["image_id", "words"])
        for image_id, found in zip(keyword["image_id"], keyword["words"], strict=True):
            words[image_id].update(() if found is None else found)
    return words
