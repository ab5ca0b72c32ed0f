# unscene: photos and captions in, a CLIP that knows what is not there out.
#
#   snakemake --cores N --resources gpu=1                                            the embedded default
#   snakemake --cores N --resources gpu=1 --configfile config/coco30k.yaml --directory runs/coco30k
#
# config/README.md explains every key. The rule files are included in the order in which data flows.


configfile: f"{workflow.current_basedir.get_path_or_uri(secret_free=True)}/config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/plan.smk"
include: "workflow/rules/samples.smk"
include: "workflow/rules/keywords.smk"
include: "workflow/rules/batchsize.smk"
include: "workflow/rules/masks.smk"
include: "workflow/rules/edits.smk"
include: "workflow/rules/captions.smk"
include: "workflow/rules/join.smk"
include: "workflow/rules/calibrate.smk"
include: "workflow/rules/quality.smk"
include: "workflow/rules/folds.smk"
include: "workflow/rules/pool.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/exam.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/truth.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/deploy.smk"
include: "workflow/rules/publish.smk"
include: "workflow/rules/pilot.smk"
include: "workflow/rules/provenance.smk"


rule all:
    """Everything, or with `part` this machine's shards: every stage's files are named, so that a job
    that failed once can never leave a stale result behind.
    """
    default_target: True
    input:
        choose_targets(select_targets(STAGE_FILES, config), PART),
    message:
        "All results are there"
