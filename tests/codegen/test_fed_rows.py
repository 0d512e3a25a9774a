"""The generated code of a model that takes the rows of its input one by one."""

import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from codegen.planning.planner import plan_graph
from tests.generated_program import write_sources
from tests.host_compiler import NN, ROOT, compile_program

MODEL = ROOT / "benchmarks" / "models" / "nas_k8_c3.tflite"
_MAIN = """
#include <stdio.h>
#include <string.h>
#include "wake.h"

#define EXPECT(condition) do { if (!(condition)) { printf("%s", #condition); return 1; } } while (0)

static _Alignas(16) unsigned char arena[WAKE_ARENA_BYTES];
static wake_input_t pixels[WAKE_INPUT_COUNT];
static wake_output_t first[WAKE_OUTPUT_COUNT];
static uint32_t ticks[WAKE_OPERATORS];

static uint32_t reads;

static uint32_t clock_of_reads(void) { return reads++; }

static wake_status push(int rows) {
    wake_status status = WAKE_OK;
    for (int row = 0; row < rows && status == WAKE_OK; row++) {
        status = wake_push_row(pixels + row * WAKE_INPUT_ROW_COUNT);
    }
    return status;
}

static int is_first(void) { return memcmp(first, wake_output(), sizeof first) == 0; }

int main(void) {
    for (int i = 0; i < WAKE_INPUT_COUNT; i++) {
        pixels[i] = (wake_input_t)(i * 37 % 251 - 125);
    }
    EXPECT(wake_begin() == WAKE_NOT_INITIALISED);
    EXPECT(wake_push_row(pixels) == WAKE_NOT_INITIALISED);
    EXPECT(wake_end() == WAKE_NOT_INITIALISED);
    EXPECT(wake_invoke(pixels) == WAKE_NOT_INITIALISED);
    EXPECT(wake_init(arena, sizeof arena) == WAKE_OK);
    EXPECT(wake_end() == WAKE_WRONG_ROWS);
    EXPECT(wake_push_row(pixels) == WAKE_WRONG_ROWS);

    EXPECT(wake_begin() == WAKE_OK);
    EXPECT(push(WAKE_INPUT_ROWS - 1) == WAKE_OK);
    EXPECT(wake_end() == WAKE_WRONG_ROWS);
    EXPECT(wake_push_row(pixels + WAKE_INPUT_COUNT - WAKE_INPUT_ROW_COUNT) == WAKE_OK);
    EXPECT(wake_push_row(pixels) == WAKE_WRONG_ROWS);
    EXPECT(wake_end() == WAKE_OK);
    EXPECT(wake_end() == WAKE_WRONG_ROWS);
    memcpy(first, wake_output(), sizeof first);

    EXPECT(wake_begin() == WAKE_OK && push(20) == WAKE_OK);
    memset(arena, 0x5A, sizeof arena);
    EXPECT(wake_invoke(pixels) == WAKE_OK && is_first());

    EXPECT(wake_begin() == WAKE_OK && push(20) == WAKE_OK);
    EXPECT(wake_init(arena, sizeof arena) == WAKE_OK);
    EXPECT(wake_push_row(pixels) == WAKE_WRONG_ROWS && wake_end() == WAKE_WRONG_ROWS);

    memset(ticks, 0xFF, sizeof ticks);
    EXPECT(wake_begin_profile(clock_of_reads, ticks) == WAKE_OK);
    EXPECT(push(WAKE_INPUT_ROWS) == WAKE_OK && wake_end() == WAKE_OK && is_first());
    for (int step = 0; step < WAKE_OPERATORS; step++) {
        printf("%u ", (unsigned)ticks[step]);
    }
    const uint32_t before = reads;
    EXPECT(wake_invoke(pixels) == WAKE_OK && reads == before);
    return 0;
}
"""


def test_rows_must_be_as_many_as_the_input_has(tmp_path: Path) -> None:
    plan = partial(plan_graph, stream=True)
    sources = write_sources(tmp_path, MODEL.read_bytes(), "wake", planner=plan)
    main = tmp_path / "main.c"
    main.write_text(_MAIN)
    kernels = sorted((NN / "src").glob("*.c"))
    program = compile_program(
        tmp_path / "program", [main, *sources, *kernels], [tmp_path, NN / "include"]
    )
    completed = subprocess.run([program], capture_output=True, text=True, timeout=120)
    # One read of the clock more for each row: 25, 12 and 6 of the cells; the others are whole.
    assert (completed.returncode, completed.stdout) == (0, "25 12 6 1 1 1 1 ")


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
def test_the_header_of_a_fed_model_can_be_used_from_c_plus_plus(tmp_path: Path) -> None:
    plan = partial(plan_graph, stream=True)
    write_sources(tmp_path, MODEL.read_bytes(), "wake", planner=plan)
    (tmp_path / "main.cpp").write_text(
        '#include "wake.h"\n'
        "extern const wake_input_t image[WAKE_INPUT_COUNT];\n"
        "int run() { return wake_invoke(image) == WAKE_OK ? 0 : 1; }\n"
    )
    command = ["g++", "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
    subprocess.run([*command, "-c", "main.cpp"], check=True, cwd=tmp_path, timeout=120)
