import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.operator_cases import CASES
from benchmarks.tflite_builder import ModelBuilder
from codegen.cli import main
from codegen.model.read_tflite import parse_tflite
from codegen.planning.planner import plan_graph
from firmware.files import sha256_of_bytes
from hil.elf import measure_elf
from hil.project import read_project
from tests.codegen.known_networks import keyword_spotting
from tests.graph_file import graph_file
from tests.host_compiler import WARNINGS
from tests.small_model import small_model

needs_compiler = pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "small.tflite"
    path.write_bytes(small_model())
    return path


def build(model: Path, out: Path, *options: str) -> int:
    return main(["build", str(model), "--target", "stm32f412", "--out", str(out), *options])


def refusal(capsys: pytest.CaptureFixture[str], model: Path, out: Path, *options: str) -> str:
    """The error line of a build that must fail."""
    assert build(model, out, *options) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert lines[-1].startswith("codegen: error: ")
    return lines[-1].removeprefix("codegen: error: ")


def content_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write_golden(path: Path, sha256: str, rounding: str = "tflm") -> None:
    values = {"inputs": np.zeros(1), "outputs": np.zeros(1), "model_sha256": np.asarray(sha256)}
    np.savez(path, **values, rounding=np.asarray(rounding))


@pytest.mark.parametrize("runtime", ["static", "tflm"])
@pytest.mark.parametrize("toolchain", ["system", "platformio"])
def test_the_same_model_gives_the_same_bytes(
    model: Path, tmp_path: Path, runtime: str, toolchain: str
) -> None:
    options = ("--runtime", runtime, "--toolchain", toolchain)
    assert build(model, tmp_path / "one", *options) == 0
    assert build(model, tmp_path / "two", *options) == 0
    assert content_of(tmp_path / "one") == content_of(tmp_path / "two")


def test_nothing_generated_holds_a_path_of_this_machine(model: Path, tmp_path: Path) -> None:
    build(model, tmp_path / "out")
    for name, content in content_of(tmp_path / "out").items():
        assert str(tmp_path).encode() not in content, name


def test_the_manifest_promises_what_the_planner_planned(model: Path, tmp_path: Path) -> None:
    build(model, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    graph = parse_tflite(model.read_bytes())
    assert manifest["estimate"]["arena_bytes"] == plan_graph(graph).arena_bytes
    assert manifest["model_sha256"] == sha256_of_bytes(model.read_bytes())
    assert manifest["macc"] == 6 * 6 * 4 * 18 + 12
    assert manifest["inputs"][0]["bytes"] == 72
    assert manifest["golden_sha256"] is None


def test_the_model_as_a_c_array_holds_its_bytes(model: Path, tmp_path: Path) -> None:
    build(model, tmp_path / "out")
    library = tmp_path / "out" / "lib" / "small_tflite"
    shutil.copy(library / "src" / "small_tflite.c", tmp_path)
    shutil.copy(library / "include" / "small_tflite.h", tmp_path)
    (tmp_path / "main.c").write_text(
        "#include <stdio.h>\n#include <stdint.h>\n"
        '#include "small_tflite.h"\n'
        "int main(void) { fwrite(small_tflite, 1, small_tflite_len, stdout);\n"
        "return (uintptr_t)small_tflite % 16 != 0; }\n"
    )
    sources = [str(tmp_path / "main.c"), str(tmp_path / "small_tflite.c")]
    program = str(tmp_path / "program")
    subprocess.run(["gcc", "-std=c11", "-Wall", "-Werror", "-o", program, *sources], check=True)
    written = subprocess.run([program], capture_output=True, check=True).stdout
    assert written == model.read_bytes()


def test_an_application_without_gc_sections_does_not_hold_the_model_twice(
    model: Path, tmp_path: Path
) -> None:
    """The static runtime does not read the .tflite, so its C array must not be linked."""
    build(model, tmp_path / "out")
    libraries = [tmp_path / "out" / "lib" / name for name in ("small", "nn")]
    sources = [str(path) for library in libraries for path in sorted(library.glob("src/*.c"))]
    (tmp_path / "main.c").write_text(
        '#include "small.h"\nint main(void) { return small_invoke(); }\n'
    )
    command = ["gcc", "-std=c11", *(f"-I{library / 'include'}" for library in libraries)]
    program = tmp_path / "program"
    command += ["-o", str(program), str(tmp_path / "main.c"), *sources, "-lm"]
    subprocess.run(command, check=True)
    assert model.read_bytes()[:64] not in program.read_bytes()


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
def test_two_models_work_side_by_side_in_a_c_plus_plus_application(
    model: Path, tmp_path: Path
) -> None:
    (tmp_path / "other.tflite").write_bytes(small_model(seed=1))
    objects = []
    for name, source in (("front", model), ("rear", tmp_path / "other.tflite")):
        build(source, tmp_path / name, "--name", name)
        own = tmp_path / name / "lib" / name
        kernels = sorted((tmp_path / "front/lib/nn/src").glob("*.c")) if name == "front" else []
        for path in (own / "src" / f"{name}.c", own / "src" / f"{name}_weights.c", *kernels):
            objects.append(tmp_path / f"{name}_{path.stem}.o")
            includes = [f"-I{own / 'include'}", f"-I{tmp_path / 'front/lib/nn/include'}"]
            command = ["gcc", "-std=c11", *WARNINGS, *includes, "-c", str(path)]
            subprocess.run([*command, "-o", str(objects[-1])], check=True)
    (tmp_path / "main.cpp").write_text(
        '#include "front.h"\n#include "rear.h"\n#include <cstring>\n'
        "alignas(16) static unsigned char arena[FRONT_ARENA_BYTES + REAR_ARENA_BYTES];\n"
        "int main() {\n"
        "  if (front_init(arena, FRONT_ARENA_BYTES) != FRONT_OK) return 1;\n"
        "  if (rear_init(arena + FRONT_ARENA_BYTES, REAR_ARENA_BYTES) != REAR_OK) return 2;\n"
        "  std::memset(front_input(), 7, FRONT_INPUT_BYTES);\n"
        "  std::memset(rear_input(), 7, REAR_INPUT_BYTES);\n"
        "  front_output_t kept[FRONT_OUTPUT_COUNT];\n"
        "  if (front_invoke() != FRONT_OK) return 3;\n"
        "  std::memcpy(kept, front_output(), FRONT_OUTPUT_BYTES);\n"
        "  for (size_t step = 0; step < REAR_STEPS; step++)\n"
        "    if (rear_invoke_step(step) != REAR_OK) return 4;\n"
        "  if (rear_invoke_step(REAR_STEPS) != REAR_FAILED) return 5;\n"
        "  return std::memcmp(kept, front_output(), FRONT_OUTPUT_BYTES) == 0 ? 0 : 6;\n"
        "}\n"
    )
    folders = [f"-I{tmp_path / name / 'lib' / name / 'include'}" for name in ("front", "rear")]
    program = str(tmp_path / "program")
    command = ["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", *folders, "-o", program]
    subprocess.run([*command, str(tmp_path / "main.cpp"), *map(str, objects), "-lm"], check=True)
    assert subprocess.run([program]).returncode == 0


@needs_compiler
def test_pio_run_builds_the_project_with_nothing_but_what_is_installed(
    model: Path, tmp_path: Path
) -> None:
    """An empty home and proxies that lead nowhere: a download would fail."""
    build(model, tmp_path / "out")
    nowhere = {f"{scheme}_proxy": "http://127.0.0.1:9" for scheme in ("http", "https", "all")}
    completed = subprocess.run(
        [sys.executable, "-m", "platformio", "run", "--project-dir", str(tmp_path / "out")],
        env={**os.environ, **nowhere, "HOME": str(tmp_path), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert completed.returncode == 0, completed.stdout + completed.stderr
    elf = tmp_path / "out" / ".pio" / "build" / "nucleo_f412zg" / "firmware.elf"
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    size = measure_elf(elf, ("small_op",))
    assert size.model_bytes == manifest["weight_bytes"]
    assert size.ram_bytes > manifest["estimate"]["stack_bytes"]
    assert "warning" not in completed.stderr.lower()


def test_the_official_platform_is_pinned(model: Path, tmp_path: Path) -> None:
    build(model, tmp_path / "out", "--toolchain", "platformio")
    settings = (tmp_path / "out" / "platformio.ini").read_text()
    assert "platform = ststm32@19.6.0" in settings
    assert "toolchain-gccarmnoneeabi@~1.120301.0" in settings
    assert not (tmp_path / "out" / "platform").exists()


def test_the_tflm_project_registers_only_the_operators_of_the_model(
    model: Path, tmp_path: Path
) -> None:
    build(model, tmp_path / "out", "--runtime", "tflm")
    source = (tmp_path / "out" / "lib" / "small" / "src" / "small.cpp").read_text()
    calls = {line.strip().split(".")[-1].split("(")[0] for line in source.split() if "Add" in line}
    assert {call for call in calls if call.startswith("Add")} == {
        "AddConv2D",
        "AddFullyConnected",
        "AddMaxPool2D",
        "AddMean",
        "AddSoftmax",
    }
    settings = (tmp_path / "out" / "platformio.ini").read_text()
    assert "custom_tflm_operators = CONV_2D FULLY_CONNECTED MAX_POOL_2D MEAN SOFTMAX" in settings


def test_the_tflm_project_names_a_tree_or_has_one_downloaded(model: Path, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    build(model, tmp_path / "own", "--runtime", "tflm", "--tflm", str(tmp_path / "tree"))
    build(model, tmp_path / "fetched", "--runtime", "tflm", "--tflm", "download")
    own, fetched = ((tmp_path / name / "platformio.ini").read_text() for name in ("own", "fetched"))
    assert f"custom_tflm_dir = {tmp_path / 'tree'}" in own
    assert "lib_deps = https://github.com/" in fetched
    assert "#" in fetched.split("lib_deps = https://")[1].splitlines()[0], "pinned by commit"


def test_a_project_that_downloads_tflm_promises_the_arena_of_that_release(tmp_path: Path) -> None:
    model = tmp_path / "kws.tflite"
    model.write_bytes(graph_file(keyword_spotting()))
    promised = {}
    for place in ("", "download"):
        build(model, tmp_path / "out", "--runtime", "tflm", "--tflm", place)
        estimate = json.loads((tmp_path / "out" / "manifest.json").read_text())["estimate"]
        promised[place] = estimate["arena_used_bytes"]
        assert estimate["arena_bytes"] == 24_176, "enough for both"
    assert promised == {"": 22_820, "download": 23_940}


def test_one_firmware_may_hold_both_runtimes(model: Path, tmp_path: Path) -> None:
    build(model, tmp_path / "out", "--runtime", "both")
    static, tflm = read_project(tmp_path / "out")
    assert (static.runtime, static.index_of_several) == ("static", 0)
    assert (tflm.runtime, tflm.index_of_several) == ("tflm", 1)
    assert static.model_symbols == ("small_op",)
    assert tflm.model_symbols == ("small_tflm_tflite",)
    assert tflm.arena_used_bytes <= tflm.arena_bytes
    assert {path.name for path in (tmp_path / "out" / "lib").iterdir()} == {
        "nn",
        "tflm",
        "small",
        "small_tflite",
        "small_tflm",
    }


def test_golden_outputs_of_another_rounding_are_refused_with_both_ways_to_go_on(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_golden(tmp_path / "golden.npz", sha256_of_bytes(model.read_bytes()), "litert")
    told = refusal(capsys, model, tmp_path / "out")
    assert "holds outputs of litert's rounding, the firmware will give tflm's" in told
    assert "'nas golden --rounding tflm', or build with --rounding litert" in told
    build(model, tmp_path / "out", "--rounding", "litert")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["rounding"] == "litert"


def test_golden_outputs_of_sums_by_litert_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "sum.tflite"
    model.write_bytes(CASES["SUM"](np.random.default_rng(0))[0])
    write_golden(tmp_path / "golden.npz", sha256_of_bytes(model.read_bytes()), "litert")
    assert "holds outputs of litert's rounding" in refusal(capsys, model, tmp_path / "out")


def test_tflm_has_no_choice_of_rounding(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["build", str(model), "--target", "stm32f412", "--out", str(tmp_path / "out")]
    assert main([*arguments, "--runtime", "tflm", "--rounding", "litert"]) == 1
    assert "--rounding litert is for --runtime static alone" in capsys.readouterr().err


def test_a_golden_file_beside_the_model_is_taken(model: Path, tmp_path: Path) -> None:
    write_golden(tmp_path / "golden.npz", sha256_of_bytes(model.read_bytes()))
    build(model, tmp_path / "out")
    copied = (tmp_path / "out" / "golden.npz").read_bytes()
    assert copied == (tmp_path / "golden.npz").read_bytes()
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["golden_sha256"] == sha256_of_bytes(copied)


def test_a_golden_file_of_another_model_is_refused(
    capsys: pytest.CaptureFixture[str], model: Path, tmp_path: Path
) -> None:
    write_golden(tmp_path / "golden.npz", "00" * 32)
    text = refusal(capsys, model, tmp_path / "out")
    assert "was made from another model" in text
    assert not (tmp_path / "out").exists()


def test_a_golden_file_that_never_ends_is_refused(
    capsys: pytest.CaptureFixture[str], model: Path, tmp_path: Path
) -> None:
    out = str(tmp_path / "out")
    words = ["build", str(model), "--target", "stm32f412", "--golden", "/dev/zero"]
    assert main([*words, "--out", out]) == 1
    assert "no golden file: '/dev/zero' is a device" in capsys.readouterr().err


def test_a_run_whose_model_was_replaced_is_refused(
    capsys: pytest.CaptureFixture[str], model: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(model, run / "model.tflite")
    (run / "run.json").write_text(json.dumps({"model_sha256": "00" * 32}))
    assert "records another model" in refusal(capsys, run, tmp_path / "out")


def unfinished_run(folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(folder.parent / "small.tflite", folder / "model.tflite")
    return folder


def damaged_run(folder: Path) -> Path:
    (unfinished_run(folder) / "run.json").write_text("[]")
    return folder


def endless_run(folder: Path) -> Path:
    os.mkfifo(unfinished_run(folder) / "run.json")
    return folder


def float_model(folder: Path) -> Path:
    builder = ModelBuilder()
    source = builder.activation((1, 4), None, dtype="float32")
    middle = builder.activation((1, 4), None, dtype="float32")
    output = builder.activation((1, 4), None, dtype="float32")
    builder.operator("SOFTMAX", [source], middle, beta=1.0)
    builder.operator("LOG_SOFTMAX", [middle], output)
    path = folder.with_suffix(".tflite")
    path.write_bytes(builder.build([source], [output]))
    return path


def truncated(folder: Path) -> Path:
    folder.write_bytes(small_model()[:1000])
    return folder


def too_large(folder: Path) -> Path:
    builder = ModelBuilder()
    source = builder.activation((1, 300_000), 0.1)
    output = builder.activation((1, 300_000), 0.2)
    builder.operator("QUANTIZE", [source], output)
    folder.write_bytes(builder.build([source], [output]))
    return folder


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda path: path, "could not read"),
        (truncated, "is not a usable .tflite"),
        (unfinished_run, "run.json': No such file or directory; start 'nas run' again"),
        (damaged_run, "run.json' is not a finished run: expected an object"),
        (endless_run, "run.json' is not a finished run: it is not a regular file"),
        (float_model, "2 operators cannot be generated: op 0 SOFTMAX in float32"),
        (too_large, "bytes of RAM (arena, variables, stack), stm32f412 has 262,144"),
    ],
)
@pytest.mark.usefixtures("model")
def test_models_that_cannot_be_built_leave_nothing(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    make: Callable[[Path], Path],
    text: str,
) -> None:
    assert text in refusal(capsys, make(tmp_path / "other"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".out")) == []


def test_an_unknown_target_is_refused(
    capsys: pytest.CaptureFixture[str], model: Path, tmp_path: Path
) -> None:
    assert main(["build", str(model), "--target", "avr", "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "unknown target 'avr'; known targets: " in said
    assert "nucleo-f412zg, " in said


@pytest.mark.parametrize("name", ["9 lives", "naïve model", "a-b.c", "__x", "nn"])
def test_any_name_becomes_a_c_identifier(model: Path, tmp_path: Path, name: str) -> None:
    build(model, tmp_path / "out", "--name", name)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["model_name"].isidentifier()
    assert manifest["model_name"].isascii()
    assert manifest["model_name"] != "nn", "the kernels' prefix"
