# Two commands matter: `make demo` runs everything on this machine, `make test` checks everything.
# Nothing but git, make and Python 3.11 or newer is assumed; the rest is installed into .venv.

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 0
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
# twistd finds the plugins of an editable installation only in setuptools' compatible mode.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --config-settings editable_mode=compat

.PHONY: demo test lint types unit api-docs matrix postgresql e2e bench bench-check system-packages clean

demo: $(VENV)/.demo
	@$(BIN)/appproxy demo $(DEMO)

test: system-packages lint types api-docs unit postgresql e2e bench-check
	@echo "appproxy: everything passed"

lint: $(VENV)/.dev
	$(BIN)/ruff check appproxy twisted tests bench docs

types: $(VENV)/.dev
	$(BIN)/mypy

# One process a core; a file's tests stay together, because they share what is costly to make.
unit: $(VENV)/.dev
	$(PYTEST) -q -n auto --dist loadfile -k "not (store and postgresql)"

# The reference of appproxy.api, in build/api: a warning is an error.
api-docs: $(VENV)/.dev
	$(BIN)/pydoctor

# The unit tests with the lowest and the newest releases that pyproject.toml allows, on every Python of this machine.
matrix: $(VENV)/.dev
	$(BIN)/python tests/matrix.py $(MATRIX)

# The tests of the store once more, on a server of their own.
postgresql: $(VENV)/.dev
	tests/with-postgresql $(PYTEST) -q tests/store -k postgresql

# WORKERS=2 runs two files at a time; those that compare times follow, one after the other.
e2e: $(VENV)/.dev
	tests/with-postgresql $(PYTEST) -q -c tests/end_to_end/pytest.ini -n $(WORKERS) --dist loadfile -m "not alone" tests/end_to_end
	tests/with-postgresql $(PYTEST) -q -c tests/end_to_end/pytest.ini -m alone tests/end_to_end

bench: $(VENV)/.dev
	$(BIN)/python -m bench.run
	$(BIN)/python -m bench.translation

bench-check: $(VENV)/.dev
	$(BIN)/python -m bench.run --check
	$(BIN)/python -m bench.translation --check

# nginx, wrk, h2load, curl, pebble, PostgreSQL and a browser are taken from the system; as root on Debian they are installed.
system-packages:
	@tests/system-packages

clean:
	rm -rf $(VENV) .matrix build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "appproxy needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python pyproject.toml setup.cfg
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml setup.cfg
	$(INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/.demo
