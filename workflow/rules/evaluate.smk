# Evaluate: score every model on the pairs that it has not seen, and compare the arms.
#
# REQUIRED INPUTS: results/quality/pairs.parquet, results/folds/folds.parquet, results/models/{arm}/fold{fold}/seed{seed}/
# OUTPUTS:         results/metrics/{arm}/fold{fold}-seed{seed}.json and .items.parquet; results/metrics/items.parquet,
#                  summary.csv, comparison.csv, retrieval.png, retrieval.json

STAGE_FILES += expand(
    "results/metrics/{arm}/fold{fold}-seed{seed}.{kind}",
    arm=ARMS,
    fold=FOLDS,
    seed=SEEDS,
    kind=["json", "items.parquet"],
)
STAGE_FILES += expand("results/metrics/{table}", table=["items.parquet", "summary.csv", "comparison.csv"])
# An untrained arm has nothing to show after tuning.
RETRIEVAL = [arm for arm in TRAINED_ARMS if arm == config["deploy"]["arm"]]
STAGE_FILES += expand("results/metrics/retrieval.{kind}", kind=["png", "json"] if RETRIEVAL else [])


rule evaluate_clip:
    """Score a model on the held-out fold: pair scores, their parts, retrieval."""
    input:
        pairs="results/quality/pairs.parquet",
        folds="results/folds/folds.parquet",
        # An untrained arm has no model of its own: it is train.clip itself.
        model=lambda wildcards: (
            ["results/models/{arm}/fold{fold}/seed{seed}"] if wildcards.arm in TRAINED_ARMS else []
        ),
    output:
        metrics="results/metrics/{arm}/fold{fold}-seed{seed}.json",
        item_table="results/metrics/{arm}/fold{fold}-seed{seed}.items.parquet",
    log:
        "logs/evaluate_clip/{arm}-fold{fold}-seed{seed}.log",
    benchmark:
        "benchmarks/evaluate_clip/{arm}-fold{fold}-seed{seed}.tsv"
    conda:
        "../../envs/clip.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=1,
        mem_mb=8000,
        runtime="1h",
    params:
        lineage=lineage(
            "evaluate_clip",
            settings=["train.clip"],
            parents=["select_pairs", "split_folds", "train_clip"],
            weights=["train.clip"],
        ),
    message:
        "Evaluating arm {wildcards.arm} on fold {wildcards.fold}, seed {wildcards.seed}"
    script:
        "../scripts/evaluate_clip.py"


rule compare_arms:
    """Pool the held-out pairs of all folds and compare the arms, with intervals."""
    input:
        metrics=expand("results/metrics/{arm}/fold{fold}-seed{seed}.json", arm=ARMS, fold=FOLDS, seed=SEEDS),
        item_tables=expand(
            "results/metrics/{arm}/fold{fold}-seed{seed}.items.parquet",
            arm=ARMS,
            fold=FOLDS,
            seed=SEEDS,
        ),
    output:
        item_table="results/metrics/items.parquet",
        summary="results/metrics/summary.csv",
        comparison="results/metrics/comparison.csv",
    log:
        "logs/compare_arms.log",
    benchmark:
        "benchmarks/compare_arms.tsv"
    conda:
        "../../envs/clip.yaml"
    params:
        lineage=lineage(
            "compare_arms", settings=["seed", "evaluate", "deploy.arm"], parents=["evaluate_clip"]
        ),
    message:
        "Comparing the arms"
    script:
        "../scripts/compare_arms.py"


rule draw_retrieval:
    """Draw what the negated captions of a held-out fold find before and after tuning."""
    input:
        pairs="results/quality/pairs.parquet",
        folds="results/folds/folds.parquet",
        model=f"results/models/{config['deploy']['arm']}/fold0/seed{SEEDS[0]}",
    output:
        figure="results/metrics/retrieval.png",
        found="results/metrics/retrieval.json",
    log:
        "logs/draw_retrieval.log",
    benchmark:
        "benchmarks/draw_retrieval.tsv"
    conda:
        "../../envs/clip.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=1,
        mem_mb=8000,
        runtime="30m",
    params:
        lineage=lineage(
            "draw_retrieval",
            settings=["seed", "train.clip", "deploy.arm"],
            parents=["select_pairs", "split_folds", "train_clip"],
            weights=["train.clip"],
        ),
    message:
        "Drawing what the queries find"
    script:
        "../scripts/draw_retrieval.py"
