# Deploy: the chosen arm, trained on all pairs, and its base in the forms that other programs load.
#
# REQUIRED INPUTS: results/models/{deploy.arm}/all/meta.json and what lies beside it,
#                  results/quality/pairs.parquet; for the card the files of results/metrics/ that
#                  unscene.deploy.files names
# OUTPUTS:         results/deploy/

from unscene.deploy.files import READ, list_copied_files
from unscene.report.sections import FILES

STAGE_FILES += ["results/deploy"]


rule export_clip:
    """Export the deployed arm and its base, and prove that each form gives the embeddings that were
    evaluated.
    """
    input:
        **{name: f"results/{FILES[name].path}" for name in READ},
        # The deployed arm alone: another model is no reason to export again. An untrained one is
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
        lineage=lineage(
            "export_clip",
            settings=[
                "words",
                "samples.sources:name,format,photos",
                "samples.pools:name,format,photos",
                "train.clip",
                "evaluate.confidence",
                "evaluate.world",
                "deploy",
                # Which arm is like it but for the arithmetic of its queries.
                *(["train.arms"] if "query_weight" in config["train"]["arms"].get(MAIN_ARM, {}) else []),
            ],
            paths=["train.clip"],
            files=list_copied_files(),
        ),
    message:
        "Exporting the deployed arm"
    script:
        "../scripts/export_clip.py"
