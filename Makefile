# `make run` and `make test` need only Python 3.11+ and make: each sets .venv up first.
PYTHON ?= python3
VENV := .venv
# Tests that speak of bits: the suite compiles without optimisation, these are run with it as well.
BITS := tests/noise/test_words.py tests/solve/test_coupled_worlds.py tests/experiments/test_engines.py
BIN := $(VENV)/bin

.PHONY: run test check bench kills pictures format clean

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	touch $@

run: $(VENV)/.installed          ## the college study, from Card's data to a report
	$(BIN)/scm run configs/college.toml

test: check                      ## the whole suite: style, types, import rules, tests and doctests
	$(BIN)/python -m pytest -n auto --dist loadfile
	AS_USERS_RUN_IT=1 $(BIN)/python -m pytest -n auto --dist loadfile $(BITS)

check: $(VENV)/.installed        ## style, types and import rules only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed        ## ratios against hand-written code, side by side in one run
	$(BIN)/python -m benchmarks

kills: $(VENV)/.installed        ## a study killed 50 times at random moments, and begun again
	$(BIN)/python -m benchmarks kills

pictures: $(VENV)/.installed     ## the pictures of docs/lecture.md, made again
	$(BIN)/python -m simulators.pictures docs/lecture

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .jax_cache
