"""Generates a PlatformIO project from a .tflite. Reads and writes files."""

from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from codegen.c_code.program import make_program
from codegen.c_code.render import ModelNames, model_text, render_model, render_project
from codegen.check import check_model
from codegen.costs.footprint import Footprint, code_of, footprint, together
from codegen.model.graph import DEFAULT_ROUNDING, ROUNDED_KINDS, Graph
from codegen.model.read_tflite import parse_model
from codegen.planning.planner import plan_graph
from codegen.project.manifest import Part, make_manifest, manifest_json
from codegen.project.own_sources import own_sources
from codegen.project.platformio_board import platformio_board
from codegen.project.source import ModelSource
from codegen.project.write_project import write_project
from codegen.simplify.executed import executed_graph
from codegen.tflm.arena import plan_tflm_arena
from codegen.tflm.library import DOWNLOAD
from codegen.tflm.reserve import check_core, reserved_bytes
from codegen.tflm.structures import DOWNLOADED, MCU
from firmware.array_file import MOST_GOLDEN_BYTES
from firmware.errors import ConfigError, InfeasibleError, StaleError
from firmware.regular_file import read_regular
from firmware.targets import Target

RUNTIMES = ("static", "tflm", "both")
LIBRARIES = {"static": "nn", "tflm": "tflm"}
TOOLCHAINS = ("system", "platformio")


def build_project(
    source: ModelSource,
    target: Target,
    out: Path,
    runtime: str,
    toolchain: str,
    tflm_place: str = "",
    is_forced: bool = False,
    rounding: str = DEFAULT_ROUNDING,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Write the project of a model. Returns its manifest and the user's files that were replaced.

    An existing project is updated. Files of the user are kept.

    Args:
        source: The model.
        target: The chip.
        out: Folder of the project.
        runtime: One of `RUNTIMES`.
        toolchain: One of `TOOLCHAINS`.
        tflm_place: Where TFLM is: a folder, `download`, or nothing for what TFLM_DIR names when
            the project is built.
        is_forced: Replace files that the user put there or changed.
        rounding: One of `ROUNDINGS`: the rounding of the firmware's outputs.

    Raises:
        ModelError: The model cannot be generated; the text gives all reasons.
        InfeasibleError: It needs more RAM or flash than the target has.
        ConfigError: A file of the user's is in the way, or TFLM cannot round so, or what it takes
            of memory on this core is not known.
        StaleError: The golden file holds outputs of another rounding.
    """
    graph = replace(parse_model(source.path, source.content), rounding=rounding)
    check_model(graph, *_single(runtime))
    _check_toolchain(target, toolchain)
    _check_rounding(source, graph, runtime)
    manifest, texts = _generate(source, graph, target, runtime, toolchain, tflm_place)
    contents = {path: text.encode() for path, text in texts.items()}
    contents |= _fixed_sources(target, runtime, toolchain)
    if source.golden is not None:
        contents["golden.npz"] = read_regular(source.golden, MOST_GOLDEN_BYTES)
    return manifest, write_project(out, manifest, contents, is_forced)


def _generate(
    source: ModelSource,
    graph: Graph,
    target: Target,
    runtime: str,
    toolchain: str,
    tflm_place: str,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns the manifest and the files by their paths."""
    _check_fits(source, graph, target, runtime)
    parts = [
        _part(source, graph, target, own, own != runtime, tflm_place) for own in _single(runtime)
    ]
    manifests = [make_manifest(source, graph, part, target, toolchain) for part in parts]
    texts: dict[str, str] = {}
    for part in parts:
        texts |= render_model(part.model, part.graph, part.program)
    texts |= render_project(
        [part.model for part in parts],
        target,
        toolchain,
        manifests[0].macc,
        source.golden is not None,
        tflm_place,
    )
    return manifest_json(target, *manifests), texts


def _single(runtime: str) -> tuple[str, ...]:
    """The runtimes of a choice."""
    return ("static", "tflm") if runtime == "both" else (runtime,)


def _graph_of(graph: Graph, runtime: str) -> Graph:
    """What a runtime executes of a model."""
    return executed_graph(graph) if runtime == "static" else graph


def _part(
    source: ModelSource,
    graph: Graph,
    target: Target,
    runtime: str,
    is_one_of_many: bool,
    tflm_place: str,
) -> Part:
    """The model under one runtime; its C names tell the runtime where there are several."""
    graph = _graph_of(graph, runtime)
    plan = plan_graph(graph)
    if runtime == "static":
        program = make_program(graph, plan, source.name)
        names = ModelNames(source.name, source.sha256, runtime, target.environment)
        model = model_text(graph, plan, source.content, plan.arena_bytes, names)
        return Part(graph, model, plan, program, program.weight_bytes, plan.arena_bytes)
    name = f"{source.name}_tflm" if is_one_of_many else source.name
    # Its size is enough for both releases; what will be used of it differs.
    arena = plan_tflm_arena(graph, DOWNLOADED if tflm_place == DOWNLOAD else MCU)
    arena_bytes = reserved_bytes(graph)
    names = ModelNames(name, source.sha256, runtime, target.environment)
    model = model_text(graph, plan, source.content, arena_bytes, names)
    return Part(graph, model, plan, None, 0, arena.used_bytes)


def _check_toolchain(target: Target, toolchain: str) -> None:
    """PlatformIO's own platform knows real boards only."""
    if target.machine and toolchain == "platformio":
        raise ConfigError(
            f"PlatformIO has no compiler settings for {target.name}, a board of QEMU; install "
            "arm-none-eabi-gcc (Debian: apt-get install gcc-arm-none-eabi) and choose --toolchain "
            "system"
        )


def _check_rounding(source: ModelSource, graph: Graph, runtime: str) -> None:
    """With one of `ROUNDED_KINDS`, firmware and golden file must use the same rounding."""
    if "tflm" in _single(runtime) and graph.rounding != "tflm":
        raise ConfigError(
            f"--rounding {graph.rounding} is for --runtime static alone: TensorFlow Lite Micro "
            "rounds as it does"
        )
    has_choice = any(operator.kind in ROUNDED_KINDS for operator in graph.operators)
    if source.golden is None or not has_choice or source.golden_rounding == graph.rounding:
        return
    raise StaleError(
        f"{str(source.golden)!r} holds outputs of {source.golden_rounding}'s rounding, the "
        f"firmware will give {graph.rounding}'s; make it again with 'nas golden --rounding "
        f"{graph.rounding}', or build with --rounding {source.golden_rounding}"
    )


def _check_fits(source: ModelSource, graph: Graph, target: Target, runtime: str) -> None:
    """Raise an error before anything is written if the firmware would not fit."""
    if "tflm" in _single(runtime):
        check_core(target.processor)
    needed = together([_footprint(source, graph, target, own) for own in _single(runtime)])
    for what, own, limit in (
        ("RAM", needed.ram_bytes, target.ram_bytes),
        ("flash", needed.flash_bytes, target.flash_bytes),
    ):
        if own > limit:
            parts = "arena, variables, stack" if what == "RAM" else "model, runtime, application"
            raise InfeasibleError(
                f"the firmware needs {own:,} bytes of {what} ({parts}), {target.name} has "
                f"{limit:,}; 'nas estimate' shows each part"
            )


def _footprint(source: ModelSource, graph: Graph, target: Target, runtime: str) -> Footprint:
    model_bytes = len(source.content)
    graph = _graph_of(graph, runtime)
    plan = plan_graph(graph) if runtime == "static" else None
    arena_bytes = plan.arena_bytes if plan is not None else reserved_bytes(graph)
    code = code_of(graph, plan, model_bytes, runtime, target.core, target.family)
    return footprint(graph, plan, model_bytes, arena_bytes, code, target.stack_bytes)


def _fixed_sources(target: Target, runtime: str, toolchain: str) -> dict[str, bytes]:
    """The files that do not depend on the model, by their paths in the project."""
    places = [(LIBRARIES[own], f"lib/{LIBRARIES[own]}") for own in _single(runtime)]
    places.append(("bench", "src"))
    places += [(f"board/{own}", "src") for own in target.board_folders]
    contents: dict[str, bytes] = {}
    if toolchain == "system":
        places.append(("platform", "platform"))
        board = f"platform/mcu_nas/boards/{target.environment}.json"
        contents[board] = platformio_board(target)
    with as_file(files("firmware")) as firmware:
        for own, place in places:
            for path in sorted((firmware / own).rglob("*")):
                if path.is_file() and path.suffix != ".pyc" and path.name != "__init__.py":
                    name = path.relative_to(firmware / own).as_posix()
                    contents[f"{place}/{name}"] = path.read_bytes()
    return contents | own_sources(target)
