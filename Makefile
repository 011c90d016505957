# Two commands matter: `make demo` shows the product, `make test` proves it. `make help` has the rest.
# Everything below is relative, so a clone may stand on any path, spaces included.

PYTHON ?= python3
JOBS ?= 2
ARGS ?=
HTTPS ?=
PY := .venv/bin/python
TESTS_OWN := SCREENING_INSTANCE=instance/tests $(PY) -m screening.embedded
export HTTPS

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo demo-reset serve test test-long check lint format types imports \
	i18n bench screenshots lock clean stop

help: ## explain every target
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "Needed: Python 3.11+ with venv, make. Taken where missing: PostgreSQL, Node.js (as wheels)."

setup: ## make everything ready to run (environment, packages, database, browser assets)
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: install python3 and python3-venv."; exit 1; }
	@$(PYTHON) scripts/setup.py

setup-dev: ## the same, with what the checks need
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: install python3 and python3-venv."; exit 1; }
	@$(PYTHON) scripts/setup.py --dev

demo: setup ## show a city's screening day at http://127.0.0.1:8000 (HTTPS=1: for phones, local certificate)
	@$(PY) -m screening.drill.demo $(ARGS)

demo-reset: setup ## throw the demo's day away and start it afresh
	@$(PY) -m screening.drill.demo --reset

serve: setup ## serve for real: gunicorn and worker on DATABASE_URL or the embedded PostgreSQL (ARGS="--bind 0.0.0.0:8000")
	@$(PY) -m screening.serve $(ARGS)

test: setup-dev check ## all checks and all tests; ends with what was skipped, and why
	@status=0; $(PY) -m pytest -q -n $(JOBS) --dist worksteal $(ARGS) || status=$$?; \
		$(TESTS_OWN) stop --if-idle >/dev/null; exit $$status

test-long: setup-dev ## the tests that take minutes
	@$(PY) -m pytest -q -m long --timeout=3600 $(ARGS)

check: setup-dev lint types imports ## lint, types and import contracts, without the tests

lint: setup-dev ## style of the code, and its format
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

format: setup-dev ## put the code into the house's format
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

types: setup-dev ## types
	@$(PY) -m mypy

imports: setup-dev ## imports only point down (pyproject.toml, import contracts)
	@.venv/bin/lint-imports --no-logo

i18n: setup-dev ## compile the texts; name the sentences without English
	@$(PY) -m screening.i18n
	@$(PY) -m pytest -q tests/test_i18n.py

bench: setup ## measure, e.g. make bench ARGS=ingest
	@$(PY) -m bench $(ARGS)

screenshots: setup-dev ## take the pictures of the guides (docs/field/, docs/lab/, docs/watch/) again
	@$(PY) -m scripts.screenshots $(ARGS)
	@$(PY) -m scripts.lab_tour
	@$(PY) -m scripts.watch_tour $(ARGS)

lock: setup-dev ## write the lock files from what is installed
	@$(PY) scripts/lock.py

stop: ## stop the embedded PostgreSQL, the tests' own too
	@$(PY) -m screening.embedded stop
	@$(TESTS_OWN) stop

clean: ## remove what set-up made; data under instance/ stays
	@test ! -x $(PY) || $(PY) -m screening.embedded stop || true
	@test ! -x $(PY) || $(TESTS_OWN) stop || true
	rm -rf .venv node_modules static/vendor .pytest_cache .mypy_cache .ruff_cache \
		.import_linter_cache .hypothesis
	find screening tests migrations bench -name __pycache__ -type d -prune -exec rm -rf {} +
	find screening/translations -name '*.mo' -delete
