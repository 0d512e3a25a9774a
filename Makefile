# Two commands do everything: `make demo` and `make test`; both install what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
C_SOURCES = $(shell git ls-files '*.c' '*.h')

# Commands that the tests start would compile all modules again, each time.
unexport PYTHONDONTWRITEBYTECODE

MODELS = $(wildcard benchmarks/models/*.tflite)
CORES_MODEL = benchmarks/models/nas_k8_c3.tflite

.PHONY: help demo test soak fuzz check bench check-bench check-results setup system-tools test-tools clean

help:
	@echo 'make demo   search on real digits, generate firmware, measure it on the virtual board'
	@echo 'make test   run the tests'
	@echo 'make soak   random faults for half an hour: SOAK="--minutes 5 --seed 7"'
	@echo 'make fuzz   10,000 damaged files of each format: FUZZ="--format npz --inputs 500"'
	@echo 'make check  ruff, mypy, clang-format, import rules'
	@echo 'make bench  measure the static runtime: MODELS="a.tflite b.tflite", default benchmarks/models'
	@echo 'make check-bench  the same, compared exactly with benchmarks/runtime.json'
	@echo 'make check-results  search again what was recorded: RESULTS="--data photos.zip"'
	@echo 'make clean  remove the virtual environment and the demo run'

demo: setup
	$(BIN)/nas run --data digits --target stm32f412 --flash 32768 --out runs/demo
	$(BIN)/codegen build runs/demo --target stm32f412 --out runs/demo/project --compile
	$(BIN)/hil run runs/demo/project --board virtual
	$(BIN)/nas report runs/demo --measurement runs/demo/project/measurement.json

test: setup test-tools
	@$(BIN)/python -m pytest -n auto --dist loadgroup

soak: setup test-tools
	@$(BIN)/python -m tests.soak $(SOAK)

fuzz: setup
	@$(BIN)/python -m tests.fuzz $(FUZZ)

check: setup
	@scripts/install-system-tools for-checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	clang-format --dry-run --Werror $(C_SOURCES)
	$(BIN)/python -m pytest tests/test_layering.py tests/test_sizes.py

bench: setup
	$(BIN)/python -m benchmarks.runtime $(MODELS) --cores $(CORES_MODEL)

check-bench: setup
	$(BIN)/python -m benchmarks.runtime $(MODELS) --cores $(CORES_MODEL) --check benchmarks/runtime.json

check-results: setup
	$(BIN)/python -m benchmarks.same_results $(RESULTS)

setup: system-tools $(VENV)/.installed

system-tools:
	@scripts/install-system-tools

test-tools:
	@scripts/install-system-tools for-tests

$(VENV)/.installed: pyproject.toml constraints.txt
	@scripts/step 'creating the virtual environment $(VENV)' $(PYTHON) -m venv $(VENV)
	@scripts/step 'upgrading pip' $(BIN)/pip install --upgrade pip -c constraints.txt
	@scripts/step 'installing Python packages (some minutes, 2 GB)' \
		$(BIN)/pip install -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) runs/demo
