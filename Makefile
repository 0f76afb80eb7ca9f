# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
#
# make run        installs xentui into .venv and starts the wizard
# make test       installs what tests need too; runs format, lint, types and the quick tests
# make test-all   the same with every test: full property budgets, random walks, a real terminal
# make generated  updates the files generated from the code: completions, man page, reference
# make picture    draws docs/images/architecture.svg from the imports; needs graphviz
# make docs       builds the documentation into build/docs; a warning is an error
# make reuse      checks that every file names its licence
# make release    builds, checks and tries the archives to publish: see CONTRIBUTING.md
# make rehearse-test   boots Xen in QEMU; downloads what that needs, without root.
#                 REHEARSE="rehearse and not edge" skips the longest tests
#                 REHEARSE="rehearse and not arm" ARCHES=x86-64 skips arm64
# make coverage   writes a report on the engine's branches that tests reach: build/coverage
# make mutants    changes rules/ and bitbake/ in one place at a time, and lists the changes
#                 that no test notices; MUTANTS="xentui.rules.budget*" for one module,
#                 about five minutes
# make fuzz       feeds random bytes to the readers for SECONDS seconds each; keeps the corpus
# make nightly    tries 20,000 examples of hostile text
# make audit      asks PyPI for known vulnerabilities of the packages in constraints.txt
#
# With another interpreter: make test PYTHON=python3.12. Packages are installed again only if
# pyproject.toml or constraints.txt changed, so a second run needs no network.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PROJECT ?=
TESTS ?= tests
# One more than the number of cores, since tests of programs and terminals often wait.
JOBS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
REHEARSE ?= rehearse
ARCHES ?= x86-64 aarch64
MUTANTS ?=
SECONDS ?= 1800

QUICK := not slow and not tmux and not real and not rehearse
LEFT := slow or tmux or real or property
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --dist worksteal
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# Let Python keep bytecode. Otherwise each process that a test starts compiles everything again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run test test-all test-quick test-full test-rest rehearse-parts rehearse-test coverage mutants fuzz nightly audit lint format generated picture docs reuse release clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# make /make /p' Makefile

run: $(VENV)/.installed
	@$(BIN)/xentui $(if $(PLAIN),--plain) $(PROJECT)

# Run lint and tests at the same time; a failure of one does not stop the other.
test: $(VENV)/.installed-test
	@$(MAKE) --no-print-directory -j2 lint test-quick

test-all: $(VENV)/.installed-test
	@$(MAKE) --no-print-directory -j2 lint test-full

test-quick: $(VENV)/.installed-test
	$(PYTEST) -m "$(QUICK)" $(TESTS)

test-full: $(VENV)/.installed-test
	$(PYTEST) --hypothesis-profile=full $(TESTS)

# Run the tests that "make test" leaves out, and those that it tries with few examples.
test-rest: $(VENV)/.installed-test
	$(PYTEST) --hypothesis-profile=full -m "($(LEFT)) and not rehearse" $(TESTS)

rehearse-parts: $(VENV)/.installed-test
	$(BIN)/python -m tests.rehearsal.real_parts $(ARCHES)

# Each of the two processes uses one core and up to 2 GiB.
rehearse-test: rehearse-parts
	XENTUI_REHEARSE=1 $(BIN)/python -m pytest -n 2 --dist worksteal -m "$(REHEARSE)" tests/rehearsal

# Subprocesses are measured too. Tests that watch system calls or imports are skipped, since the
# measurement itself makes some.
COVERAGE := $(BIN)/python -m coverage
coverage: $(VENV)/.installed-deep
	rm -rf build/coverage && mkdir -p build/coverage
	-$(COVERAGE) run -m pytest -n $(JOBS) --deselect tests/tui/test_snapshots.py \
		-k "not linear and not start_up and not torn and not next_to_nothing and \
		not read_only" $(TESTS)
	$(COVERAGE) combine -q
	$(COVERAGE) html -q -d build/coverage/html
	$(COVERAGE) report --skip-covered

mutants: $(VENV)/.installed-deep
	$(BIN)/mutmut run $(MUTANTS)
	$(BIN)/mutmut results

fuzz: $(VENV)/.installed-deep
	$(INSTALL) atheris
	$(BIN)/python -m tools.fuzz document $(SECONDS) build/fuzz
	$(BIN)/python -m tools.fuzz conf $(SECONDS) build/fuzz

nightly: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n $(JOBS) --hypothesis-profile=nightly tests/test_parser_text.py

audit: $(VENV)/.installed-test
	$(INSTALL) --group audit
	$(BIN)/pip-audit -r constraints.txt --no-deps --disable-pip --progress-spinner off

lint: $(VENV)/.installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/yamllint --strict .github .gitlab .gitlab-ci.yml .pre-commit-config.yaml
	$(BIN)/zizmor --offline --quiet .github

format: $(VENV)/.installed-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

generated: $(VENV)/.installed-test
	$(BIN)/python -m tools.generated

picture: $(VENV)/.installed-test
	$(BIN)/python -m tools.picture

docs: $(VENV)/.installed-test
	$(BIN)/sphinx-build -W --keep-going -q -b html docs build/docs

reuse: $(VENV)/.installed-test
	$(BIN)/reuse lint

release: $(VENV)/.installed-test
	$(INSTALL) --group release
	$(BIN)/python -m tools.release

clean:
	rm -rf $(VENV) build dist mutants *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache

# Replace a venv that has no pip or was made by another Python.
$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "$(PYTHON) was not found: install Python 3.11 or newer, or set PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "xentui needs Python 3.11 or newer; $(PYTHON) is" \
			"$$($(PYTHON) --version 2>&1). Try PYTHON=python3.12, for example." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu:" \
			"apt-get install python3-venv" >&2; exit 1; }
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e .
	@touch $@

# Dependency groups (PEP 735) are understood by pip 25.1 and newer.
$(VENV)/.installed-test: pyproject.toml constraints.txt $(VENV)/.installed
	$(INSTALL) 'pip>=25.1'
	$(INSTALL) --group dev -e .
	@touch $@

$(VENV)/.installed-deep: $(VENV)/.installed-test
	$(INSTALL) --group deep
	@touch $@
