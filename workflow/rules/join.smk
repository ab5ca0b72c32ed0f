# Joined tables: what the shards of a stage wrote, as one table, for every step from selection on.
#
# REQUIRED INPUTS: results/{stage}/{shard}.parquet
# OUTPUTS:         results/{keywords,masks,edits,captions}/{the same}.parquet, results/quality/scores.parquet,
#                  results/edits/sham.parquet

STAGE_FILES += expand("results/{stage}/{stage}.parquet", stage=["keywords", "masks", "edits", "captions"])
STAGE_FILES += ["results/quality/scores.parquet"]
if config["edits"]["sham"]:
    STAGE_FILES += ["results/edits/sham.parquet"]


rule join_shards:
    """Join the tables of a stage's shards; rows keep the order of the shards."""
    input:
        tables=expand("results/{{stage}}/{shard}.parquet", shard=SHARDS),
    output:
        table="results/{stage}/{stage}.parquet",
    log:
        "logs/join_shards/{stage}.log",
    benchmark:
        "benchmarks/join_shards/{stage}.tsv"
    wildcard_constraints:
        stage="keywords|masks|edits|captions",
    conda:
        "../../envs/text.yaml"
    resources:
        mem_mb=grow(8000),
        runtime=grow("1h"),
    params:
        lineage=lineage("join_shards", frozen=True),
    message:
        "Joining the {wildcards.stage} of all shards"
    script:
        "../scripts/join_shards.py"


use rule join_shards as join_scores with:
    input:
        tables=expand("results/quality/{shard}.parquet", shard=SHARDS),
    output:
        table="results/quality/scores.parquet",
    log:
        "logs/join_scores.log",
    benchmark:
        "benchmarks/join_scores.tsv"
    params:
        lineage=lineage("join_scores", frozen=True, script="join_shards"),
    message:
        "Joining the quality scores of all shards"


use rule join_shards as join_sham_edits with:
    input:
        tables=expand("results/edits/sham/{shard}.parquet", shard=SHARDS),
    output:
        table="results/edits/sham.parquet",
    log:
        "logs/join_sham_edits.log",
    benchmark:
        "benchmarks/join_sham_edits.tsv"
    params:
        lineage=lineage("join_sham_edits", frozen=True, script="join_shards"),
    message:
        "Joining the sham edits of all shards"
