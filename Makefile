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
# Overlays, separated by spaces.
CONFIG ?=
RUN ?= .
RATER ?=
PHOTOS ?=
# Two processes test side by side; a file's tests, which may share a run, stay in one of them. The order
# of the files is that of tests/conftest.py: the long ones first.
SIDE_BY_SIDE := -n 2 --dist loadfile --no-loadscope-reorder
VENV := .venv
BIN := $(VENV)/bin
# Recipes read these as "$$RUN": whatever is in them stays one word.
export PYTHON RUN RATER PHOTOS VENV
CONFIGFILES := $(if $(CONFIG),--configfile $(foreach file,$(CONFIG),'$(file)'))
SNAKEMAKE := $(BIN)/snakemake --cores $(CORES) --resources gpu=$(GPUS) --directory "$$RUN" $(CONFIGFILES)
UNSCENE := $(BIN)/python -m unscene
SOURCES := src workflow tests notebooks resources/recipe

.PHONY: help moved env lock demo plan why schema lint format test test-all faults bench batch-server label serve docs models clean

help: ## Show the verbs
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

env: $(VENV)/.installed ## Make the environment in .venv

# An environment knows the checkout that it was made for: in one that was moved it is due. A link is the user's own.
ifneq ($(shell if [ -L $(VENV) ]; then pwd -P; else cat $(VENV)/.installed 2>/dev/null; fi),$(shell pwd -P))
$(VENV)/.installed: moved
endif
$(VENV)/.installed: requirements.lock
	@envs/make_venv.sh "$$PYTHON" "$$VENV"

lock: env ## Pin what pyproject.toml newly needs; UPGRADE=1 pins everything anew
	$(BIN)/uv pip compile --quiet --universal $(if $(UPGRADE),--upgrade) --python-version 3.11 --no-emit-index-url \
	  --no-header --no-annotate --all-extras pyproject.toml --output-file requirements.lock

demo: env ## From nothing to the report on the embedded scenes
	$(SNAKEMAKE)
	@echo "The report is at $$(realpath -- "$$RUN")/results/report.html"

plan: env ## Tokens, dollars, GPU hours, bytes and files, before anything is spent (CONFIG=config/coco30k.yaml; no spaces in its path)
	@$(UNSCENE) plan --directory "$$RUN" $(CONFIGFILES)

why: env ## What would run again, and why
	@$(UNSCENE) why --directory "$$RUN" $(CONFIGFILES)

schema: env ## Write the config's schema, its manual and the tables' reference page anew
	$(UNSCENE) schema

format: env ## Format all code
	$(BIN)/ruff format --quiet $(SOURCES)
	$(BIN)/ruff check --quiet --fix $(SOURCES)
	$(BIN)/snakefmt Snakefile workflow/rules
	$(BIN)/python -m unscene.run.code_versions

lint: env ## ruff, snakefmt, which room imports which, mypy, snakemake --lint and the config schema
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	$(BIN)/snakemake --lint
	$(UNSCENE) schema --check
	$(BIN)/pytest -q tests/unit/config

test: lint ## Lint, unit tests, dry runs of all configs, small runs from end to end
	$(BIN)/pytest $(SIDE_BY_SIDE)

test-all: test ## The dear tiers as well: minutes each
	$(BIN)/pytest $(SIDE_BY_SIDE) -m dear

faults: env ## Fault and kill tests (KIND=run, api, gpu, train, serve or slurm; all of them without KIND)
	@for file in tests/faults/faults_$(or $(KIND),*).py; do $(BIN)/python "$$file"; done

bench: env ## Every benchmark that this machine can run
	@for file in tests/bench/bench_*.py; do $(BIN)/python "$$file"; done

batch-server: env ## A local Batch API that needs no key, to try the API path (PORT=8009, SLOW=1 to watch batches)
	$(BIN)/python tests/batch_server --port $(or $(PORT),8009) $(if $(SLOW),--slow)

label: env ## The labelling page for quality calibration (RATER=your-name, RUN=run directory)
	@$(UNSCENE) label --directory "$$RUN" --rater "$$RATER"

serve: env ## The deployed model and its search page (RUN=run directory, PHOTOS=own folder, PORT=8008)
	@$(UNSCENE) serve --directory "$$RUN" $(if $(PHOTOS),--photos "$$PHOTOS") --port $(or $(PORT),8008)

docs: env ## The documentation as a site in build/site; fails on a link that leads nowhere
	@rm -rf build/pages build/site && mkdir -p build/pages && git ls-files -z '*.md' '*.png' '*.cff' '*.ipynb' docs/site.css docs/iframe-worker.js LICENSE | xargs -0 cp --parents -t build/pages
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build >build/docs.log 2>&1 || { cat build/docs.log; exit 1; }
	@echo "The site is at $$(realpath build/site)/index.html"

models: env ## Train the embedded models anew (hours on two cores)
	$(BIN)/python resources/recipe/make_embedded_models.py --out resources/embedded

clean: ## Remove the results of the run in RUN (state/, the paid answers, stays)
	@stop() { echo "make clean: $$1" >&2; exit 1; }; \
	[ -n "$$RUN" ] || stop "RUN is empty: name the directory of the run (RUN=runs/mine), or leave it out for this one"; \
	run=$$(realpath -e -- "$$RUN" 2>/dev/null) || stop "$$RUN is not there"; \
	above=$${run%/}; \
	case "$$PWD" in "$$above"/*) stop "$$run is not a run: the checkout lies in it";; esac; \
	[ -d "$$run/.snakemake" ] || stop "$$run is not a run (it has no folder .snakemake): nothing is removed"; \
	[ -z "$$(ls -A "$$run/.snakemake/locks" 2>/dev/null)" ] || stop "a run works in $$run, or died there: wait for it, or free it with snakemake --unlock --directory '$$run'"; \
	for name in results logs benchmarks .snakemake; do \
	  if [ -e "$$run/$$name" ]; then echo "removing $$run/$$name"; rm -rf -- "$${run:?}/$$name"; fi; \
	done; \
	if [ -e "$$run/state" ]; then echo "staying  $$run/state (paid answers, labels)"; fi
