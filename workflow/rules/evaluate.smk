# Evaluate: score every model on the pairs and photos that it has not seen and on external sets, and
# compare the arms.
#
# REQUIRED INPUTS: results/quality/{pairs,unfiltered}.parquet, results/folds/folds.parquet, meta.json of the
#                  models and what lies beside it,
#                  results/samples/samples.parquet, results/keywords/keywords.parquet, the files
#                  that evaluate.sets names;
#                  with edits.sham results/quality/sham.parquet
# OUTPUTS:         results/metrics/{arm}/fold{fold}-seed{seed}.json and
#                  .{items,classes,constructions,queries,photos,retrieval}.parquet,
#                  with edits.sham .shams.{json,parquet};
#                  results/metrics/{photos,items,classes,queries}.parquet, shams.parquet,
#                  summary.csv, comparison.csv;
#                  results/metrics/sets/{set}/{model}.json and .items.parquet; results/metrics/sweeps.parquet;
#                  with train.class_folds results/metrics/unseen_classes.parquet and .csv

# What models are asked: the probes, those of them that training texts do not say, and the words of scenes.
QUESTIONS = [
    "src/unscene/resources/absence_probes_en.yaml",
    "src/unscene/resources/denials_en.yaml",
    LEXICON,
]
RUN_TABLES = ["items", "classes", "constructions", "queries", "photos", "retrieval"]
SETS = [entry["name"] for entry in config["evaluate"]["sets"]]
# The pass rule asks the main arm and its references; further arms cost as much again.
SET_ARMS = config["evaluate"]["set_arms"] or ARMS
EXAM_SETS = [entry["name"] for entry in config["evaluate"]["sets"] if is_drawn(entry)]
SWEPT = TRAINED_ARMS if config["evaluate"]["alphas"] else []
NAMED_MODELS = [entry["name"] for entry in config["evaluate"]["models"]]

STAGE_FILES += expand(
    "results/metrics/{arm}/fold{fold}-seed{seed}.{kind}",
    arm=ARMS,
    fold=FOLDS,
    seed=SEEDS,
    kind=["json", *(f"{name}.parquet" for name in RUN_TABLES)],
)
STAGE_FILES += expand(
    "results/metrics/{table}",
    table=["photos.parquet", "items.parquet", "classes.parquet", "queries.parquet"],
)
if config["edits"]["sham"]:
    STAGE_FILES += expand(
        "results/metrics/{arm}/fold{fold}-seed{seed}.shams.{kind}",
        arm=ARMS,
        fold=FOLDS,
        seed=SEEDS,
        kind=["json", "parquet"],
    )
    STAGE_FILES += ["results/metrics/shams.parquet"]
STAGE_FILES += expand(
    "results/metrics/sets/{set}/{model}.{kind}",
    set=SETS,
    model=[*SET_ARMS, *NAMED_MODELS],
    kind=["json", "items.parquet"],
)

STAGE_FILES += expand(
    "results/metrics/sweeps/{arm}/fold{fold}-seed{seed}.{kind}",
    arm=SWEPT,
    fold=FOLDS,
    seed=SEEDS,
    kind=["parquet", "items.parquet"],
)
STAGE_FILES += ["results/metrics/sweeps.parquet"] if SWEPT else []

UNSEEN = config["train"]["class_folds"]

STAGE_FILES += expand(
    "results/metrics/unseen_classes/{arm}/class{fold}-seed{seed}.{kind}",
    arm=UNSEEN,
    fold=FOLDS,
    seed=SEEDS,
    kind=["json", "items.parquet"],
)
STAGE_FILES += expand("results/metrics/unseen_classes.{kind}", kind=["parquet", "csv"] if UNSEEN else [])


# What lies behind the objects of drawn scenes is known; of photos it is not.
TRUE_PICTURES = "results/metrics/true_pictures.parquet" if ALL_SCENES else []
STAGE_FILES += [TRUE_PICTURES] if TRUE_PICTURES else []

# meta.json stands for the folder beside it: it holds the hashes of config and weights.
MODEL_FILES = {
    arm: f"results/models/{of}/fold{{fold}}/seed{{seed}}/meta.json" for arm, of in MODEL_OF.items()
}


rule list_untouched_photos:
    """List the untouched photos of every fold, with captions and objects."""
    input:
        samples="results/samples/samples.parquet",
        keywords="results/keywords/keywords.parquet",
        folds="results/folds/folds.parquet",
        # An embedded source's objects are what was drawn.
        scenes=ALL_SCENES,
    output:
        photos="results/metrics/photos.parquet",
    log:
        "logs/list_untouched_photos.log",
    benchmark:
        "benchmarks/list_untouched_photos.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(8000),
        runtime=grow("1h"),
    params:
        lineage=lineage(
            "list_untouched_photos", settings=["seed", "words", "samples.sources", "evaluate.max_photos"]
        ),
    message:
        "Listing the untouched photos of the folds"
    script:
        "../scripts/list_untouched_photos.py"


rule list_true_pictures:
    """List the true pictures behind removed objects, where a source knows them."""
    input:
        samples="results/samples/samples.parquet",
        scenes=ALL_SCENES,
    output:
        truth="results/metrics/true_pictures.parquet",
    log:
        "logs/list_true_pictures.log",
    benchmark:
        "benchmarks/list_true_pictures.tsv"
    conda:
        "../../envs/text.yaml"
    resources:
        mem_mb=grow(4000),
        runtime=grow("1h"),
    params:
        lineage=lineage("list_true_pictures", settings=["samples.sources"]),
    message:
        "Listing the true pictures behind removed objects"
    script:
        "../scripts/list_true_pictures.py"


rule evaluate_clip:
    """Score a model on the held-out fold: pair scores, their parts, untouched photos."""
    input:
        pairs="results/quality/pairs.parquet",
        unfiltered="results/quality/unfiltered.parquet",
        folds=lambda wildcards: get_split(wildcards.seed),
        photos="results/metrics/photos.parquet",
        truth=TRUE_PICTURES,
        # An arm without a tuned model is train.clip itself.
        model=lambda wildcards: of_all_folds(MODEL_FILES.get(wildcards.arm, [])),
    output:
        metrics=of_folds("results/metrics/{arm}/fold{fold}-seed{seed}.json"),
        item_table=of_folds("results/metrics/{arm}/fold{fold}-seed{seed}.items.parquet"),
        class_table=of_folds("results/metrics/{arm}/fold{fold}-seed{seed}.classes.parquet"),
        construction_table=of_folds("results/metrics/{arm}/fold{fold}-seed{seed}.constructions.parquet"),
        query_table=of_folds("results/metrics/{arm}/fold{fold}-seed{seed}.queries.parquet"),
        photo_table=of_folds("results/metrics/{arm}/fold{fold}-seed{seed}.photos.parquet"),
        retrieval_table=of_folds("results/metrics/{arm}/fold{fold}-seed{seed}.retrieval.parquet"),
    log:
        f"logs/evaluate_clip/{FOLD_JOB}.log",
    benchmark:
        f"benchmarks/evaluate_clip/{FOLD_JOB}.tsv"
    conda:
        "../../envs/clip.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=1,
        mem_mb=grow(8000),
        runtime=grow(f"{FOLDS_A_JOB}h"),
    params:
        lineage=lineage(
            "evaluate_clip",
            settings=["words", "train.clip"],
            paths=["train.clip"],
            files=QUESTIONS,
            entries=["arm"],
        ),
    message:
        "Evaluating arm {wildcards.arm}, seed {wildcards.seed}, each model on its held-out fold"
    script:
        "../scripts/evaluate_clip.py"


rule evaluate_sham:
    """Score a model on the sham edits of the held-out fold: the object is still there, what changes
    is artefact.
    """
    input:
        sham="results/quality/sham.parquet",
        # Whose fills are put into the sham edits' holes, too.
        pairs="results/quality/pairs.parquet",
        folds=lambda wildcards: get_split(wildcards.seed),
        model=lambda wildcards: of_all_folds(MODEL_FILES.get(wildcards.arm, [])),
    output:
        metrics=of_folds("results/metrics/{arm}/fold{fold}-seed{seed}.shams.json"),
        sham_table=of_folds("results/metrics/{arm}/fold{fold}-seed{seed}.shams.parquet"),
    log:
        f"logs/evaluate_sham/{FOLD_JOB}.log",
    benchmark:
        f"benchmarks/evaluate_sham/{FOLD_JOB}.tsv"
    conda:
        "../../envs/clip.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=1,
        mem_mb=grow(8000),
        runtime=grow(f"{FOLDS_A_JOB}h"),
    params:
        lineage=lineage(
            "evaluate_sham",
            settings=["words", "train.clip"],
            paths=["train.clip"],
            files=[LEXICON],
            entries=["arm"],
        ),
    message:
        "Evaluating arm {wildcards.arm}, seed {wildcards.seed}, on the sham edits of the held-out folds"
    script:
        "../scripts/evaluate_sham.py"


rule join_evaluations:
    """Join a table of all arms, folds and seeds: classes, queries or sham edits."""
    input:
        tables=expand(
            "results/metrics/{arm}/fold{fold}-seed{seed}.{{table}}.parquet",
            arm=ARMS,
            fold=FOLDS,
            seed=SEEDS,
        ),
    output:
        table="results/metrics/{table}.parquet",
    log:
        "logs/join_evaluations/{table}.log",
    benchmark:
        "benchmarks/join_evaluations/{table}.tsv"
    wildcard_constraints:
        table="classes|queries|shams",
    localrule: True
    conda:
        "../../envs/text.yaml"
    resources:
        mem_mb=grow(4000),
        runtime=grow("30m"),
    params:
        lineage=lineage("join_evaluations", script="join_shards"),
    message:
        "Joining the {wildcards.table} of all arms"
    script:
        "../scripts/join_shards.py"


rule sweep_alphas:
    """Score the weights between the untuned and the tuned model; alpha is chosen on groups that no
    model was trained on.
    """
    input:
        pairs="results/quality/pairs.parquet",
        folds=lambda wildcards: get_split(wildcards.seed),
        photos="results/metrics/photos.parquet",
        model=of_all_folds("results/models/{arm}/fold{fold}/seed{seed}/meta.json"),
    output:
        sweep=of_folds("results/metrics/sweeps/{arm}/fold{fold}-seed{seed}.parquet"),
        item_table=of_folds("results/metrics/sweeps/{arm}/fold{fold}-seed{seed}.items.parquet"),
    log:
        f"logs/sweep_alphas/{FOLD_JOB}.log",
    benchmark:
        f"benchmarks/sweep_alphas/{FOLD_JOB}.tsv"
    conda:
        "../../envs/clip.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=1,
        mem_mb=grow(12000),
        runtime=grow(f"{2 * FOLDS_A_JOB}h"),
    params:
        lineage=lineage(
            "sweep_alphas",
            settings=["seed", "words", "train.clip", "train.inner_share", "evaluate.alphas"],
            paths=["train.clip"],
            files=QUESTIONS,
        ),
    message:
        "Sweeping the weights of arm {wildcards.arm}, seed {wildcards.seed}"
    script:
        "../scripts/sweep_alphas.py"


use rule join_evaluations as join_sweeps with:
    input:
        tables=expand(
            "results/metrics/sweeps/{arm}/fold{fold}-seed{seed}.parquet",
            arm=SWEPT,
            fold=FOLDS,
            seed=SEEDS,
        ),
    output:
        table="results/metrics/sweeps.parquet",
    log:
        "logs/join_sweeps.log",
    benchmark:
        "benchmarks/join_sweeps.tsv"
    params:
        lineage=lineage("join_sweeps", script="join_shards"),
    message:
        "Joining the sweeps of all arms"


rule evaluate_set:
    """Score all models of an arm on one external set: the same items for each."""
    input:
        models=lambda wildcards: expand(MODEL_FILES.get(wildcards.arm, []), fold=FOLDS, seed=SEEDS),
        exam=lambda wildcards: EXAM_FILES if wildcards.set in EXAM_SETS else [],
    output:
        metrics="results/metrics/sets/{set}/{arm}.json",
        item_table="results/metrics/sets/{set}/{arm}.items.parquet",
    log:
        "logs/evaluate_set/{set}-{arm}.log",
    benchmark:
        "benchmarks/evaluate_set/{set}-{arm}.tsv"
    wildcard_constraints:
        arm="|".join(ARMS),
    conda:
        "../../envs/clip.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=1,
        mem_mb=grow(16000),
        runtime=grow("4h"),
    params:
        lineage=lineage(
            "evaluate_set",
            settings=["seed", "words", "train.clip"],
            paths=["train.clip"],
            files=QUESTIONS,
            entries=["set", "arm"],
        ),
    message:
        "Evaluating arm {wildcards.arm} on the set {wildcards.set}"
    script:
        "../scripts/evaluate_set.py"


use rule evaluate_set as evaluate_named_model with:
    input:
        models=[],
        exam=lambda wildcards: EXAM_FILES if wildcards.set in EXAM_SETS else [],
    output:
        metrics="results/metrics/sets/{set}/{model}.json",
        item_table="results/metrics/sets/{set}/{model}.items.parquet",
    log:
        "logs/evaluate_named_model/{set}-{model}.log",
    benchmark:
        "benchmarks/evaluate_named_model/{set}-{model}.tsv"
    wildcard_constraints:
        model="|".join(NAMED_MODELS) or "-",
    params:
        lineage=lineage(
            "evaluate_named_model",
            settings=["seed", "words", "train.clip"],
            paths=["train.clip"],
            files=QUESTIONS,
            entries=["set", "model"],
            script="evaluate_set",
        ),
    message:
        "Evaluating {wildcards.model} on the set {wildcards.set}"


rule evaluate_unseen_classes:
    """Score a model on the pairs of the categories that it was not trained on."""
    input:
        pairs="results/quality/pairs.parquet",
        folds="results/folds/folds.parquet",
        classes="results/folds/classes.parquet",
        model=of_all_folds("results/models/{arm}/class{fold}/seed{seed}/meta.json"),
    output:
        metrics=of_folds("results/metrics/unseen_classes/{arm}/class{fold}-seed{seed}.json"),
        item_table=of_folds("results/metrics/unseen_classes/{arm}/class{fold}-seed{seed}.items.parquet"),
    log:
        f"logs/evaluate_unseen_classes/{CLASS_JOB}.log",
    benchmark:
        f"benchmarks/evaluate_unseen_classes/{CLASS_JOB}.tsv"
    conda:
        "../../envs/clip.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=1,
        mem_mb=grow(8000),
        runtime=grow(f"{FOLDS_A_JOB}h"),
    params:
        lineage=lineage("evaluate_unseen_classes", settings=["words"], files=[LEXICON], entries=["arm"]),
    message:
        "Evaluating arm {wildcards.arm} on unseen categories, seed {wildcards.seed}"
    script:
        "../scripts/evaluate_unseen_classes.py"


rule compare_unseen_classes:
    """Put unseen categories beside seen ones and the untuned model, on the same pairs."""
    input:
        unseen=expand(
            "results/metrics/unseen_classes/{arm}/class{fold}-seed{seed}.items.parquet",
            arm=UNSEEN,
            fold=FOLDS,
            seed=SEEDS,
        ),
        items_of_folds="results/metrics/items.parquet",
    output:
        table="results/metrics/unseen_classes.parquet",
        summary="results/metrics/unseen_classes.csv",
    log:
        "logs/compare_unseen_classes.log",
    benchmark:
        "benchmarks/compare_unseen_classes.tsv"
    conda:
        "../../envs/clip.yaml"
    resources:
        mem_mb=grow(4000),
        runtime=grow("1h"),
    params:
        lineage=lineage(
            "compare_unseen_classes",
            settings=["seed", "train.class_folds", "evaluate.bootstrap_draws", "evaluate.confidence"],
        ),
    message:
        "Comparing seen and unseen categories"
    script:
        "../scripts/compare_unseen_classes.py"
