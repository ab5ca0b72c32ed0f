# Report: one self-contained page of what the run did and what it showed.
#
# REQUIRED INPUTS: the files that unscene.report.sections names, of every stage before
# OUTPUTS:         results/report.html

from unscene.report.sections import list_inputs, list_templates

STAGE_FILES += ["results/report.html"]


rule write_report:
    """Write the report; benchmarks and logs are read where they are, since measured times must
    never re-run anything.
    """
    input:
        **list_inputs(config),
    output:
        page=report("results/report.html", category="unscene", caption="../report/workflow.rst"),
    log:
        "logs/write_report.log",
    benchmark:
        "benchmarks/write_report.tsv"
    conda:
        "../../envs/text.yaml"
    resources:
        mem_mb=grow(4000),
        runtime=grow("30m"),
    params:
        lineage=lineage(
            "write_report",
            settings=[
                "seed",
                "samples",
                "keywords",
                "masks",
                "edits",
                "captions",
                "quality",
                "folds",
                "train",
                "evaluate",
                "report",
                "deploy.arm",
            ],
            paths=["masks.weights", "edits.weights", "quality.judge", "quality.dino", "train.clip"],
            files=list_templates(),
        ),
    message:
        "Writing the report"
    script:
        "../scripts/write_report.py"
