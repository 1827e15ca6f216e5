# Everything a newcomer does, from a bare machine: Python 3.11 or newer, make and git are enough.
# What the setup says goes to stderr, so that stdout holds only what was asked for.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
PY := $(VENV)/bin/python
HUB := $(PY) -m app
ARGS ?=
# Three workers on two cores, since a test often waits for a process it started or for the database;
# they take whole files, in the order of tests/support/order.py. A run starts the hub a hundred times:
# compiled once, also where the shell would have nothing kept.
TESTS := env -u PYTHONDONTWRITEBYTECODE $(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help setup demo run test check fmt migrate seed bench docs golden lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

setup: $(VENV)/.dev-ready ## Prepare .venv with everything for development

demo: $(VENV)/.demo-ready ## Play one case along the whole road and keep serving (ARGS="--once --json")
	@exec $(HUB) demo $(ARGS)

run: $(VENV)/.demo-ready ## Serve the hub on its own Postgres (ARGS="--port 8123")
	@exec $(HUB) run $(ARGS)

migrate: $(VENV)/.demo-ready ## Bring the database to the current schema
	@$(HUB) migrate $(ARGS)

seed: $(VENV)/.demo-ready ## Load regions, institutions and sample catalogues
	@$(HUB) seed $(ARGS)

test: $(VENV)/.dev-ready ## Run the tests (ARGS="tests/platform -x" for some of them)
	@$(TESTS) $(ARGS)

check: $(VENV)/.dev-ready ## Everything a change must pass: format, lint, types, imports, tests, coverage
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports
	@$(TESTS) --cov --cov-report= $(ARGS)
	@$(PY) -m coverage report --fail-under=90 --skip-covered
	@$(PY) -m coverage report --fail-under=100 --include='app/kernel/*,app/policy/*,app/*/model.py,app/*/rules.py,app/*/rules/*,app/*/entries.py' --skip-covered

fmt: $(VENV)/.dev-ready ## Format, and mend what can be mended
	@$(PY) -m ruff check --fix-only --exit-zero .
	@$(PY) -m ruff format .

bench: $(VENV)/.dev-ready ## Climb the ladder of speed (ARGS="--quick --json"; budgets, clearing)
	@$(PY) -m benchmarks $(ARGS)

docs: $(VENV)/.dev-ready ## Write the generated pages of docs/
	@$(HUB) docs $(ARGS)

golden: $(VENV)/.dev-ready ## Rewrite tests/golden; the diff is the review
	@HUB_GOLDEN=write $(PY) -m pytest tests/golden tests/gateway/test_pages.py \
		tests/gateway/test_collection.py tests/walls/test_matrix.py $(ARGS)

UV_COMPILE = $(PY) -m uv pip compile --universal --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --no-annotate --python-version 3.11 -q pyproject.toml

lock: $(VENV)/.dev-ready ## Resolve the three locks anew from pyproject.toml
	@$(UV_COMPILE) -o requirements/hub.lock
	@$(UV_COMPILE) --extra embedded -o requirements/demo.lock
	@$(UV_COMPILE) --extra embedded --extra dev -o requirements/dev.lock

clean: ## Remove what was built; data in .hub stay
	@rm -rf $(VENV) .build build dist *.egg-info htmlcov .coverage .coverage.*
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -not -path './.hub/*' -prune -exec rm -rf {} +

# ── the environment ──────────────────────────────────────────────────────────────────────────────
# Installed from a lock by hash, once, and again when the lock changes. The hub itself is not built:
# a path file makes the checkout and the client in hub_client/ importable, and .venv/bin/hub runs
# the hub from any folder.

$(VENV)/.made:
	@{ if ! $(PY) -c '$(RECENT)' 2>/dev/null; then $(FIND_PYTHON); \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	rm -rf $(VENV) && "$$python" -m venv $(VENV); fi; } 1>&2
	@printf '#!/bin/sh\nexec "$$(dirname "$$0")/python" -P -m app "$$@"\n' > $(VENV)/bin/hub
	@chmod +x $(VENV)/bin/hub
	@touch $@

$(VENV)/.paths: Makefile | $(VENV)/.made
	@$(PY) -c '$(PATH_FILE)'
	@touch $@

$(VENV)/.demo-ready: requirements/demo.lock $(VENV)/.made | $(VENV)/.paths
	@$(call install,demo)

$(VENV)/.dev-ready: requirements/dev.lock $(VENV)/.made | $(VENV)/.paths
	@$(call install,dev)
	@touch $(VENV)/.demo-ready

define install
{ echo "Installing requirements/$(1).lock (checked by hash; once, about a minute)" && \
$(PY) -m pip install --quiet --require-hashes -r requirements/$(1).lock && \
$(PY) -m compileall -q app hub_client/src migrations; } 1>&2 && touch $@
endef

RECENT := import sys; sys.exit(sys.version_info < (3, 11))
# Relative, so that a checkout may be moved.
PATH_FILE := import os, sysconfig; lib = sysconfig.get_path("purelib"); \
	print(*(os.path.relpath(path, lib) for path in (".", "hub_client/src")), sep="\n", \
	file=open(os.path.join(lib, "hub.pth"), "w"))

# PYTHON=/path/to/python overrides the search.
PYTHON ?=
define FIND_PYTHON
python=; for each in $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3 python; do \
	if "$$each" -c '$(RECENT)' 2>/dev/null; \
	then python="$$each"; break; fi; done; \
if [ -z "$$python" ]; then \
	echo "The hub needs Python 3.11 or newer; found: $$(python3 --version 2>&1 || true)."; \
	echo "Install one, or name it: make demo PYTHON=/path/to/python3.11"; exit 1; fi; \
if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	echo "$$python cannot make virtual environments; on Debian or Ubuntu: apt install python3-venv"; exit 1; fi
endef
