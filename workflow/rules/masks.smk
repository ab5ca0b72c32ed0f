# Masks: find the mentioned objects and write one mask per wanted edit.
#
# REQUIRED INPUTS: results/samples/{shard}.parquet, results/keywords/{shard}.parquet;
#                  with masks.truth `union` the sources' labels, too
# OUTPUTS:         results/masks/{shard}.parquet, results/masks/{shard}/

STAGE_FILES += expand("results/masks/{shard}.parquet", shard=SHARDS)
STAGE_FILES += expand("results/masks/{shard}", shard=SHARDS)


# Labels are looked at when they join the masks, and only then.
INSTANCES_COUNT = config["masks"]["truth"] == "union"


rule segment_objects:
    """Find the objects that the captions mention and write one mask per wanted edit."""
    input:
        samples="results/samples/{shard}.parquet",
        keywords="results/keywords/{shard}.parquet",
        scenes=(lambda wildcards: SCENES.get(get_source_name(wildcards.shard), [])) if INSTANCES_COUNT else [],
    output:
        table="results/masks/{shard}.parquet",
        folder=directory("results/masks/{shard}"),
    log:
        "logs/segment_objects/{shard}.log",
    benchmark:
        "benchmarks/segment_objects/{shard}.tsv"
    conda:
        "../../envs/vision.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=1,
        mem_mb=grow(8000),
        runtime=grow("1h"),
    params:
        lineage=lineage(
            "segment_objects",
            settings=["words", "masks"],
            paths=["masks.weights"],
            entries=["source.instances"] if INSTANCES_COUNT else [],
            frozen=True,
        ),
    message:
        "Segmenting mentioned objects of shard {wildcards.shard}"
    script:
        "../scripts/segment_objects.py"
