"""Runs many networks in one firmware on the virtual board: instructions and stack of each call.

All bytes of an input are `GIVEN`, since some kernels take short cuts on zeros. Building one
firmware for each network would take twenty times as long.
"""

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.runtime import ROOT
from codegen.c_code.program import make_program
from codegen.c_code.render import (
    ModelNames,
    model_text,
    render_model,
    render_project,
    target_header,
)
from codegen.model.graph import Graph
from codegen.planning.planner import MemoryPlan, plan_graph
from firmware.targets import Target
from firmware.targets.machine import EmulatedMachine
from hil.elf import measure_elf
from hil.virtual.machine import machine_for
from hil.virtual.virtual_board import VirtualBoard

MOST_TOGETHER = 60
MOST_FLASH_BYTES = 600_000
GIVEN = 0x3E
"""As int8 and uint8 a value like others; four of them are 0.19 as float32."""
LIMIT_S = 600.0
"""For the answers of one firmware."""
PUT_NUMBER = """
static void put_number(uint32_t number) {
    char digits[12] = "";
    uint32_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10U);
        number /= 10U;
    } while (number != 0);
    while (count > 0) {
        board_write_byte((uint8_t)digits[--count]);
    }
    board_write_byte(' ');
}
"""
"""C code that writes a number and a space to the serial line."""
_BENCH, _NN = ROOT / "firmware" / "bench", ROOT / "firmware" / "nn"
_MAIN = """
#include <stdalign.h>
#include <string.h>
#include "board.h"
#include "stack_paint.h"
{includes}

#define KEPT_WORDS 16 /* of the stack: those of the function that paints */
extern uint32_t __stack_start[];

alignas(16) static uint8_t arena[{arena_bytes}];

{wrappers}
static const struct {{
    int (*init)(void);
    void *(*input)(void);
    int (*invoke_step)(uint32_t step);
    uint32_t input_bytes, steps;
}} networks[] = {{
{rows}
}};

{put_number}
static __attribute__((noinline)) void paint_stack(void) {{
    volatile uint32_t *const end = (uint32_t *)__builtin_frame_address(0) - KEPT_WORDS;
    for (volatile uint32_t *word = __stack_start; word < end; word++) {{
        *word = STACK_PAINT;
    }}
}}

int main(void) {{
    board_init();
    (void)board_read_byte();
    for (uint32_t n = 0; n < sizeof networks / sizeof networks[0]; n++) {{
        int status = networks[n].init();
        memset(networks[n].input(), {given}, networks[n].input_bytes);
        for (uint32_t step = 0; step < networks[n].steps && status == 0; step++) {{
            paint_stack();
            board_ticks_start();
            status = networks[n].invoke_step(step);
            put_number(board_ticks());
            put_number(board_stack_peak_bytes());
        }}
    }}
    board_write_byte('.');
    return 0;
}}
"""
_WRAPPERS = """
static int {name}_start(void) {{ return (int){name}_init(arena, sizeof arena); }}
static void *{name}_given(void) {{ return {name}_input(); }}
static int {name}_step(uint32_t step) {{ return (int){name}_invoke_step(step); }}
"""
_ROW = "    {{{name}_start, {name}_given, {name}_step, {upper}_INPUT_BYTES, {upper}_STEPS}},"


@dataclass(frozen=True, slots=True)
class CallRun:
    """One kernel call.

    Attributes:
        instructions: That it took.
        stack_bytes: Most stack in use, that of this firmware's `main` and of the generated
            function that calls the kernel included.
    """

    instructions: int
    stack_bytes: int


def run_calls(graphs: Sequence[Graph], target: Target) -> list[list[CallRun]]:
    """Each kernel call of each network, alone and in its order; nothing runs row by row."""
    with compiled_library(target) as library, ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(lambda part: _run(part, target, library), parts_of(graphs)))
    return [calls for part in parts for calls in part]


def parts_of(graphs: Sequence[Graph]) -> Iterator[list[Graph]]:
    """The networks by firmware: as many as there is room for."""
    part: list[Graph] = []
    used_bytes = 0
    for graph in graphs:
        own_bytes = sum(tensor.size_bytes for tensor in graph.tensors if tensor.is_constant)
        if part and (len(part) == MOST_TOGETHER or used_bytes + own_bytes > MOST_FLASH_BYTES):
            yield part
            part, used_bytes = [], 0
        part.append(graph)
        used_bytes += own_bytes
    if part:
        yield part


def _run(graphs: Sequence[Graph], target: Target, library: Sequence[Path]) -> list[list[CallRun]]:
    plans = [plan_graph(graph, stream=False) for graph in graphs]
    names = names_of(graphs)
    main = _MAIN.format(
        given=GIVEN,
        includes="\n".join(f'#include "{name}.h"' for name in names),
        arena_bytes=max(plan.arena_bytes for plan in plans),
        wrappers="".join(_WRAPPERS.format(name=name) for name in names),
        rows="\n".join(_ROW.format(name=name, upper=name.upper()) for name in names),
        put_number=PUT_NUMBER,
    )
    machine, numbers = numbers_of(graphs, plans, main, target, library)
    return [
        [CallRun(machine.instructions(next(numbers)), next(numbers)) for _ in plan.steps]
        for plan in plans
    ]


def names_of(graphs: Sequence[Graph]) -> list[str]:
    """The C names of networks in one firmware."""
    return [f"network{index}" for index in range(len(graphs))]


def numbers_of(
    graphs: Sequence[Graph],
    plans: Sequence[MemoryPlan],
    main: str,
    target: Target,
    library: Sequence[Path],
) -> tuple[EmulatedMachine, Iterator[int]]:
    """What a firmware of networks and of this `main` writes, and the machine that it runs on."""
    with tempfile.TemporaryDirectory() as folder:
        elf = build(Path(folder), graphs, plans, main, target, library)
        size = measure_elf(elf, ())
        machine = machine_for(target, size)
        with VirtualBoard(elf, size.ram_end, machine=machine) as board:
            said = await_end(board)
    return machine, iter(map(int, said.rstrip(".").split()))


def await_end(board: VirtualBoard) -> str:
    """Start the firmware of a board, and give what it writes until its last full stop."""
    said, deadline = "", time.monotonic() + LIMIT_S
    while not said.endswith("."):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no end after {said[-100:]!r}")
        if not said:
            board.transport.write(b"!")  # lost until the firmware listens
        said += board.transport.read(0.5).decode("ascii", errors="replace")
    return said


def build(
    folder: Path,
    graphs: Sequence[Graph],
    plans: Sequence[MemoryPlan],
    main: str,
    target: Target,
    library: Sequence[Path],
) -> Path:
    """Compile a firmware of networks and of this `main`. Returns its ELF."""
    for name, graph, plan in zip(names_of(graphs), graphs, plans, strict=True):
        text = model_text(
            graph, plan, b"", plan.arena_bytes, ModelNames(name, "0" * 64, "static", target.name)
        )
        files = render_model(text, graph, make_program(graph, plan, name))
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(content, encoding="utf-8")
        script = render_project([replace(text, name=name)], target, "system", 0, False)["board.ld"]
    (folder / "board.ld").write_text(script, encoding="utf-8")
    (folder / "main.c").write_text(main, encoding="utf-8")
    return _link(folder, target, library)


def _link(folder: Path, target: Target, library: Sequence[Path]) -> Path:
    elf = folder / "firmware.elf"
    includes = [*{path.parent for path in folder.rglob("*.h")}, *_includes(target)]
    command = [*_compiling(target), "-nostartfiles", "-Wl,--gc-sections"]
    command += ["--specs=nano.specs", "--specs=nosys.specs", "-Wl,--no-warn-rwx-segments"]
    command += [f"-T{folder / 'board.ld'}", "-o", str(elf), *(f"-I{path}" for path in includes)]
    sources = [*sorted(folder.rglob("*.c")), *library]
    subprocess.run([*command, *map(str, sources), "-lm"], check=True, timeout=LIMIT_S)
    return elf


@contextlib.contextmanager
def compiled_library(target: Target) -> Iterator[list[Path]]:
    """The kernels and the board support as object files, which all firmwares of a run share."""
    folders = [*_boards(target), _NN / "src"]
    sources = [path for folder in folders for path in sorted(folder.glob("*.c"))]
    with tempfile.TemporaryDirectory() as folder:
        if target.serial is not None:
            (Path(folder) / "target.h").write_text(target_header(target), encoding="utf-8")
        includes = [folder, *_includes(target)]
        command = [*_compiling(target), "-c", *(f"-I{path}" for path in includes)]
        subprocess.run([*command, *map(str, sources)], check=True, timeout=LIMIT_S, cwd=folder)
        yield sorted(Path(folder).glob("*.o"))


def _compiling(target: Target) -> list[str]:
    flags = ["-std=c11", "-O2", "-ffunction-sections", "-fdata-sections", "-fno-common"]
    return ["arm-none-eabi-gcc", *target.cpu_flags, *flags]


def _boards(target: Target) -> list[Path]:
    return [ROOT / "firmware" / "board" / name for name in target.board_folders]


def _includes(target: Target) -> list[Path]:
    return [_NN / "include", *_boards(target), _BENCH]
