# Pool: ordinary photos that arms train on beside the pairs, and what is known to be on each.
#
# REQUIRED INPUTS: results/samples/{shard}.parquet of all sources, results/samples/samples.parquet,
#                  results/folds/{folds,leaks}.parquet, results/folds/guards/;
#                  of pools whose source lists no objects results/keywords/{shard}.parquet;
#                  the instances of the other pools
# OUTPUTS:         results/masks/seen/{shard}.parquet, results/train/pool.parquet, pool_dropped.parquet;
#                  for arms with a pool results/train/pool.npy, pool_photos.parquet, pool_features.npy
#
# Part of a run with a source that has `pool: true`; docs/DATA.md tells what a pool is.

POOL_FILES = {
    "pool": "results/train/pool.parquet",
    "pool_photos": "results/train/pool.npy",
    "pool_index": "results/train/pool_photos.parquet",
    "pool_features": "results/train/pool_features.npy",
}
if POOLS:
    STAGE_FILES += ["results/train/pool.parquet", "results/train/pool_dropped.parquet"]
    STAGE_FILES += expand("results/masks/seen/{shard}.parquet", shard=ASKED_SHARDS)
if any("pool" in arm for arm in config["train"]["arms"].values()):
    STAGE_FILES += POOL_FILES.values()


rule detect_objects:
    """Look for every word on the photos of a pool whose source lists no objects."""
    input:
        samples="results/samples/{shard}.parquet",
    output:
        table="results/masks/seen/{shard}.parquet",
    log:
        "logs/detect_objects/{shard}.log",
    benchmark:
        "benchmarks/detect_objects/{shard}.tsv"
    conda:
        "../../envs/vision.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=1,
        mem_mb=grow(8000),
        runtime=grow("1h"),
    params:
        lineage=lineage(
            "detect_objects",
            settings=[
                "words",
                "masks.image_size",
                "masks.collect_confidence",
                "masks.iou",
                "masks.nms",
            ],
            paths=["masks.weights"],
            frozen=True,
        ),
    message:
        "Looking for objects on the pool photos of shard {wildcards.shard}"
    script:
        "../scripts/detect_objects.py"


rule list_pool:
    """List the pool: photos that show nothing of what is tested, with the words known to be there."""
    input:
        tables=expand("results/samples/{shard}.parquet", shard=POOL_SHARDS),
        rejected=expand("results/samples/{shard}.rejected.parquet", shard=POOL_SHARDS),
        run_tables=expand("results/samples/{shard}.parquet", shard=SHARDS),
        samples="results/samples/samples.parquet",
        folds="results/folds/folds.parquet",
        leaks="results/folds/leaks.parquet",
        hashes=expand("results/folds/guards/{guard}.parquet", guard=HASHED_GUARDS),
        keywords=expand("results/keywords/{shard}.parquet", shard=ASKED_SHARDS),
        seen=expand("results/masks/seen/{shard}.parquet", shard=ASKED_SHARDS),
        scenes=POOL_SCENES,
    output:
        pool="results/train/pool.parquet",
        dropped="results/train/pool_dropped.parquet",
    log:
        "logs/list_pool.log",
    benchmark:
        "benchmarks/list_pool.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(8000),
        runtime=grow("1h"),
    params:
        lineage=lineage(
            "list_pool",
            settings=[
                "words",
                "samples.pools",
                "samples.duplicate_hash_distance",
                "folds.leak_guards",
                "folds.duplicate_hash_distance",
            ]
            # What a detector surely saw counts only where one was asked.
            + (["masks.target_confidence"] if ASKED_SHARDS else []),
            files=[LEXICON] + GUARD_LISTS,
            frozen=True,
        ),
    message:
        "Listing the pool"
    script:
        "../scripts/list_pool.py"


rule cache_pool:
    """Decode the photos of the pool once, at the size that CLIP sees."""
    input:
        pool="results/train/pool.parquet",
    output:
        photos="results/train/pool.npy",
        index="results/train/pool_photos.parquet",
    log:
        "logs/cache_pool.log",
    benchmark:
        "benchmarks/cache_pool.tsv"
    conda:
        "../../envs/clip.yaml"
    threads: config["runtime"]["workers"]
    resources:
        mem_mb=grow(8000),
        runtime=grow("4h"),
    params:
        lineage=lineage("cache_pool", settings=["train.clip"], paths=["train.clip"], frozen=True),
    message:
        "Decoding the photos of the pool"
    script:
        "../scripts/cache_pool.py"


rule embed_pool:
    """Embed the photos of the pool once, for arms that leave the image tower as it is."""
    input:
        photos="results/train/pool.npy",
    output:
        features="results/train/pool_features.npy",
    log:
        "logs/embed_pool.log",
    benchmark:
        "benchmarks/embed_pool.tsv"
    conda:
        "../../envs/clip.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=1,
        mem_mb=grow(8000),
        runtime=grow("4h"),
    params:
        lineage=lineage("embed_pool", settings=["train.clip"], paths=["train.clip"], frozen=True),
    message:
        "Embedding the photos of the pool"
    script:
        "../scripts/embed_pool.py"
