"""Models with several inputs and outputs, from the .tflite to the verdict."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.cli import main as codegen
from hil.cli import main as hil
from hil.outputs import compare_outputs, golden_inputs, random_inputs
from hil.project import read_golden, read_project
from hil.protocol import BenchClient
from nas.cli import main as nas
from tests.hil.conftest import NEEDS_BOARD, VIRTUAL_NUCLEO, ProcessTransport
from tests.host_compiler import NN, ROOT, compile_program
from tests.several_ports import several_ports

SEEDS = range(3)


def build(folder: Path, seed: int, runtime: str = "static", has_names: bool = True) -> Path:
    """A project of a model with its golden file."""
    model = folder / "eyes.tflite"
    model.write_bytes(several_ports(seed, has_names))
    assert nas(["golden", str(model), "--out", str(folder / "eyes.golden.npz")]) == 0
    arguments = ["build", str(model), "--target", "stm32f412", "--runtime", runtime]
    assert codegen([*arguments, "--out", str(folder / "project")]) == 0
    return folder / "project"


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, its golden file and its project."""
    folder = tmp_path_factory.mktemp("eyes")
    build(folder, 0)
    return folder


def on_host(project: Path, program: Path) -> Path:
    """The bench application with the model of a project, as a program of the host."""
    firmware = ROOT / "firmware"
    sources = [*(firmware / "bench").glob("*.c"), *(project / "lib/eyes/src").glob("*.c")]
    sources += [*(NN / "src").glob("*.c"), project / "src" / "bench_model.c"]
    sources.append(firmware / "board" / "host" / "board_host.c")
    include = [firmware / "bench", project / "lib/eyes/include", NN / "include"]
    return compile_program(program, sources, include)


@pytest.mark.parametrize("seed", SEEDS)
def test_all_outputs_of_all_inputs_are_those_of_the_reference_kernels(
    tmp_path: Path, seed: int
) -> None:
    folder = build(tmp_path, seed)
    (project,) = read_project(folder)
    assert project.golden is not None
    golden = read_golden(project.golden, project.inputs, project.outputs)
    board = ProcessTransport(on_host(folder, tmp_path / "bench"))
    client = BenchClient(board, 30)
    client.connect()
    identity = client.identify()
    assert identity.input_bytes == sum(own.bytes for own in project.inputs)
    assert identity.output_bytes == sum(own.bytes for own in project.outputs)
    answers = [client.run(data, 2, 1).output for data in golden_inputs(golden)]
    compared = compare_outputs(golden.outputs, answers)
    assert (compared.identical, compared.samples, compared.max_lsb) == (16, 16, 0)
    assert len(set(answers)) > 8
    assert len(client.run_steps(bytes(identity.input_bytes))) == len(project.manifest["steps"])
    board.close()


@NEEDS_BOARD
@VIRTUAL_NUCLEO
def test_the_verdict_counts_every_output(eyes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hil(["run", str(eyes / "project"), "--board", "virtual"]) == 0
    assert re.search(
        r"outputs identical +all 16 +16 of 16, differ by 0 LSB", capsys.readouterr().out
    )


def test_a_difference_in_any_output_is_found(eyes: Path) -> None:
    (project,) = read_project(eyes / "project")
    assert project.golden is not None
    golden = read_golden(project.golden, project.inputs, project.outputs)
    answers = [
        b"".join(np.ascontiguousarray(values[sample]).tobytes() for values in golden.outputs)
        for sample in range(16)
    ]
    ends = np.cumsum([own.bytes for own in project.outputs])
    for end in ends:
        wrong = list(answers)
        wrong[3] = wrong[3][: end - 1] + bytes([wrong[3][end - 1] ^ 1]) + wrong[3][end:]
        compared = compare_outputs(golden.outputs, wrong)
        assert compared.identical == 15
        assert compared.max_lsb > 0


def test_random_inputs_have_the_type_of_each_input(eyes: Path) -> None:
    (project,) = read_project(eyes / "project")
    first, second, *_ = random_inputs(project.inputs)
    assert len(first) == sum(own.bytes for own in project.inputs)
    floats = np.frombuffer(first[-12:], np.float32)
    assert np.abs(floats).max() <= 1
    assert first != second


def test_a_header_names_every_input_and_output_with_its_scale(eyes: Path) -> None:
    header = (eyes / "project/lib/eyes/include/eyes.h").read_text()
    for text in (
        "#define EYES_INPUTS 3",
        "#define EYES_OUTPUTS 4",
        "#define EYES_INPUT_RIGHT_ZERO_POINT 130",
        "#define EYES_OUTPUT_SUM_SCALE 8.0e-02f",
        "int8_t *eyes_input_left_eye(void);",
        "float *eyes_input_level(void);",
        "const uint8_t *eyes_output_input_2(void);",
        "uint8_t eyes_quantize_input_right(float value);",
        "float eyes_dequantize_output_class(int8_t value);",
    ):
        assert text in header
    assert "eyes_input_t" not in header


def test_inputs_without_names_are_called_by_their_positions(tmp_path: Path) -> None:
    (project,) = read_project(build(tmp_path, 0, has_names=False))
    assert [own.name for own in project.inputs] == ["0", "1", "2"]
    with np.load(tmp_path / "eyes.golden.npz") as golden:
        names = {"input_0", "input_1", "input_2", "output_0", "output_1", "output_2", "output_3"}
        assert names | {"model_sha256", "rounding"} == set(golden.files)


def test_own_inputs_are_taken_by_their_names(eyes: Path, tmp_path: Path) -> None:
    own, out = tmp_path / "own.npz", tmp_path / "new.npz"
    with np.load(eyes / "eyes.golden.npz") as golden:
        arrays = {name: golden[name][:5] for name in golden.files if name.startswith("input_")}
        expected = golden["output_real"][:5]
    command = ["golden", str(eyes / "eyes.tflite"), "--inputs", str(own), "--out", str(out)]
    np.savez(own, allow_pickle=False, **arrays)
    assert nas(command) == 0
    with np.load(out) as again:
        np.testing.assert_array_equal(again["output_real"], expected)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda arrays: arrays.pop("input_right"), "input_right"),
        (
            lambda arrays: arrays.update(input_right=arrays["input_right"][:2]),
            "another number of samples for each input",
        ),
        (
            lambda arrays: arrays.update(input_level=arrays["input_level"].astype(np.int8)),
            "contains int8, the model takes float32",
        ),
    ],
)
def test_own_inputs_that_do_not_fit_are_refused(
    eyes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[dict[str, np.ndarray]], object],
    text: str,
) -> None:
    with np.load(eyes / "eyes.golden.npz") as golden:
        arrays = {name: golden[name] for name in golden.files if name.startswith("input_")}
    change(arrays)
    np.savez(tmp_path / "own.npz", allow_pickle=False, **arrays)
    command = ["golden", str(eyes / "eyes.tflite"), "--inputs", str(tmp_path / "own.npz")]
    assert nas([*command, "--out", str(tmp_path / "new.npz")]) == 1
    assert text in capsys.readouterr().err


def test_one_array_is_not_enough_for_several_inputs(
    eyes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "own.npy", np.zeros((2, 3), np.int8))
    command = ["golden", str(eyes / "eyes.tflite"), "--inputs", str(tmp_path / "own.npy")]
    assert nas([*command, "--out", str(tmp_path / "new.npz")]) == 1
    error = capsys.readouterr().err
    assert "is one array, the model takes an .npz of input_left_eye, input_right" in error


def test_the_project_for_tensorflow_lite_micro_reaches_every_input_and_output(
    tmp_path: Path,
) -> None:
    source = (build(tmp_path, 0, "tflm") / "lib/eyes/src/eyes.cpp").read_text()
    for index, (name, c_type) in enumerate([("left_eye", "int8_t"), ("right", "uint8_t")]):
        assert f"{c_type} *eyes_input_{name}(void)" in source
        assert f"interpreter->typed_input_tensor<{c_type}>({index})" in source
    assert "interpreter->typed_output_tensor<uint8_t>(3)" in source
