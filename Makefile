# Only Python 3.11 and make are needed; everything else is installed into .venv from the locks.
PYTHON ?= python3.11
BIN := .venv/bin
WORKERS ?= 3  # one more than cores: tests that wait for a disk or a clock leave theirs idle
# whole files, in order: what a file computes once is computed once
SIDE_BY_SIDE = -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# compiled once, libraries load in a third of the time, and every worker process loads them
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run run-all test prove check lint types layers ui bench lock clean

run: .venv/installed  ## ten stocks, the trades, the tear sheet: the sample from 2012
	$(BIN)/trade-assets run

run-all: .venv/installed  ## the whole sample history, twenty years, in a store of its own
	TRADE_ASSETS_FILE=config/full.yaml $(BIN)/trade-assets run

ui: .venv/installed  ## the Dagster UI on http://127.0.0.1:3000
	$(BIN)/trade-assets ui

test: .venv/developed  ## the test suite
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

prove: .venv/developed  ## every line of docs/reliability.md at its full count; an hour or so
	RELIABILITY=full $(BIN)/python -m pytest -m reliability $(SIDE_BY_SIDE) --table=docs/reliability.md

lint: .venv/developed
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: .venv/developed
	$(BIN)/pyright

layers: .venv/developed
	$(BIN)/lint-imports

check: lint types layers  ## everything that must hold before a commit, with coverage
	EXAMPLES=100 $(BIN)/python -m pytest $(SIDE_BY_SIDE) --cov --cov-report=term --cov-fail-under=90

bench: .venv/developed  ## ours against its peers, small sizes
	$(BIN)/python -m benchmarks

COMPILE = $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-strip-extras --no-header

lock: .venv/installed  ## resolve the newest versions again
	$(COMPILE) --extra build -o requirements.lock
	$(COMPILE) --extra build --extra dev --constraint requirements.lock -o requirements-dev.lock

.venv/installed: requirements.lock requirements-uv.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

.venv/developed: .venv/installed requirements-dev.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	touch $@

clean:
	rm -rf .venv data/store data/exports data/dagster data/mlflow.db data/optuna.db data/full
