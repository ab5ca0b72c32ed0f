# Provenance: what made each result, with hashes, versions, device and machine.
#
# REQUIRED INPUTS: every file and folder that the rule files before this one name
# OUTPUTS:         results/provenance.json

PROVEN_FILES = select_targets(STAGE_FILES, config)
STAGE_FILES += ["results/provenance.json"]
# What says how a run works, and no result of it.
UNPROVEN = ("api", "runtime", "storage", "part")
PROVEN_SETTINGS = ["api.model"] + [key for key in config if key not in UNPROVEN]
# Overlays are told to people who restore a run; they decide nothing that the config does not say.
config["overlays"] = [str(Path(file).resolve()) for file in workflow.overwrite_configfiles]


rule write_provenance:
    """Record what made each result, last of all: `unscene verify` holds the run against it."""
    input:
        # By the names of the rules that make them, in the order of the flow.
        unpack(lambda wildcards: GRAPH.group_by_rule(PROVEN_FILES)),
    output:
        provenance="results/provenance.json",
    log:
        "logs/write_provenance.log",
    benchmark:
        "benchmarks/write_provenance.tsv"
    conda:
        "../../envs/text.yaml"
    threads: config["runtime"]["workers"]
    resources:
        mem_mb=grow(1000),
        runtime=grow("12h"),
    params:
        lineage=lineage("write_provenance", settings=PROVEN_SETTINGS, paths=PATHS),
    message:
        "Recording what made each result"
    script:
        "../scripts/write_provenance.py"
