# Edits: remove the masked object from each photo.
#
# REQUIRED INPUTS: results/samples/{shard}.parquet, results/masks/{shard}.parquet, results/masks/{shard}/
# OUTPUTS:         results/edits/{shard}.parquet, results/edits/{shard}/

STAGE_FILES += expand("results/edits/{shard}.parquet", shard=SHARDS)
STAGE_FILES += expand("results/edits/{shard}", shard=SHARDS)


rule remove_objects:
    """Paint over the masked object of each wanted edit; retry with another seed and a wider mask where cheap checks fail."""
    input:
        samples="results/samples/{shard}.parquet",
        sample_folder="results/samples/{shard}",
        masks="results/masks/{shard}.parquet",
        mask_folder="results/masks/{shard}",
    output:
        table="results/edits/{shard}.parquet",
        folder=directory("results/edits/{shard}"),
    log:
        "logs/remove_objects/{shard}.log",
    benchmark:
        "benchmarks/remove_objects/{shard}.tsv"
    conda:
        "../../envs/vision.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=1,
        mem_mb=12000,
        runtime="2h",
    params:
        lineage=lineage(
            "remove_objects",
            settings=["seed", "edits"],
            parents=["segment_objects"],
            weights=["edits.weights"],
            version=1,
        ),
    message:
        "Removing objects of shard {wildcards.shard}"
    script:
        "../scripts/remove_objects.py"
