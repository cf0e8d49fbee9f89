# make demo: see it work.  make test: the whole suite.  make check: lint and types.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test check clean

demo: .venv/installed
	@$(BIN)/interalign models pull smollm2-135m
	@$(BIN)/interalign demo

test: .venv/test-installed
	@$(BIN)/interalign models pull smollm2-135m
	$(BIN)/pytest -q -n 2

check: .venv/test-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@# Type checkers cannot follow the folder mapping of pyproject.toml, but they can follow links.
	@rm -rf build/types && mkdir -p build/types/interalign
	@cp -rs "$(CURDIR)"/interalign/. build/types/interalign
	@for folder in agents evaluation graphs sim training; do cp -rs "$(CURDIR)/$$folder" build/types/interalign/; done
	$(BIN)/pyright --project pyproject.toml --pythonpath $(BIN)/python build/types/interalign

.venv/installed: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing into .venv ..."
	@$(PIP) --editable .
	@touch $@

.venv/test-installed: .venv/installed
	@echo "installing the test extras into .venv ..."
	@$(PIP) --editable ".[test]"
	@touch $@

clean:
	rm -rf .venv build runs *.egg-info
