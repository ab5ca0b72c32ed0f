# What every rule file uses: the checked config, the shards, and the lineage of a rule.
#
# REQUIRED INPUTS: config
# OUTPUTS:         PART, SHARDS, POOL_SHARDS, ALL_SHARDS, ASKED_SHARDS, SOURCES, LEXICON, STAGE_FILES (each rule file adds its own), GRAPH, lineage()

import os
import sys
import time
from functools import partial
from pathlib import Path

STARTED = time.time()
# Not `workflow.basedir`: that is another workflow's folder where this one is its module.
CHECKOUT = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parents[1]
if not CHECKOUT.is_dir():
    raise WorkflowError("unscene is used as a module from a local clone: name its Snakefile there by a path")
sys.path.insert(0, str(CHECKOUT / "src"))
from unscene.answers.backends import BACKENDS
from unscene.answers.starting import find_lack_of_key
from unscene.config.checks import check_paths, list_warnings, tell_absent_sources
from unscene.config.command_line import start_run
from unscene.edits.removers import FILES, REMOVERS
from unscene.evaluation.sets.exam import is_drawn
from unscene.plan.preflight import check_before_start
from unscene.run.checkout import prepare_jobs
from unscene.run.configuration import (
    PATHS,
    get_split,
    is_trained,
    keeps_features,
    list_sources,
    read_chosen,
    shows_sham,
    wants_study,
)
from unscene.run.graph import Graph
from unscene.run.interrupts import INTERRUPTS
from unscene.run.left_locks import needs_weights, tell_of_lock
from unscene.run.left_out import tell_left_out
from unscene.run.lineage import Lineage
from unscene.run.logs import tell_stops_last
from unscene.run.needed_jobs import warn_of_hidden_jobs
from unscene.run.parts import choose_shards, choose_targets, read_part
from unscene.run.queued_jobs import find_orphans
from unscene.run.questions import is_question
from unscene.run.records import list_weights
from unscene.run.resources import grow
from unscene.run.shard_names import SHARD_PATTERN, get_source_name
from unscene.samples.piloting import keep_pilot_shards, start_pilot
from unscene.run.targets import select_targets
from unscene.samples.readers import has_instances, is_rendered
from unscene.training.clip_check import list_checked_arms
from unscene.words.word_lists import find_vocabulary

prepare_jobs()
INTERRUPTS.catch_early()
tell_of_lock(lambda: INTERRUPTS.is_caught)
# `make plan` sets this: what a run will cost is asked before its weights and data are fetched.
IS_PLAN = "UNSCENE_PLAN" in os.environ
start_run(config, workflow, CHECKOUT, IS_PLAN, needs_weights())
# What `unscene status` does without: weights count as those that the records of this run name.
LACKING = [] if needs_weights() else list(check_paths(config, CHECKOUT))
# `unscene pilot` sets this: about how many photos the pilot is to have.
IS_PILOT = "UNSCENE_PILOT" in os.environ
start_pilot(config, os.environ.get("UNSCENE_PILOT"))
for warning in [*list_warnings(config), *tell_absent_sources(config, CHECKOUT, IS_PLAN)]:
    if not is_question():
        print(f"WARNING: {warning}", file=sys.stderr)

SOURCES = {source["name"]: source for source in config["samples"]["sources"]}
# What is edited and tested. A pool is read and trained on, and no rule over SHARDS knows it.
SHARDS = choose_shards(config)
POOLS = {source["name"]: source for source in list_sources(config, pool=True)}
POOL_SHARDS = choose_shards(config, pool=True)
ALL_SHARDS = choose_shards(config | {"part": None})
if IS_PILOT:
    SHARDS, POOL_SHARDS = keep_pilot_shards(SHARDS), keep_pilot_shards(POOL_SHARDS)
    ALL_SHARDS = SHARDS
# What this machine does of the run (`part`), None for all of it: then SHARDS are its own shards.
PART = read_part(config)
# Pool photos whose source does not say what is on them: their captions and a detector are asked.
ASKED_SHARDS = [shard for shard in POOL_SHARDS if not has_instances(POOLS[get_source_name(shard)])]
ARMS = list(config["train"]["arms"])
FOLDS = list(range(config["folds"]["folds"]))
SEEDS = config["train"]["seeds"]
# Training seed 0 is trained and tested on folds.parquet, each further one on a split of its own.
REPEATS = [seed for seed in SEEDS if seed > 0]
# A job of training or evaluation writes the files of all folds of an arm and seed, or of one of them;
# it waits for the models of all, so that runtime.folds_together makes no job's inputs others.
of_all_folds = partial(expand, fold=FOLDS, allow_missing=True)
if config["runtime"]["folds_together"]:
    FOLDS_A_JOB, FOLD_JOB, CLASS_JOB = len(FOLDS), "{arm}-seed{seed}", "{arm}-seed{seed}"
    of_folds = of_all_folds
else:
    FOLDS_A_JOB, FOLD_JOB, CLASS_JOB = 1, "{arm}-fold{fold}-seed{seed}", "{arm}-class{fold}-seed{seed}"
    of_folds = partial(expand, allow_missing=True)
LEXICON = f"src/unscene/resources/{find_vocabulary(config).lexicon}"
STAGE_FILES = []  # every stage adds its files; `rule all` asks for them

GRAPH = Graph(workflow)
LINEAGE = Lineage(
    config,
    CHECKOUT,
    GRAPH.find_parents,
    needs_files=not IS_PLAN and not LACKING,
    recorded=list_weights(Path.cwd()) if LACKING else None,
)
lineage = LINEAGE.declare


wildcard_constraints:
    source="[A-Za-z0-9_]+",
    shard=SHARD_PATTERN,
    arm="[a-z0-9_]+",
    set="[A-Za-z0-9_.-]+",
    model="[A-Za-z0-9_.-]+",
    fold=r"\d+",
    seed=r"\d+",


onstart:
    DUE = {job.rule.name for job in workflow.dag.needrun_jobs()}
    if (
        lack := find_orphans(Path.cwd())
        or find_lack_of_key(DUE, config["api"])
        or check_before_start(config, DUE)
    ):
        sys.exit(f"unscene: {lack}")  # an error of a rule file would show its line
    INTERRUPTS.catch(workflow)


onsuccess:
    tell_left_out(Path("logs"), STARTED)
    # Paid answers are behind `ancient` inputs, which can hide a job that is due.
    if not IS_PLAN and (KEYWORD_BACKEND.is_paid or CAPTION_BACKEND.is_paid):
        warn_of_hidden_jobs(workflow)


onerror:
    if not INTERRUPTS.was_interrupted:
        tell_stops_last(Path("logs"), STARTED)
