# Two commands do everything: `make demo` and `make test`; both install what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
C_SOURCES = $(shell git ls-files '*.c' '*.h')

MODELS = $(wildcard benchmarks/models/*.tflite)

.PHONY: help demo test check bench check-bench setup system-tools clean

help:
	@echo 'make demo   search on real digits, generate firmware, measure it on the virtual board'
	@echo 'make test   run the tests'
	@echo 'make check  ruff, mypy, clang-format, import rules'
	@echo 'make bench  measure the static runtime: MODELS="a.tflite b.tflite", default benchmarks/models'
	@echo 'make check-bench  the same, compared exactly with benchmarks/runtime.json'
	@echo 'make clean  remove the virtual environment and the demo run'

demo: setup
	$(BIN)/nas run --data digits --target stm32f412 --flash 32768 --out runs/demo
	$(BIN)/codegen build runs/demo --target stm32f412 --out runs/demo/project --compile
	$(BIN)/hil run runs/demo/project --board virtual
	$(BIN)/nas report runs/demo --measurement runs/demo/project/measurement.json

test: setup
	$(BIN)/python -m pytest

check: setup
	@command -v clang-format >/dev/null || scripts/install-system-tools clang-format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	clang-format --dry-run --Werror $(C_SOURCES)
	$(BIN)/python -m pytest tests/test_layering.py

bench: setup
	$(BIN)/python -m benchmarks.runtime $(MODELS)

check-bench: setup
	$(BIN)/python -m benchmarks.runtime $(MODELS) --check benchmarks/runtime.json

setup: system-tools $(VENV)/.installed

system-tools:
	@scripts/install-system-tools

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip -c constraints.txt
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) runs/demo
