"""Names of shards: known from the config alone, and cheap to import."""

import math
import re

SHARD_PATTERN = r"[A-Za-z0-9_]+-\d+-of-\d+"


def list_shards(source: dict, shard_size: int) -> list[str]:
    """Return the shard names of one source: known from its `name` and `photos`, without reading data.

    The first shard of a source that was cut for a pilot has the pilot's photos, the others the rest.
    """
    first = source.get("pilot", {}).get("photos", 0)
    count = max(1, bool(first) + math.ceil((source["photos"] - first) / shard_size))
    return [f"{source['name']}-{index}-of-{count}" for index in range(count)]


def get_source_name(shard: str) -> str:
    """Return the name of the source that a shard was cut from."""
    return _read_name(shard)[0]


def get_index(shard: str) -> int:
    """Return which of its source's shards a shard is, counted from 0."""
    return int(_read_name(shard)[1])


def get_item_range(shard: str, shard_size: int) -> range:
    """Return the positions in the source of the items that belong to a shard."""
    index = get_index(shard)
    return range(index * shard_size, (index + 1) * shard_size)


def is_only_shard(shard: str) -> bool:
    """Tell whether a shard is the whole of its source."""
    return _read_name(shard)[2] == "1"


def _read_name(shard: str) -> tuple[str, ...]:
    found = re.fullmatch(r"([A-Za-z0-9_]+)-(\d+)-of-(\d+)", shard)
    if found is None:
        raise ValueError(f"{shard!r} is no shard's name: SOURCE-INDEX-of-COUNT")
    return found.groups()
