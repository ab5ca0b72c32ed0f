# Report: one self-contained page of what the run did and what it showed.
#
# REQUIRED INPUTS: results/{samples,keywords,masks,edits,captions,quality,folds,metrics}/, results/plan.json
# OUTPUTS:         results/report.html

STAGE_FILES += ["results/report.html"]


rule write_report:
    """Write the report; benchmarks and logs are read where they are, since measured times must never re-run anything."""
    input:
        **({"certificate": "results/quality/certificate.json"} if config["quality"]["labels"] else {}),
        samples="results/samples/samples.parquet",
        rejected_samples="results/samples/rejected.parquet",
        keywords="results/keywords/keywords.parquet",
        cost="results/keywords/cost.json",
        agreement="results/keywords/agreement.parquet",
        accuracy="results/batchsize/accuracy.parquet" if wants_study(config) else [],
        chosen="results/batchsize/chosen.json" if wants_study(config) else [],
        study_figure="results/batchsize/figure.svg" if wants_study(config) else [],
        masks="results/masks/masks.parquet",
        edits="results/edits/edits.parquet",
        captions="results/captions/captions.parquet",
        scores="results/quality/scores.parquet",
        control_scores="results/quality/control_scores.parquet",
        calibration="results/quality/calibration.json",
        pairs="results/quality/pairs.parquet",
        rejected_edits="results/quality/rejected.parquet",
        folds="results/folds/folds.parquet",
        tested="results/metrics/items.parquet",
        summary="results/metrics/summary.csv",
        comparison="results/metrics/comparison.csv",
        classes="results/metrics/classes.parquet",
        sweeps="results/metrics/sweeps.parquet" if SWEPT else [],
        unseen="results/metrics/unseen_classes.csv" if UNSEEN else [],
        verdict="results/metrics/verdict.json",
        retrieval="results/metrics/retrieval.png" if MAIN_ARM in TRAINED_ARMS else [],
        truth="results/metrics/truth.json",
        plan="results/plan.json",
    output:
        report("results/report.html", category="unscene", caption="../report/workflow.rst"),
    log:
        "logs/write_report.log",
    benchmark:
        "benchmarks/write_report.tsv"
    conda:
        "../../envs/text.yaml"
    resources:
        mem_mb=4000,
        runtime="30m",
    params:
        lineage=lineage(
            "write_report",
            settings=[
                "seed",
                "samples",
                "keywords",
                "masks",
                "edits",
                "captions",
                "quality",
                "folds",
                "train",
                "evaluate",
                "report",
                "deploy",
            ],
            paths=["masks.weights", "edits.weights", "quality.judge", "quality.dino", "train.clip"],
            files=[
                f"src/unscene/resources/templates/{name}.html.j2"
                for name in ("report", "text", "audit", "arms")
            ],
        ),
    message:
        "Writing the report"
    script:
        "../scripts/write_report.py"
