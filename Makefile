# Everything happens in .venv; remove it to start afresh.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
OUT    := quickstart

.PHONY: help setup quickstart test lint clean

help:
	@echo "make quickstart   teacher, distil, export and bench on the project's own corpus ($(OUT)/)"
	@echo "make test         run the tests"
	@echo "make lint         check the style"
	@echo "make clean        remove $(OUT)/ and $(VENV)/"

setup: $(VENV)/.ready

# PyTorch first and exactly, so that pip has nothing newer to choose. What is imported is compiled then; to compile
# all 22,000 modules beforehand takes a minute and a half.
$(VENV)/.ready: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --no-compile torch==2.13.0
	$(BIN)/pip install --quiet --no-compile --editable '.[test]'
	touch $@

quickstart: setup
	PATH="$(CURDIR)/$(BIN):$$PATH" sh docs/quickstart.sh $(OUT)

# In two processes, by modules: their fixtures are the slow part. Modules in their order, not those with few tests last:
# these are the longest, and one process would wait for the other.
test: setup
	$(BIN)/python -m pytest -q -n 2 --dist loadscope --no-loadscope-reorder

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

clean:
	rm -rf $(OUT) $(VENV)
