# Exam: a fresh world of drawn scenes, in the forms in which the sets of this field are published.
#
# REQUIRED INPUTS: results/samples/{shard}.parquet of all sources: no scene may look like their photos
# OUTPUTS:         results/exam/{world}/captions_{world}.json, instances_{world}.json, choices.csv,
#                  negated_retrieval.csv, removals.json, counts.json, images/, removals/, classes/
#
# Part of a run with `evaluate.world`; docs/DATA.md tells what is in each.

WORLD = config["evaluate"]["world"]
EXAM_FILES = []

if WORLD:
    EXAM = f"results/exam/{WORLD['name']}"
    # What its sets depend on; the folders are made by the same job.
    EXAM_FILES = [
        f"{EXAM}/{file}"
        for file in (
            f"captions_{WORLD['name']}.json",
            f"instances_{WORLD['name']}.json",
            "choices.csv",
            "negated_retrieval.csv",
            "removals.json",
            "counts.json",
        )
    ]
    STAGE_FILES += EXAM_FILES + [f"{EXAM}/{folder}" for folder in ("images", "removals", "classes")]

    rule render_exam:
        """Draw a fresh world and write every external part of the pass rule in its published form."""
        input:
            tables=expand("results/samples/{shard}.parquet", shard=SHARDS + POOL_SHARDS),
        output:
            captions=EXAM_FILES[0],
            instances=EXAM_FILES[1],
            choices=EXAM_FILES[2],
            negated_retrieval=EXAM_FILES[3],
            removals=EXAM_FILES[4],
            counts=EXAM_FILES[5],
            images=directory(f"{EXAM}/images"),
            removal_images=directory(f"{EXAM}/removals"),
            classes=directory(f"{EXAM}/classes"),
        log:
            "logs/render_exam.log",
        benchmark:
            "benchmarks/render_exam.tsv"
        conda:
            "../../envs/text.yaml"
        threads: 1
        resources:
            mem_mb=grow(4000),
            runtime=grow("1h"),
        params:
            lineage=lineage("render_exam", settings=["evaluate.world", "folds.duplicate_hash_distance"]),
        message:
            "Drawing a fresh world"
        script:
            "../scripts/render_exam.py"
