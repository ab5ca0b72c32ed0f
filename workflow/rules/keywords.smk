# Keywords: which words of the word list each caption mentions, asked and answered as Batch API lines.
#
# REQUIRED INPUTS: results/samples/{shard}.parquet; with captions_per_prompt auto
#                  results/batchsize/chosen.json; with
#                  a paid keywords.backend also OPENAI_API_KEY in the environment
# OUTPUTS:         results/keywords/{requests,raw,followups}/{shard}.jsonl, results/keywords/{shard}.parquet,
#                  results/keywords/cost.json; with a paid keywords.backend also results/keywords/batches.json

KEYWORD_SHARDS = SHARDS + ASKED_SHARDS

STAGE_FILES += expand("results/keywords/{shard}.parquet", shard=KEYWORD_SHARDS)
STAGE_FILES += expand(
    "results/keywords/{kind}/{shard}.jsonl", kind=["requests", "raw", "followups"], shard=KEYWORD_SHARDS
)
STAGE_FILES += ["results/keywords/cost.json"]

KEYWORD_BACKEND = BACKENDS[config["keywords"]["backend"]]
KEYWORDS_SENT = "results/keywords/batches.json" if KEYWORD_BACKEND.is_paid else []
CHOSEN = ["results/batchsize/chosen.json"] if config["keywords"]["captions_per_prompt"] == "auto" else []
REQUESTS_LINEAGE = lineage(
    "build_keyword_requests",
    # The model is in the body only when it is the one that answers: offline, another model re-runs nothing.
    settings=["words", "keywords"] + KEYWORD_BACKEND.keys,
    files=[LEXICON],
    frozen=True,
)


rule build_keyword_requests:
    """Write the requests of a shard as they would be uploaded; a caption that several photos share
    is asked once.
    """
    input:
        samples="results/samples/{shard}.parquet",
        chosen=ancient(CHOSEN),
    output:
        requests="results/keywords/requests/{shard}.jsonl",
    log:
        "logs/build_keyword_requests/{shard}.log",
    benchmark:
        "benchmarks/build_keyword_requests/{shard}.tsv"
    localrule: True
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow("10m"),
    params:
        # With the number that the study chose, which only its own file knows: Snakemake calls this
        # when the job starts, and to compare in the next run. A study that is made again and
        # chooses the same re-runs nothing.
        lineage=lambda wildcards: {
            **REQUESTS_LINEAGE(wildcards),
            **({"chosen": {path: read_chosen(path) for path in CHOSEN}} if CHOSEN else {}),
        },
    message:
        "Building the keyword requests of shard {wildcards.shard}"
    script:
        "../scripts/build_keyword_requests.py"


if KEYWORD_BACKEND.is_paid:

    localrules:
        submit_keywords,

    # What asks for this file: `ancient`, so that a new source re-answers its own shards only.
    STAGE_FILES += [KEYWORDS_SENT]

    rule submit_keywords:
        """Send the requests of all shards, each once, and collect the answers into state/, which no
        rule owns.

        It runs where snakemake runs, since it waits for hours and needs the network and the key.
        What is answered is never asked again, whatever becomes of the files here.
        """
        input:
            requests=expand("results/keywords/requests/{shard}.jsonl", shard=KEYWORD_SHARDS),
        output:
            summary=KEYWORDS_SENT,
        log:
            "logs/submit_keywords.log",
        benchmark:
            "benchmarks/submit_keywords.tsv"
        retries: 0  # what stops a submission is for a person to see
        localrule: True
        conda:
            "../../envs/text.yaml"
        threads: 1
        resources:
            openai_submit=1,
            mem_mb=grow(1000),
            runtime=grow("3d"),
        params:
            lineage=lineage("submit_keywords", settings=["keywords.backend"], script="submit_requests"),
        message:
            "Sending the keyword requests"
        script:
            "../scripts/submit_requests.py"


rule answer_keywords:
    """Answer the requests of a shard: by the lexicon, or with the paid answers; follow-ups are the
    parts of split prompts.
    """
    input:
        requests="results/keywords/requests/{shard}.jsonl",
        sent=ancient(KEYWORDS_SENT),
    output:
        answers="results/keywords/raw/{shard}.jsonl",
        followups="results/keywords/followups/{shard}.jsonl",
    log:
        "logs/answer_keywords/{shard}.log",
    benchmark:
        "benchmarks/answer_keywords/{shard}.tsv"
    localrule: True
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow("10m"),
    params:
        lineage=lineage(
            "answer_keywords",
            settings=["words", "keywords.backend"],
            files=[] if KEYWORD_BACKEND.is_paid else [LEXICON],
            frozen=True,
        ),
    message:
        "Answering the keyword requests of shard {wildcards.shard}"
    script:
        "../scripts/answer_keywords.py"


rule parse_keywords:
    """Check the answers of a shard and write one row a caption; reading them again costs nothing."""
    input:
        samples="results/samples/{shard}.parquet",
        requests="results/keywords/requests/{shard}.jsonl",
        followups="results/keywords/followups/{shard}.jsonl",
        answers="results/keywords/raw/{shard}.jsonl",
    output:
        table="results/keywords/{shard}.parquet",
    log:
        "logs/parse_keywords/{shard}.log",
    benchmark:
        "benchmarks/parse_keywords/{shard}.tsv"
    localrule: True
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow("10m"),
    params:
        # The lexicon is what the answers are held against.
        lineage=lineage("parse_keywords", settings=["words"], files=[LEXICON], frozen=True),
    message:
        "Parsing the keyword answers of shard {wildcards.shard}"
    script:
        "../scripts/parse_keywords.py"


rule price_keywords:
    """Price all keyword requests: what the configured model would cost, and what the answers did cost."""
    input:
        requests=expand("results/keywords/requests/{shard}.jsonl", shard=KEYWORD_SHARDS),
        answers=expand("results/keywords/raw/{shard}.jsonl", shard=KEYWORD_SHARDS),
        summary=KEYWORDS_SENT,
    output:
        cost="results/keywords/cost.json",
    log:
        "logs/price_keywords.log",
    benchmark:
        "benchmarks/price_keywords.tsv"
    localrule: True
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow("10m"),
    params:
        lineage=lineage(
            "price_keywords",
            settings=["api.model", "keywords.backend", "plan.prices"],
            paths=["plan.prices"],
            script="price_requests",
        ),
    message:
        "Pricing the keyword requests"
    script:
        "../scripts/price_requests.py"
