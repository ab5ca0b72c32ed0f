# Train: fine-tune CLIP, once for each arm, fold and training seed; and the deployed arm once more
# on all pairs.
#
# REQUIRED INPUTS: results/quality/{pairs,unfiltered}.parquet,
#                  results/folds/{folds,classes,leaks}.parquet and check.json
#                  (and the photos that the pairs name); for arms with sham edits results/quality/sham.parquet;
#                  for arms with a pool results/train/pool.parquet and its caches (pool.smk)
# OUTPUTS:         results/train/clip.json (where an arm is not for every CLIP),
#                  results/train/photos.npy, photos.parquet (train.reader: tars: pairs/, pairs.parquet),
#                  for arms with pairs: unfiltered also unfiltered.npy, unfiltered_photos.parquet,
#                  for arms with images: sham or sham_positives also sham.npy, sham_photos.parquet;
#                  results/models/{arm}/fold{fold}/seed{seed}/ and results/models/{arm}/all/,
#                  with train.class_folds results/models/{arm}/class{fold}/seed{seed}/,
#                  each open_clip_config.json, open_clip_model.safetensors, meta.json (and the loss
#                  curve beside them)

TRAINED_ARMS = [arm for arm in ARMS if is_trained(config["train"]["arms"][arm])]
# An arm with `of` has no model of its own: it tests the named arm's.
MODEL_OF = {
    arm: config["train"]["arms"][arm].get("of", arm)
    for arm in ARMS
    if config["train"]["arms"][arm].get("of", arm) in TRAINED_ARMS
}
# A model's lineage holds its own arm, never the list of arms, seeds or folds: one more of these
# re-trains nothing.
TRAIN_SETTINGS = ["seed", "words", "captions.held_out_share"] + [
    f"train.{key}" for key in config["train"] if key not in ("arms", "seeds", "class_folds")
]
# What training reads the photos from, and its table. Tars are told by their table, which holds a
# hash of each pair's files: Snakemake cannot tell whether the content of a folder differs.
if config["train"]["reader"] == "cache":
    ACCEPTED = {"photos": "results/train/photos.npy", "index": "results/train/photos.parquet"}
    STAGE_FILES += ACCEPTED.values()
else:
    ACCEPTED = {"index": "results/train/pairs.parquet"}
    STAGE_FILES += ["results/train/pairs", "results/train/pairs.parquet"]

# By an arm's `pairs`: the pairs that it is trained on, and where their photos are.
TRAINING_DATA = {
    "accepted": {"pairs": "results/quality/pairs.parquet", **ACCEPTED},
    "unfiltered": {
        "pairs": "results/quality/unfiltered.parquet",
        "photos": "results/train/unfiltered.npy",
        "index": "results/train/unfiltered_photos.parquet",
    },
}
TRAINED_ON = {arm: config["train"]["arms"][arm].get("pairs", "accepted") for arm in TRAINED_ARMS}
# Only an arm that shows sham edits has them as an input: a run with edits.sham re-trains no other one.
SHAM_ARMS = [arm for arm in TRAINED_ARMS if shows_sham(config["train"]["arms"][arm])]
SHAM_DATA = {
    "sham": "results/quality/sham.parquet",
    "sham_photos": "results/train/sham.npy",
    "sham_index": "results/train/sham_photos.parquet",
}
# Of a pool an arm reads the features of a frozen image tower, or the photos.
POOL_ARMS = {
    arm: config["train"]["arms"][arm] for arm in TRAINED_ARMS if "pool" in config["train"]["arms"][arm]
}
POOL_DATA = {
    name: {
        "pool": POOL_FILES["pool"],
        "pool_photos": POOL_FILES[("pool_features" if keeps_features(arm) else "pool_photos")],
        "pool_index": POOL_FILES["pool_index"],
    }
    for name, arm in POOL_ARMS.items()
}
# The file that an arm's texts on the pool are written from.
GRAMMAR_OF = dict.fromkeys(POOL_ARMS, ["src/unscene/resources/denials_en.yaml"])
DATA_OF = {
    arm: TRAINING_DATA[TRAINED_ON[arm]] | (SHAM_DATA if arm in SHAM_ARMS else {}) | POOL_DATA.get(arm, {})
    for arm in TRAINED_ARMS
}

if "unfiltered" in TRAINED_ON.values():
    STAGE_FILES += TRAINING_DATA["unfiltered"].values()
if SHAM_ARMS:
    STAGE_FILES += SHAM_DATA.values()
MODELS = expand("results/models/{arm}/fold{fold}/seed{seed}", arm=TRAINED_ARMS, fold=FOLDS, seed=SEEDS)
MODELS += [f"results/models/{arm}/all" for arm in TRAINED_ARMS if arm == config["deploy"]["arm"]]
MODELS += expand(
    "results/models/{arm}/class{fold}/seed{seed}", arm=config["train"]["class_folds"], fold=FOLDS, seed=SEEDS
)
STAGE_FILES += expand(
    "{model}/{file}",
    model=MODELS,
    file=["open_clip_config.json", "open_clip_model.safetensors", "meta.json", "loss.csv", "loss.svg"],
)

# Not every family of CLIP can be trained by every arm: where one is not for all, it is tried first.
CHECKED_ARMS = list_checked_arms(config["train"]["arms"])
if CHECKED_ARMS:
    STAGE_FILES.append("results/train/clip.json")


rule check_clip:
    """Try the CLIP's towers for the arms that ask for adapters or for some of its layers, first of all."""
    output:
        report="results/train/clip.json",
    log:
        "logs/check_clip.log",
    benchmark:
        "benchmarks/check_clip.tsv"
    priority: 100
    conda:
        "../../envs/clip.yaml"
    resources:
        mem_mb=grow(8000),
        runtime=grow("30m"),
    params:
        lineage=lineage("check_clip", settings=["train.arms"], paths=["train.clip"]),
    message:
        "Trying the towers of CLIP"
    script:
        "../scripts/check_clip.py"


rule cache_pairs:
    """Decode the photos of all pairs once, at the size that CLIP sees."""
    input:
        pairs="results/quality/pairs.parquet",
    output:
        photos="results/train/photos.npy",
        index="results/train/photos.parquet",
    log:
        "logs/cache_pairs.log",
    benchmark:
        "benchmarks/cache_pairs.tsv"
    conda:
        "../../envs/clip.yaml"
    threads: config["runtime"]["workers"]
    resources:
        mem_mb=grow(8000),
        runtime=grow("4h"),
    params:
        lineage=lineage("cache_pairs", settings=["train.clip"], paths=["train.clip"], frozen=True),
    message:
        "Decoding the photos of the pairs"
    script:
        "../scripts/cache_pairs.py"


use rule cache_pairs as cache_unfiltered with:
    input:
        pairs="results/quality/unfiltered.parquet",
    output:
        photos="results/train/unfiltered.npy",
        index="results/train/unfiltered_photos.parquet",
    log:
        "logs/cache_unfiltered.log",
    benchmark:
        "benchmarks/cache_unfiltered.tsv"
    params:
        lineage=lineage(
            "cache_unfiltered",
            settings=["train.clip"],
            paths=["train.clip"],
            frozen=True,
            script="cache_pairs",
        ),
    message:
        "Decoding the photos of the unfiltered pairs"


rule cache_sham:
    """Decode the photos of the sham edits once, for the arms that show them."""
    input:
        sham="results/quality/sham.parquet",
    output:
        photos="results/train/sham.npy",
        index="results/train/sham_photos.parquet",
    log:
        "logs/cache_sham.log",
    benchmark:
        "benchmarks/cache_sham.tsv"
    conda:
        "../../envs/clip.yaml"
    threads: config["runtime"]["workers"]
    resources:
        mem_mb=grow(8000),
        runtime=grow("4h"),
    params:
        lineage=lineage("cache_sham", settings=["train.clip"], paths=["train.clip"], frozen=True),
    message:
        "Decoding the photos of the sham edits"
    script:
        "../scripts/cache_sham.py"


rule export_pairs:
    """Export all pairs as WebDataset tars, one pair a sample; for more pairs than one array can hold."""
    input:
        pairs="results/quality/pairs.parquet",
    output:
        folder=directory("results/train/pairs"),
        index="results/train/pairs.parquet",
    log:
        "logs/export_pairs.log",
    benchmark:
        "benchmarks/export_pairs.tsv"
    conda:
        "../../envs/clip.yaml"
    threads: config["runtime"]["workers"]
    resources:
        mem_mb=grow(16000),
        runtime=grow("1d"),
    params:
        lineage=lineage(
            "export_pairs", settings=["seed", "words", "train.clip"], paths=["train.clip"], frozen=True
        ),
    message:
        "Exporting the pairs as tars"
    script:
        "../scripts/export_pairs.py"


rule train_clip:
    """Fine-tune CLIP on the pairs of all folds but one, for each fold; every arm gets the same photos,
    steps and order.
    """
    input:
        unpack(lambda wildcards: DATA_OF[wildcards.arm]),
        folds=lambda wildcards: get_split(wildcards.seed),
        leaks="results/folds/leaks.parquet",
        # It must have passed; that it was written anew re-trains nothing.
        checked=ancient("results/folds/check.json"),
    output:
        config=of_folds("results/models/{arm}/fold{fold}/seed{seed}/open_clip_config.json"),
        weights=of_folds("results/models/{arm}/fold{fold}/seed{seed}/open_clip_model.safetensors"),
        meta=of_folds("results/models/{arm}/fold{fold}/seed{seed}/meta.json"),
        loss=of_folds("results/models/{arm}/fold{fold}/seed{seed}/loss.csv"),
        curve=of_folds("results/models/{arm}/fold{fold}/seed{seed}/loss.svg"),
    log:
        f"logs/train_clip/{FOLD_JOB}.log",
    benchmark:
        f"benchmarks/train_clip/{FOLD_JOB}.tsv"
    # The longest jobs of the end start before what fills the gaps beside them: tests, and the deployed model.
    priority: 10
    conda:
        "../../envs/clip.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=config["runtime"]["devices"],
        mem_mb=grow(8000),
        runtime=grow(f"{2 * FOLDS_A_JOB}h"),
    params:
        lineage=lineage(
            "train_clip",
            settings=TRAIN_SETTINGS,
            paths=["train.clip"],
            files=lambda wildcards: GRAMMAR_OF.get(wildcards["arm"], []),
            entries=["arm"],
            frozen=True,
        ),
    message:
        "Training arm {wildcards.arm}, seed {wildcards.seed}: once without each fold"
    script:
        "../scripts/train_clip.py"


use rule train_clip as train_clip_classes with:
    input:
        unpack(lambda wildcards: DATA_OF[wildcards.arm]),
        folds="results/folds/folds.parquet",
        classes="results/folds/classes.parquet",
        leaks="results/folds/leaks.parquet",
        checked=ancient("results/folds/check.json"),
    output:
        config=of_folds("results/models/{arm}/class{fold}/seed{seed}/open_clip_config.json"),
        weights=of_folds("results/models/{arm}/class{fold}/seed{seed}/open_clip_model.safetensors"),
        meta=of_folds("results/models/{arm}/class{fold}/seed{seed}/meta.json"),
        loss=of_folds("results/models/{arm}/class{fold}/seed{seed}/loss.csv"),
        curve=of_folds("results/models/{arm}/class{fold}/seed{seed}/loss.svg"),
    log:
        f"logs/train_clip_classes/{CLASS_JOB}.log",
    benchmark:
        f"benchmarks/train_clip_classes/{CLASS_JOB}.tsv"
    params:
        lineage=lineage(
            "train_clip_classes",
            settings=TRAIN_SETTINGS,
            paths=["train.clip"],
            files=lambda wildcards: GRAMMAR_OF.get(wildcards["arm"], []),
            entries=["arm"],
            frozen=True,
            script="train_clip",
        ),
    message:
        "Training arm {wildcards.arm}, seed {wildcards.seed}: once without each fold of the categories"


rule train_final:
    """Fine-tune CLIP on all pairs, for deployment; the folds' models tell what to expect of it."""
    input:
        unpack(lambda wildcards: DATA_OF[wildcards.arm]),
        leaks="results/folds/leaks.parquet",
        checked=ancient("results/folds/check.json"),
    output:
        config="results/models/{arm}/all/open_clip_config.json",
        weights="results/models/{arm}/all/open_clip_model.safetensors",
        meta="results/models/{arm}/all/meta.json",
        loss="results/models/{arm}/all/loss.csv",
        curve="results/models/{arm}/all/loss.svg",
    log:
        "logs/train_final/{arm}.log",
    benchmark:
        "benchmarks/train_final/{arm}.tsv"
    conda:
        "../../envs/clip.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=config["runtime"]["devices"],
        mem_mb=grow(8000),
        runtime=grow("2h"),
    params:
        lineage=lineage(
            "train_final",
            settings=TRAIN_SETTINGS,
            paths=["train.clip"],
            files=lambda wildcards: GRAMMAR_OF.get(wildcards["arm"], []),
            entries=["arm"],
            frozen=True,
        ),
    message:
        "Training arm {wildcards.arm} on all pairs"
    script:
        "../scripts/train_final.py"
