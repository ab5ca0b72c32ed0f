"""Contradictions between the sources: their names, pools, and what is known of them."""

from collections.abc import Iterator
from math import inf

from unscene.run.configuration import list_sources
from unscene.samples.readers import has_instances, is_rendered


def check_sources(config: dict) -> Iterator[str]:
    """Say which names stand twice, and that joined masks need labels."""
    names = [source["name"] for source in config["samples"]["sources"]]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"samples.sources: the name {name!r} is used twice; each source needs its own"
    if config["masks"]["truth"] == "union" and not any(
        has_instances(source) for source in list_sources(config)
    ):
        yield (
            "masks.truth: union needs a source that says which objects its photos have (format coco with"
            " `instances`, or embedded); add `instances` to a source, or set it to ignore"
        )


def check_pool(config: dict) -> Iterator[str]:
    """Say which sources cannot be a pool, and which arms ask for more of it than there is."""
    pools, edited = list_sources(config, pool=True), list_sources(config)
    if not edited:
        yield "samples.sources: every source is a pool; one at least must be edited and tested"
    seeds = [source["seed"] for source in edited if is_rendered(source)]
    for source in pools:
        if is_rendered(source):
            if source["seed"] in seeds:
                yield (
                    f"samples.sources, {source['name']!r}: another source has the seed {source['seed']} and"
                    " shows the same scenes; give the pool a seed of its own"
                )
            seeds.append(source["seed"])
    # A source that says no number is counted when a run starts.
    photos = sum(source.get("photos", inf) for source in pools)
    for name, arm in config["train"]["arms"].items():
        if "pool" not in arm:
            continue
        key = f"train.arms.{name}"
        if not pools:
            yield (
                f"{key}: pool needs a source of ordinary photos; add one to samples.sources with"
                f" `pool: true`, or leave the arm out (`{name}: null`) and deploy another"
                " (`deploy: {arm: paired_rank_keep}`)"
            )
        elif photos < arm["pool"]:
            yield (
                f"{key}: a batch takes {arm['pool']} pool photos, the pools of samples.sources have {photos};"
                " add photos, or lower `pool`"
            )
        elif arm.get("pool_limit", photos) < arm["pool"]:
            yield (
                f"{key}: pool_limit: {arm['pool_limit']} is less than the {arm['pool']} pool photos of a"
                " batch; raise it, or lower `pool`"
            )
