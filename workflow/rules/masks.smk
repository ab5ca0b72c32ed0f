# Masks: find the mentioned objects and write one mask per wanted edit.
#
# REQUIRED INPUTS: results/samples/{shard}.parquet, results/keywords/{shard}.parquet
# OUTPUTS:         results/masks/{shard}.parquet, results/masks/{shard}/

STAGE_FILES += expand("results/masks/{shard}.parquet", shard=SHARDS)
STAGE_FILES += expand("results/masks/{shard}", shard=SHARDS)


rule segment_objects:
    """Find the objects that the captions mention and write one mask per wanted edit."""
    input:
        samples="results/samples/{shard}.parquet",
        sample_folder="results/samples/{shard}",
        keywords="results/keywords/{shard}.parquet",
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
        mem_mb=8000,
        runtime="1h",
    params:
        lineage=lineage(
            "segment_objects",
            settings=["masks"],
            parents=["read_samples", "parse_keywords"],
            weights=["masks.weights"],
            version=2,
        ),
    message:
        "Segmenting mentioned objects of shard {wildcards.shard}"
    script:
        "../scripts/segment_objects.py"
