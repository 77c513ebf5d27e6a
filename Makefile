# Thin on purpose: every target is a line or two that can be typed by hand (see README.md).
# Each one makes the virtual environment that it needs.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# What an installation compiles, so that it is done anew.
COMPILED := hatch_build.py $(wildcard collector_processor/barograph_processor/otlp/wire/*)

.PHONY: demo demo-collector test check format docs collector clean

demo: $(VENV)/.examples  ## a year of flights through a watched model; no Collector needed
	$(BIN)/barograph demo

demo-collector: $(VENV)/.examples collector  ## the same through a real Collector, Jaeger and Prometheus
	$(BIN)/python -m components demo

test: $(VENV)/.dev  ## all tests; those that need the real components are skipped without them
	$(BIN)/python -m pytest

check: $(VENV)/.dev docs  ## documentation, style, types, architecture, licences and known vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/clang-format --dry-run --Werror collector_processor/barograph_processor/otlp/wire/*.[ch]
	$(BIN)/oxlint --quiet collector_processor/barograph_processor/web/static/js
	$(BIN)/python -m audit

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i collector_processor/barograph_processor/otlp/wire/*.[ch]

docs: $(VENV)/.dev  ## the documentation as a site in build/docs; a warning is an error
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs

collector:  ## build the real Collector and Jaeger once into a cache; install Prometheus, Alertmanager, Chromium, a C compiler and Python's headers
	$(PYTHON) -m components install
	$(PYTHON) -m components build all

$(VENV)/.examples: pyproject.toml $(COMPILED) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[examples]'
	touch $@

$(VENV)/.dev: pyproject.toml $(COMPILED) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@ $(VENV)/.examples

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -f collector_processor/barograph_processor/otlp/_wire.abi3.so
