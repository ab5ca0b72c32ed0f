# Quality: score every edit once, then decide which ones become pairs, and show both.
#
# REQUIRED INPUTS: results/{samples,masks,edits}/{shard}.parquet; results/samples/samples.parquet
#                  and the joined tables
#                  of masks, edits and captions; by quality.policy control_scores.parquet,
#                  calibration.json or certificate.json of results/quality/
# OUTPUTS:         results/quality/{shard}.parquet, scores.parquet, pairs.parquet, rejected.parquet,
#                  unfiltered.parquet,
#                  contact_sheet.png, contact_sheets/; with edits.sham sham/{shard}.parquet, sham.parquet

from unscene.quality.scores import needs_calibration

STAGE_FILES += expand("results/quality/{shard}.parquet", shard=SHARDS)
STAGE_FILES += expand("results/quality/{table}.parquet", table=["pairs", "rejected", "unfiltered"])
STAGE_FILES += ["results/quality/contact_sheet.png", "results/quality/contact_sheets"]
if config["edits"]["sham"]:
    STAGE_FILES += expand("results/quality/sham/{shard}.parquet", shard=SHARDS)
    STAGE_FILES += ["results/quality/sham.parquet"]

POLICY = config["quality"]["policy"]
# Fixed thresholds that say `controls` are told by controls alone: sham edits, which are no reference of
# theirs, then select and train nothing anew.
BY_CONTROLS = POLICY == "fixed" and needs_calibration(config["quality"])


rule score_edits:
    """Score the edits of a shard; nothing is decided here, so a new threshold never scores again."""
    input:
        samples="results/samples/{shard}.parquet",
        masks="results/masks/{shard}.parquet",
        edits="results/edits/{shard}.parquet",
        scenes=lambda wildcards: SCENES.get(get_source_name(wildcards.shard), []),
    output:
        table="results/quality/{shard}.parquet",
    log:
        "logs/score_edits/{shard}.log",
    benchmark:
        "benchmarks/score_edits/{shard}.tsv"
    conda:
        "../../envs/vision.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=1,
        mem_mb=grow(8000),
        runtime=grow("1h"),
    params:
        lineage=lineage(
            "score_edits",
            settings=[
                "quality.judge",
                "quality.judge_image_size",
                "quality.dino",
                "train.clip",
            ],
            paths=["quality.judge", "quality.dino", "train.clip"],
            entries=["source.instances"],
            frozen=True,
        ),
    message:
        "Scoring the edits of shard {wildcards.shard}"
    script:
        "../scripts/score_edits.py"


rule select_pairs:
    """Apply the thresholds to the scores; every wanted edit ends as a pair or as a row with its reason."""
    input:
        samples="results/samples/samples.parquet",
        masks="results/masks/masks.parquet",
        edits="results/edits/edits.parquet",
        captions="results/captions/captions.parquet",
        scores="results/quality/scores.parquet",
        # What the policy decides by; what decides nothing re-runs nothing.
        controls="results/quality/control_scores.parquet" if BY_CONTROLS else [],
        calibration="results/quality/calibration.json" if POLICY == "calibrated" else [],
        certificate="results/quality/certificate.json" if POLICY == "certified" else [],
    output:
        pairs="results/quality/pairs.parquet",
        rejected="results/quality/rejected.parquet",
        unfiltered="results/quality/unfiltered.parquet",
    log:
        "logs/select_pairs.log",
    benchmark:
        "benchmarks/select_pairs.tsv"
    conda:
        "../../envs/text.yaml"
    resources:
        mem_mb=grow(4000),
        runtime=grow("30m"),
    params:
        lineage=lineage(
            "select_pairs",
            settings=["quality.thresholds", "quality.policy", "quality.unjudged"]
            + (["quality.control_percentile"] if BY_CONTROLS else []),
            frozen=True,
        ),
    message:
        "Selecting the pairs"
    script:
        "../scripts/select_pairs.py"


rule draw_contact_sheet:
    """Draw accepted and rejected edits side by side, and a sheet for each reason, to be looked at."""
    input:
        pairs="results/quality/pairs.parquet",
        rejected="results/quality/rejected.parquet",
        edits="results/edits/edits.parquet",
    output:
        sheet="results/quality/contact_sheet.png",
        folder=directory("results/quality/contact_sheets"),
    log:
        "logs/draw_contact_sheet.log",
    benchmark:
        "benchmarks/draw_contact_sheet.tsv"
    conda:
        "../../envs/vision.yaml"
    resources:
        mem_mb=grow(4000),
        runtime=grow("30m"),
    params:
        lineage=lineage("draw_contact_sheet"),
    message:
        "Drawing the contact sheet"
    script:
        "../scripts/draw_contact_sheet.py"


rule score_sham_edits:
    """Score the sham edits of a shard by their pixels."""
    input:
        samples="results/samples/{shard}.parquet",
        sham="results/edits/sham/{shard}.parquet",
    output:
        table="results/quality/sham/{shard}.parquet",
    log:
        "logs/score_sham_edits/{shard}.log",
    benchmark:
        "benchmarks/score_sham_edits/{shard}.tsv"
    conda:
        "../../envs/vision.yaml"
    threads: config["runtime"]["workers"]
    resources:
        mem_mb=grow(4000),
        runtime=grow("1h"),
    params:
        lineage=lineage("score_sham_edits", frozen=True),
    message:
        "Scoring the sham edits of shard {wildcards.shard}"
    script:
        "../scripts/score_sham_edits.py"


rule select_sham_edits:
    """Apply the thresholds that judge a fill, not a removal, to the sham edits."""
    input:
        samples="results/samples/samples.parquet",
        sham="results/edits/sham.parquet",
        captions="results/captions/captions.parquet",
        scores=expand("results/quality/sham/{shard}.parquet", shard=SHARDS),
    output:
        table="results/quality/sham.parquet",
    log:
        "logs/select_sham_edits.log",
    benchmark:
        "benchmarks/select_sham_edits.tsv"
    conda:
        "../../envs/text.yaml"
    resources:
        mem_mb=grow(4000),
        runtime=grow("30m"),
    params:
        lineage=lineage("select_sham_edits", settings=["quality.thresholds"], frozen=True),
    message:
        "Selecting the sham edits"
    script:
        "../scripts/select_sham_edits.py"
