# Batchsize: how many captions fit in one prompt? The same captions in prompts of every size, and
# what n = 1 says to them.
#
# REQUIRED INPUTS: results/samples/{shard}.parquet, the price table; with a paid keywords.backend also
#                  OPENAI_API_KEY in the environment; batchsize.labels, when raters have labelled
# OUTPUTS:         results/batchsize/: requests, raw and followups/study.jsonl, design.parquet,
#                  captions.parquet, study.json,
#                  accuracy.parquet, by_word.parquet, chosen.json, labelling.csv, figure.svg,
#                  methods.md, methods.tex
#
# Part of a run by `batchsize.run`; docs/BATCHSIZE.md is the protocol.

# One part makes it for all, from the captions of all.
if wants_study(config) and (PART is None or PART.studies):
    STAGE_FILES += expand(
        "results/batchsize/{name}",
        name=[
            *("requests/study.jsonl", "raw/study.jsonl", "followups/study.jsonl"),
            *("design.parquet", "captions.parquet", "study.json"),
            *("accuracy.parquet", "by_word.parquet", "chosen.json", "labelling.csv"),
            *("figure.svg", "methods.md", "methods.tex"),
            *(["batches.json"] if KEYWORD_BACKEND.is_paid else []),
        ],
    )


rule build_batchsize_requests:
    """Draw the captions of the study by seed and write their requests, in all sizes, partitions and
    orders.
    """
    input:
        samples=expand("results/samples/{shard}.parquet", shard=ALL_SHARDS),
    output:
        requests="results/batchsize/requests/study.jsonl",
        design="results/batchsize/design.parquet",
        captions="results/batchsize/captions.parquet",
        facts="results/batchsize/study.json",
    log:
        "logs/build_batchsize_requests.log",
    benchmark:
        "benchmarks/build_batchsize_requests.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(8000),
        runtime=grow("30m"),
    params:
        lineage=lineage(
            "build_batchsize_requests",
            settings=[
                "seed",
                "words",
                "batchsize.captions",
                "batchsize.sizes",
                "batchsize.permutations",
                "keywords.backend",
            ]
            + KEYWORD_BACKEND.keys,
            files=[LEXICON],
            frozen=True,
        ),
    message:
        "Building the requests of the batch-size study"
    script:
        "../scripts/build_batchsize_requests.py"


if KEYWORD_BACKEND.is_paid:

    localrules:
        submit_batchsize,

    rule submit_batchsize:
        """Send the requests of the study, each once, and collect the answers into state/, which no
        rule owns.
        """
        input:
            requests=["results/batchsize/requests/study.jsonl"],
        output:
            summary="results/batchsize/batches.json",
        log:
            "logs/submit_batchsize.log",
        benchmark:
            "benchmarks/submit_batchsize.tsv"
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
            lineage=lineage("submit_batchsize", settings=["keywords.backend"], script="submit_requests"),
        message:
            "Sending the requests of the batch-size study"
        script:
            "../scripts/submit_requests.py"


rule answer_batchsize:
    """Answer the study's requests as those of the keywords are: by the lexicon, or with the paid answers."""
    input:
        requests="results/batchsize/requests/study.jsonl",
        sent=(ancient("results/batchsize/batches.json") if KEYWORD_BACKEND.is_paid else []),
    output:
        answers="results/batchsize/raw/study.jsonl",
        followups="results/batchsize/followups/study.jsonl",
    log:
        "logs/answer_batchsize.log",
    benchmark:
        "benchmarks/answer_batchsize.tsv"
    localrule: True
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(2000),
        runtime=grow("30m"),
    params:
        lineage=lineage(
            "answer_batchsize",
            settings=["words", "keywords.backend"],
            files=[] if KEYWORD_BACKEND.is_paid else [LEXICON],
            frozen=True,
            script="answer_keywords",
        ),
    message:
        "Answering the requests of the batch-size study"
    script:
        "../scripts/answer_keywords.py"


rule measure_batchsize:
    """Measure every size and choose: the largest n that is not worse than one caption a prompt, and
    the cheapest sensible one.
    """
    input:
        requests="results/batchsize/requests/study.jsonl",
        design="results/batchsize/design.parquet",
        captions="results/batchsize/captions.parquet",
        facts="results/batchsize/study.json",
        answers="results/batchsize/raw/study.jsonl",
        followups="results/batchsize/followups/study.jsonl",
    output:
        accuracy="results/batchsize/accuracy.parquet",
        by_word="results/batchsize/by_word.parquet",
        chosen="results/batchsize/chosen.json",
        sheet="results/batchsize/labelling.csv",
    log:
        "logs/measure_batchsize.log",
    benchmark:
        "benchmarks/measure_batchsize.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(4000),
        runtime=grow("30m"),
    params:
        lineage=lineage(
            "measure_batchsize",
            settings=["words", "batchsize", "keywords.backend", "api.model", "plan.prices"],
            paths=["batchsize.labels", "plan.prices"],
            frozen=True,
        ),
    message:
        "Measuring the batch-size study"
    script:
        "../scripts/measure_batchsize.py"


rule write_batchsize:
    """Draw accuracy and cost against n, and write method and result for a paper."""
    input:
        accuracy="results/batchsize/accuracy.parquet",
        chosen="results/batchsize/chosen.json",
    output:
        figure="results/batchsize/figure.svg",
        markdown="results/batchsize/methods.md",
        latex="results/batchsize/methods.tex",
    log:
        "logs/write_batchsize.log",
    benchmark:
        "benchmarks/write_batchsize.tsv"
    localrule: True
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow("10m"),
    params:
        lineage=lineage("write_batchsize"),
    message:
        "Writing up the batch-size study"
    script:
        "../scripts/write_batchsize.py"
