"""What a TFLM project compiles, and that it does what the .tflite says.

Where TFLM_DIR names a tree of TensorFlow Lite Micro, the firmware itself is built and measured.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.operator_cases import CASES, FUSED
from codegen.cli import main as codegen
from codegen.costs.code_size import estimate_tflm_code
from codegen.costs.footprint import variables_bytes
from codegen.model.graph import Graph
from codegen.model.read_tflite import parse_tflite, read_tflite
from codegen.tflm.library import OPERATORS, method_of, registrations
from firmware.files import sha256_of_bytes
from firmware.tflm.tflm_tree import (
    TreeError,
    check_compiler,
    int8_kernels,
    needed_kernels,
    read_tree,
)
from hil.cli import main as hil
from tests.codegen.known_networks import person_detection
from tests.graph_file import graph_file
from tests.small_model import small_model

NAS_K8_C3 = Path("benchmarks/models/nas_k8_c3.tflite")
TREE = os.environ.get("TFLM_DIR", "")
needs_tree = pytest.mark.skipif(not TREE, reason="TFLM_DIR names no tree of TFLM")

RESOLVER = """
#include "tensorflow/lite/micro/kernels/conv.h"
  TfLiteStatus AddConv2D(const TFLMRegistration& registration = Register_CONV_2D()) {
  TfLiteStatus AddMul(const TFLMRegistration& registration = Register_MUL()) {
"""


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def make_tree(folder: Path, flat: bool = False) -> Path:
    """The smallest tree that can be read."""
    root = folder / "src" if flat else folder
    micro, suffix = root / "tensorflow/lite/micro", "cpp" if flat else "cc"
    write(micro / "micro_interpreter.h")
    write(micro / f"micro_interpreter.{suffix}")
    write(micro / f"micro_interpreter_test.{suffix}")
    write(micro / f"debug_log.{suffix}")
    write(micro / "micro_mutable_op_resolver.h", RESOLVER)
    write(micro / "kernels/conv.h", "TFLMRegistration Register_CONV_2D_INT8();")
    write(micro / "kernels/mul.h", "TFLMRegistration Register_MUL_INT8();")
    for part in ("kernels", "kernels/cmsis_nn"):
        write(micro / part / f"conv.{suffix}", "TFLMRegistration Register_CONV_2D() {}")
    write(micro / f"kernels/mul.{suffix}", "TFLMRegistration Register_MUL() {}")
    write(micro / f"kernels/kernel_util.{suffix}", "int shared;")
    third = root / "third_party"
    write(third / "flatbuffers/include/flatbuffers/flatbuffers.h")
    write(third / "gemmlowp/fixedpoint/fixedpoint.h")
    write(third / "ruy/ruy/profiler/instrumentation.h")
    write(third / "cmsis_nn/Include/arm_nnfunctions.h")
    write(third / "cmsis_nn/Source/Pooling/arm_max_pool_s8.c")
    write(third / "cmsis_nn/Source/Pooling/arm_max_pool_f32.c")
    return folder


def interpreter_of(content: bytes) -> Any:
    runtime = pytest.importorskip(
        "tflite_micro.python.tflite_micro.runtime", reason="needs tflite-micro, x86-64 only"
    )
    return runtime.Interpreter.from_bytes(content, arena_size=1 << 20)


def build(model: Path, out: Path, *options: str) -> None:
    arguments = ["build", str(model), "--target", "stm32f412", "--out", str(out)]
    assert codegen([*arguments, "--runtime", "tflm", *options]) == 0


@pytest.mark.parametrize("flat", [False, True])
def test_a_tree_is_read_upstreams_or_flattened(tmp_path: Path, flat: bool) -> None:
    tree = read_tree(make_tree(tmp_path / "tree", flat))
    suffix = "cpp" if flat else "cc"
    assert tree.core == [f"tensorflow/lite/micro/micro_interpreter.{suffix}"], "no tests or hooks"
    assert f"tensorflow/lite/micro/kernels/cmsis_nn/conv.{suffix}" in tree.kernels
    assert f"tensorflow/lite/micro/kernels/conv.{suffix}" not in tree.kernels, "replaced"
    assert tree.cmsis_nn_sources == ["Pooling/arm_max_pool_s8.c"]
    assert ("ARDUINO=10819" in tree.defines) == flat


def test_only_the_kernels_of_the_model_are_compiled(tmp_path: Path) -> None:
    tree = read_tree(make_tree(tmp_path / "tree"))
    names = [Path(path).name for path in needed_kernels(tree, ["CONV_2D"])]
    assert names == ["kernel_util.cc", "conv.cc"]
    assert needed_kernels(tree, []) == tree.kernels


def test_int8_kernels_are_those_that_the_resolver_knows(tmp_path: Path) -> None:
    """A header that the resolver does not include may declare others."""
    assert int8_kernels(make_tree(tmp_path / "tree")) == ["CONV_2D"]


def test_a_folder_that_is_no_tree_or_lacks_a_third_party_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TreeError, match="is not a source tree of TensorFlow Lite Micro"):
        read_tree(tmp_path)
    tree = make_tree(tmp_path / "tree")
    shutil.rmtree(tree / "third_party" / "gemmlowp")
    with pytest.raises(TreeError, match="holds no gemmlowp"):
        read_tree(tree)


def graphs() -> dict[str, Graph]:
    cases = {name: make(np.random.default_rng(3))[0] for name, make in (CASES | FUSED).items()}
    return {name: parse_tflite(content) for name, content in cases.items()}


@pytest.mark.parametrize("name", sorted((CASES.keys() & OPERATORS) | FUSED.keys()))
def test_exactly_the_models_operators_are_registered(name: str) -> None:
    graph = graphs()[name]
    assert {own.kind for own in registrations(graph)} == {own.kind for own in graph.operators}


def test_the_source_registers_each_operator_once(tmp_path: Path) -> None:
    build(NAS_K8_C3, tmp_path / "out")
    source = (tmp_path / "out/lib/nas_k8_c3/src/nas_k8_c3.cpp").read_text()
    kinds = {operator.kind for operator in read_tflite(NAS_K8_C3).operators}
    assert set(re.findall(r"resolver\.(Add\w+)\(", source)) == {method_of(kind) for kind in kinds}
    assert f"MicroMutableOpResolver<{len(kinds)}>" in source


def test_the_c_array_gives_the_golden_outputs_in_the_interpreter(tmp_path: Path) -> None:
    build(NAS_K8_C3, tmp_path / "out")
    text = (tmp_path / "out/lib/nas_k8_c3/src/nas_k8_c3_tflite.c").read_text()
    content = bytes(int(byte, 16) for byte in re.findall(r"\b0x([0-9a-f]{2})\b", text))
    assert content == NAS_K8_C3.read_bytes()
    interpreter = interpreter_of(content)
    with np.load(NAS_K8_C3.with_suffix(".golden.npz")) as golden:
        for given, wanted in zip(golden["inputs"], golden["outputs"], strict=True):
            interpreter.set_input(given.reshape(1, *given.shape[-3:]), 0)
            interpreter.invoke()
            assert (interpreter.get_output(0).ravel() == wanted.ravel()).all()


def test_without_a_tree_the_build_says_what_is_missing_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TFLM_DIR", raising=False)
    (tmp_path / "small.tflite").write_bytes(small_model())
    arguments = ["build", str(tmp_path / "small.tflite"), "--target", "stm32f412", "--compile"]
    assert codegen([*arguments, "--runtime", "tflm", "--out", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().err.strip().splitlines()
    assert told[-1].startswith("codegen: error: ")
    assert "cannot be built: TensorFlow Lite Micro is missing: set TFLM_DIR" in told[-1]


def test_without_a_cpp_library_the_build_names_the_package_before_it_compiles_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a compiler that compiles C alone, as Debian installs it."""
    compiler = tmp_path / "bin/arm-none-eabi-g++"
    write(compiler, "#!/bin/sh\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{compiler.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TFLM_DIR", str(make_tree(tmp_path / "tree")))
    (tmp_path / "small.tflite").write_bytes(small_model())
    out = tmp_path / "out"
    arguments = ["build", str(tmp_path / "small.tflite"), "--target", "stm32f412", "--compile"]
    assert codegen([*arguments, "--runtime", "tflm", "--out", str(out)]) == 1
    told = capsys.readouterr().err.strip().splitlines()
    assert "apt-get install libstdc++-arm-none-eabi-newlib" in told[-1]
    assert len(told[-1]) < 500 + len(str(out))
    assert list(out.rglob("*.o")) == []


def test_without_a_compiler_the_build_names_the_packages() -> None:
    with pytest.raises(TreeError, match="apt-get install gcc-arm-none-eabi libstdc"):
        check_compiler(os.defpath, ["no-such-compiler"])


@needs_tree
def test_the_source_agrees_with_the_headers_of_the_tree(tmp_path: Path) -> None:
    tree = read_tree(Path(TREE))
    build(NAS_K8_C3, tmp_path / "out")
    library = tmp_path / "out/lib/nas_k8_c3"
    command = ["arm-none-eabi-g++", "-std=c++17", "-fsyntax-only", "-mcpu=cortex-m4", "-mthumb"]
    command += [f"-isystem{folder}" for folder in tree.includes]
    command += [f"-D{define}" for define in tree.defines]
    command += [f"-I{library / 'include'}", str(library / "src/nas_k8_c3.cpp")]
    completed = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert completed.returncode == 0, completed.stderr


def person_like(folder: Path) -> Path:
    """The shapes of the person detection network, with what the PC's interpreter gives."""
    content = graph_file(person_detection())
    path = folder / "person.tflite"
    path.write_bytes(content)
    interpreter = interpreter_of(content)
    rng = np.random.default_rng(5)
    inputs = rng.integers(-128, 128, (3, 96, 96, 1), dtype=np.int8)
    outputs = []
    for sample in inputs:
        interpreter.set_input(sample[np.newaxis], 0)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0)[0].copy())
    sha256 = sha256_of_bytes(content)
    np.savez(
        folder / "golden.npz",
        inputs=inputs,
        outputs=np.stack(outputs),
        model_sha256=sha256,
        rounding="tflm",
    )
    return path


@needs_tree
@pytest.mark.parametrize(
    ("make", "runtime"), [(lambda _: NAS_K8_C3, "both"), (person_like, "tflm")]
)
def test_the_firmware_keeps_what_the_estimate_promised(
    tmp_path: Path, make: Callable[[Path], Path], runtime: str
) -> None:
    build(make(tmp_path), tmp_path / "out", "--runtime", runtime)
    assert hil(["run", str(tmp_path / "out"), "--board", "virtual"]) == 0
    record = json.loads((tmp_path / "out" / "measurement.json").read_text())
    measured = record["beside"][0] if runtime == "both" else record
    assert measured["runtime"] == "tflm"
    assert measured["arena_used_bytes"] == pytest.approx(
        measured["estimate"]["arena_used_bytes"], rel=0.01
    )
    is_of_2023 = (Path(TREE) / "src" / "tensorflow").is_dir()
    if runtime == "tflm" and not is_of_2023:
        graph = person_detection()
        code = estimate_tflm_code(graph, 0, "cortex-m4")
        assert code is not None
        parts = (
            measured["arena_bytes"],
            variables_bytes(graph, code),
            record["estimate"]["stack_bytes"],
        )
        assert measured["ram_bytes"] == sum(parts)
        assert code.application_bytes is not None
        foretold = code.runtime_bytes + code.application_bytes
        assert measured["code_bytes"] == pytest.approx(foretold, rel=0.02)
    if runtime == "both":
        assert record["outputs_identical_fraction"] == measured["outputs_identical_fraction"] == 1
