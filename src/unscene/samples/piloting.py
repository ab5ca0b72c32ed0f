"""The pilot: a part of each source that is cut into a first shard of its own, so that a run can be
tried on it, and what was made and paid there is used again by the whole run.

`unscene pilot` keeps in the run's `state/pilot.json` how many photos the first shard of each source
has. A seed chooses them over the whole source; the other shards hold the rest, in its own order.
Paid answers are asked per shard, twenty captions a prompt, so a whole shard is the least that can
be used again.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from unscene.run.configuration import ConfigError, list_sources
from unscene.run.counts import tell_count
from unscene.run.seeds import derive_seed
from unscene.run.shard_names import get_index, get_item_range, get_source_name, list_shards
from unscene.run.tables import read_json, write_json
from unscene.samples.readers import Item, iterate_items
from unscene.samples.taking import choose_positions

PILOT = Path("state/pilot.json")
# A source's part has at least so many photos, however small the source is beside the others.
LEAST = 20


def start_pilot(config: dict, asked: str | None) -> None:
    """Complete the sources of a run that was cut for a pilot; cut them first where a pilot of so many
    photos is asked for. Stops with what is wrong, as the checks of the config do.
    """
    try:
        if asked is not None:
            check_prompts(config["keywords"])
            prepare_pilot(config, int(asked))
        add_pilot(config)
        if asked is not None:
            check_not_begun(config)
    except ConfigError as error:
        sys.exit(str(error))


def add_pilot(config: dict) -> None:
    """Give the entries of samples.sources that were cut for a pilot their key `pilot`: the photos of
    their first shard and the seed that chose them. Called in the run's directory.
    """
    if not PILOT.is_file():
        return
    cut = read_json(PILOT)
    for source in config["samples"]["sources"]:
        if source["name"] in cut["photos"]:
            source["pilot"] = {"photos": cut["photos"][source["name"]], "seed": cut["seed"]}


def check_prompts(keywords: dict) -> None:
    """Raise ConfigError where the batch-size study is to choose how many captions a prompt has."""
    if keywords["captions_per_prompt"] == "auto":
        raise ConfigError(
            "keywords.captions_per_prompt: auto waits for the batch-size study, which is no part of a pilot."
            " Give a number (20), and leave it for the whole run, which then uses the pilot's answers again;"
            " or run without a pilot"
        )


def prepare_pilot(config: dict, photos: int) -> None:
    """Cut the sources of a run for a pilot of about so many photos, once, and keep how they were cut.

    Called in the run's directory. Raises ConfigError where shards exist that are cut otherwise, or
    where the whole run has begun: its joined tables would be made anew for the pilot.
    """
    wanted = {"photos": share_photos(config["samples"]["sources"], photos), "seed": config["seed"]}
    if PILOT.is_file() and read_json(PILOT) == wanted:
        return
    if list(Path("results/samples").glob("*-of-*.parquet")):
        raise ConfigError(
            f"{Path.cwd()}: photos of this run are read already, in shards that are cut otherwise than for a"
            " pilot of this size. Give a pilot a run directory of its own (--directory), or the number of"
            " photos that it had"
        )
    write_json(wanted, PILOT)
    edited = list_sources(config)
    taken, there = (
        sum(counts[source["name"]] for source in edited)
        for counts in (wanted["photos"], {source["name"]: source["photos"] for source in edited})
    )
    if taken == there:
        print(
            f"The pilot has all {tell_count(there, 'photo')}: the whole run will add none.", file=sys.stderr
        )
    elif taken > photos:
        print(
            f"The pilot has {tell_count(taken, 'photo')}, not {photos}: at least {LEAST} of each source.",
            file=sys.stderr,
        )


def check_not_begun(config: dict) -> None:
    """Raise ConfigError when shards beside the pilot's are read: the whole run has begun."""
    begun = [shard for shard in _list_others(config) if Path(f"results/samples/{shard}.parquet").exists()]
    if begun:
        raise ConfigError(
            f"{Path.cwd()}: the whole run has begun here ({begun[0]} is read), and a pilot would make its"
            " joined tables anew. Its own pages tell more: results/pilot/, results/report.html"
        )


def share_photos(sources: list[dict], photos: int) -> dict[str, int]:
    """Return how many photos of each source are in the pilot: so many in all of what is edited, and
    so many of the pools, in proportion to the sources, at least LEAST each.
    """
    shared = {}
    for is_pool in (False, True):
        mine = list_sources({"samples": {"sources": sources}}, pool=is_pool)
        total = sum(source["photos"] for source in mine)
        for source in mine:
            part = max(LEAST, round(photos * source["photos"] / total))
            shared[source["name"]] = min(part, source["photos"])
    return shared


def keep_pilot_shards(shards: list[str]) -> list[str]:
    """Return the shards of a run that its pilot works on: the first of each source."""
    return [shard for shard in shards if get_index(shard) == 0]


def iterate_shard(source: dict, shard: str, shard_size: int, checkout: Path) -> Iterator[Item]:
    """Yield the items of a shard in the source's own order; see `iterate_items`."""
    chosen = list_positions(source, shard, shard_size)
    if not len(chosen):
        return
    span = range(int(chosen[0]), int(chosen[-1]) + 1)
    wanted = set(chosen.tolist())
    for position, item in zip(span, iterate_items(source, span, checkout), strict=False):
        if position in wanted:
            yield item


def list_positions(source: dict, shard: str, shard_size: int) -> np.ndarray:
    """Return the positions of a shard's items among those that the run reads of its source, int64, rising."""
    pilot, photos = source.get("pilot"), source["photos"]
    if pilot is None:
        mine = get_item_range(shard, shard_size)
        return np.arange(mine.start, min(mine.stop, photos))
    index, seed = get_index(shard), derive_seed("pilot", pilot["seed"])
    if index == 0:
        return choose_positions(photos, pilot["photos"], 0, seed)
    rest = choose_positions(photos, photos - pilot["photos"], pilot["photos"], seed)
    return rest[(index - 1) * shard_size : index * shard_size]


def _list_others(config: dict) -> list[str]:
    shards = [
        shard
        for source in config["samples"]["sources"]
        for shard in list_shards(source, config["samples"]["shard_size"])
    ]
    pilot = set(keep_pilot_shards(shards))
    known = {source["name"] for source in config["samples"]["sources"] if "pilot" in source}
    return [shard for shard in shards if shard not in pilot and get_source_name(shard) in known]
