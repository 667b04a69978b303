# Everything a contributor runs. `make` alone lists the targets; each one first sets up what it
# needs, so a new machine needs only make and Python (say PYTHON=python3.13 to choose another).

PYTHON ?= python3
BIN := .venv/bin
VENV := .venv/.installed
ENGINES := tests/engines/node_modules/.installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check static docs bench format clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

demo: $(VENV) ## Show what symbp does
	@$(BIN)/symbp demo

test: $(VENV) $(ENGINES) ## Run the tests
	@$(BIN)/pytest -q -n auto

check: static ## Run all that CI runs: format, lint, types, layers, docs, tests
	@$(BIN)/pytest -q -n auto

static: $(VENV) docs
	@$(BIN)/ruff format --check --quiet || { echo "Run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo > .venv/layers.log || { cat .venv/layers.log; exit 1; }

docs: $(VENV) $(ENGINES) ## Build the documentation in docs/_build/html
	@$(BIN)/sphinx-build -q -E -W --keep-going -n docs docs/_build/html # -E: warn again next time

bench: $(VENV) ## Run the benchmarks
	@$(BIN)/pytest -q -s -o python_files='bench_*.py' tests/benchmarks

format: $(VENV) ## Format the code and apply safe fixes
	@$(BIN)/ruff check --quiet --fix-only
	@$(BIN)/ruff format --quiet

clean: ## Remove all that make has made
	rm -rf .venv tests/engines/node_modules docs/_build dist
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# A stamp is newer than what it was made from; a failed step leaves none, so it runs again.
$(VENV): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "symbp needs Python 3.11 or newer; try: make PYTHON=python3.11")'
	@echo "Setting up .venv (a minute or two) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[dev]'
	@touch $@

$(ENGINES): tests/engines/package.json tests/engines/package-lock.json $(VENV)
	@echo "Setting up KaTeX and MathJax ..."
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --prefix tests/engines \
		--loglevel=error --ignore-scripts --no-audit --no-fund --no-update-notifier > /dev/null
	@touch $@
