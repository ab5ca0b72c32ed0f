# Deploy: the chosen arm, trained on all pairs, as a folder that plain open_clip loads.
#
# REQUIRED INPUTS: results/models/{deploy.arm}/all/meta.json and what lies beside it,
#                  results/quality/pairs.parquet
# OUTPUTS:         results/deploy/

STAGE_FILES += ["results/deploy"]


rule export_clip:
    """Export the deployed arm and prove that plain open_clip gives the embeddings that were evaluated."""
    input:
        # The deployed arm alone: another one is no reason to export again. An untrained one is
        # train.clip itself.
        model=f"results/models/{MAIN_ARM}/all/meta.json" if MAIN_ARM in TRAINED_ARMS else [],
        pairs="results/quality/pairs.parquet",
    output:
        folder=directory("results/deploy"),
    log:
        "logs/export_clip.log",
    benchmark:
        "benchmarks/export_clip.tsv"
    conda:
        "../../envs/clip.yaml"
    resources:
        mem_mb=grow(8000),
        runtime=grow("1h"),
    params:
        lineage=lineage("export_clip", settings=["deploy.arm", "train.clip"], paths=["train.clip"]),
    message:
        "Exporting the deployed arm"
    script:
        "../scripts/export_clip.py"
