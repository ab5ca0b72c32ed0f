# Captions: for each wanted edit the caption without the object, and the caption that says it is not there.
#
# REQUIRED INPUTS: results/samples/{shard}.parquet, results/keywords/{shard}.parquet, results/masks/{shard}.parquet;
#                  with captions.backend openai also state/answers/*.jsonl
# OUTPUTS:         results/captions/requests/{shard}.jsonl, results/captions/raw/{shard}.jsonl, results/captions/{shard}.parquet

STAGE_FILES += expand("results/captions/{shard}.parquet", shard=SHARDS)


rule build_caption_requests:
    """Write the requests of a shard as they would be uploaded, each edit with the phrasing that its captions get."""
    input:
        samples="results/samples/{shard}.parquet",
        keywords="results/keywords/{shard}.parquet",
        masks="results/masks/{shard}.parquet",
    output:
        requests="results/captions/requests/{shard}.jsonl",
    log:
        "logs/build_caption_requests/{shard}.log",
    benchmark:
        "benchmarks/build_caption_requests/{shard}.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    params:
        # The model is in the body only when it is the one that answers: offline, another model re-runs nothing.
        lineage=lineage(
            "build_caption_requests",
            settings=["seed", "captions"]
            + (["api.model"] if config["captions"]["backend"] == "openai" else []),
            parents=["read_samples", "parse_keywords", "segment_objects"],
        ),
    message:
        "Building the caption requests of shard {wildcards.shard}"
    script:
        "../scripts/build_caption_requests.py"


rule answer_captions:
    """Answer the requests of a shard: by the offline grammar, or with the paid answers that are there."""
    input:
        requests="results/captions/requests/{shard}.jsonl",
    output:
        answers="results/captions/raw/{shard}.jsonl",
    log:
        "logs/answer_captions/{shard}.log",
    benchmark:
        "benchmarks/answer_captions/{shard}.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    params:
        lineage=lineage(
            "answer_captions",
            settings=["captions.backend"],
            files=[LEXICON] if config["captions"]["backend"] == "template" else [],
            parents=["build_caption_requests"],
        ),
    message:
        "Answering the caption requests of shard {wildcards.shard}"
    script:
        "../scripts/answer_captions.py"


rule parse_captions:
    """Check the answers of a shard and write one row an edit; what fails a check gets a plain template."""
    input:
        samples="results/samples/{shard}.parquet",
        keywords="results/keywords/{shard}.parquet",
        masks="results/masks/{shard}.parquet",
        requests="results/captions/requests/{shard}.jsonl",
        answers="results/captions/raw/{shard}.jsonl",
    output:
        table="results/captions/{shard}.parquet",
    log:
        "logs/parse_captions/{shard}.log",
    benchmark:
        "benchmarks/parse_captions/{shard}.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    params:
        lineage=lineage(
            "parse_captions",
            settings=["seed", "captions.held_out_share"],
            files=[LEXICON],
            parents=["answer_captions", "read_samples", "parse_keywords", "segment_objects"],
        ),
    message:
        "Parsing the caption answers of shard {wildcards.shard}"
    script:
        "../scripts/parse_captions.py"
