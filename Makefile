.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Arguments for the command behind a target: make run ARGS="--port 8010", make test ARGS="-k resume".
ARGS ?=

.PHONY: help run test lint format bench screenshots lock clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Install what is missing, then start the dashboard on http://localhost:8000
	@exec scripts/run.sh $(ARGS)

test: ## All checks and tests, on the real engine and in a real browser
	@exec scripts/test.sh $(ARGS)

lint: ## Style and types of Python and JavaScript, import arrows, shell scripts
	@exec scripts/lint.sh

format: ## Put Python and JavaScript into shape
	@.venv/bin/ruff check --fix . && .venv/bin/ruff format . && npm run --silent format

bench: ## Measure the pages, and the terminal against terminado and a raw TTY exec
	@exec scripts/with-tools.sh bench .venv/bin/python -m tests.bench $(ARGS)

screenshots: ## Paint every page in both themes into var/screenshots
	@exec scripts/with-tools.sh dev .venv/bin/python -m tests.browser.screenshots $(ARGS)

lock: ## Write requirements/*.txt anew from the *.in files
	@exec scripts/lock.sh $(ARGS)

clean: ## Remove what was installed and built; sandboxes and the database stay
	@rm -rf .venv node_modules static/dist holder/build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
