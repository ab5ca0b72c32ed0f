# The verbs of unscene, the same for people and for CI. Each makes what it needs, the environment included.
# A fresh machine needs python3 (3.11 or newer), git and make.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
CORES ?= $(shell nproc 2>/dev/null || echo 2)
# Jobs that may hold a device at once. Without a GPU the stages run on the CPU, a core each, side by side.
GPUS ?= $(shell (nvidia-smi --list-gpus 2>/dev/null || seq $(CORES)) | wc -l)
CONFIG ?=
RUN ?= .
RATER ?=
VENV := .venv
BIN := $(VENV)/bin
SNAKEMAKE := $(BIN)/snakemake --cores $(CORES) --resources gpu=$(GPUS) --directory $(RUN) $(if $(CONFIG),--configfile $(CONFIG))
SOURCES := src workflow tests resources/recipe

.PHONY: help env lock demo plan why lint format test test-all faults bench batch-server label models clean

help: ## Show the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

env: $(VENV)/.installed ## Make the environment in .venv

$(VENV)/.installed: requirements.lock
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not here: install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) -V) is too old: unscene needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) lacks its venv module: install it (Debian and Ubuntu: apt-get install python3-venv)"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps -r requirements.lock
	@touch $@

lock: env ## Pin all packages anew (after a change of requirements.in)
	$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.11 --no-emit-index-url --no-header --no-annotate \
	  --overrides requirements.overrides requirements.in --output-file requirements.lock

demo: env ## From nothing to the report on the embedded scenes
	$(SNAKEMAKE)
	@echo "The report is at $(abspath $(RUN))/results/report.html"

plan: env ## Tokens, dollars, GPU hours, bytes and files, before anything is spent (CONFIG=config/coco30k.yaml)
	@UNSCENE_PLAN=1 $(SNAKEMAKE) --quiet progress rules --forcerun estimate_run -- results/plan.json

why: env ## What would run again, and why
	@PYTHONPATH=src $(BIN)/python -m unscene.run.needed_jobs --directory $(RUN) $(if $(CONFIG),--configfile $(CONFIG))

format: env ## Format all code
	$(BIN)/ruff format --quiet $(SOURCES)
	$(BIN)/ruff check --quiet --fix $(SOURCES)
	$(BIN)/snakefmt --quiet Snakefile workflow/rules

lint: env ## ruff, snakefmt, snakemake --lint and the config schema
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint
	$(BIN)/pytest -q tests/unit/run/test_configuration.py

test: lint ## Lint, unit tests, dry runs of all configs, small runs from end to end
	$(BIN)/pytest

test-all: test ## The dear tiers as well: minutes each
	$(BIN)/pytest -m dear

faults: env ## Fault and kill tests (KIND=api, gpu or train; all of them without KIND)
	@for file in tests/faults/faults_$(or $(KIND),*).py; do $(BIN)/python $$file; done

bench: env ## Every benchmark that this machine can run
	@for file in tests/bench/bench_*.py; do $(BIN)/python $$file; done

batch-server: env ## A local Batch API that needs no key, to try the API path (PORT=8009)
	$(BIN)/python tests/batch_server --port $(or $(PORT),8009)

label: env ## The labelling page for quality calibration (RATER=your-name, RUN=run directory)
	@PYTHONPATH=src $(BIN)/python -m unscene.labelling --run $(RUN) --rater "$(RATER)"

models: env ## Train the embedded models anew (hours on two cores)
	$(BIN)/python resources/recipe/make_embedded_models.py --out resources/embedded

clean: ## Remove the results of the run in RUN (state/, the paid answers, stays)
	rm -rf $(RUN)/results $(RUN)/logs $(RUN)/benchmarks $(RUN)/.snakemake
