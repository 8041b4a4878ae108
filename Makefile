# The commands that people and CI share. `make help` lists them.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# Tests at the same time; each may need 2 GB. A file's tests stay together: they share networks.
# Files come as they are named: by number of tests, the few that take longest would come last.
WORKERS ?= 2
SHARED  := -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup grade test test-fast check lint types release release-check autograder clean

help:  ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

# The stamp is newer than what it was made from, so set-up runs again only when a pin changes.
$(STAMP): requirements.txt requirements-dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) not found. Install Python 3.11 or say which: make $(MAKECMDGOALS) PYTHON=python3"; exit 1; }
	@# Without a stamp the folder is new, or half made by a set-up that was stopped: begin again.
	test -e $@ || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@# Nothing but the parts about Fashion-MNIST needs this, so set-up goes on without it.
	@$(BIN)/mnist-course data fetch --sys-prefix fashion_mnist || echo "make: WARNING: Fashion-MNIST is not here. Later: $(BIN)/mnist-course data fetch --sys-prefix fashion_mnist"
	@touch $@

setup: $(STAMP)  ## make .venv with everything the course needs

grade: setup release  ## grade the example M5 submissions on real MNIST: scores, results.json, feedback in results/
	$(BIN)/python -m examples.grade_all --output results

test: check  ## everything CI runs: lint, types, generated files, all tests

test-fast: setup  ## the tests that need no minutes
	$(BIN)/python -m pytest $(SHARED) -m "not slow"

check: setup lint types release-check  ## ruff, mypy strict, release/ up to date, all tests
	$(BIN)/python -m pytest $(SHARED)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

release: setup  ## source/ -> release/ with nbgrader
	$(BIN)/mnist-course release

release-check: setup  ## fail when release/ is stale or holds an answer
	$(BIN)/mnist-course release --check --static

autograder: setup  ## m5.zip for Gradescope
	$(BIN)/mnist-course autograder build m5 --output m5.zip

clean:  ## remove what can be made again (not .venv)
	rm -rf results build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
