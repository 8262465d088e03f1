# `make help` lists the targets. Everything is installed into .venv and into
# ${XDG_CACHE_HOME:-~/.cache}/nexus-cos, keyed by the lock files.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
WORKERS ?= 2
VENV := .venv/bin
# Group by group in the order of tests/conftest.py, which is not that of their numbers of tests.
SPREAD := --dist loadgroup --no-loadscope-reorder
# Python keeps what it compiled beside the sources, whatever images of containers say: the clouds' SDKs
# take ten seconds to compile, in every process.
unexport PYTHONDONTWRITEBYTECODE

# The types keep one core busy for a minute, the tests leave one idle now and then: both together are done
# sooner than one after the other. Not for other targets, of which one may remove what another needs.
ifeq (,$(filter-out check test,$(MAKECMDGOALS)))
MAKEFLAGS += -j$(WORKERS)
endif

.PHONY: help setup tools servers rehearse check format lint types imports generated workflows manifests generate \
	test diff-engine cluster-test monitoring-test coverage bench findings clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install the locked Python dependencies into .venv
	@tools/setup.sh $(PYTHON)

tools: setup ## Find `pulumi`, or build the pinned one (about five minutes, once)
	@$(VENV)/python tools/pulumi_cli.py --link $(VENV) >/dev/null

servers: setup ## Fetch the servers that the integration tests run
	@tools/servers.sh >/dev/null

rehearse: tools ## Bring up dev on the real engine, without a cluster (CATALOG=examples/shapes: another platform)
	@$(VENV)/nexus --project $(or $(CATALOG),.) rehearse --stack dev

check: types format lint imports generated workflows manifests ## Format, lint, types, import rules, generated files
	@echo "All checks passed."

format: setup
	@echo "Checking the format ..."
	@$(VENV)/ruff format --check --quiet

lint: setup
	@echo "Linting ..."
	@$(VENV)/ruff check --quiet

types: setup
	@echo "Checking types (about a minute) ..."
	@$(VENV)/basedpyright --level error

imports: setup
	@echo "Checking the import rules ..."
	@$(VENV)/lint-imports --no-logo >/dev/null || $(VENV)/lint-imports --no-logo

generated: setup
	@echo "Checking that the catalog is sound and the generated files are current ..."
	@$(VENV)/nexus check >/dev/null
	@$(VENV)/nexus schema >/dev/null
	@$(VENV)/nexus settings
	@$(VENV)/nexus graph --format svg | cmp -s - docs/tiers.svg || \
		{ echo "docs/tiers.svg is not current; run 'make generate'." >&2; exit 1; }
	@$(VENV)/nexus monitoring --format on-call | cmp -s - docs/on-call.md || \
		{ echo "docs/on-call.md is not current; run 'make generate'." >&2; exit 1; }

workflows: setup
	@echo "Linting the workflows (the first run builds actionlint, about a minute) ..."
	@GOCACHE="$${XDG_CACHE_HOME:-$$HOME/.cache}/nexus-cos/actionlint" \
		go -C tools/actionlint tool actionlint $(CURDIR)/.github/workflows/*.yml
	@"$$(dirname "$$($(VENV)/python tools/isolated.py zizmor)")/zizmor" --offline --no-progress --quiet \
		--config .github/zizmor.yml .github

manifests: setup
	@echo "Holding every plan against the rules, checkov and kube-score (their first run installs them) ..."
	@$(VENV)/python tools/lint_manifests.py

advisories: setup ## Hold everything that is pinned against the OSV database (needs the internet)
	@$(VENV)/python tools/advisories.py

generate: setup ## Write the generated files anew
	@$(VENV)/nexus schema --write
	@$(VENV)/nexus settings --write
	@$(VENV)/nexus graph --format svg --output docs/tiers.svg
	@$(VENV)/nexus monitoring --format on-call --output docs/on-call.md

test: tools servers ## Run all tests (a few minutes)
	@echo "Running the tests on $(WORKERS) workers ..."
	@$(VENV)/pytest -n $(WORKERS) $(SPREAD)

coverage: tools servers ## Run all tests and report what they do not reach
	@$(VENV)/pytest -n $(WORKERS) $(SPREAD) --cov --cov-report term --cov-report html

diff-engine: tools ## Preview every edit of the diff's tests on the real engine (two minutes)
	@$(VENV)/pytest tests/nexus/diff -m engine_diff -n $(WORKERS) $(SPREAD)

cluster-test: tools ## Dev on a real API server (half an hour, and as much of builds once)
	@echo "Finding the control plane and the provider, or building them (about half an hour, once) ..."
	@python3 tools/control_plane.py >/dev/null
	@echo "Running dev on them (about half an hour) ..."
	@$(VENV)/pytest tests/cluster -m cluster -v --durations=20

monitoring-test: setup ## Who is paged when each node fails, by a real Prometheus (four minutes if nothing else runs; builds it once)
	@$(VENV)/pytest tests/monitoring -m monitoring -v

bench: tools ## Measure speed and memory; SINCE=REVISION compares with it
	@PYTHONPATH=tools $(VENV)/python -m tests.bench $(if $(SINCE),--since $(SINCE))

findings: ## Try what outside software does that nobody would guess (minutes; docs/beliefs.md)
	@for finding in findings/*.sh; do echo "== $$finding"; bash "$$finding"; done

clean: ## Remove what the targets made in this folder; the caches stay
	@rm -rf .venv .pytest_cache .ruff_cache .hypothesis htmlcov .coverage .import_linter_cache out
