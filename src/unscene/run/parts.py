"""Parts: the shares of machines that work on one run and have nothing in common (`part: 2/4`).

Which shard is whose follows from the config alone, so no machine need know of another.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from unscene.run.configuration import ConfigError, list_sources
from unscene.run.counts import tell_count
from unscene.run.shard_names import SHARD_PATTERN, get_item_range, get_source_name, list_shards

_STUDY = "results/batchsize/"
CHOSEN = f"{_STUDY}chosen.json"


class Part(NamedTuple):
    """A machine's place among those that share a run, from 1 to `total`."""

    number: int
    total: int

    @property
    def studies(self) -> bool:
        """Whether this machine makes the batch-size study: one does, and the others copy its choice."""
        return self.number == 1


def check_number(text: str) -> Iterator[str]:
    """Say when a part has a number that no part of so many has."""
    number, total = _split(text)
    if not 1 <= number <= total:
        yield f"part: {text}: parts are counted from 1/{total} to {total}/{total}"


def read_part(config: dict) -> Part | None:
    """Return the part that a checked config names, None for the whole run; ConfigError when there are
    fewer shards than parts.
    """
    text = config["part"]
    if text is None:
        return None
    number, total = _split(text)
    shards = [shard for pool in (False, True) for shard in _list_shards(config, pool)]
    if total > len(shards):
        raise ConfigError(
            f"part: {text}: samples.sources make {tell_count(len(shards), 'shard')}, so {total} machines"
            f" have nothing to share. Take {tell_count(len(shards), 'part')} at most, or a smaller"
            " samples.shard_size (before the first part is run)"
        )
    return Part(number, total)


def _split(text: str) -> tuple[int, int]:
    number, total = text.split("/")
    return int(number), int(total)


def choose_shards(config: dict, pool: bool = False) -> list[str]:
    """Return the shards of the edited sources, or with `pool` of the pools, that this machine works
    on: all of them without `part`.

    The largest shard goes first, each to the part that has the fewest photos so far: shares differ
    by less than a shard. Pools are dealt out from the last part on, since their photos cost less.
    """
    shards, part = _list_shards(config, pool), read_part(config)
    if part is None:
        return shards
    photos = {shard: count_photos(config, shard) for shard in shards}
    order = sorted(range(part.total), reverse=pool)
    loads, owner = [0] * part.total, {}
    for shard in sorted(shards, key=lambda shard: -photos[shard]):
        owner[shard] = min(order, key=loads.__getitem__)
        loads[owner[shard]] += photos[shard]
    return [shard for shard in shards if owner[shard] == part.number - 1]


def count_photos(config: dict, shard: str) -> int:
    """Return how many photos a shard has by its source's `photos`."""
    source = next(s for s in config["samples"]["sources"] if s["name"] == get_source_name(shard))
    own = get_item_range(shard, config["samples"]["shard_size"])
    return len(range(own.start, min(own.stop, source["photos"])))


def choose_targets(files: Sequence[str], part: Part | None) -> list[str]:
    """Return the files that a run ends with, of all stages' files: all of them, or in a part those of
    single shards, and the batch-size study of the one that makes it. What joins shards needs them all.
    """
    if part is None:
        return list(files)
    return [file for file in files if re.search(rf"/{SHARD_PATTERN}(\.|$)", file) or file.startswith(_STUDY)]


def divide_budget(config: dict) -> dict:
    """Return the config block `api` with this machine's share of the budget."""
    part, api = read_part(config), config["api"]
    return dict(api) if part is None else {**api, "budget_usd": api["budget_usd"] / part.total}


def check_chosen(config: dict) -> None:
    """Raise ConfigError in a part that asks with the study's number of captions and does not have it."""
    part = read_part(config)
    is_asked = config["keywords"]["captions_per_prompt"] == "auto"
    if part is not None and not part.studies and is_asked and not Path(CHOSEN).is_file():
        raise ConfigError(
            f"part: {config['part']}, keywords.captions_per_prompt: auto: {CHOSEN} is not here. Part"
            f" 1/{part.total} makes the batch-size study: run it up to there (snakemake ... -- {CHOSEN}),"
            f" copy the file to {Path(CHOSEN).absolute()}, and run this part again"
        )


def _list_shards(config: dict, pool: bool) -> list[str]:
    size = config["samples"]["shard_size"]
    return [shard for source in list_sources(config, pool=pool) for shard in list_shards(source, size)]
