"""Compiles the code that is generated around the kernels, and fits what its parts take of flash.

Used by `benchmarks.code_size`. Only this code is compiled, nothing is linked or run, so that
hundreds of networks of up to 70 calls take a minute.
"""

import subprocess
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from elftools.elf.elffile import ELFFile

from benchmarks.operator_cases import CASES, FUSED
from benchmarks.random_networks import random_network
from benchmarks.runtime import ROOT
from codegen.glue import glue_parts, stack_kind
from codegen.graph import Graph
from codegen.lower_steps import lower_step
from codegen.operators import check_operators
from codegen.planner import plan_graph
from codegen.program import make_program
from codegen.read_tflite import parse_tflite
from codegen.render import ModelNames, model_text, render_model
from firmware.targets import Target

LENGTHS = (0, 1, 2, 4, 8, 12, 20, 30, 45, 70)
SEEDS_PER_LENGTH, SEEDS_PER_CASE = 20, 4
FIRST_SEED = 10_000
"""None of the networks that are built whole."""
NAME = "sized"
KEPT = ("init", "input", "output", "arena_used_bytes", "invoke_step", "invoke", "dequantize_output")
"""Functions that the bench application calls; the linker drops the others."""


@dataclass(frozen=True, slots=True)
class Glue:
    """The generated code of one network.

    Attributes:
        parts: What is counted of it.
        stack_kind: What its stack depends on.
        code_bytes: Of what the linker keeps, each function from a word on.
        stack_bytes: Of the functions between the application and a kernel.
        step_stack_bytes: Of the last of them.
    """

    parts: dict[str, int]
    stack_kind: str
    code_bytes: int
    stack_bytes: int
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
    graphs = [graph for model in models if not check_operators(graph := parse_tflite(model))]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda graph: glue_of(graph, target), graphs))


def glue_of(graph: Graph, target: Target) -> Glue:
    """Generate and compile the code of one network."""
    plan = plan_graph(graph)
    calls = [lower_step(graph, step) for step in plan.steps]
    names = ModelNames(NAME, "0" * 64, "static", target.environment)
    model = model_text(graph, plan, b"", plan.arena_bytes, names)
    texts = render_model(model, graph, make_program(graph, plan, NAME))
    with tempfile.TemporaryDirectory() as folder:
        sizes, stacks = _compile(Path(folder), texts, target)
    return Glue(
        parts=glue_parts(graph, plan, calls),
        stack_kind=stack_kind(calls),
        code_bytes=sum(-(-sizes.get(f"{NAME}_{name}", 0) // 4) * 4 for name in KEPT),
        stack_bytes=stacks[f"{NAME}_invoke"] + stacks[f"{NAME}_invoke_step"],
        step_stack_bytes=stacks[f"{NAME}_invoke_step"],
    )


def _compile(
    folder: Path, texts: dict[str, str], target: Target
) -> tuple[dict[str, int], dict[str, int]]:
    """Bytes of code and of stack by function."""
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    (source,) = folder.rglob(f"{NAME}.c")
    folders = [ROOT / "firmware" / "nn" / "include", *{path.parent for path in folder.rglob("*.h")}]
    command = ["arm-none-eabi-gcc", *target.cpu_flags, "-std=c11", "-O2", "-ffunction-sections"]
    command += ["-fdata-sections", "-fstack-usage", *(f"-I{own}" for own in folders)]
    subprocess.run([*command, "-c", source, "-o", folder / "own.o"], check=True, timeout=300)
    with (folder / "own.o").open("rb") as stream:
        sections = {s.name: s["sh_size"] for s in ELFFile(stream).iter_sections()}
    lines = [line.split("\t") for line in (folder / "own.su").read_text().splitlines()]
    stacks = {place.rsplit(":", 1)[-1]: int(size) for place, size, _ in lines}
    beginning = ".text."
    return {
        name.removeprefix(beginning): size
        for name, size in sections.items()
        if name.startswith(beginning)
    }, stacks


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
        most[own.stack_kind] = max(most[own.stack_kind], own.stack_bytes)
    return dict(sorted(most.items()))
