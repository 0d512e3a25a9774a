"""A .tflite in, a PlatformIO project out. Reads and writes files."""

import json
import shutil
import zipfile
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np

from codegen.c_source import identifier
from codegen.graph import Graph, Tensor, count_macc
from codegen.operators import check_operators, supported_kinds
from codegen.planner import MemoryPlan, aligned, plan_graph
from codegen.program import C_TYPES, make_program
from codegen.read_tflite import read_tflite
from codegen.render import ModelNames, ModelText, model_text, render_model, render_project
from codegen.tflm.arena import plan_tflm_arena
from codegen.tflm.library import ARENA_MARGIN_BYTES, missing_operators
from codegen.tflm.structures import MCU
from codegen.work import step_work
from firmware.errors import ConfigError, InfeasibleError, ModelError, StaleError
from firmware.files import replacing_folder, sha256_of_bytes, write_json, write_text
from firmware.targets import Target

MANIFEST_SCHEMA = 1
RUNTIMES = ("static", "tflm")
TOOLCHAINS = ("system", "platformio")


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model and what lies beside it.

    Attributes:
        path: The .tflite.
        content: Its bytes.
        name: C identifier for everything generated from it.
        golden: Inputs and expected outputs, if there are any.
    """

    path: Path
    content: bytes
    name: str
    golden: Path | None

    @property
    def sha256(self) -> str:
        """Of the .tflite."""
        return sha256_of_bytes(self.content)


def find_model(model_or_run: Path, golden: Path | None = None, name: str = "") -> ModelSource:
    """The model that a path means: a .tflite, or the folder of a run.

    The golden file is the one named, else `<model>.golden.npz` or `golden.npz` beside the model.

    Raises:
        ModelError: There is no such model.
        StaleError: The run's record or the golden file belong to another model.
    """
    is_run = model_or_run.is_dir()
    path = model_or_run / "model.tflite" if is_run else model_or_run
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"could not read {str(path)!r}: {error.strerror}") from error
    source = ModelSource(
        path,
        content,
        identifier(name or (model_or_run.resolve().name if is_run else path.stem)),
        golden or _golden_beside(path),
    )
    if is_run:
        _check_record(model_or_run / "run.json", source.sha256)
    if source.golden is not None:
        _check_golden(source.golden, source.sha256)
    return source


def _golden_beside(path: Path) -> Path | None:
    candidates = (path.with_name(f"{path.stem}.golden.npz"), path.with_name("golden.npz"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _check_record(record: Path, sha256: str) -> None:
    try:
        recorded = json.loads(record.read_text(encoding="utf-8")).get("model_sha256")
    except (OSError, ValueError) as error:
        raise ModelError(f"{str(record)!r} is no finished run; start 'nas run' again") from error
    if recorded != sha256:
        raise StaleError(f"{str(record)!r} records another model than the model.tflite beside it")


def _check_golden(golden: Path, sha256: str) -> None:
    try:
        with golden.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            recorded = str(arrays["model_sha256"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"{str(golden)!r} is no golden file; make it with 'nas golden'") from error
    if recorded != sha256:
        raise StaleError(
            f"{str(golden)!r} was made from another model; make it anew with 'nas golden'"
        )


def build_project(
    source: ModelSource, target: Target, out: Path, runtime: str, toolchain: str
) -> dict[str, Any]:
    """Write the project of a model, whole or not at all; gives its manifest.

    Raises:
        ModelError: The model holds what cannot be generated; all reasons are told.
        InfeasibleError: It needs more RAM or flash than the target has.
        ConfigError: `out` is something else than a project.
    """
    graph = read_tflite(source.path)
    _check_model(graph, runtime)
    _check_out(out)
    manifest, texts = _generate(source, graph, target, runtime, toolchain)
    with replacing_folder(out) as folder:
        for path, text in texts.items():
            write_text(folder / path, text)
        _copy_sources(folder, target, runtime, toolchain)
        if source.golden is not None:
            shutil.copyfile(source.golden, folder / "golden.npz")
        write_json(folder / "manifest.json", manifest)
    return manifest


def _generate(
    source: ModelSource, graph: Graph, target: Target, runtime: str, toolchain: str
) -> tuple[dict[str, Any], dict[str, str]]:
    plan = plan_graph(graph)
    arena_bytes = plan.arena_bytes
    if runtime == "tflm":
        arena_bytes = aligned(plan_tflm_arena(graph, MCU).required_bytes + ARENA_MARGIN_BYTES)
    program = make_program(graph, plan, source.name) if runtime == "static" else None
    weight_bytes = program.weight_bytes if program else 0
    flash_bytes = weight_bytes if program else len(source.content)
    _check_limits(target, arena_bytes, flash_bytes)
    names = ModelNames(source.name, source.sha256, runtime, target.environment)
    model = model_text(graph, plan, source.content, arena_bytes, names)
    manifest = _manifest(source, graph, plan, target, model, toolchain, weight_bytes)
    texts = render_model(model, graph, program)
    texts |= render_project(model, target, toolchain, manifest["macc"], source.golden is not None)
    return manifest, texts


def _manifest(
    source: ModelSource,
    graph: Graph,
    plan: MemoryPlan,
    target: Target,
    model: ModelText,
    toolchain: str,
    weight_bytes: int,
) -> dict[str, Any]:
    """What the project promises, and what it was made from."""
    return {
        "schema": MANIFEST_SCHEMA,
        "model_name": source.name,
        "model_sha256": source.sha256,
        "target": target.name,
        "runtime": model.runtime,
        "toolchain": toolchain,
        "environment": target.environment,
        "macc": sum(count_macc(graph, operator) for operator in graph.operators),
        "model_bytes": len(source.content),
        "weight_bytes": weight_bytes,
        "input": _port_record(graph.tensors[graph.inputs[0]]),
        "output": _port_record(graph.tensors[graph.outputs[0]]),
        "operators": [operator.kind for operator in graph.operators],
        "steps": _step_records(graph, plan) if model.runtime == "static" else [],
        "estimate": {
            "arena_bytes": model.arena_bytes,
            "stack_bytes": target.stack_bytes,
            "ram_limit_bytes": target.ram_bytes,
            "flash_limit_bytes": target.flash_bytes,
        },
        "golden_sha256": sha256_of_bytes(source.golden.read_bytes()) if source.golden else None,
    }


def _step_records(graph: Graph, plan: MemoryPlan) -> list[dict[str, Any]]:
    """What each kernel call does, in order."""
    return [
        {
            "operators": [graph.operators[index].kind for index in step.operators],
            "input": [list(graph.tensors[tensor].shape) for tensor in step.inputs],
            "output": list(graph.tensors[step.output].shape),
            "macc": sum(count_macc(graph, graph.operators[index]) for index in step.operators),
            "kernel": kernel,
            "work": work,
        }
        for step, (kernel, work) in ((step, step_work(graph, step)) for step in plan.steps)
    ]


def _port_record(tensor: Tensor) -> dict[str, Any]:
    quantization = tensor.quantization
    return {
        "shape": list(tensor.shape),
        "dtype": tensor.dtype.value,
        "bytes": tensor.size_bytes,
        "scale": quantization.scale if quantization else None,
        "zero_point": quantization.zero_point if quantization else None,
    }


def _check_model(graph: Graph, runtime: str) -> None:
    ports = [graph.tensors[i] for i in (*graph.inputs, *graph.outputs)]
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise ModelError(
            f"the model has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; "
            "one of each can be generated"
        )
    if not graph.operators:
        raise ModelError("the model has no operators")
    if any(port.dtype not in C_TYPES for port in ports):
        raise ModelError("input and output must be int8, uint8 or float32")
    problems = check_operators(graph) if runtime == "static" else []
    if problems:
        noun = "operator" if len(problems) == 1 else "operators"
        raise ModelError(
            f"{len(problems)} {noun} cannot be generated: {'; '.join(problems)}; "
            f"supported in int8: {', '.join(supported_kinds())}"
        )
    missing = missing_operators(graph) if runtime == "tflm" else []
    if missing:
        raise ModelError("; ".join(missing))


def _check_limits(target: Target, arena_bytes: int, flash_bytes: int) -> None:
    ram_left = target.ram_bytes - target.stack_bytes
    if arena_bytes > ram_left:
        raise InfeasibleError(
            f"the arena needs {arena_bytes} bytes, {target.name} has {ram_left} besides the stack"
        )
    if flash_bytes > target.flash_bytes:
        raise InfeasibleError(
            f"the model needs {flash_bytes} bytes of flash, {target.name} has {target.flash_bytes}"
        )


def _check_out(out: Path) -> None:
    if out.is_dir() and not any(out.iterdir()):
        return
    if out.exists() and not (out / "manifest.json").is_file():
        raise ConfigError(
            f"{str(out)!r} exists and is no generated project; choose another --out or remove it"
        )


def _copy_sources(folder: Path, target: Target, runtime: str, toolchain: str) -> None:
    """Copy what does not depend on the model."""
    with as_file(files("firmware")) as firmware:
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "__init__.py")
        if runtime == "static":
            shutil.copytree(
                firmware / "nn", folder / "lib" / "nn", dirs_exist_ok=True, ignore=ignored
            )
        for part in ("bench", f"board/{target.name}"):
            shutil.copytree(firmware / part, folder / "src", dirs_exist_ok=True, ignore=ignored)
        if toolchain == "system":
            shutil.copytree(firmware / "platform", folder / "platform", ignore=ignored)
