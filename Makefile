# PYTHON is any Python 3.11 or newer; everything else happens in .venv.
PYTHON ?= python3
VENV := .venv/bin/python

.PHONY: start test test-slow check bench clean help

help:  ## say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1|/' | column -t -s '|'

start:  ## install what is missing, open the dashboard on 127.0.0.1:8501 (PORT=, DEMO=0)
	@$(PYTHON) app/install.py
	@$(VENV) -m app.launch

test:  ## install what tests need, run them (the browser's too)
	@$(PYTHON) app/install.py --tests
	$(VENV) -m pytest -q -m "not slow and not browser" -n 2 --dist loadfile
	$(VENV) -m pytest -q -m "browser and not slow"

test-slow:  ## the tests that take minutes: trains classifiers to the end
	@$(PYTHON) app/install.py --tests
	$(VENV) -m pytest -q -m slow

check:  ## format, lint, types
	@$(PYTHON) app/install.py --tests
	$(VENV) -m ruff format --check .
	$(VENV) -m ruff check .
	$(VENV) -m mypy

bench:  ## side-by-side measurements, printed as ratios
	@$(PYTHON) app/install.py --tests
	@for script in benchmarks/*.py; do echo "== $$script"; $(VENV) -m benchmarks.$$(basename $$script .py) || exit 1; done

clean:  ## remove .venv, the workspace and the checkpoints, after asking
	@$(PYTHON) app/clean.py
