"""Runs many networks in one firmware on the virtual board, row by row where their plans say so.

The inputs are random. The cycle model counts what each kernel takes, all its rows together; what
runs the rows takes what is left of an inference without a profile.
"""

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.many_networks import GIVEN, await_end, build, compiled_library, names_of, parts_of
from codegen.costs.work import plan_work
from codegen.model.graph import Graph
from codegen.planning.planner import MemoryPlan
from codegen.planning.segments import is_row_fed
from firmware.errors import BoardError
from firmware.targets import Target, load_target
from hil.elf import measure_elf
from hil.modelled import Counts, Mark, counts_of_run, counts_of_steps
from hil.virtual.cycles.cycle_model import CycleModel, cycle_model
from hil.virtual.machine import machine_for
from hil.virtual.virtual_board import VirtualBoard

_TIMED = "stm32f412"
"""Whose cycle model counts the instructions of a target whose timing is not known."""
_READS = 4
"""Pairs of readings of the clock; the last one counts, when the caches are warm."""
_MAIN = """
#include <stdalign.h>
#include <string.h>
#include "board.h"
{includes}

alignas(16) static uint8_t arena[{arena_bytes}];
alignas(16) static uint8_t image[{image_bytes}]; /* whose rows are fed one by one */
static uint32_t ticks[{most_calls}];

/* The highest byte of a float is {given}, so that it lies between 0.12 and 0.5. */
static void fill(void *to, uint32_t count, uint32_t element_bytes) {{
    uint32_t random = 1;
    for (uint32_t i = 0; i < count; i++) {{
        random = random * 1664525U + 1013904223U;
        ((uint8_t *)to)[i] = (uint8_t)(element_bytes == 4 && i % 4 == 3 ? {given} : random >> 24);
    }}
}}

{wrappers}
static const struct {{
    int (*init)(void);
    int (*profile)(void);
    int (*run)(void);
}} networks[] = {{
{rows}
}};

int main(void) {{
    board_init();
    (void)board_read_byte();
    uint32_t (*volatile clock)(void) = board_ticks;
    for (int i = 0; i < {reads}; i++) {{
        board_ticks_start();
        (void)clock();
        (void)clock();
    }}
    for (uint32_t n = 0; n < sizeof networks / sizeof networks[0]; n++) {{
        (void)networks[n].init();
        board_ticks_start();
        (void)networks[n].profile();
        (void)networks[n].init();
        board_ticks_start();
        (void)networks[n].run();
        (void)board_ticks();
    }}
    board_write_byte('.');
    return 0;
}}
"""
_START = """
static int {name}_start(void) {{
    const int status = (int){name}_init(arena, sizeof arena);
    fill({input}, {input_bytes}, {element_bytes});
    return status;
}}
"""
_WHOLE = """
static int {name}_measured(void) {{ return (int){name}_profile(board_ticks, ticks); }}
static int {name}_run(void) {{ return (int){name}_invoke(); }}
"""
_FED = """
static int {name}_push(void) {{
    const {name}_input_t *row = (const void *)image;
    for (int i = 0; i < {upper}_INPUT_ROWS; i++) {{
        (void){name}_push_row(row);
        row += {upper}_INPUT_ROW_COUNT;
    }}
    return (int){name}_end();
}}
static int {name}_measured(void) {{
    (void){name}_begin_profile(board_ticks, ticks);
    return {name}_push();
}}
static int {name}_run(void) {{
    (void){name}_begin();
    return {name}_push();
}}
"""
_ROW = "    {{{name}_start, {name}_measured, {name}_run}},"


@dataclass(frozen=True, slots=True)
class PlanRun:
    """One inference.

    Attributes:
        calls: Counts of each kernel, all its rows together.
        total: Counts of the inference.
    """

    calls: list[Counts]
    total: Counts


def run_plans(
    graphs: Sequence[Graph], plans: Sequence[MemoryPlan], target: Target
) -> list[PlanRun]:
    """An inference of each network by its plan.

    Only its instructions count on a target whose timing is not known.

    Raises:
        BoardError: QEMU cannot count cycles.
    """
    planned = {id(graph): plan for graph, plan in zip(graphs, plans, strict=True)}
    model = cycle_model(target if is_timed(target) else load_target(_TIMED))

    def run(part: list[Graph]) -> list[PlanRun]:
        return _run(part, [planned[id(graph)] for graph in part], target, library, model)

    with compiled_library(target) as library, ThreadPoolExecutor(2) as pool:
        return [own for part in pool.map(run, parts_of(graphs)) for own in part]


def is_timed(target: Target) -> bool:
    """Whether its cycles can be modelled."""
    return target.timing is not None and target.processor.timing is not None


def _run(
    graphs: list[Graph],
    plans: list[MemoryPlan],
    target: Target,
    library: list[Path],
    model: CycleModel,
) -> list[PlanRun]:
    names = names_of(graphs)
    main = _MAIN.format(
        includes="\n".join(f'#include "{name}.h"' for name in names),
        arena_bytes=max(plan.arena_bytes for plan in plans),
        most_calls=max(len(plan.steps) for plan in plans),
        image_bytes=max(graph.tensors[graph.inputs[0]].size_bytes for graph in graphs),
        given=GIVEN,
        reads=_READS,
        wrappers="".join(map(_wrappers, names, graphs, plans)),
        rows="\n".join(_ROW.format(name=name, upper=name.upper()) for name in names),
    )
    with tempfile.TemporaryDirectory() as folder:
        elf = build(Path(folder), graphs, plans, main, target, library)
        size = measure_elf(elf, ())
        machine = machine_for(target, size)
        with VirtualBoard(elf, size.ram_end, model, ("ticks",), _refuse, machine) as board:
            await_end(board)
            parts = _by_start(board.take_marks())
    runs = parts[-2 * len(graphs) :]
    clock = parts[-2 * len(graphs) - 1]
    return [
        _plan_run(graph, plan, runs[2 * index], runs[2 * index + 1], clock)
        for index, (graph, plan) in enumerate(zip(graphs, plans, strict=True))
    ]


def _refuse(why: str) -> None:
    raise BoardError(why)


def _wrappers(name: str, graph: Graph, plan: MemoryPlan) -> str:
    is_fed = is_row_fed(plan.segments, graph.inputs[0])
    given = graph.tensors[graph.inputs[0]]
    start = _START.format(
        name=name,
        input="image" if is_fed else f"{name}_input()",
        input_bytes=given.size_bytes,
        element_bytes=given.size_bytes // given.element_count,
    )
    return start + (_FED if is_fed else _WHOLE).format(name=name, upper=name.upper())


def _by_start(marks: Sequence[Mark]) -> list[list[Mark]]:
    """The marks from each start of the counter to the next."""
    parts: list[list[Mark]] = []
    for mark in marks:
        if mark.step is None and mark.is_store:
            parts.append([])
        if parts:
            parts[-1].append(mark)
    return parts


def _plan_run(
    graph: Graph, plan: MemoryPlan, profile: list[Mark], run: list[Mark], clock: list[Mark]
) -> PlanRun:
    """Counts without those of the measuring itself, which the marks of `clock` are."""
    calls, total = counts_of_steps(profile, len(plan.steps)), counts_of_run(run)
    begun, first, second = (mark.counts for mark in clock[:3])
    assert calls is not None
    assert total is not None
    return PlanRun(
        [
            own - (second - first) * work["call"]
            for own, (_, work) in zip(calls, plan_work(graph, plan), strict=True)
        ],
        total - (first - begun),
    )
