"""Renders the text of every generated file. Pure, except for loading the templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from codegen.c_code.c_source import byte_lines
from codegen.c_code.port_text import PortText, input_texts, output_texts
from codegen.c_code.program import Program
from codegen.model.graph import Graph
from codegen.operators.support import row_count, row_elements
from codegen.planning.placement import ALIGNMENT_BYTES
from codegen.planning.planner import MemoryPlan
from codegen.tflm.library import (
    CORE_LEVEL,
    DOWNLOAD,
    KERNEL_LEVEL,
    LIBRARY,
    LIBRARY_NAME,
    registrations,
)
from firmware.targets import Target

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror")
_RUNTIME_TITLES = {"static": "static runtime", "tflm": "TensorFlow Lite Micro runtime"}


@dataclass(frozen=True, slots=True)
class FedRows:
    """The rows of a model's input that the application feeds one by one, in a ring in the arena.

    Attributes:
        count: Rows of the input.
        row_count: Elements of a row.
        row_bytes: Bytes of a row.
        ring_rows: Rows of the ring.
        end_step: The first step that runs after all rows were fed.
    """

    count: int
    row_count: int
    row_bytes: int
    ring_rows: int
    end_step: int


@dataclass(frozen=True, slots=True)
class ModelText:
    """A model in the form of the templates."""

    name: str
    title: str
    sha256: str
    runtime: str
    target: str
    arena_bytes: int
    model_bytes: int
    inputs: tuple[PortText, ...]
    outputs: tuple[PortText, ...]
    byte_lines: list[str]
    step_count: int
    operator_count: int
    kinds: list[str]
    fed: FedRows | None
    is_profiled: bool
    alignment_bytes: int = ALIGNMENT_BYTES

    @property
    def upper(self) -> str:
        """Prefix of the macros."""
        return self.name.upper()

    @property
    def plural_inputs(self) -> str:
        """The ending of `input` in texts."""
        return "s" if len(self.inputs) > 1 else ""

    @property
    def plural_outputs(self) -> str:
        """The ending of `output` in texts."""
        return "s" if len(self.outputs) > 1 else ""

    @property
    def db_flip(self) -> int:
        """The bits that the bench flips in each byte of `db`; none if there are several inputs."""
        return self.inputs[0].db_flip if len(self.inputs) == 1 else 0

    def sum(self, which: str, what: str) -> str:
        """The sum of the macros that end in `what`, of all `inputs` or all `outputs`."""
        own = self.inputs if which == "inputs" else self.outputs
        return " + ".join(f"{self.upper}_{port.upper}_{what}" for port in own)

    @property
    def runtime_title(self) -> str:
        """The runtime's name for people."""
        return _RUNTIME_TITLES[self.runtime]


@dataclass(frozen=True, slots=True)
class ModelNames:
    """The names of a model.

    Attributes:
        name: C identifier.
        sha256: SHA-256 of the .tflite.
        runtime: `static` or `tflm`.
        target: The name of the board that the bench reports.
    """

    name: str
    sha256: str
    runtime: str
    target: str


def model_text(
    graph: Graph, plan: MemoryPlan, content: bytes, arena_bytes: int, names: ModelNames
) -> ModelText:
    """A model in the form of the templates."""
    return ModelText(
        arena_bytes=arena_bytes,
        model_bytes=len(content),
        inputs=input_texts(graph, plan, names.name),
        outputs=output_texts(graph, plan, names.name),
        byte_lines=byte_lines(content),
        step_count=len(plan.steps) if names.runtime == "static" else 1,
        operator_count=len(plan.steps) if names.runtime == "static" else len(graph.operators),
        kinds=sorted({operator.kind for operator in graph.operators}),
        fed=_fed_rows(graph, plan) if names.runtime == "static" else None,
        is_profiled=names.runtime == "tflm" or any(own.streamed for own in plan.segments),
        name=names.name,
        title=names.name,
        sha256=names.sha256,
        runtime=names.runtime,
        target=names.target,
    )


def _fed_rows(graph: Graph, plan: MemoryPlan) -> FedRows | None:
    """The rows that are fed one by one; None if the input is stored whole."""
    image = graph.inputs[0]
    tensor = graph.tensors[image]
    for segment in plan.segments:
        if image in segment.rings:
            rows = row_count(tensor)
            return FedRows(
                count=rows,
                row_count=row_elements(tensor),
                row_bytes=tensor.size_bytes // rows,
                ring_rows=segment.rings[image],
                end_step=segment.end_step,
            )
    return None


def render_model(model: ModelText, graph: Graph, program: Program | None) -> dict[str, str]:
    """The files of `lib/<model>/` and of the libraries that it needs, by their paths.

    The .tflite as a C array is a separate library, unless the runtime reads it. A library that is
    not included is not linked, with or without `--gc-sections`.

    Args:
        model: The model.
        graph: The network, for the operators that TFLM registers.
        program: Program of the static runtime; None for TFLM.
    """
    folder = f"lib/{model.name}"
    array = f"{folder}_tflite" if program else folder
    files: dict[str, tuple[str, dict[str, Any]]] = {
        f"{folder}/library.json": (
            "library.json.j2",
            {"name": model.name, "needs": "" if program else "tflm"},
        ),
        f"{folder}/include/{model.name}.h": ("model.h.j2", {}),
        f"{array}/include/{model.name}_tflite.h": ("tflite.h.j2", {}),
        f"{array}/src/{model.name}_tflite.c": ("tflite.c.j2", {}),
    }
    if program is None:
        tflm = {"registrations": registrations(graph)}
        files[f"{folder}/src/{model.name}.cpp"] = ("model_tflm.cpp.j2", {"tflm": tflm})
    else:
        values = {"program": program}
        library = {"name": f"{model.name}_tflite", "needs": ""}
        files[f"{array}/library.json"] = ("library.json.j2", library)
        files[f"{folder}/src/{model.name}.c"] = ("model.c.j2", values)
        files[f"{folder}/src/{model.name}_weights.c"] = ("weights.c.j2", values)
        files[f"{folder}/src/{model.name}_weights.h"] = ("weights.h.j2", values)
        files["lib/nn/library.json"] = ("library.json.j2", {"name": "nn", "needs": ""})
    return _render({p: (t, {"model": model, **v}) for p, (t, v) in files.items()})


def render_project(
    models: Sequence[ModelText],
    target: Target,
    toolchain: str,
    macc: int,
    has_golden: bool,
    tflm_place: str = "",
) -> dict[str, str]:
    """The files of the project around the model, by their paths.

    Args:
        models: The model, once for each runtime.
        target: The chip.
        toolchain: `system` or `platformio`.
        macc: Multiply-accumulates of one inference.
        has_golden: Whether the project has expected outputs.
        tflm_place: Where TFLM is: a folder, `DOWNLOAD`, or nothing for the environment's.
    """
    values: dict[str, Any] = {
        "models": models,
        "title": models[0].title,
        "sha256": models[0].sha256,
        "target": target,
        "has_static": any(model.runtime == "static" for model in models),
        "has_tflm": any(model.runtime == "tflm" for model in models),
        "toolchain": toolchain,
        "macc": macc,
        "has_golden": has_golden,
        "tflm": {
            "library": LIBRARY,
            "library_name": LIBRARY_NAME,
            "folder": "" if tflm_place == DOWNLOAD else tflm_place,
            "is_downloaded": tflm_place == DOWNLOAD,
            "core_level": CORE_LEVEL,
            "kernel_level": KERNEL_LEVEL,
            "operators": models[0].kinds,
        },
        "cpu_flags": list(target.cpu_flags),
        "warnings": list(WARNINGS),
    }
    names = ("platformio.ini", "board.ld", "flags.py", "README.md", "src/bench_model.c")
    texts = _render({name: (f"{Path(name).name}.j2", values) for name in names})
    # A board of QEMU has one form: its facts are constants of its support.
    return texts if target.machine else texts | {"src/target.h": target_header(target)}


def target_header(target: Target) -> str:
    """The facts of a chip and its board that the board support in `firmware/board/` needs."""
    return _render({"target.h": ("target.h.j2", {"target": target})})["target.h"]


def _render(files: dict[str, tuple[str, dict[str, Any]]]) -> dict[str, str]:
    environment = _environment()
    return {
        path: environment.get_template(template).render(values)
        for path, (template, values) in sorted(files.items())
    }


@cache
def _environment() -> Environment:
    """The templates, each of which is compiled once."""
    return Environment(
        loader=PackageLoader("codegen"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 (C and build files, not HTML; names are C identifiers)
    )
