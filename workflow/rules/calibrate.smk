# Calibration of the quality scores: on controls, edits whose answer the run itself knows, and on
# people's labels.
#
# REQUIRED INPUTS: results/samples/samples.parquet, results/masks/ (table and folders),
#                  results/quality/scores.parquet;
#                  with edits.sham results/edits/sham.parquet, results/quality/sham/{shard}.parquet
# OUTPUTS:         results/quality/control_scores.parquet, calibration.json, standard_scores.parquet;
#                  with quality.labels certificate.json, head_scores.parquet, disagreements.parquet

if config["quality"]["controls"]:
    STAGE_FILES += [
        "results/quality/control_scores.parquet",
        "results/quality/calibration.json",
        "results/quality/standard_scores.parquet",
    ]


from unscene.labelling import list_label_files


rule score_controls:
    """Make controls, edits whose answer is known, from the run's photos and masks, and score them
    like any edit.
    """
    input:
        samples="results/samples/samples.parquet",
        masks="results/masks/masks.parquet",
    output:
        table="results/quality/control_scores.parquet",
    log:
        "logs/score_controls.log",
    benchmark:
        "benchmarks/score_controls.tsv"
    conda:
        "../../envs/vision.yaml"
    threads: config["runtime"]["workers"]
    resources:
        gpu=1,
        mem_mb=grow(8000),
        runtime=grow("1h"),
    params:
        lineage=lineage(
            "score_controls",
            settings=[
                "seed",
                "quality.judge",
                "quality.judge_image_size",
                "quality.dino",
                "quality.controls",
                "train.clip",
            ],
            paths=["quality.judge", "quality.dino", "train.clip"],
            frozen=True,
        ),
    message:
        "Making and scoring controls"
    script:
        "../scripts/score_controls.py"


rule calibrate_scores:
    """Say which scores tell perfect controls from failures, and where a perfect edit lies."""
    input:
        controls="results/quality/control_scores.parquet",
        scores="results/quality/scores.parquet",
        masks="results/masks/masks.parquet",
        # What the remover makes of plain background is the reference of the scores that judge a fill.
        sham="results/edits/sham.parquet" if config["edits"]["sham"] else [],
        sham_scores=(
            expand("results/quality/sham/{shard}.parquet", shard=SHARDS) if config["edits"]["sham"] else []
        ),
    output:
        calibration="results/quality/calibration.json",
        standard="results/quality/standard_scores.parquet",
    log:
        "logs/calibrate_scores.log",
    benchmark:
        "benchmarks/calibrate_scores.tsv"
    conda:
        "../../envs/text.yaml"
    resources:
        mem_mb=grow(2000),
        runtime=grow("30m"),
    params:
        lineage=lineage("calibrate_scores", settings=["quality.control_percentile"], frozen=True),
    message:
        "Calibrating the scores on controls"
    script:
        "../scripts/calibrate_scores.py"


if config["quality"]["labels"]:
    # A new label is a newer file: certificate and head follow it, and nothing that scored does.
    STAGE_FILES += [
        "results/quality/certificate.json",
        "results/quality/head_scores.parquet",
        "results/quality/disagreements.parquet",
    ]

    rule calibrate_thresholds:
        """Train the accept head on people's labels and certify the operating point for a stated
        defect rate.
        """
        input:
            labels=lambda wildcards: list_label_files(config["quality"]["labels"]),
            scores="results/quality/scores.parquet",
            masks="results/masks/masks.parquet",
            edits="results/edits/edits.parquet",
            samples="results/samples/samples.parquet",
        output:
            certificate="results/quality/certificate.json",
            head_scores="results/quality/head_scores.parquet",
            disagreements="results/quality/disagreements.parquet",
        log:
            "logs/calibrate_thresholds.log",
        benchmark:
            "benchmarks/calibrate_thresholds.tsv"
        conda:
            "../../envs/text.yaml"
        resources:
            mem_mb=grow(4000),
            runtime=grow("1h"),
        params:
            lineage=lineage(
                "calibrate_thresholds", settings=["quality.max_defect_rate", "quality.labels"], frozen=True
            ),
        message:
            "Calibrating acceptance on labels"
        script:
            "../scripts/calibrate_thresholds.py"


if config["quality"]["distances"]:
    STAGE_FILES += ["results/quality/distances.parquet"]

    rule measure_distances:
        """Measure how far the accepted edits of each class lie, as a set, from real photos without it."""
        input:
            samples="results/samples/samples.parquet",
            keywords="results/keywords/keywords.parquet",
            masks="results/masks/masks.parquet",
            pairs="results/quality/pairs.parquet",
        output:
            table="results/quality/distances.parquet",
        log:
            "logs/measure_distances.log",
        benchmark:
            "benchmarks/measure_distances.tsv"
        conda:
            "../../envs/vision.yaml"
        threads: config["runtime"]["workers"]
        resources:
            gpu=1,
            mem_mb=grow(8000),
            runtime=grow("2h"),
        params:
            lineage=lineage("measure_distances", settings=["seed", "train.clip"], paths=["train.clip"]),
        message:
            "Measuring how far accepted edits lie from real photos"
        script:
            "../scripts/measure_distances.py"
