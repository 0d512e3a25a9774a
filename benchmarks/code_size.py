"""Measures what each kernel takes of flash and stack, and what the bench application takes.

    python -m benchmarks.code_size --out FILE.json

Builds a firmware for each kernel, runs it on the virtual board, and takes apart what the linker
kept. `nas estimate` adds these figures up; they hold for the compiler and flags that they name.
"""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from benchmarks.operator_cases import CASES, FUSED
from benchmarks.random_networks import random_network
from benchmarks.runtime import ROOT, run_model
from benchmarks.tflite_builder import ModelBuilder
from codegen.graph import DEFAULT_ROUNDING
from codegen.lower_steps import lower_step
from codegen.operators import check_operators
from codegen.placement import aligned
from codegen.planner import plan_graph
from codegen.read_tflite import parse_tflite
from firmware.files import write_json
from firmware.targets import Target, load_target

SEEDS_PER_OPERATOR = 6
MANY_CALLS = 4
SCHEMA = 1
RAM = range(0x20000000, 0x40000000)
_MODEL = "measured"


@dataclass(frozen=True, slots=True)
class Built:
    """A firmware, taken apart.

    Attributes:
        functions: The kernels that its model calls, in order.
        kernel_symbols: Bytes of everything from the kernels' sources, by name.
        library_symbols: Bytes of everything that is neither kernel nor model nor application.
        other_bytes: Flash besides these and the model.
        invoke_bytes: Code of the model that calls the kernels.
        params_bytes: Of the parameters of each call.
        output_bytes: Of the model, which the application keeps a copy of.
        figures: As measurement.json has them.
    """

    functions: list[str]
    kernel_symbols: dict[str, int]
    library_symbols: dict[str, int]
    other_bytes: int
    invoke_bytes: int
    params_bytes: list[int]
    output_bytes: int
    figures: dict[str, Any]


def main() -> int:
    """Run the measurement; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--target", default="stm32f412", help="chip (%(default)s)")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="the table")
    arguments = parser.parse_args()
    target = load_target(arguments.target)
    models = list(_models())
    with ThreadPoolExecutor(2) as pool:
        built = list(pool.map(lambda own: _build(*own, target), models))
    table = make_table(built, target)
    write_json(arguments.out, table)
    for function, own in table["functions"].items():
        print(f"{function:<28}{sum(own['symbols'].values()):>8,}{own['stack_bytes']:>7,}")
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
            functions = _functions(model)
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
    builder = ModelBuilder()
    image = builder.activation((1, 8), 1 / 16)
    output = builder.activation((1, 8), 1 / 16, 128, "uint8")
    builder.operator("QUANTIZE", [image], output)
    yield builder.build([image], [output])


def _functions(model: bytes, rounding: str = DEFAULT_ROUNDING) -> list[str]:
    graph = replace(parse_tflite(model), rounding=rounding)
    if check_operators(graph):
        return []
    return [lower_step(graph, step).function for step in plan_graph(graph).steps]


def _build(model: bytes, rounding: str, target: Target) -> Built:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{_MODEL}.tflite"
        path.write_bytes(model)
        project, figures = run_model(path, target, Path(folder) / "project", rounding=rounding)
        output_bytes = project.manifest["output"]["bytes"]
        return _take_apart(project.firmware, _functions(model, rounding), output_bytes, figures)


def _take_apart(
    elf: Path, functions: list[str], output_bytes: int, figures: dict[str, Any]
) -> Built:
    kernels, library, model = {}, {}, {}
    sources = {path.name for path in (ROOT / "firmware" / "nn" / "src").glob("*.c")}
    own = {path.name for path in (ROOT / "firmware").rglob("*.c")} - sources | {"bench_model.c"}
    for source, name, size in named_symbols(elf):
        if source in sources or name.startswith("nn_"):
            kernels[f"{name}@{source}"] = size
        elif name.startswith(f"{_MODEL}_") or re.fullmatch(r"op\d+_params", name):
            model[name] = size
        elif source not in own:
            library[name] = size
    in_order = sorted(name for name in model if name.endswith("_params"))
    in_order.sort(key=lambda name: int(name[2:].split("_")[0]))
    params = [model[name] for name in in_order]
    known = sum(kernels.values()) + sum(library.values()) + sum(model.values())
    return Built(
        functions=functions,
        kernel_symbols=kernels,
        library_symbols=library,
        other_bytes=figures["flash_bytes"] - known,
        invoke_bytes=sum(model.values()) - sum(params) - figures["weight_bytes"],
        params_bytes=params,
        output_bytes=output_bytes,
        figures=figures,
    )


def named_symbols(elf: Path) -> Iterator[tuple[str, str, int]]:
    """Source file, name and bytes of everything in flash that has a name; every byte once."""
    reached = 0
    for address, size, name, source in sorted(_named(elf), key=lambda s: (s[0], -s[1])):
        if address + size > reached:
            yield source, name, address + size - max(address, reached)
            reached = address + size


def named_bytes(elf: Path) -> dict[str, int]:
    """Bytes in flash by name; names that are static several times share an entry."""
    sizes: dict[str, int] = {}
    for _, name, size in named_symbols(elf):
        sizes[name] = sizes.get(name, 0) + size
    return sizes


def _named(elf: Path) -> Iterator[tuple[int, int, str, str]]:
    """Address, bytes, name and source file (of those that are static) of functions and objects."""
    with elf.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        source = ""
        for symbol in table.iter_symbols():
            if symbol["st_info"]["type"] == "STT_FILE":
                source = symbol.name
            is_named = symbol["st_info"]["type"] in ("STT_OBJECT", "STT_FUNC")
            address = symbol["st_value"] & ~1
            if is_named and symbol["st_size"] > 0 and address not in RAM:
                is_static = symbol["st_info"]["bind"] == "STB_LOCAL"
                yield address, symbol["st_size"], symbol.name, source if is_static else ""


def make_table(built: list[Built], target: Target) -> dict[str, Any]:
    """What each function adds, and what every firmware has."""
    library = set.intersection(*(set(b.library_symbols) for b in built))
    functions = _by_function(built, library)
    single = [b for b in built if len(b.functions) == 1]
    most = max(built, key=lambda b: len(b.functions))
    invoke_bytes = statistics.median(b.invoke_bytes for b in single)
    call_bytes = (most.invoke_bytes - invoke_bytes) / (len(most.functions) - 1)
    stacks = {name: own["stack_bytes"] for name, own in functions.items()}
    several = [
        b.figures["stack_peak_bytes"] - max(stacks[name] for name in b.functions)
        for b in built
        if len(b.functions) > 1
    ]
    size = built[0].figures
    kept = aligned(built[0].output_bytes)
    base = statistics.median(b.other_bytes for b in built)
    base += sum(built[0].library_symbols[name] for name in library)
    return {
        "schema": SCHEMA,
        "compiler": _compiler(),
        "flags": [*target.cpu_flags, "-O2", "-ffunction-sections", "-fdata-sections"],
        "core": target.core,
        "application": {
            "flash_bytes": round(base),
            "ram_bytes": size["ram_bytes"] - size["arena_bytes"] - kept - target.stack_bytes,
        },
        "model": {
            "flash_bytes": round(invoke_bytes - call_bytes),
            "flash_bytes_per_call": round(call_bytes, 1),
            "stack_bytes_of_several_calls": round(max(several)),
        },
        "functions": functions,
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
        own = b.kernel_symbols | more
        functions[function] = {
            "stack_bytes": b.figures["stack_peak_bytes"],
            "params_bytes": b.params_bytes[b.functions.index(function)],
            "symbols": {name: own[name] for name in sorted(own.keys() - known)},
        }
    return dict(sorted(functions.items()))


def _compiler() -> str:
    command = ["arm-none-eabi-gcc", "--version"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
