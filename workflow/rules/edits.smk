# Edits: remove the masked object from each photo; with edits.sham also sham edits that keep it.
#
# REQUIRED INPUTS: results/samples/{shard}.parquet, results/masks/{shard}.parquet, results/masks/{shard}/
# OUTPUTS:         results/edits/{shard}.parquet, results/edits/{shard}/; results/edits/sham/ likewise

STAGE_FILES += expand("results/edits/{shard}.parquet", shard=SHARDS)
STAGE_FILES += expand("results/edits/{shard}", shard=SHARDS)
if config["edits"]["sham"]:
    STAGE_FILES += expand("results/edits/sham/{shard}.parquet", shard=SHARDS)
    STAGE_FILES += expand("results/edits/sham/{shard}", shard=SHARDS)
# Without `sham`: asking for sham edits makes no edit again.
GPUS_OF_EDITS = int(REMOVERS[config["edits"]["backend"]].needs_device)
EDIT_SETTINGS = ["seed", *(f"edits.{key}" for key in config["edits"] if key != "sham")]


rule remove_objects:
    """Paint over the masked object of each wanted edit; retry with another seed and a wider mask
    where cheap checks fail.
    """
    input:
        samples="results/samples/{shard}.parquet",
        masks="results/masks/{shard}.parquet",
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
        gpu=GPUS_OF_EDITS,
        mem_mb=grow(12000),
        runtime=grow("2h"),
    params:
        lineage=lineage(
            "remove_objects",
            settings=EDIT_SETTINGS,
            paths=[f"edits.{key}" for key in FILES],
            frozen=True,
        ),
    message:
        "Removing objects of shard {wildcards.shard}"
    script:
        "../scripts/remove_objects.py"


rule make_sham_edits:
    """Paint a hole of each removal's shape elsewhere in the same photo: a sham edit that keeps the
    object.
    """
    input:
        samples="results/samples/{shard}.parquet",
        masks="results/masks/{shard}.parquet",
        # Which mask a removal really used: a widened one after a second attempt.
        edits="results/edits/{shard}.parquet",
    output:
        table="results/edits/sham/{shard}.parquet",
        folder=directory("results/edits/sham/{shard}"),
    log:
        "logs/make_sham_edits/{shard}.log",
    benchmark:
        "benchmarks/make_sham_edits/{shard}.tsv"
    conda:
        "../../envs/vision.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=GPUS_OF_EDITS,
        mem_mb=grow(12000),
        runtime=grow("2h"),
    params:
        lineage=lineage(
            "make_sham_edits",
            settings=EDIT_SETTINGS,
            paths=[f"edits.{key}" for key in FILES],
            frozen=True,
        ),
    message:
        "Making the sham edits of shard {wildcards.shard}"
    script:
        "../scripts/make_sham_edits.py"
