# Compare: the arms against each other on held-out pairs and on external sets, the verdict, and what
# a paper needs.
#
# REQUIRED INPUTS: results/metrics/{arm}/, results/metrics/sets/,
#                  results/metrics/{classes,sweeps}.parquet, unseen_classes.csv,
#                  results/quality/pairs.parquet, results/folds/folds.parquet, check.json,
#                  results/models/{the deployed arm}/fold0/
# OUTPUTS:         results/metrics/items.parquet, summary.csv, comparison.csv, sets.csv, set_summary.csv,
#                  verdict.json, retrieval.png,
#                  retrieval.json, paper/

MAIN_ARM = config["deploy"]["arm"]

STAGE_FILES += expand(
    "results/metrics/{file}",
    file=[
        "items.parquet",
        "summary.csv",
        "comparison.csv",
        "sets.csv",
        "set_summary.csv",
        "verdict.json",
        "paper",
    ],
)
# An untrained arm has nothing to show after tuning.
STAGE_FILES += expand(
    "results/metrics/retrieval.{kind}", kind=["png", "json"] if MAIN_ARM in TRAINED_ARMS else []
)


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
        sham_metrics=expand(
            "results/metrics/{arm}/fold{fold}-seed{seed}.shams.json",
            arm=ARMS if config["edits"]["sham"] else [],
            fold=FOLDS,
            seed=SEEDS,
        ),
        sham_tables=expand(
            "results/metrics/{arm}/fold{fold}-seed{seed}.shams.parquet",
            arm=ARMS if config["edits"]["sham"] else [],
            fold=FOLDS,
            seed=SEEDS,
        ),
        photo_tables=expand(
            "results/metrics/{arm}/fold{fold}-seed{seed}.photos.parquet",
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
    resources:
        mem_mb=grow(8000),
        runtime=grow("4h"),
    params:
        lineage=lineage("compare_arms", settings=["seed", "evaluate", "deploy.arm"]),
    message:
        "Comparing the arms"
    script:
        "../scripts/compare_arms.py"


rule draw_retrieval:
    """Draw what the negated captions of a held-out fold find before and after tuning."""
    input:
        pairs="results/quality/pairs.parquet",
        folds=get_split(SEEDS[0]),
        model=f"results/models/{MAIN_ARM}/fold0/seed{SEEDS[0]}/meta.json",
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
        mem_mb=grow(8000),
        runtime=grow("30m"),
    params:
        lineage=lineage("draw_retrieval", settings=["seed", "train.clip", "deploy.arm"], paths=["train.clip"]),
    message:
        "Drawing what the queries find"
    script:
        "../scripts/draw_retrieval.py"


rule compare_arms_on_sets:
    """Compare the main arm with the untuned model and with plain fine-tuning on every external set."""
    input:
        metrics=expand("results/metrics/sets/{set}/{arm}.json", set=SETS, arm=SET_ARMS),
        item_tables=expand("results/metrics/sets/{set}/{arm}.items.parquet", set=SETS, arm=SET_ARMS),
        # How much the arms' trainings overlap.
        arms="results/metrics/comparison.csv",
    output:
        comparison="results/metrics/sets.csv",
        summary="results/metrics/set_summary.csv",
    log:
        "logs/compare_arms_on_sets.log",
    benchmark:
        "benchmarks/compare_arms_on_sets.tsv"
    conda:
        "../../envs/clip.yaml"
    resources:
        mem_mb=grow(8000),
        runtime=grow("4h"),
    params:
        lineage=lineage("compare_arms_on_sets", settings=["seed", "evaluate", "deploy.arm"]),
    message:
        "Comparing the arms on external sets"
    script:
        "../scripts/compare_arms_on_sets.py"


rule apply_pass_rule:
    """Judge the main arm by the pass rule; a part that nobody measured is named, not assumed."""
    input:
        comparison="results/metrics/comparison.csv",
        sets="results/metrics/sets.csv",
        summary="results/metrics/summary.csv",
        set_metrics=expand(
            "results/metrics/sets/{set}/{arm}.json",
            set=SETS,
            arm=[arm for arm in SET_ARMS if arm == MAIN_ARM],
        ),
    output:
        verdict="results/metrics/verdict.json",
    log:
        "logs/apply_pass_rule.log",
    benchmark:
        "benchmarks/apply_pass_rule.tsv"
    localrule: True
    conda:
        "../../envs/text.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow("10m"),
    params:
        lineage=lineage("apply_pass_rule", settings=["deploy.arm"]),
    message:
        "Judging the main arm"
    script:
        "../scripts/apply_pass_rule.py"


rule write_paper:
    """Write tables, figures and a methods section for a paper, every number filled in."""
    input:
        pairs="results/quality/pairs.parquet",
        captions="results/captions/captions.parquet",
        summary="results/metrics/summary.csv",
        comparison="results/metrics/comparison.csv",
        classes="results/metrics/classes.parquet",
        check="results/folds/check.json",
        verdict="results/metrics/verdict.json",
        sets="results/metrics/sets.csv",
        set_summary="results/metrics/set_summary.csv",
        sweeps="results/metrics/sweeps.parquet" if SWEPT else [],
        unseen="results/metrics/unseen_classes.csv" if UNSEEN else [],
        retrieval="results/metrics/retrieval.png" if MAIN_ARM in TRAINED_ARMS else [],
    output:
        folder=directory("results/metrics/paper"),
    log:
        "logs/write_paper.log",
    benchmark:
        "benchmarks/write_paper.tsv"
    conda:
        "../../envs/text.yaml"
    resources:
        mem_mb=grow(4000),
        runtime=grow("30m"),
    params:
        lineage=lineage(
            "write_paper",
            settings=[
                "words",
                "api.model",
                "samples",
                "keywords",
                "masks",
                "edits",
                "captions",
                "quality",
                "folds",
                "train",
                "evaluate",
                "deploy.arm",
            ],
            files=["src/unscene/resources/references.bib"],
        ),
    message:
        "Writing tables and figures for a paper"
    script:
        "../scripts/write_paper.py"
