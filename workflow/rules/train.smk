# Train: fine-tune CLIP, once for each arm, fold and training seed; and the deployed arm once more on all pairs.
#
# REQUIRED INPUTS: results/quality/pairs.parquet, results/folds/folds.parquet (and the photos that the pairs name)
# OUTPUTS:         results/models/{arm}/fold{fold}/seed{seed}/, results/models/{arm}/all/

TRAINED_ARMS = [arm for arm in ARMS if is_trained(config["train"]["arms"][arm])]
# A model's lineage holds its own arm, never the list of arms, seeds or folds: one more of these re-trains nothing.
TRAIN_SETTINGS = ["seed"] + [f"train.{key}" for key in config["train"] if key not in ("arms", "seeds")]

STAGE_FILES += expand("results/models/{arm}/fold{fold}/seed{seed}", arm=TRAINED_ARMS, fold=FOLDS, seed=SEEDS)
STAGE_FILES += expand(
    "results/models/{arm}/all", arm=[arm for arm in TRAINED_ARMS if arm == config["deploy"]["arm"]]
)


rule train_clip:
    """Fine-tune CLIP on the pairs of all folds but one; every arm gets the same photos, steps and order."""
    input:
        pairs="results/quality/pairs.parquet",
        folds="results/folds/folds.parquet",
        leaks="results/folds/leaks.parquet",
        # It must have passed; that it was written anew re-trains nothing.
        checked=ancient("results/folds/check.json"),
    output:
        model=directory("results/models/{arm}/fold{fold}/seed{seed}"),
    log:
        "logs/train_clip/{arm}-fold{fold}-seed{seed}.log",
    benchmark:
        "benchmarks/train_clip/{arm}-fold{fold}-seed{seed}.tsv"
    conda:
        "../../envs/clip.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=1,
        mem_mb=8000,
        runtime="2h",
    params:
        lineage=lineage(
            "train_clip",
            settings=TRAIN_SETTINGS,
            parents=["select_pairs", "split_folds", "find_leaks"],
            weights=["train.clip"],
            version=1,
            per_arm=True,
        ),
    message:
        "Training arm {wildcards.arm} without fold {wildcards.fold}, seed {wildcards.seed}"
    script:
        "../scripts/train_clip.py"


rule train_final:
    """Fine-tune CLIP on all pairs, for deployment; the folds' models tell what to expect of it."""
    input:
        pairs="results/quality/pairs.parquet",
        leaks="results/folds/leaks.parquet",
    output:
        model=directory("results/models/{arm}/all"),
    log:
        "logs/train_final/{arm}.log",
    benchmark:
        "benchmarks/train_final/{arm}.tsv"
    conda:
        "../../envs/clip.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=1,
        mem_mb=8000,
        runtime="2h",
    params:
        lineage=lineage(
            "train_final",
            settings=TRAIN_SETTINGS,
            parents=["select_pairs", "find_leaks"],
            weights=["train.clip"],
            version=1,
            per_arm=True,
        ),
    message:
        "Training arm {wildcards.arm} on all pairs"
    script:
        "../scripts/train_final.py"
