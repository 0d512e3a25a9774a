"""Compiles the code that is generated around the kernels, and fits what its parts take of flash.

Used by `benchmarks.code_size`. Only this code is compiled, nothing is linked or run, so that
a thousand networks of up to 70 calls take some minutes.
"""

import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
from elftools.elf.elffile import ELFFile

from benchmarks.operator_cases import CASES, FUSED
from benchmarks.random_networks import random_network
from benchmarks.runtime import ROOT
from codegen.c_code.lower_steps import lower_step
from codegen.c_code.program import make_program
from codegen.c_code.render import ModelNames, model_text, render_model
from codegen.costs.glue import glue_parts, stack_kind
from codegen.model.graph import Graph
from codegen.model.read_tflite import parse_tflite
from codegen.operators import check_operators
from codegen.planning.planner import MemoryPlan, plan_graph
from codegen.simplify.executed import executed_graph
from firmware.targets import Target

LENGTHS = (0, 1, 2, 4, 8, 12, 20, 30, 45, 70)
SEEDS_PER_LENGTH, SEEDS_PER_CASE = 40, 8
FIRST_SEED = 10_000
"""None of the networks that are built whole."""
NAME = "sized"
DROPPED = {
    "calls": ("quantize_input", "profile"),
    "streams": ("quantize_input",),
    "fed rows": ("quantize_input", "invoke"),
}
"""Functions that the bench application does not call, by how the code runs: the linker drops them,
and keeps all others."""
DRIVER = "nn_stream_run"
"""What calls a row of a streamed segment."""


@dataclass(frozen=True, slots=True)
class Glue:
    """The generated code of one network.

    Attributes:
        parts: What is counted of it.
        stack_kind: What its stack depends on.
        code_bytes: Of what the linker keeps, each function from a word on.
        stack_bytes: Of the functions between the application and a kernel, by how it is reached.
        step_stack_bytes: Of the last of them, of code without streams.
    """

    parts: dict[str, int]
    stack_kind: str
    code_bytes: int
    stack_bytes: dict[str, int]
    step_stack_bytes: int


def measure_glue(target: Target) -> list[Glue]:
    """The generated code of random networks, and of single operators."""
    models = [
        random_network(FIRST_SEED + 100 * index + seed, length)
        for (index, length), seed in product(enumerate(LENGTHS), range(SEEDS_PER_LENGTH))
    ]
    models += [
        case(np.random.default_rng(seed))[0]
        for case, seed in product((*CASES.values(), *FUSED.values()), range(SEEDS_PER_CASE))
    ]
    executed = [executed_graph(parse_tflite(model)) for model in models]
    graphs = [graph for graph in executed if not check_operators(graph)]
    with ThreadPoolExecutor(2) as pool:
        plans = [plan for graph in graphs for plan in _plans(graph)]
        return list(pool.map(lambda own: glue_of(*own, target), plans))


def _plans(graph: Graph) -> list[tuple[Graph, MemoryPlan]]:
    """Each network with whole steps, and as it is planned, if that is another plan."""
    plans = [plan_graph(graph, stream=False), plan_graph(graph, stream=True)]
    is_streamed = any(segment.streamed for segment in plans[1].segments)
    return [(graph, plan) for plan in plans[: 1 + is_streamed]]


def glue_of(graph: Graph, plan: MemoryPlan, target: Target) -> Glue:
    """Generate and compile the code of one network."""
    calls = [lower_step(graph, step) for step in plan.steps]
    names = ModelNames(NAME, "0" * 64, "static", target.environment)
    model = model_text(graph, plan, b"", plan.arena_bytes, names)
    texts = render_model(model, graph, make_program(graph, plan, NAME))
    with tempfile.TemporaryDirectory() as folder:
        sizes, stacks = _compile(Path(folder), texts, target)
    kind = stack_kind(plan, calls)
    dropped = {f"{NAME}_{name}" for name in DROPPED.get(kind, DROPPED["calls"])}
    paths = {name: [stacks.get(own, 0) for own in path] for name, path in _paths(kind).items()}
    return Glue(
        parts=glue_parts(graph, plan, calls),
        stack_kind=kind,
        code_bytes=sum(-(-size // 4) * 4 for name, size in sizes.items() if name not in dropped),
        stack_bytes={name: sum(path) for name, path in paths.items()},
        step_stack_bytes=stacks.get(f"{NAME}_invoke_step", 0),
    )


def _paths(kind: str) -> dict[str, list[str]]:
    """The functions between the application and a kernel, by how the kernel is reached."""
    if kind == "fed rows":
        through = [f"{NAME}_end", "run_from", "run_step"]
        return {
            "fed rows": [f"{NAME}_push_row", DRIVER, "make_row"],
            "after fed rows": [*through, "make_row"],
            "streams after fed rows": [*through, DRIVER, "make_row"],
        }
    through = [f"{NAME}_invoke", "run_from", f"{NAME}_invoke_step"]
    if kind == "streams":
        return {"streams": [*through, DRIVER, "make_row"], "beside streams": [*through, "make_row"]}
    return {kind: through}


def _compile(
    folder: Path, texts: dict[str, str], target: Target
) -> tuple[dict[str, int], dict[str, int]]:
    """Bytes of code and of stack by function."""
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    (source,) = folder.rglob(f"{NAME}.c")
    stacks = _stacks(
        source, {path.parent for path in folder.rglob("*.h")}, folder, target.cpu_flags
    )
    with (folder / "own.o").open("rb") as stream:
        sections = {s.name: s["sh_size"] for s in ELFFile(stream).iter_sections()}
    beginning = ".text."
    return {
        name.removeprefix(beginning): size
        for name, size in sections.items()
        if name.startswith(beginning)
    }, stacks | _driver_stacks(target.cpu_flags)


@cache
def _driver_stacks(cpu_flags: tuple[str, ...]) -> dict[str, int]:
    """Stack of what runs the steps of streamed segments, by function."""
    with tempfile.TemporaryDirectory() as folder:
        source = ROOT / "firmware" / "nn" / "src" / "stream.c"
        return _stacks(source, (), Path(folder), cpu_flags)


def _stacks(
    source: Path, includes: Iterable[Path], folder: Path, cpu_flags: tuple[str, ...]
) -> dict[str, int]:
    """Compile a file to `own.o` in a folder. Returns the stack of each function."""
    includes = (ROOT / "firmware" / "nn" / "include", *includes)
    command = ["arm-none-eabi-gcc", *cpu_flags, "-std=c11", "-O2", "-ffunction-sections"]
    command += ["-fdata-sections", "-fstack-usage", *(f"-I{own}" for own in includes)]
    subprocess.run([*command, "-c", source, "-o", folder / "own.o"], check=True, timeout=300)
    lines = [line.split("\t") for line in (folder / "own.su").read_text().splitlines()]
    return {place.rsplit(":", 1)[-1]: int(size) for place, size, _ in lines}


def fit_prices(glue: list[Glue]) -> dict[str, float]:
    """Bytes of flash that each part takes, by least squares."""
    names = sorted({name for own in glue for name in own.parts})
    counts = np.array([[own.parts[name] for name in names] for own in glue], float)
    sizes = np.array([own.code_bytes for own in glue], float)
    solved = np.linalg.lstsq(counts, sizes, rcond=None)[0]
    return {name: round(float(price), 2) for name, price in zip(names, solved, strict=True)}


def stack_by_kind(glue: list[Glue]) -> dict[str, int]:
    """Most stack of this code, by what it depends on."""
    most: dict[str, int] = defaultdict(int)
    for own in glue:
        for name, stack_bytes in own.stack_bytes.items():
            most[name] = max(most[name], stack_bytes)
    return dict(sorted(most.items()))
