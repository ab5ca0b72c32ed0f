# Truth: how near keywords, masks, edits and the selection come to what a source knows about itself.
#
# REQUIRED INPUTS: the joined tables of samples, keywords, masks, edits, scores, pairs; results/scenes/{source} of embedded sources
# OUTPUTS:         results/metrics/truth.json

STAGE_FILES += ["results/metrics/truth.json"]


rule score_against_truth:
    """Score every stage before training against the truth; null with a reason where a source knows none."""
    input:
        samples="results/samples/samples.parquet",
        keywords="results/keywords/keywords.parquet",
        masks="results/masks/masks.parquet",
        edits="results/edits/edits.parquet",
        scores="results/quality/scores.parquet",
        pairs="results/quality/pairs.parquet",
        scenes=[f"results/scenes/{name}" for name in SOURCES if SOURCES[name]["format"] == "embedded"],
    output:
        "results/metrics/truth.json",
    log:
        "logs/score_against_truth.log",
    benchmark:
        "benchmarks/score_against_truth.tsv"
    conda:
        "../../envs/vision.yaml"
    params:
        lineage=lineage(
            "score_against_truth",
            settings=["samples.sources"],
            parents=["join_keywords", "select_pairs"],
        ),
    message:
        "Scoring keywords, masks, edits and selection against the truth"
    script:
        "../scripts/score_against_truth.py"
