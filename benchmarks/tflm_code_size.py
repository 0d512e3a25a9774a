"""Measures what operators of TensorFlow Lite Micro take of flash and RAM, as projects build them.

    TFLM_DIR=/path/to/tflite-micro python -m benchmarks.tflm_code_size --release TEXT --out FILE

Generates a project, has it compile the interpreter and the kernels, and links its firmware anew for
each operator: the source from the project's template, the compiler's and the linker's commands as
the project's own build tells them. So flags and registrations have one source. An operator that has
a kernel for int8 alone is measured with that and with all types. `nas estimate --runtime tflm` adds
these figures up. Only operators whose memory is modelled are measured: others never fit.

Compiling all kernels takes half an hour on two cores; `--operators` measures some alone, to check a
change of the benchmark or of the bench application.
"""

import argparse
import hashlib
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.tflite_builder import ModelBuilder
from benchmarks.tflm_code_table import MODEL, Linked, make_table, take_apart
from benchmarks.tflm_runtime import harness_bytes
from codegen.c_code.render import ModelNames, model_text, render_model
from codegen.costs.code_size import int8_key, tflm_runtime_bytes
from codegen.model.graph import Graph, Operator
from codegen.model.read_tflite import parse_tflite
from codegen.planning.planner import plan_graph
from codegen.project.build import build_project
from codegen.project.source import find_model
from codegen.tflm.kernels import is_modelled
from codegen.tflm.library import OPERATORS, Registration, registrations
from firmware.files import cache_folder, write_json
from firmware.platformio import run_platformio
from firmware.targets import Target, load_target
from firmware.tflm.tflm_tree import VARIABLE, int8_kernels

SCHEMA = 2
_LIMIT_S = 36_000.0
_MEASURED = tuple(kind for kind in sorted(OPERATORS) if is_modelled(kind))
_MANY = ("ADD", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MAX_POOL_2D", "MUL")
"""Linked together as well, for what each further operator adds to the model's own source."""


_HEADERS = ("-include", f"{MODEL}_headers.h")
"""Compiled once for all sources, which takes a quarter of the time."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A project that was built, and how it makes the model's object and the firmware.

    Attributes:
        work: Folder for what is linked; the project is in `project`.
        compiling: Command that compiles the model's source.
        linking: Command that links the firmware.
        harness_bytes: What the bench application takes of the flash.
    """

    work: Path
    compiling: tuple[str, ...]
    linking: tuple[str, ...]
    harness_bytes: int

    @property
    def project(self) -> Path:
        """Where the commands are run."""
        return self.work / "project"


def main() -> int:
    """Run the measurement; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("models", nargs="*", type=Path, metavar="MODEL.tflite", help="to see how far it is off")
    add("--release", required=True, metavar="TEXT", help="of TFLM and CMSIS-NN, in words")
    add("--target", default="stm32f412", help="chip (%(default)s)")
    add("--work", type=Path, metavar="DIR", help="keep the project here")
    add("--operators", nargs="+", choices=_MEASURED, default=_MEASURED, metavar="KIND")
    add("--out", required=True, type=Path, metavar="FILE", help="the table")
    arguments = parser.parse_args()
    target = load_target(arguments.target)
    with tempfile.TemporaryDirectory() as folder:
        bench = make_bench(arguments.work or Path(folder), target, arguments.operators)
        table = measure(bench, target, arguments.release, arguments.operators)
        write_json(arguments.out, table)
        for key, symbols in table["operators"].items():
            print(f"{key:<32}{sum(table['sizes'][i] for i in symbols):>8,}")
        print(f"interpreter: {table['interpreter_bytes']:,}")
        for model in arguments.models:
            _compare(bench, table, model)
    return 0


def make_bench(work: Path, target: Target, kinds: Sequence[str]) -> Bench:
    """Build a project with the kernels of these operators, and of those of `_MANY`."""
    work.mkdir(parents=True, exist_ok=True)
    model = work / f"{MODEL}.tflite"
    model.write_bytes(_model())
    project = work / "project"
    build_project(find_model(model), target, project, "tflm", "system", is_forced=True)
    _compile_kernels(project, sorted({*kinds, *_MANY, "RELU"}))
    firmware = run_platformio(project, target, _LIMIT_S)
    compiling, linking = _commands(project)
    bench = Bench(work, compiling, linking, harness_bytes(firmware))
    _compile_headers(bench)
    return bench


def measure(bench: Bench, target: Target, release: str, kinds: Sequence[str]) -> dict[str, Any]:
    """Link the firmware of each operator and take it apart; gives the table."""
    kinds = sorted({*kinds, *_MANY})
    has_int8 = int8_kernels(Path(os.environ[VARIABLE]))
    int8 = [own for own in _registrations(kinds) if own.is_int8 and own.kind in has_int8]
    forms = [replace(own, is_int8=False) for own in _registrations(kinds)] + int8
    many = [own for own in int8 if own.kind in _MANY]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        linked = list(pool.map(lambda own: _link(bench, own), [*([own] for own in forms), many]))
    keys = [int8_key(own.kind) if own.is_int8 else own.kind for own in forms]
    operators = dict(zip(keys, linked, strict=False))
    table = make_table(operators, linked[-1], [int8_key(own.kind) for own in many])
    return {
        "schema": SCHEMA,
        "built": f"{release}, {_compiler_and_flags(bench)}",
        "core": target.core,
        "application_bytes": bench.harness_bytes,
        **table,
    }


def _compare(bench: Bench, table: dict[str, Any], path: Path) -> None:
    """Link the operators of a model together, and print how far the table is off."""
    graph = parse_tflite(path.read_bytes())
    estimated = tflm_runtime_bytes(graph, table)
    if estimated is None:
        print(f"{path.stem:<32}has operators that were not measured")
        return
    own = _link(bench, registrations(graph)).total_bytes
    off = estimated / own - 1
    print(f"{path.stem:<32}{own:>8,} linked, {estimated:,} estimated, {100 * off:+.2f} %")


def _model() -> bytes:
    """A model that can be generated; the firmware is linked, and never runs."""
    builder = ModelBuilder()
    source, output = (builder.activation((1, 8), 0.1) for _ in range(2))
    builder.operator("RELU", [source], output)
    return builder.build([source], [output])


def _graph(kinds: Iterable[str]) -> Graph:
    """The network that registers these operators in int8."""
    graph = parse_tflite(_model())
    operators = tuple(Operator(kind, graph.inputs, graph.outputs) for kind in kinds)
    return Graph(graph.tensors, operators, graph.inputs, graph.outputs)


def _registrations(kinds: Iterable[str]) -> list[Registration]:
    return registrations(_graph(kinds))


def _source(kinds: Iterable[str]) -> str:
    """What a project for a model of these operators compiles."""
    content = _model()
    graph = parse_tflite(content)
    names = ModelNames(MODEL, "0" * 64, "tflm", "")
    model = model_text(graph, plan_graph(graph), content, 1024, names)
    return render_model(model, _graph(kinds), None)[f"lib/{MODEL}/src/{MODEL}.cpp"]


def _compile_kernels(project: Path, kinds: Iterable[str]) -> None:
    """Have the project compile the kernels of these operators."""
    settings = project / "platformio.ini"
    text = settings.read_text(encoding="utf-8")
    line = f"custom_tflm_operators = {' '.join(kinds)}"
    settings.write_text(
        re.sub("^custom_tflm_operators =.*$", line, text, flags=re.MULTILINE), encoding="utf-8"
    )


def _commands(project: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Build the model's source anew; gives how it is compiled and linked, as the build tells."""
    source = project / f"lib/{MODEL}/src/{MODEL}.cpp"
    # Of no earlier build, so that neither the object nor the firmware comes from a cache.
    text = source.read_text(encoding="utf-8")
    source.write_text(f"{text}char {MODEL}_{time.time_ns()};\n", encoding="utf-8")
    command = [sys.executable, "-m", "platformio", "run", "-v", "--project-dir", str(project)]
    # PlatformIO builds all anew where it is told of another cache.
    environment = os.environ | {"PLATFORMIO_BUILD_CACHE_DIR": str(cache_folder() / "build")}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=_LIMIT_S, env=environment
    )
    lines = [shlex.split(line) for line in done.stdout.splitlines() if "g++ " in line]
    (compiling,) = (words for words in lines if words[-1].endswith(f"{MODEL}.cpp"))
    (linking,) = (words for words in lines if any(word.endswith("firmware.elf") for word in words))
    return tuple(compiling), tuple(linking)


def _compile_headers(bench: Bench) -> None:
    """Compile the library's headers in front, as the sources are compiled that include them."""
    lines = [line for line in _source(["RELU"]).splitlines() if line.startswith("#include <")]
    lines += [line for line in _source(["RELU"]).splitlines() if "tensorflow/lite" in line]
    header = bench.project / _HEADERS[1]
    header.write_text("\n".join(lines) + "\n", encoding="utf-8")
    words = _with_output(bench.compiling, Path(f"{header}.gch"), f"{MODEL}.cpp", header)
    _run([words[0], "-x", "c++-header", *words[1:]], bench.project)


def _compiler_and_flags(bench: Bench) -> str:
    """What the figures hold for, in words."""
    compiler = bench.compiling[0]
    asked = subprocess.run([compiler, "-dumpfullversion"], capture_output=True, text=True)
    settings = (bench.project / "platformio.ini").read_text(encoding="utf-8")
    levels = re.findall(r"^custom_tflm_(\w+)_level = (\S+)", settings, re.MULTILINE)
    named = ", ".join(f"{part} {level}" for part, level in levels)
    cpu = " ".join(word for word in dict.fromkeys(bench.compiling) if word.startswith("-m"))
    version = f"{Path(compiler).name} {asked.stdout.strip()}"
    return f"int8 kernels where there are such, {version} {cpu}, {named}"


def _link(bench: Bench, registered: Sequence[Registration]) -> Linked:
    """Compile the source that registers these operators, and link the firmware with it."""
    name = hashlib.sha256(repr(registered).encode()).hexdigest()[:16]
    source, made, elf = (bench.work / f"{name}{suffix}" for suffix in (".cpp", ".o", ".elf"))
    source.write_text(_source(own.kind for own in registered), encoding="utf-8")
    general = [f"-UTFLM_HAS_{own.kind}_INT8" for own in registered if not own.is_int8]
    compiling = _with_output(bench.compiling, made, f"{MODEL}.cpp", source)
    _run((*compiling, *general, *_HEADERS), bench.project)
    _run(_with_output(bench.linking, elf, f"/{MODEL}.o", made), bench.project)
    return take_apart(elf, bench.harness_bytes, source.name)


def _with_output(command: Sequence[str], output: Path, old: str, new: Path) -> list[str]:
    """A command that writes elsewhere and reads another file than the one that ends so."""
    at = command.index("-o") + 1
    words = [str(new.resolve()) if word.endswith(old) else word for word in command]
    words[at] = str(output.resolve())
    return words


def _run(command: Sequence[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, timeout=600, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
