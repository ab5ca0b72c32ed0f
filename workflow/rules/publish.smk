# Publish: the accepted pairs as a dataset folder that may be shared. It is made when it is asked for
# (`unscene publish`, or `snakemake ... results/publish`), and uploaded by nobody.
#
# REQUIRED INPUTS: the joined tables of samples, masks, edits and pairs with the files that they name,
#                  results/folds/folds.parquet, results/metrics/truth.json,
#                  results/quality/{calibration.json,control_scores.parquet}; with quality.labels the labels
# OUTPUTS:         results/publish/


rule publish_pairs:
    """Write the pairs with embedded pictures where the photo's licence allows it, and without them
    elsewhere.
    """
    input:
        samples="results/samples/samples.parquet",
        masks="results/masks/masks.parquet",
        edits="results/edits/edits.parquet",
        pairs="results/quality/pairs.parquet",
        rejected="results/quality/rejected.parquet",
        folds="results/folds/folds.parquet",
        calibration="results/quality/calibration.json",
        controls="results/quality/control_scores.parquet",
        truth="results/metrics/truth.json",
        labels=lambda wildcards: (
            list_label_files(config["quality"]["labels"]) if config["quality"]["labels"] else []
        ),
    output:
        folder=directory("results/publish"),
    log:
        "logs/publish_pairs.log",
    benchmark:
        "benchmarks/publish_pairs.tsv"
    conda:
        "../../envs/text.yaml"
    threads: config["runtime"]["workers"]
    resources:
        mem_mb=grow(8000),
        runtime=grow("4h"),
    params:
        lineage=lineage(
            "publish_pairs",
            settings=[
                "samples.sources:name,format",
                "quality.thresholds",
                "quality.policy",
                "publish",
            ],
            files=["src/unscene/resources/cards/dataset.md.j2"],
        ),
    message:
        "Writing the pairs as a dataset that may be shared"
    script:
        "../scripts/publish_pairs.py"
