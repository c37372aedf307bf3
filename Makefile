# Two commands matter: `make demo` runs everything on this machine, `make test` checks everything.
# Nothing but git, make and Python 3.11 or newer is assumed; the rest is installed into .venv.

PYTHON ?= python3
VENV ?= .venv
# Of the tests from end to end: they wait most of the time, two to a core keep it busy.
WORKERS ?= 4
BESIDE = $(MAKE) --no-print-directory --jobs=4 --output-sync=target
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
E2E := $(PYTEST) -q -c tests/end_to_end/pytest.ini
# twistd finds the plugins of an editable installation only in setuptools' compatible mode.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --config-settings editable_mode=compat

.PHONY: demo man test soak lint types unit api-docs docs matrix postgresql e2e e2e-beside e2e-alone bench bench-check operations system-packages clean

demo: $(VENV)/.demo
	@$(BIN)/appproxy demo $(DEMO)

# What does not depend on each other runs side by side, and is shown when it has ended. End to end is mostly waiting, so that
# the rest of the work fits in; what compares times comes last, and has the machine to itself.
test: system-packages $(VENV)/.dev
	@echo "unit tests and the source, a minute or two"
	@$(BESIDE) lint types docs unit
	@echo "end to end, five minutes or so"
	@$(BESIDE) e2e-beside postgresql bench-check
	@$(MAKE) --no-print-directory e2e-alone
	@echo "appproxy: everything passed"

lint: $(VENV)/.dev
	$(BIN)/ruff check appproxy twisted tests bench docs

types: $(VENV)/.dev
	$(BIN)/mypy

# One process a core; a file's tests stay together, because they share what is costly to make.
unit: $(VENV)/.dev
	$(PYTEST) -q -n auto --dist loadfile -m "not postgresql"

# The reference of appproxy.api, in build/api: a warning is an error.
api-docs: $(VENV)/.dev
	$(BIN)/pydoctor

# docs/ as a site, in build/docs, with that reference below api/: a link to nowhere is an error.
docs: api-docs
	$(BIN)/python -m sphinx -b html --nitpicky --fail-on-warning --keep-going --quiet docs build/docs
	@rm -rf build/docs/api && cp -R build/api build/docs/api

# Manual pages of all commands, in build/man: for packages; whoever has installed it runs `appproxy manual`.
man: $(VENV)/.dev
	@$(BIN)/appproxy manual build/man

# The unit tests with the lowest and the newest releases that pyproject.toml allows, on every Python of this machine.
matrix: $(VENV)/.dev
	$(BIN)/python tests/matrix.py $(MATRIX)

# The tests of what is stored once more, on a server of their own: those below tests/store, and files that take the fixtures from
# there. To look for them in all files takes longer than many of them.
postgresql: $(VENV)/.dev
	tests/with-postgresql $(PYTEST) -q -m postgresql -n 2 --dist loadfile tests/store \
		$$(grep -rl --include='test_*.py' 'from tests\.store\.conftest' tests)

e2e:
	@$(MAKE) --no-print-directory e2e-beside
	@$(MAKE) --no-print-directory e2e-alone

# WORKERS files at a time.
e2e-beside: $(VENV)/.dev
	tests/with-postgresql $(E2E) -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not alone" tests/end_to_end

# Those that compare times, one after the other.
e2e-alone: $(VENV)/.dev
	tests/with-postgresql $(E2E) -m alone tests/end_to_end

# Users without a pause, and faults in an order of chance: SOAK_SECONDS=300 for less than half an hour, SOAK_SEED=N for the same again.
soak: $(VENV)/.dev
	$(BIN)/python -m tests.end_to_end.soak

bench: $(VENV)/.dev
	$(BIN)/python -m bench.run
	$(BIN)/python -m bench.translation

bench-check: $(VENV)/.dev
	$(BIN)/python -m bench.run --check
	$(BIN)/python -m bench.translation --check
	$(BIN)/python -m bench.operations --check connector-restart reload policy

# Each operation on its own under load, counted: OPERATIONS="--rate 100 reload node-restart" for a part.
operations: $(VENV)/.dev
	tests/with-postgresql $(BIN)/python -m bench.operations $(OPERATIONS)

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
