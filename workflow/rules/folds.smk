# Folds: which photo groups are tested together, and which are in an evaluation set and so never trained on.
#
# REQUIRED INPUTS: results/samples/samples.parquet, results/masks/masks.parquet,
#                  results/quality/{pairs,unfiltered}.parquet,
#                  the lists and folders that folds.leak_guards names;
#                  with a pool results/train/{pool,pool_dropped}.parquet
# OUTPUTS:         results/folds/folds.parquet, classes.parquet, leaks.parquet, check.json,
#                  guards/{guard}.parquet; for training seeds above 0 repeats/{seed}.parquet, repeats.parquet

HASHED_GUARDS = [guard["name"] for guard in config["folds"]["leak_guards"] if "images" in guard]
GUARD_LISTS = [
    guard[kind] for guard in config["folds"]["leak_guards"] for kind in ("ids", "hashes") if kind in guard
]

STAGE_FILES += expand(
    "results/folds/{file}", file=["folds.parquet", "classes.parquet", "leaks.parquet", "check.json"]
)
STAGE_FILES += expand("results/folds/guards/{guard}.parquet", guard=HASHED_GUARDS)
STAGE_FILES += expand("results/folds/repeats/{seed}.parquet", seed=REPEATS)
STAGE_FILES += ["results/folds/repeats.parquet"] if REPEATS else []


rule split_folds:
    """Split photo groups into folds over all wanted edits, so that no threshold ever moves a group."""
    input:
        samples="results/samples/samples.parquet",
        masks="results/masks/masks.parquet",
    output:
        folds="results/folds/folds.parquet",
        classes="results/folds/classes.parquet",
    log:
        "logs/split_folds.log",
    benchmark:
        "benchmarks/split_folds.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(8000),
        runtime=grow("1h"),
    params:
        lineage=lineage(
            "split_folds", settings=["seed", "folds.folds", "folds.duplicate_hash_distance"], frozen=True
        ),
    message:
        "Splitting photo groups into folds"
    script:
        "../scripts/split_folds.py"


use rule split_folds as split_repeat with:
    output:
        folds="results/folds/repeats/{seed}.parquet",
    log:
        "logs/split_repeat/{seed}.log",
    benchmark:
        "benchmarks/split_repeat/{seed}.tsv"
    wildcard_constraints:
        seed=r"[1-9]\d*",
    params:
        lineage=lineage(
            "split_repeat",
            settings=["seed", "folds.folds", "folds.duplicate_hash_distance"],
            frozen=True,
            script="split_folds",
        ),
    message:
        "Splitting photo groups into the folds of training seed {wildcards.seed}"


rule join_repeats:
    """Join the splits of all training seeds above 0."""
    input:
        tables=expand("results/folds/repeats/{seed}.parquet", seed=REPEATS),
    output:
        table="results/folds/repeats.parquet",
    log:
        "logs/join_repeats.log",
    benchmark:
        "benchmarks/join_repeats.tsv"
    localrule: True
    conda:
        "../../envs/text.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow("10m"),
    params:
        lineage=lineage("join_repeats", frozen=True, script="join_shards"),
    message:
        "Joining the splits of all training seeds"
    script:
        "../scripts/join_shards.py"


rule hash_guarded_photos:
    """Hash the photos of an evaluation set's folder, once."""
    output:
        hashes="results/folds/guards/{guard}.parquet",
    log:
        "logs/hash_guarded_photos/{guard}.log",
    benchmark:
        "benchmarks/hash_guarded_photos/{guard}.tsv"
    wildcard_constraints:
        guard="|".join(HASHED_GUARDS) or "-",
    conda:
        "../../envs/text.yaml"
    threads: config["runtime"]["workers"]
    resources:
        mem_mb=grow(4000),
        runtime=grow("4h"),
    params:
        lineage=lineage("hash_guarded_photos", settings=["folds.leak_guards"], frozen=True),
    message:
        "Hashing the photos of the leak guard {wildcards.guard}"
    script:
        "../scripts/hash_guarded_photos.py"


rule find_leaks:
    """Find photos of evaluation sets among the samples, by id and by perceptual hash."""
    input:
        samples="results/samples/samples.parquet",
        hashes=expand("results/folds/guards/{guard}.parquet", guard=HASHED_GUARDS),
    output:
        leaks="results/folds/leaks.parquet",
    log:
        "logs/find_leaks.log",
    benchmark:
        "benchmarks/find_leaks.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(8000),
        runtime=grow("1h"),
    params:
        lineage=lineage(
            "find_leaks",
            settings=["folds.leak_guards", "folds.duplicate_hash_distance", "samples.sources:name,format"],
            files=GUARD_LISTS,
            frozen=True,
        ),
    message:
        "Looking for photos of evaluation sets"
    script:
        "../scripts/find_leaks.py"


rule check_folds:
    """Stop the run when a group, a near-duplicate or a sham edit stands on both sides of a fold;
    training waits for it.
    """
    input:
        samples="results/samples/samples.parquet",
        pairs="results/quality/pairs.parquet",
        unfiltered="results/quality/unfiltered.parquet",
        folds="results/folds/folds.parquet",
        repeats="results/folds/repeats.parquet" if REPEATS else [],
        leaks="results/folds/leaks.parquet",
        sham="results/quality/sham.parquet" if config["edits"]["sham"] else [],
        pool="results/train/pool.parquet" if POOLS else [],
        dropped="results/train/pool_dropped.parquet" if POOLS else [],
    output:
        check="results/folds/check.json",
    log:
        "logs/check_folds.log",
    benchmark:
        "benchmarks/check_folds.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(8000),
        runtime=grow("1h"),
    params:
        lineage=lineage(
            "check_folds", settings=["folds.folds", "folds.duplicate_hash_distance", "edits.sham"]
        ),
    message:
        "Checking the folds"
    script:
        "../scripts/check_folds.py"
