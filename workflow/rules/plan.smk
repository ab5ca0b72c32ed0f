# Plan: what the configured run will cost, before anything is spent.
#
# REQUIRED INPUTS: config, the price table (plan.prices), src/unscene/resources/throughput.yaml
# OUTPUTS:         results/plan.json

STAGE_FILES += ["results/plan.json"]


rule estimate_run:
    """Estimate tokens, dollars, device hours, bytes and files from the config alone."""
    output:
        plan="results/plan.json",
    log:
        "logs/estimate_run.log",
    benchmark:
        "benchmarks/estimate_run.tsv"
    localrule: True
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(500),
        runtime=grow("5m"),
    params:
        lineage=lineage(
            "estimate_run",
            settings=[
                "api.model",
                "api.budget_usd",
                "api.requests_per_file",
                "api.bytes_per_file",
                "api.enqueued_tokens",
                "words",
                "samples",
                "keywords",
                "batchsize",
                "masks",
                "edits",
                "captions",
                "quality",
                "folds",
                "train",
                "evaluate.max_photos",
                "evaluate.sets",
                "evaluate.set_arms",
                "evaluate.world",
                "deploy.arm",
                "plan",
            ],
            paths=["train.clip", "plan.prices"],
            files=["src/unscene/resources/throughput.yaml", LEXICON],
        ),
    message:
        "Estimating the cost of the run"
    script:
        "../scripts/estimate_run.py"
