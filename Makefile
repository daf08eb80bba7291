# Every target sets up what it needs first: system packages, .venv, handeye with all extras (see .ci/setup).

# Seconds for each suite of tests; 860 s together, so that the whole stays under fifteen minutes.
SUITES := environments:450 agent:150 tools:200 other:60
LONG_SUITES := environments:3600 agent:3600 tools:3600 other:600

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all check format clean clean-all

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

demo: setup ## see handeye look at a real program, click, and check the result
	@.venv/bin/handeye demo

test: setup ## run the tests, without the long ones
	@.ci/suites "$(SUITES)" -m "not slow"

test-all: setup ## run all tests, the long ones too
	@.ci/suites "$(LONG_SUITES)" --timeout=1800

check: setup ## check format, lint and types; changes nothing
	@failed=0; \
	.venv/bin/ruff format --check . || failed=1; \
	.venv/bin/ruff check . || failed=1; \
	.venv/bin/mypy --strict agent environments tools || failed=1; \
	exit $$failed

format: setup ## rewrite the files as `make check` wants them
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

setup: ## install what is missing, and nothing else
	@.ci/setup

clean: ## remove caches and build results; .venv and episodes stay
	@rm -rf .build build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

clean-all: clean ## remove .venv as well
	@rm -rf .venv
