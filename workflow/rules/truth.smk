# Truth: how near keywords, masks, edits and the selection come to what a source knows about itself.
#
# REQUIRED INPUTS: the joined tables of samples, keywords, masks, edits, scores, pairs;
#                  results/scenes/{source} of embedded sources
# OUTPUTS:         results/metrics/truth.json, results/keywords/agreement.parquet

STAGE_FILES += ["results/metrics/truth.json", "results/keywords/agreement.parquet"]


rule score_against_truth:
    """Score every stage before training against the truth; null with a reason where a source knows none."""
    input:
        samples="results/samples/samples.parquet",
        keywords="results/keywords/keywords.parquet",
        masks="results/masks/masks.parquet",
        edits="results/edits/edits.parquet",
        scores="results/quality/scores.parquet",
        pairs="results/quality/pairs.parquet",
        scenes=ALL_SCENES,
    output:
        truth="results/metrics/truth.json",
    log:
        "logs/score_against_truth.log",
    benchmark:
        "benchmarks/score_against_truth.tsv"
    conda:
        "../../envs/vision.yaml"
    resources:
        mem_mb=grow(8000),
        runtime=grow("1h"),
    params:
        lineage=lineage("score_against_truth", settings=["samples.sources"]),
    message:
        "Scoring keywords, masks, edits and selection against the truth"
    script:
        "../scripts/score_against_truth.py"


rule measure_agreement:
    """Hold lexicon, answers, instances and known mentions against each other, word by word: what
    the API buys.
    """
    input:
        samples="results/samples/samples.parquet",
        keywords="results/keywords/keywords.parquet",
        answers=expand("results/keywords/raw/{shard}.jsonl", shard=SHARDS),
        scenes=ALL_SCENES,
    output:
        agreement="results/keywords/agreement.parquet",
    log:
        "logs/measure_agreement.log",
    benchmark:
        "benchmarks/measure_agreement.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 1
    resources:
        mem_mb=grow(4000),
        runtime=grow("30m"),
    params:
        lineage=lineage("measure_agreement", settings=["words", "samples.sources"], files=[LEXICON]),
    message:
        "Measuring how lexicon, answers and instances agree"
    script:
        "../scripts/measure_agreement.py"
