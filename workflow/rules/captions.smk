# Captions: for each wanted edit the caption without the object, and the caption that says it is not there.
#
# REQUIRED INPUTS: results/samples/{shard}.parquet, results/keywords/{shard}.parquet,
#                  results/masks/{shard}.parquet;
#                  with a paid captions.backend also OPENAI_API_KEY in the environment
# OUTPUTS:         results/captions/{requests,raw,followups}/{shard}.jsonl, results/captions/{shard}.parquet,
#                  results/captions/cost.json; with a paid captions.backend also results/captions/batches.json

STAGE_FILES += expand("results/captions/{shard}.parquet", shard=SHARDS)
STAGE_FILES += expand(
    "results/captions/{kind}/{shard}.jsonl", kind=["requests", "raw", "followups"], shard=SHARDS
)
STAGE_FILES += ["results/captions/cost.json"]

CAPTION_BACKEND = BACKENDS[config["captions"]["backend"]]
# No paid answer hangs on how a caption would be rewritten offline.
CHOICE = [] if CAPTION_BACKEND.is_paid or config["captions"]["choose"] == "first" else ["captions.choose"]
CAPTIONS_SENT = "results/captions/batches.json" if CAPTION_BACKEND.is_paid else []


rule build_caption_requests:
    """Write the requests of a shard as they would be uploaded; edits of equal captions are asked once."""
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
    localrule: True
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow("10m"),
    params:
        # The model is in the body only when it is the one that answers: offline, another model
        # re-runs nothing.
        lineage=lineage(
            "build_caption_requests",
            settings=["words", "captions.backend"] + CAPTION_BACKEND.keys + CHOICE,
            files=[LEXICON] if CHOICE else [],
            frozen=True,
        ),
    message:
        "Building the caption requests of shard {wildcards.shard}"
    script:
        "../scripts/build_caption_requests.py"


if CAPTION_BACKEND.is_paid:

    localrules:
        submit_captions,

    # What asks for this file: `ancient`, so that a new source re-answers its own shards only.
    STAGE_FILES += [CAPTIONS_SENT]

    rule submit_captions:
        """Send the requests of all shards, each once, and collect the answers into state/, which no
        rule owns.

        So the captions wait for the masks of all shards: one job sends everything, because limits
        and budget are the account's.

        It runs where snakemake runs, since it waits for hours and needs the network and the key.
        What is answered is never asked again, whatever becomes of the files here.
        """
        input:
            requests=expand("results/captions/requests/{shard}.jsonl", shard=SHARDS),
        output:
            summary=CAPTIONS_SENT,
        log:
            "logs/submit_captions.log",
        benchmark:
            "benchmarks/submit_captions.tsv"
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
            lineage=lineage("submit_captions", settings=["captions.backend"], script="submit_requests"),
        message:
            "Sending the caption requests"
        script:
            "../scripts/submit_requests.py"


rule answer_captions:
    """Answer the requests of a shard: by the offline grammar, or with the paid answers; follow-ups
    are the parts of split prompts.
    """
    input:
        requests="results/captions/requests/{shard}.jsonl",
        sent=ancient(CAPTIONS_SENT),
    output:
        answers="results/captions/raw/{shard}.jsonl",
        followups="results/captions/followups/{shard}.jsonl",
    log:
        "logs/answer_captions/{shard}.log",
    benchmark:
        "benchmarks/answer_captions/{shard}.tsv"
    localrule: True
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow("10m"),
    params:
        lineage=lineage(
            "answer_captions",
            settings=["words", "captions.backend"],
            files=[] if CAPTION_BACKEND.is_paid else [LEXICON],
            frozen=True,
        ),
    message:
        "Answering the caption requests of shard {wildcards.shard}"
    script:
        "../scripts/answer_captions.py"


rule parse_captions:
    """Check the answers of a shard and write one row an edit; what fails a check is rewritten offline."""
    input:
        samples="results/samples/{shard}.parquet",
        keywords="results/keywords/{shard}.parquet",
        masks="results/masks/{shard}.parquet",
        requests="results/captions/requests/{shard}.jsonl",
        followups="results/captions/followups/{shard}.jsonl",
        answers="results/captions/raw/{shard}.jsonl",
    output:
        table="results/captions/{shard}.parquet",
    log:
        "logs/parse_captions/{shard}.log",
    benchmark:
        "benchmarks/parse_captions/{shard}.tsv"
    localrule: True
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow("10m"),
    params:
        lineage=lineage(
            "parse_captions",
            settings=["seed", "words", "captions.held_out_share"] + CHOICE,
            files=[LEXICON],
            frozen=True,
        ),
    message:
        "Parsing the caption answers of shard {wildcards.shard}"
    script:
        "../scripts/parse_captions.py"


rule price_captions:
    """Price all caption requests: what the configured model would cost, and what the answers did cost."""
    input:
        requests=expand("results/captions/requests/{shard}.jsonl", shard=SHARDS),
        answers=expand("results/captions/raw/{shard}.jsonl", shard=SHARDS),
        summary=CAPTIONS_SENT,
    output:
        cost="results/captions/cost.json",
    log:
        "logs/price_captions.log",
    benchmark:
        "benchmarks/price_captions.tsv"
    localrule: True
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow("10m"),
    params:
        lineage=lineage(
            "price_captions",
            settings=["api.model", "captions.backend", "plan.prices"],
            paths=["plan.prices"],
            script="price_requests",
        ),
    message:
        "Pricing the caption requests"
    script:
        "../scripts/price_requests.py"
