"""Measures what each kernel takes of flash and stack, and what the bench application takes.

    python -m benchmarks.code_size --out codegen [--core NAME]

Builds a firmware for each kernel and takes apart what the linker kept; stack is measured on the
virtual board. `nas estimate` adds these figures up; they hold for the compiler and flags that they
name.
"""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.elf_symbols import named_symbols, objects_named
from benchmarks.glue_size import Glue, fit_prices, glue_of, measure_glue
from benchmarks.measured_cores import BOARDS, target_of
from benchmarks.operator_cases import CASES, FUSED
from benchmarks.random_networks import random_network
from benchmarks.runtime import ROOT
from benchmarks.stack_size import calls_of, measure_stack
from benchmarks.tflite_builder import ModelBuilder
from codegen.costs.code_size import whole_words
from codegen.costs.stream_size import stream_constant_bytes, stream_variable_bytes
from codegen.costs.tables import code_table
from codegen.model.graph import DEFAULT_ROUNDING, Graph
from codegen.model.read_tflite import parse_tflite
from codegen.operators import check_operators
from codegen.planning.placement import aligned
from codegen.planning.planner import plan_graph
from codegen.project.build import build_project
from codegen.project.source import find_model
from codegen.simplify.executed import executed_graph
from firmware.files import write_json
from firmware.platformio import run_platformio
from firmware.targets import Target
from hil.elf import measure_elf
from hil.project import Project, read_project

SEEDS_PER_OPERATOR = 6
MANY_CALLS = 24
SCHEMA = 2
MODEL = "sized"
_DRIVER = "nn_stream_"


@dataclass(frozen=True, slots=True)
class Built:
    """A firmware, taken apart.

    Attributes:
        graph: Its model.
        kind: How its code runs, by `stack_kind`.
        functions: The kernels that it calls, in order.
        glue: The generated code that calls them.
        kernel_symbols: Bytes of everything from the kernels' sources, by name.
        library_symbols: Bytes of everything that is neither kernel nor model nor application.
        other_bytes: Flash besides these and the model.
        params_bytes: Of the parameters of each call.
        ram_bytes: Of the application's variables.
    """

    graph: Graph
    kind: str
    functions: list[str]
    glue: Glue
    kernel_symbols: dict[str, int]
    library_symbols: dict[str, int]
    other_bytes: int
    params_bytes: list[int]
    ram_bytes: int


def main() -> int:
    """Run the measurement; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--core", default="cortex-m4", choices=BOARDS, help="%(default)s")
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="of the table")
    arguments = parser.parse_args()
    target = target_of(arguments.core)
    table = make_table(_build(list(_models()), target), target)
    write_json(arguments.out / code_table("static", target.core), table)
    for function, own in table["functions"].items():
        stack_bytes = max(own["stack_bytes"].values())
        print(f"{function:<28}{sum(own['symbols'].values()):>8,}{stack_bytes:>7,}")
    print(f"application: {table['application']}")
    return 0


def _models() -> Iterator[tuple[bytes, str]]:
    """A network for each function that calls it alone, then some that call many; their rounding."""
    for model in _alone():
        yield model, DEFAULT_ROUNDING
    yield CASES["FULLY_CONNECTED"](np.random.default_rng(0))[0], "litert"
    for seed in range(MANY_CALLS):
        yield random_network(seed), DEFAULT_ROUNDING


def _alone() -> Iterator[bytes]:
    seen: set[str] = set()
    for operator, case in {**CASES, **FUSED}.items():
        for seed in range(SEEDS_PER_OPERATOR):
            model, _ = case(np.random.default_rng([seed, len(operator)]))
            functions = _functions(executed_graph(parse_tflite(model)))
            is_alone = len(functions) == 1 or operator == "CONCATENATION"
            if is_alone and not set(functions) <= seen:
                seen |= set(functions)
                yield model
    yield from _single_operators()


def _single_operators() -> Iterator[bytes]:
    """Operators that the random cases have only together with others."""
    for kind in ("MUL", "ADD"):
        builder = ModelBuilder()
        image = builder.activation((1, 4, 4, 8), 1 / 16)
        output = builder.activation((1, 4, 4, 8), 1 / 16)
        builder.operator(kind, [image, image], output)
        yield builder.build([image], [output])
    builder = ModelBuilder()
    image = builder.activation((1, 4, 4, 8), 1 / 16)
    output = builder.activation((1, 4, 4, 8), 1 / 16)
    factors = builder.constant(np.arange(8, dtype=np.int8), 1 / 16)
    builder.operator("MUL", [image, factors], output)
    yield builder.build([image], [output])
    for scale, kind in ((1 / 16, "int8"), (None, "float32")):
        builder = ModelBuilder()
        image = builder.activation((1, 8), scale, dtype=kind)
        output = builder.activation((1, 8), 1 / 16, 128, "uint8")
        builder.operator("QUANTIZE", [image], output)
        yield builder.build([image], [output])


def _functions(graph: Graph) -> list[str]:
    return [] if check_operators(graph) else [function for function, _ in calls_of(graph)]


def _build(models: list[tuple[bytes, str]], target: Target) -> list[Built]:
    """One after the other in one project, so that only the model is compiled again."""
    built = []
    with tempfile.TemporaryDirectory() as folder:
        path, place = Path(folder) / f"{MODEL}.tflite", Path(folder) / "project"
        for model, rounding in models:
            path.write_bytes(model)
            build_project(find_model(path), target, place, "static", "system", rounding=rounding)
            run_platformio(place, target)
            (project,) = read_project(place)
            graph = executed_graph(replace(parse_tflite(model), rounding=rounding))
            built.append(_take_apart(project, graph, target))
            print(f"{', '.join(sorted(set(built[-1].functions)))}", file=sys.stderr)
    return built


def _take_apart(project: Project, graph: Graph, target: Target) -> Built:
    kernels, library, params = {}, {}, {}
    sources = {path.name for path in (ROOT / "firmware" / "nn" / "src").glob("*.c")}
    own = {path.name for path in (ROOT / "firmware").rglob("*.c")} - sources | {"bench_model.c"}
    for source, name, size in named_symbols(project.firmware):
        if source in sources or name.startswith("nn_"):
            kernels[f"{name}@{source}"] = size
        elif re.fullmatch(r"op\d+_params", name):
            params[int(name[2:].split("_")[0])] = size
        elif source not in own | {f"{MODEL}.c"} and not name.startswith(f"{MODEL}_"):
            library[name] = size
    constants = objects_named(project.firmware, rf"{MODEL}_op\d+_|op\d+_inputs")
    plan = plan_graph(graph)
    glue = glue_of(graph, plan, target)
    known = sum(map(whole_words, (*kernels.values(), *library.values(), *constants)))
    known += stream_constant_bytes(plan)
    linked = measure_elf(project.firmware, project.model_symbols)
    kept_bytes = aligned(graph.tensors[graph.outputs[0]].size_bytes)
    return Built(
        graph=graph,
        kind=glue.stack_kind,
        functions=_functions(graph),
        glue=glue,
        kernel_symbols=kernels,
        library_symbols=library,
        other_bytes=linked.flash_bytes - known - glue.code_bytes - sum(params.values()),
        params_bytes=[params[index] for index in sorted(params)],
        ram_bytes=linked.ram_bytes
        - project.arena_bytes
        - kept_bytes
        - target.stack_bytes
        - stream_variable_bytes(graph, plan),
    )


def make_table(built: list[Built], target: Target) -> dict[str, Any]:
    """What each function adds, and what every firmware has."""
    library = set.intersection(*(set(b.library_symbols) for b in built))
    glue = measure_glue(target)
    stack = measure_stack([b.graph for b in built], glue, target)
    return {
        "schema": SCHEMA,
        "compiler": compiler_version(),
        "flags": [*target.cpu_flags, "-O2", "-ffunction-sections", "-fdata-sections"],
        "core": target.core,
        "application": {
            **_application(built, library),
            # Less than the gap before the arena, which lies at a multiple of 16.
            "ram_bytes": min(b.ram_bytes for b in built),
            "stack_bytes": stack.application,
        },
        "model": {"prices": fit_prices(glue), "stack_bytes": stack.before},
        "streams": {"symbols": _stream_symbols(built)},
        "functions": {
            name: {"stack_bytes": stack.functions[name], **own}
            for name, own in _by_function(built, library).items()
        },
    }


def _application(built: list[Built], library: set[str]) -> dict[str, Any]:
    """Flash of what every firmware has, and of what some kinds of firmware have more."""
    common_bytes = [sum(whole_words(b.library_symbols[name]) for name in library) for b in built]
    flash_bytes: dict[str, list[int]] = {}
    for b, common in zip(built, common_bytes, strict=True):
        flash_bytes.setdefault(b.kind, []).append(b.other_bytes + common)
    print(f"application: {flash_bytes}", file=sys.stderr)
    middle = {kind: round(statistics.median(own)) for kind, own in sorted(flash_bytes.items())}
    whole_bytes = middle["calls"]
    return {
        "flash_bytes": whole_bytes,
        "more_flash_bytes": {kind: own - whole_bytes for kind, own in middle.items()},
    }


def _stream_symbols(built: list[Built]) -> dict[str, int]:
    """What runs the steps of streamed segments."""
    return {
        name: size
        for b in built
        for name, size in b.kernel_symbols.items()
        if name.startswith(_DRIVER)
    }


def _by_function(built: list[Built], library: set[str]) -> dict[str, Any]:
    """What the linker keeps for one function: of firmware in which all others are known."""
    functions: dict[str, Any] = {}
    for b in sorted(built, key=lambda b: len(set(b.functions))):
        new = set(b.functions) - functions.keys()
        if len(new) != 1:
            continue
        (function,) = new
        known = {name for f in b.functions if f in functions for name in functions[f]["symbols"]}
        more = {n: size for n, size in b.library_symbols.items() if n not in library}
        own = {n: size for n, size in b.kernel_symbols.items() if not n.startswith(_DRIVER)}
        own |= more
        functions[function] = {
            "params_bytes": b.params_bytes[b.functions.index(function)],
            "symbols": {name: own[name] for name in sorted(own.keys() - known)},
        }
    return dict(sorted(functions.items()))


def compiler_version() -> str:
    """Name and version of the compiler of the firmware."""
    command = ["arm-none-eabi-gcc", "--version"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
