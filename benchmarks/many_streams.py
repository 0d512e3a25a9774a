"""Runs many networks in one firmware on the virtual board, row by row where their plans say so.

All bytes of an input are `GIVEN`. The ticks of a kernel are those of all its rows; what runs the
rows takes what is left of an inference without a profile.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks.many_networks import GIVEN, PUT_NUMBER, names_of, numbers_of, parts_of
from codegen.costs.work import plan_work
from codegen.model.graph import Graph
from codegen.planning.planner import MemoryPlan
from codegen.planning.segments import is_row_fed
from firmware.targets import Target
from hil.virtual.virtual_board import INSTRUCTION_NS, TICK_HZ

_READS = 4096
"""Readings of the clock whose mean is taken."""
_MAIN = """
#include <stdalign.h>
#include <string.h>
#include "board.h"
{includes}

alignas(16) static uint8_t arena[{arena_bytes}];
static uint32_t ticks[{most_calls}];

{wrappers}
static const struct {{
    int (*init)(void);
    int (*profile)(void);
    int (*run)(void);
    uint32_t calls;
}} networks[] = {{
{rows}
}};

{put_number}
static uint32_t read_clock_often(void) {{
    uint32_t (*volatile clock)(void) = board_ticks;
    uint32_t sum = 0;
    for (int i = 0; i < {reads}; i++) {{
        const uint32_t started = clock();
        sum += clock() - started;
    }}
    return sum;
}}

int main(void) {{
    board_init();
    (void)board_read_byte();
    board_ticks_start();
    put_number(read_clock_often());
    for (uint32_t n = 0; n < sizeof networks / sizeof networks[0]; n++) {{
        (void)networks[n].init();
        board_ticks_start();
        (void)networks[n].profile();
        for (uint32_t call = 0; call < networks[n].calls; call++) {{
            put_number(ticks[call]);
        }}
        (void)networks[n].init();
        board_ticks_start();
        (void)networks[n].run();
        put_number(board_ticks());
    }}
    board_write_byte('.');
    return 0;
}}
"""
_START = """
static int {name}_start(void) {{
    const int status = (int){name}_init(arena, sizeof arena);
    {give}
    return status;
}}
"""
_WHOLE = """
static int {name}_measured(void) {{ return (int){name}_profile(board_ticks, ticks); }}
static int {name}_run(void) {{ return (int){name}_invoke(); }}
"""
_FED = """
static int {name}_push(void) {{
    static {name}_input_t row[{upper}_INPUT_ROW_COUNT];
    memset(row, {given}, sizeof row);
    for (int i = 0; i < {upper}_INPUT_ROWS; i++) {{
        (void){name}_push_row(row);
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
_ROW = "    {{{name}_start, {name}_measured, {name}_run, {upper}_OPERATORS}},"


@dataclass(frozen=True, slots=True)
class PlanRun:
    """One inference.

    Attributes:
        calls: Instructions of each kernel, all its rows together.
        total: Instructions of the inference.
    """

    calls: list[float]
    total: float


def run_plans(
    graphs: Sequence[Graph], plans: Sequence[MemoryPlan], target: Target
) -> list[PlanRun]:
    """An inference of each network by its plan."""
    planned = {id(graph): plan for graph, plan in zip(graphs, plans, strict=True)}

    def run(part: list[Graph]) -> list[PlanRun]:
        return _run(part, [planned[id(graph)] for graph in part], target)

    with ThreadPoolExecutor(2) as pool:
        return [own for part in pool.map(run, parts_of(graphs)) for own in part]


def _run(graphs: list[Graph], plans: list[MemoryPlan], target: Target) -> list[PlanRun]:
    names = names_of(graphs)
    main = _MAIN.format(
        includes="\n".join(f'#include "{name}.h"' for name in names),
        arena_bytes=max(plan.arena_bytes for plan in plans),
        most_calls=max(len(plan.steps) for plan in plans),
        reads=_READS,
        wrappers="".join(map(_wrappers, names, graphs, plans)),
        rows="\n".join(_ROW.format(name=name, upper=name.upper()) for name in names),
        put_number=PUT_NUMBER,
    )
    numbers = numbers_of(graphs, plans, main, target)
    clock = _instructions(next(numbers)) / _READS
    return [
        _plan_run(graph, plan, numbers, clock) for graph, plan in zip(graphs, plans, strict=True)
    ]


def _wrappers(name: str, graph: Graph, plan: MemoryPlan) -> str:
    is_fed = is_row_fed(plan.segments, graph.inputs[0])
    give = "" if is_fed else f"memset({name}_input(), {GIVEN}, {name.upper()}_INPUT_BYTES);"
    run = _FED if is_fed else _WHOLE
    names = {"name": name, "upper": name.upper(), "given": GIVEN}
    return _START.format(name=name, give=give) + run.format(**names)


def _plan_run(graph: Graph, plan: MemoryPlan, numbers: Iterator[int], clock: float) -> PlanRun:
    calls = [
        _instructions(next(numbers)) - clock * work["call"] for _, work in plan_work(graph, plan)
    ]
    return PlanRun(calls, _instructions(next(numbers)))


def _instructions(ticks: int) -> float:
    return ticks * 1_000_000_000 / (TICK_HZ * INSTRUCTION_NS)
