# Pilot: what a run's first shards tell of the whole run, on a page. Only `unscene pilot` has these rules.
#
# REQUIRED INPUTS: of the pilot's shards: the joined tables of samples, keywords, masks, edits, captions and quality;
#                  results/plan.json, results/{keywords,captions}/cost.json, results/quality/contact_sheet.png
# OUTPUTS:         results/pilot/training.json, results/pilot/pilot.json, results/pilot/report.html

if IS_PILOT:

    rule time_training:
        """Time a few steps of training on pictures of noise, at the batch that the run will have."""
        output:
            times="results/pilot/training.json",
        log:
            "logs/time_training.log",
        benchmark:
            "benchmarks/time_training.tsv"
        conda:
            "../../envs/clip.yaml"
        threads: config["runtime"]["workers"]
        resources:
            gpu=1,
            mem_mb=grow(16000),
            runtime=grow("30m"),
        params:
            lineage=lineage(
                "time_training", settings=["train.batch_pairs", "train.clip"], paths=["train.clip"]
            ),
        message:
            "Timing a few steps of training"
        script:
            "../scripts/time_training.py"

    rule write_pilot:
        """Say on one page what the pilot came to and what the whole run will cost."""
        input:
            samples="results/samples/samples.parquet",
            rejected_samples="results/samples/rejected.parquet",
            keywords="results/keywords/keywords.parquet",
            masks="results/masks/masks.parquet",
            edits="results/edits/edits.parquet",
            captions="results/captions/captions.parquet",
            pairs="results/quality/pairs.parquet",
            rejected_edits="results/quality/rejected.parquet",
            sheet="results/quality/contact_sheet.png",
            plan="results/plan.json",
            cost="results/keywords/cost.json",
            caption_cost="results/captions/cost.json",
            training="results/pilot/training.json",
            # Made here so that the whole run finds them: the page reads none of it.
            pool=expand("results/samples/{shard}.parquet", shard=POOL_SHARDS),
            seen=expand("results/masks/seen/{shard}.parquet", shard=ASKED_SHARDS),
            shams=expand(
                "results/quality/sham/{shard}.parquet", shard=SHARDS if config["edits"]["sham"] else []
            ),
        output:
            figures="results/pilot/pilot.json",
            page="results/pilot/report.html",
        log:
            "logs/write_pilot.log",
        benchmark:
            "benchmarks/write_pilot.tsv"
        conda:
            "../../envs/text.yaml"
        resources:
            mem_mb=grow(4000),
            runtime=grow("30m"),
        params:
            lineage=lineage(
                "write_pilot",
                settings=[
                    "api.model",
                    "samples",
                    "keywords",
                    "folds",
                    "train",
                    "evaluate.max_photos",
                    "edits.sham",
                    "deploy.arm",
                ],
                paths=["train.clip"],
                files=[
                    "src/unscene/resources/templates/pilot.html.j2",
                    "src/unscene/resources/throughput.yaml",
                ],
            ),
        message:
            "Writing the page of the pilot"
        script:
            "../scripts/write_pilot.py"
