.DEFAULT_GOAL := help
.PHONY: help demo run test soak bench check schema image clean
SEED ?= 1
BIN := .venv/bin

help: ## Show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: ## Start everything, deploy a sample application and a database through the API and show them live
	@scripts/setup demo
	@scripts/dashboard
	@scripts/images
	@scripts/images postgres
	@$(BIN)/python -m demo

run: ## Start the server
	@scripts/setup run
	@scripts/dashboard
	@$(BIN)/wharf serve

test: check ## Run lint, types, import contracts and all tests, real Docker included
	@scripts/images
	@scripts/images databases
	@scripts/dashboard
	$(BIN)/pytest tests/simulation
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --ignore tests/simulation

soak: ## Run what is too long for every test run: faults, load and simulation at full size (SEED=1)
	@scripts/setup test
	@scripts/images
	@scripts/images databases
	$(BIN)/pytest -m soak --seed $(SEED) --log-cli-level INFO

bench: ## Measure, print a table, write bench/results.json, draw docs/bench.svg
	@scripts/setup bench
	@scripts/images
	@$(BIN)/python -m bench

check: ## Run lint, types and import contracts only
	@scripts/setup test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	scripts/dashboard lint

schema: ## Write graph/schema.graphql
	@scripts/setup run
	@$(BIN)/wharf schema >.cache/schema.graphql
	@mv .cache/schema.graphql graph/schema.graphql

image: ## Build the Docker image, wharfinger
	@scripts/setup run
	@scripts/images wharfinger

clean: ## Remove what was built or installed here; data and Docker images stay
	rm -rf .venv .cache extra-ca.crt build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	rm -rf tests/clients/node_modules bench/node/node_modules
	rm -rf dashboard/node_modules dashboard/build dashboard/.svelte-kit dashboard/screenshots
