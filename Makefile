# The project's verbs. `make demo` and `make test` are all a newcomer needs; both set up first.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
SETUP := .venv/.ready

.PHONY: help setup demo test lint unit bench soak guides lock clean

help: ## what can be done here
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: $(SETUP) ## make .venv from the hash-pinned lock

$(SETUP): requirements-dev.lock pyproject.toml deploy/setup.sh
	@deploy/setup.sh
	@touch $@

demo: setup ## four nodes on loopback and a year of generated world trade, in small
	@.venv/bin/kpledger devnet --load year --dir .demo

test: setup lint unit ## lint, types, import rules and every test

lint: setup
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo

unit: setup
	@deploy/gotools.sh & tools=$$!; deploy/browser.sh && deploy/namespaces.sh && deploy/spin.sh; done=$$?; wait $$tools; exit $$done
	@$(PY) -m pytest -n 3 --dist worksteal

bench: setup ## figures of this machine, each beside its limit
	@$(PY) -m tests.bench

soak: setup ## the long run: HOURS (8) on JOBS cores (all), with a summary and a script for each failure
	@$(PY) -m tests.soak $(if $(HOURS),--hours $(HOURS)) $(if $(JOBS),--jobs $(JOBS)) $(if $(SEED),--seed $(SEED))

guides: setup ## the guides that are tables of the code: errors, findings
	@$(PY) -m api.reference

lock: ## pin anew what pyproject.toml asks for (needs uv)
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	  --python-version 3.11 pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	  --python-version 3.11 pyproject.toml --group dev -o requirements-dev.lock

clean: ## remove what was made here
	rm -rf .venv .demo .simulation .soak .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
