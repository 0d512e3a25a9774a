"""Whole networks of the field: supported, bit-exact on the host and on the virtual board."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from codegen.model.read_tflite import parse_tflite
from codegen.operators import check_operators
from codegen.planning.planner import plan_graph
from nas.host.worker import Worker
from tests.board_program import failures_on_virtual_board
from tests.conftest import TENSORFLOW_GROUP
from tests.generated_program import run_generated
from tests.mlperf_networks import NAMES

pytestmark = [pytest.mark.long, TENSORFLOW_GROUP]


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory, tensorflow_worker: Worker) -> Path:
    folder = tmp_path_factory.mktemp("networks")
    for name in NAMES:
        arguments = {"folder": str(folder), "name": name}
        tensorflow_worker.call("tests.mlperf_networks:write", arguments)
    return folder


def load(folder: Path, name: str) -> tuple[bytes, np.ndarray, np.ndarray]:
    with np.load(folder / f"{name}.npz") as arrays:
        return (folder / f"{name}.tflite").read_bytes(), arrays["inputs"], arrays["outputs"]


@pytest.mark.parametrize("name", NAMES)
def test_a_network_gives_the_bits_of_the_reference_kernels(
    networks: Path, tmp_path: Path, name: str
) -> None:
    model, given, wanted = load(networks, name)
    assert check_operators(parse_tflite(model)) == []
    (outputs,) = run_generated(tmp_path, [(model, given)], "litert")
    np.testing.assert_array_equal(outputs.view(np.int8).reshape(wanted.shape), wanted)


@pytest.mark.skipif(
    shutil.which("qemu-system-arm") is None or shutil.which("arm-none-eabi-gcc") is None,
    reason="qemu-system-arm or arm-none-eabi-gcc is not installed",
)
@pytest.mark.parametrize("name", NAMES)
def test_a_network_gives_the_same_bits_on_the_board(
    networks: Path, tmp_path: Path, name: str
) -> None:
    model, given, wanted = load(networks, name)
    cases = [(model, sample, expected) for sample, expected in zip(given, wanted, strict=True)]
    assert failures_on_virtual_board(tmp_path, cases, "litert") == []


def test_tensors_overlap_where_a_network_allows_it(networks: Path) -> None:
    """The largest input and output of visual wake words take 55 kB side by side."""
    model, _, _ = load(networks, "visual_wake_words")
    assert plan_graph(parse_tflite(model)).arena_bytes < 40_000
