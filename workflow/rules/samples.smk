# Samples: photos and captions of every source, one table a shard, then one table in all with photo groups.
#
# REQUIRED INPUTS: the files that samples.sources names (their existence is checked by the job, not
#                  at parse time)
# OUTPUTS:         results/scenes/{source}/, results/samples/{shard}.parquet, results/samples/{shard}/,
#                  results/samples/samples.parquet, results/samples/rejected.parquet

STAGE_FILES += expand(
    "results/samples/{shard}{kind}", shard=SHARDS + POOL_SHARDS, kind=["", ".parquet", ".rejected.parquet"]
)
STAGE_FILES += ["results/samples/samples.parquet", "results/samples/rejected.parquet"]


# What an embedded source tells of its scenes, of a pool's without the truth behind them; files of other sources are no inputs, since sources
# never change. Files and not their folder: Snakemake tells by content whether a newer file differs,
# and of a folder it can't.
SCENES = {
    name: [
        f"results/scenes/{name}/{file}"
        for file in (
            f"captions_{name}.json",
            f"instances_{name}.json",
            *(() if name in POOLS else ("truth.parquet",)),
        )
    ]
    for name, source in SOURCES.items()
    if is_rendered(source)
}
POOL_SCENES = [file for name in POOLS for file in SCENES.get(name, [])]
ALL_SCENES = [file for name in SCENES if name not in POOLS for file in SCENES[name]]
STAGE_FILES += ALL_SCENES + POOL_SCENES + expand("results/scenes/{source}/images", source=SCENES)
STAGE_FILES += expand("results/scenes/{source}/truth", source=[name for name in SCENES if name not in POOLS])


rule render_scenes:
    """Draw an embedded source: photos, captions, instances and the truth behind every object, in
    COCO's format.
    """
    output:
        captions="results/scenes/{source}/captions_{source}.json",
        instances="results/scenes/{source}/instances_{source}.json",
        truth="results/scenes/{source}/truth.parquet",
        images=directory("results/scenes/{source}/images"),
        pictures=directory("results/scenes/{source}/truth"),
    log:
        "logs/render_scenes/{source}.log",
    benchmark:
        "benchmarks/render_scenes/{source}.tsv"
    wildcard_constraints:
        source="|".join(name for name in SCENES if name not in POOLS) or "-",
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow("30m"),
    params:
        lineage=lineage("render_scenes", entries=["source"], frozen=True),
    message:
        "Rendering the scenes of source {wildcards.source}"
    script:
        "../scripts/render_scenes.py"


use rule render_scenes as render_pool with:
    output:
        captions="results/scenes/{source}/captions_{source}.json",
        instances="results/scenes/{source}/instances_{source}.json",
        images=directory("results/scenes/{source}/images"),
    log:
        "logs/render_pool/{source}.log",
    benchmark:
        "benchmarks/render_pool/{source}.tsv"
    wildcard_constraints:
        source="|".join(name for name in SCENES if name in POOLS) or "-",
    params:
        lineage=lineage("render_pool", entries=["source"], frozen=True, script="render_scenes"),
    message:
        "Rendering the scenes of the pool {wildcards.source}"


rule read_samples:
    """Read the photos and captions of one shard; unusable ones become rows with a reason."""
    input:
        scenes=lambda wildcards: SCENES.get(get_source_name(wildcards.shard), []),
    output:
        table="results/samples/{shard}.parquet",
        folder=directory("results/samples/{shard}"),
        rejected="results/samples/{shard}.rejected.parquet",
    log:
        "logs/read_samples/{shard}.log",
    benchmark:
        "benchmarks/read_samples/{shard}.tsv"
    conda:
        "../../envs/text.yaml"
    threads: config["runtime"]["workers"]
    resources:
        mem_mb=grow(4000),
        runtime=grow("1h"),
    params:
        lineage=lineage(
            "read_samples",
            settings=[
                "samples.shard_size",
                "samples.captions_per_photo",
                "samples.min_side",
                "samples.max_pixels",
            ],
            entries=["source"],
            frozen=True,
        ),
    message:
        "Reading photos and captions of shard {wildcards.shard}"
    script:
        "../scripts/read_samples.py"


rule join_samples:
    """Join the samples of all shards, drop exact duplicates and group photos that show the same thing."""
    input:
        tables=expand("results/samples/{shard}.parquet", shard=SHARDS),
        rejected=expand("results/samples/{shard}.rejected.parquet", shard=SHARDS),
    output:
        samples="results/samples/samples.parquet",
        rejected="results/samples/rejected.parquet",
    log:
        "logs/join_samples.log",
    benchmark:
        "benchmarks/join_samples.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(8000),
        runtime=grow("1h"),
    params:
        lineage=lineage("join_samples", settings=["samples.duplicate_hash_distance"], frozen=True),
    message:
        "Joining the samples of all shards"
    script:
        "../scripts/join_samples.py"
