# What a newcomer needs: `make dashboard` and `make test`. Each line here can be typed by hand on any system: README.md.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable

.PHONY: help dashboard test test-all test-lowest test-matrix docs lint bench clean

help:  ## show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "efewidgets needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/pip.stamp: | $(BIN)/python  # an environment that uv made has no pip
	@$(BIN)/python -c 'import pip' 2>/dev/null || $(BIN)/python -m ensurepip >/dev/null
	@touch $@

$(VENV)/user.stamp: pyproject.toml | $(VENV)/pip.stamp
	$(INSTALL) .
	@touch $@

$(VENV)/dev.stamp: pyproject.toml | $(VENV)/pip.stamp
	$(INSTALL) '.[dev]'
	@touch $(VENV)/user.stamp $@

dashboard: $(VENV)/user.stamp  ## open the dashboard on the sample cells, in the browser
	$(BIN)/efewidgets dashboard $(ARGS)

test: $(VENV)/dev.stamp  ## run the tests, the style and the type checks
	$(BIN)/python -m tests

$(VENV)/all.stamp: $(VENV)/dev.stamp
	$(INSTALL) '.[dev,dask,ipyparallel]'
	@$(INSTALL) '.[dev,consumers]' \
		|| echo "BluePyEModel, BluePyOpt and NEURON can't be had here (about 800 MB): the tests that need them are skipped"
	@touch $@

test-all: $(VENV)/all.stamp  ## run the slow tests too
	$(BIN)/python -m pytest -n auto

docs: $(VENV)/dev.stamp  ## build the documentation site, in docs/_build
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -b html docs docs/_build
	@echo "docs/_build/index.html"

test-lowest: $(VENV)/dev.stamp  ## run a part of the tests with the lowest versions that are allowed
	$(BIN)/nox --session part

test-matrix: $(VENV)/dev.stamp  ## run all with the newest, the lowest and the coming versions, on each Python that is found
	$(BIN)/nox

lint: $(VENV)/dev.stamp  ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/dev.stamp  ## measure speed and memory, against BluePyEfe
	$(BIN)/python -m tests.benchmarks

clean:  ## remove what was made
	rm -rf $(VENV) .nox efewidgets-output .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist docs/_build docs/generated
