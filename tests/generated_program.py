"""Runs the static runtime's code for one or more models in a single host program."""

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.c_code.program import make_program
from codegen.c_code.render import ModelNames, model_text, render_model
from codegen.model.graph import DEFAULT_ROUNDING
from codegen.model.read_tflite import parse_tflite
from codegen.planning.planner import plan_graph
from codegen.simplify.executed import executed_graph
from tests.host_compiler import NN, compile_program
from tests.one_source import one_source
from tests.plans import Planner

_MAIN = """
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
{includes}

static int fill(void *memory, size_t size) {{ return fread(memory, 1, size, stdin) == size; }}

int main(void) {{
{blocks}
    return 0;
}}
"""
_BLOCK = """
    {{
        alignas({upper}_ARENA_ALIGNMENT) static unsigned char arena[{upper}_ARENA_BYTES];
        if ({name}_init(arena, sizeof arena) != {upper}_OK) return 1;
        for (int i = 0; i < {samples}; i++) {{
#ifdef {upper}_INPUT_ROWS
            static {name}_input_t image[{upper}_INPUT_COUNT];
            static unsigned char first[{upper}_OUTPUT_BYTES];
            if (!fill(image, {upper}_INPUT_BYTES)) return 2;
            if ({name}_invoke(image) != {upper}_OK) return 3;
            memcpy(first, {name}_output(), sizeof first);
            memset(arena, 0x55, sizeof arena);
            if ({name}_begin() != {upper}_OK) return 4;
            for (int row = 0; row < {upper}_INPUT_ROWS; row++) {{
                {name}_input_t own[{upper}_INPUT_ROW_COUNT];
                memcpy(own, image + row * {upper}_INPUT_ROW_COUNT, sizeof own);
                if ({name}_push_row(own) != {upper}_OK) return 5;
            }}
            if ({name}_end() != {upper}_OK) return 6;
            if (memcmp(first, {name}_output(), sizeof first) != 0) return 7;
#else
            if (!fill({name}_input(), {upper}_INPUT_BYTES)) return 2;
            if ({name}_invoke() != {upper}_OK) return 3;
#endif
            fwrite({name}_output(), 1, {upper}_OUTPUT_BYTES, stdout);
        }}
    }}
"""


_CASES_PER_PROGRAM = 60


def run_generated(
    folder: Path,
    cases: Sequence[tuple[bytes, NDArray[Any]]],
    rounding: str = DEFAULT_ROUNDING,
    planner: Planner = plan_graph,
) -> list[NDArray[np.uint8]]:
    """The outputs' bytes, (samples, output bytes), for each (model, inputs (samples, …)).

    Where rows are fed, an image in memory and its single rows must give the same output.
    """
    outputs = []
    for first in range(0, len(cases), _CASES_PER_PROGRAM):
        part = folder / str(first)
        part.mkdir()
        outputs += _run_program(part, cases[first : first + _CASES_PER_PROGRAM], rounding, planner)
    return outputs


def _run_program(
    folder: Path, cases: Sequence[tuple[bytes, NDArray[Any]]], rounding: str, planner: Planner
) -> list[NDArray[np.uint8]]:
    sources: list[Path] = []
    blocks, includes = [], []
    for index, (content, inputs) in enumerate(cases):
        name = f"case{index}"
        sources += write_sources(folder, content, name, rounding, planner)
        includes.append(f'#include "{name}.h"')
        blocks.append(_BLOCK.format(name=name, upper=name.upper(), samples=len(inputs)))
    main = folder / "main.c"
    main.write_text(_MAIN.format(includes="\n".join(includes), blocks="".join(blocks)))
    program = compile_program(
        folder / "program",
        [main, one_source(folder / "cases.c", sources), *sorted((NN / "src").glob("*.c"))],
        [folder, NN / "include"],
        # It takes a third of the time of -O1; for the board the same code is made with -O2.
        ["-O0"],
    )
    data = b"".join(np.ascontiguousarray(inputs).tobytes() for _, inputs in cases)
    completed = subprocess.run([program], input=data, capture_output=True, timeout=120)
    assert completed.returncode == 0, completed.stderr.decode()
    return _split(cases, completed.stdout)


def write_sources(
    folder: Path,
    content: bytes,
    name: str,
    rounding: str = DEFAULT_ROUNDING,
    planner: Planner = plan_graph,
) -> list[Path]:
    """Write the generated files of a model; gives those to compile."""
    sources = []
    for path, text in _texts(content, name, rounding, planner).items():
        file = folder / Path(path).name
        file.write_text(text)
        if file.suffix == ".c" and not file.name.endswith(("_tflite.c", "bench_model.c")):
            sources.append(file)
    return sources


def _texts(content: bytes, name: str, rounding: str, planner: Planner) -> dict[str, str]:
    graph = executed_graph(replace(parse_tflite(content), rounding=rounding))
    plan = planner(graph)
    names = ModelNames(name, "0" * 64, "static", "host")
    model = model_text(graph, plan, content, plan.arena_bytes, names)
    return render_model(model, graph, make_program(graph, plan, name))


def _split(cases: Sequence[tuple[bytes, NDArray[Any]]], output: bytes) -> list[NDArray[np.uint8]]:
    results, position = [], 0
    for content, inputs in cases:
        graph = parse_tflite(content)
        size = graph.tensors[graph.outputs[0]].size_bytes
        end = position + size * len(inputs)
        results.append(np.frombuffer(output[position:end], np.uint8).reshape(len(inputs), size))
        position = end
    assert position == len(output)
    return results
