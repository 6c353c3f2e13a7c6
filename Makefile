# make run    a conformance run against the embedded emulator; ARGS='--target …' judges another server
# make test   all tests of ringtrue itself; REQUIRE_ALL=1 turns skips for missing parts into failures
# make check  the fast part of them, with ruff and mypy
# make matrix every fault of the emulator judged in full: which clause notices which fault; ARGS='--seed 3'
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
ARGS ?=
SOURCES := pyproject.toml constraints.txt

.PHONY: run test check lint install matrix docs clean

run: .venv/.installed-run
	@$(BIN)/ringtrue run $(ARGS)

install: .venv/.installed-dev

test: .venv/.installed-dev node_modules/.installed lint
	RINGTRUE_REQUIRE_ALL=$(REQUIRE_ALL) $(BIN)/python -m pytest -q -n auto --dist worksteal $(ARGS)

check: .venv/.installed-dev lint
	$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not slow" $(ARGS)

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/mypy

matrix: .venv/.installed-dev
	$(BIN)/python tests/matrix.py $(ARGS)

docs: .venv/.installed-dev
	$(BIN)/python -m harness.contract.docs
	$(BIN)/python -m harness.cli.page

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "ringtrue needs Python 3.11 or newer: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv .venv

.venv/.installed-run: .venv/bin/python $(SOURCES)
	$(PIP) -e .
	@touch $@

.venv/.installed-dev: .venv/bin/python $(SOURCES)
	$(PIP) -e '.[dev]'
	@touch .venv/.installed-run $@

# Prism, a mock server that nobody here wrote, is tested where Node is there.
node_modules/.installed: package.json package-lock.json
	@if command -v npm >/dev/null 2>&1; then \
	  npm ci --no-audit --no-fund --loglevel=error && mkdir -p node_modules && touch $@; \
	else echo "npm is not here: the tests with Prism will be skipped"; fi

clean:
	rm -rf .venv node_modules build dist *.egg-info .mypy_cache .ruff_cache
