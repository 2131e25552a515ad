.DEFAULT_GOAL := help
.PHONY: help setup run test faults mutations conformance bench pictures lint

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## create or update .venv; returns at once when nothing changed
	@scripts/setup

run: setup ## start Oxbow: the bot, its database and, without Slack tokens, a local workspace
	.venv/bin/oxbow serve

test: setup ## run the tests
	.venv/bin/python -m pytest -n 3 --dist worksteal

faults: setup ## kill processes at random moments and check that nothing is lost; FAULTS_SECONDS sets how long
	.venv/bin/python -m pytest -m faults tests/faults

mutations: setup ## break each main promise on purpose and see its tests turn red
	.venv/bin/python -m tests.mutations

conformance: setup ## run the sandbox contract on every backend and write docs/sandbox-conformance.md
	.venv/bin/python -m tests.sandbox.conformance

bench: setup ## measure throughput and latency on this machine
	.venv/bin/python -m tests.bench

pictures: setup ## make the pictures in docs/images anew, with chromium and chromedriver
	OXBOW_PICTURES=docs/images .venv/bin/python -m pytest tests/browser/test_pictures.py

lint: setup ## check style, formatting and types
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
