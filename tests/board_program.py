"""Runs the static runtime's code for many models in one firmware on the virtual board."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.c_code.c_source import byte_lines
from codegen.c_code.render import ModelNames, model_text, render_project, target_header
from codegen.model.graph import DEFAULT_ROUNDING
from codegen.model.read_tflite import parse_tflite
from codegen.planning.planner import plan_graph
from codegen.simplify.executed import executed_graph
from firmware.files import write_text
from firmware.targets import Target, load_target
from firmware.targets.machine import NETDUINOPLUS2, machine_of
from hil.elf import measure_elf
from hil.virtual.virtual_board import VirtualBoard
from tests.generated_program import write_sources
from tests.host_compiler import (
    NN,
    ROOT,
    WARNINGS,
    kernel_objects,
    objects,
    run_compiler,
    shared_folder,
)
from tests.one_source import one_source
from tests.plans import Planner

BOARDS = ROOT / "firmware" / "board"
CORE = BOARDS / "cortex_m"
CHIP = "stm32f412"
"""The chip of the virtual board, unless another target is given."""

_MAIN = """
#include <stdalign.h>
#include <string.h>
#include "clock.h"
#include "usart.h"
{includes}

{arrays}

alignas(16) static unsigned char arena[{arena_bytes}];

static void say(const char *text) {{ while (*text != 0) usart_write((uint8_t)*text++); }}

int main(void) {{
    usart_start(clock_start().usart_hz);
    (void)usart_read();
{blocks}
    say("done\\n");
    return 0;
}}
"""
_BLOCK = """
    memset(arena, 0xA5, sizeof arena);
    if ({name}_init(arena, sizeof arena) != {upper}_OK) say("{name}\\n");
#ifdef {upper}_INPUT_ROWS
    (void){name}_invoke((const void *){name}_given);
#else
    memcpy({name}_input(), {name}_given, sizeof {name}_given);
    (void){name}_invoke();
#endif
    if (memcmp({name}_output(), {name}_wanted, sizeof {name}_wanted) != 0) say("{name}\\n");
"""


Case = tuple[bytes, NDArray[Any], NDArray[Any]]
"""Model, input, expected output."""

_CASES_PER_FIRMWARE = 60
_PORT = ("usart.c", "clock.c")


def failures_on_virtual_board(
    folder: Path,
    cases: Sequence[Case],
    rounding: str = DEFAULT_ROUNDING,
    planner: Planner = plan_graph,
    target: Target | None = None,
) -> list[str]:
    """Numbers of firmware and case, such as `0 case3`, whose outputs differ."""
    failures = []
    for number, first in enumerate(range(0, len(cases), _CASES_PER_FIRMWARE)):
        part = folder / str(number)
        part.mkdir()
        names = _failures_of_one(
            part,
            cases[first : first + _CASES_PER_FIRMWARE],
            rounding,
            planner,
            target or load_target(CHIP),
        )
        failures += [f"{number} {name}" for name in names]
    return failures


def _failures_of_one(
    folder: Path, cases: Sequence[Case], rounding: str, planner: Planner, target: Target
) -> list[str]:
    sources = [
        path
        for index, (model, *_) in enumerate(cases)
        for path in write_sources(folder, model, f"case{index}", rounding, planner)
    ]
    arrays, blocks, includes, arena_bytes = [], [], [], 16
    for index, (model, given, wanted) in enumerate(cases):
        name = f"case{index}"
        arrays += [_array(f"{name}_given", given), _array(f"{name}_wanted", wanted)]
        blocks.append(_BLOCK.format(name=name, upper=name.upper()))
        includes.append(f'#include "{name}.h"')
        graph = executed_graph(replace(parse_tflite(model), rounding=rounding))
        arena_bytes = max(arena_bytes, planner(graph).arena_bytes)
    main = folder / "main.c"
    main.write_text(
        _MAIN.format(
            includes="\n".join(includes),
            arrays="\n".join(arrays),
            arena_bytes=arena_bytes,
            blocks="".join(blocks),
        )
    )
    elf = _link(folder, [main, one_source(folder / "cases.c", sources)], cases[0][0], target)
    return _listen(elf, target)


def _array(name: str, values: NDArray[Any]) -> str:
    lines = "\n".join(byte_lines(np.ascontiguousarray(values).tobytes()))
    return f"alignas(4) static const unsigned char {name}[] = {{\n{lines}\n}};"


def _link(folder: Path, sources: Sequence[Path], model: bytes, target: Target) -> Path:
    graph = parse_tflite(model)
    names = ModelNames("x", "0" * 64, "static", "host")
    text = model_text(graph, plan_graph(graph), model, 16, names)
    script, facts = folder / "board.ld", shared_folder() / target.name
    script.write_text(render_project([text], target, "system", 0, False)["board.ld"])
    facts.mkdir(exist_ok=True)
    if not target.machine:
        write_text(facts / "target.h", target_header(target))
    elf = folder / "firmware.elf"
    command = ["arm-none-eabi-gcc", *target.cpu_flags, "-std=c11", "-O2", *WARNINGS]
    command += ["-ffunction-sections", "-fdata-sections"]
    board = [CORE / f"{name}.c" for name in ("startup", "ticks", "fault")]
    folders = _support(target)
    board += [path for own in folders for path in map(own.__truediv__, _PORT) if path.exists()]
    include = [f"-I{path}" for path in (CORE, *folders, facts)]
    compiled = objects((*command, *include), tuple(board))
    compiled += kernel_objects(tuple(command))
    command += ["-Wl,--gc-sections", "-nostartfiles"]
    command += ["--specs=nano.specs", "--specs=nosys.specs", f"-T{script}", "-o", str(elf)]
    command += [f"-I{folder}", f"-I{NN / 'include'}", *include]
    # The kernels have -O2 as in firmware. What is generated are calls and constants: with -O1 it
    # takes less than half of the time.
    run_compiler([*command, "-O1", *map(str, (*sources, *compiled)), "-lm"])
    return elf


def _support(target: Target) -> list[Path]:
    """The folders of the board support that only some chips have."""
    shared = [BOARDS / "stm32"] if target.family.startswith("stm32") else []
    return [*shared, BOARDS / target.family]


def _listen(elf: Path, target: Target) -> list[str]:
    machine = machine_of(target) if target.machine else NETDUINOPLUS2
    with VirtualBoard(elf, measure_elf(elf, ()).ram_end, machine=machine) as board:
        said = ""
        deadline = time.monotonic() + 120
        while "done\n" not in said:
            assert time.monotonic() < deadline, f"no end after {said!r}"
            if not said:
                board.transport.write(b"!")  # lost until the firmware listens
            said += board.transport.read(0.5).decode(errors="replace")
    assert "hard fault" not in said, said
    return said.removesuffix("done\n").split()
