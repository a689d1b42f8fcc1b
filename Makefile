# What a newcomer needs: `make dashboard` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help dashboard test test-all test-lowest docs lint bench clean

help:  ## show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "efewidgets needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/user.stamp: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/dev.stamp: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(VENV)/user.stamp $@

dashboard: $(VENV)/user.stamp  ## open the dashboard on the sample cells, in the browser
	$(BIN)/efewidgets dashboard $(ARGS)

test: $(VENV)/dev.stamp  ## run the tests, the style and the type checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto -m 'not slow'

$(VENV)/all.stamp: $(VENV)/dev.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,dask,ipyparallel]'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,consumers]' \
		|| echo "BluePyEModel, BluePyOpt and NEURON can't be had here (about 800 MB): the tests that need them are skipped"
	@touch $@

test-all: $(VENV)/all.stamp  ## run the slow tests too
	$(BIN)/python -m pytest -n auto

docs: $(VENV)/dev.stamp  ## build the documentation site, in docs/_build
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -b html docs docs/_build
	@echo "docs/_build/index.html"

LOWEST := $(VENV)/lowest
LOWEST_TESTS := tests/engine/recordings/test_metadata.py tests/engine/targets/test_rheobase.py tests/engine/recordings/test_ecodes.py \
	tests/engine/recordings/test_recording.py tests/engine/recordings/test_repeats.py tests/engine/features/test_efel_proof.py tests/state/test_actions.py \
	tests/cli/test_config.py

test-lowest: $(VENV)/dev.stamp  ## run a part of the tests with the lowest versions that are allowed
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check -r .ci/lowest.txt
	$(LOWEST)/bin/python -m pytest -n auto -p no:cacheprovider -W default $(LOWEST_TESTS)

lint: $(VENV)/dev.stamp  ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/dev.stamp  ## measure speed and memory, against BluePyEfe
	$(BIN)/python -m tests.benchmarks

clean:  ## remove what was made
	rm -rf $(VENV) efewidgets-output .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist docs/_build docs/generated
