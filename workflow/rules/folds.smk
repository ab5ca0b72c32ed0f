# Folds: which photo groups are tested together; every arm trains and is tested on the same folds.
#
# REQUIRED INPUTS: results/samples/samples.parquet, results/masks/masks.parquet
# OUTPUTS:         results/folds/folds.parquet, results/folds/classes.parquet

STAGE_FILES += ["results/folds/folds.parquet", "results/folds/classes.parquet"]


rule split_folds:
    """Split photo groups into folds over all wanted edits, so that no threshold ever moves a group."""
    input:
        samples="results/samples/samples.parquet",
        masks="results/masks/masks.parquet",
    output:
        folds="results/folds/folds.parquet",
        classes="results/folds/classes.parquet",
    log:
        "logs/split_folds.log",
    benchmark:
        "benchmarks/split_folds.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime="1h",
    params:
        lineage=lineage("split_folds", settings=["seed", "folds"], parents=["join_samples", "join_masks"]),
    message:
        "Splitting photo groups into folds"
    script:
        "../scripts/split_folds.py"
