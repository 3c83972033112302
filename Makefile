# make run [CONFIG=experiment.yaml] [CORES=n] [DATA=folder] and make test set up all they need: a .venv with the pinned packages.
# VERBOSE=1 brings back what Snakemake prints, which otherwise stays in its log below .snakemake/log.
CONFIG ?= config.yaml
CORES ?= $(shell nproc 2>/dev/null || echo 2)
PYTHON ?= $(firstword $(foreach v,python3.11 python3.12 python3.13 python3,$(if $(shell $(v) -c 'import sys' 2>/dev/null && echo y),$(v))))
RESULTS ?= results
# Cards (GPUs) of this machine: with `gpus: 1` so many jobs of train and predict run at once, each on one of its own.
GPUS ?= 1
# Where data lie: make data puts them there, make run finds them there. Without it the experiment says, or else `data`.
# Of several --config Snakemake takes the last, so that of ARGS gets one more word.
DATA ?=
AT := $(if $(DATA),data='$(DATA)')
GIVEN = $(patsubst --config=%,--config %,$(patsubst -C%,--config %,$(ARGS)))
WORDS = $(if $(AT),$(if $(filter --config,$(GIVEN)),$(patsubst --config,--config $(AT),$(GIVEN)),$(ARGS) --config $(AT)),$(ARGS))
VENV := .venv
BIN := $(VENV)/bin
SNAKEMAKE = $(BIN)/snakemake --rerun-incomplete --rerun-triggers mtime params input software-env --cores $(CORES) \
  --resources gpu=$(GPUS) --configfile $(CONFIG) $(WORDS)

.PHONY: run reproduce data shots figures tables verify merge reference test coverage test-slow test-torch test-real test-hub test-slurm test-browser lint format bench bench-large

run: $(VENV)/ready
	@$(BIN)/python scripts/check.py $(CONFIG)
	@$(SNAKEMAKE)

# The same, and whether what is claimed of the experiment came out: ends with 1 where a claim differs.
reproduce: $(VENV)/ready
	@$(BIN)/python scripts/check.py $(CONFIG)
	@$(BIN)/python scripts/reproduce.py $(SNAKEMAKE)

# The README's tables of an experiment, and the claims that it makes of them, from a results folder.
tables: $(VENV)/ready
	$(BIN)/python scripts/tables.py $(CONFIG) $(RESULTS)

# Every figure of the report as SVG and PDF, every table as Markdown, CSV and LaTeX, into RESULTS/figures.
figures: $(VENV)/ready
	$(BIN)/python scripts/figures.py $(CONFIG) $(RESULTS)

# What can be fetched, into the layout that the experiments read: make data NAME=cub [DATA=folder]; without NAME a list.
data: $(VENV)/ready
	@$(BIN)/python scripts/fetch.py --data '$(or $(DATA),data)' $(or $(NAME),--list)

# Every file of a results folder against its digest: make verify [RESULTS=results].
verify: $(VENV)/ready
	$(BIN)/python scripts/verify.py $(RESULTS)

# Results folders that were made apart, in one table and one report: make merge RESULTS="a b c" INTO=merged.
INTO ?= merged
merge: $(VENV)/ready
	@$(BIN)/python scripts/merge.py $(INTO) $(RESULTS)

# The two pictures that README.md shows, from the results of the default experiment.
shots: $(VENV)/ready
	$(BIN)/python scripts/shots.py $(CONFIG) $(RESULTS)

# config/README.md, every key of an experiment, from the schema and the signatures.
reference: $(VENV)/ready
	$(BIN)/python scripts/reference.py

# Two at a time, each in a process of its own, which takes up to 3 GB: WORKERS=8 where there is room for more.
WORKERS ?= 2
test: $(VENV)/ready lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

# The tests, and which lines of the library they reach; it takes a third longer.
coverage: $(VENV)/ready
	$(BIN)/python -m pytest --cov=wsol $(ARGS)

# Architectures and runs of minutes; runs on real images and weights.
test-slow: $(VENV)/ready
	$(BIN)/python -m pytest -m slow $(ARGS)

# Networks in PyTorch, which comes into the environment and is in no lock: TORCH=torch==2.9.1 for one of your choice.
TORCH ?= torch>=2.6
test-torch: $(VENV)/ready
	$(BIN)/python -m pip install --quiet '$(TORCH)'
	$(BIN)/python -m pip install --quiet --no-deps grad-cam ttach
	$(BIN)/python -m pytest -m 'not real and not slurm and not browser' tests/networks/test_torch_*.py tests/workflow/test_torch_runs.py $(ARGS)

test-real: $(VENV)/ready
	$(BIN)/python -m pytest -m real -rs $(ARGS)

# What needs keras-hub, which is no part of the lock: it brings a tokenizer of 100 MB along.
test-hub: $(VENV)/ready
	$(BIN)/python -m pip install --quiet 'keras-hub>=0.32'
	$(BIN)/python -m pytest -rs tests/networks/test_hub.py tests/networks/test_hub_families.py $(ARGS)

# Needs sbatch, and snakemake-executor-plugin-slurm in the environment.
test-slurm: $(VENV)/ready
	$(BIN)/python -m pytest -m slurm -rs $(ARGS)

# Needs Chromium and its driver (Debian: chromium, chromium-driver).
test-browser: $(VENV)/ready
	$(BIN)/python -m pytest -m browser -rs $(ARGS)

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/Snakefile workflow/rules
	$(BIN)/mypy

format: $(VENV)/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow/Snakefile workflow/rules

bench: $(VENV)/ready
	for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

# The whole workflow at the size of ImageNet's validation set, in a folder with some 2 GB of room: make bench-large AT=folder.
# benchmarks/large/photographs.py does the same with photographs and a network's weights.
bench-large: $(VENV)/ready
	$(BIN)/python benchmarks/large/evaluation.py '$(or $(AT),$(error say where: make bench-large AT=folder))'

$(VENV)/ready: requirements.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; ok = (3, 11) <= v <= (3, 13); \
	  sys.exit(0 if ok else "setup: needs Python 3.11, 3.12 or 3.13; found %d.%d. Say PYTHON=/path/to/python3.11." % v)'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "setup: $(PYTHON) has no venv module; on Debian and Ubuntu: apt-get install python3-venv." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	@touch $@
