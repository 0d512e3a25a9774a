from pathlib import Path

import numpy as np
import pytest

from codegen.model.graph import DType, Graph, Tensor
from firmware.errors import FileError
from nas.cli import main
from nas.quantization.golden_file import read_inputs
from tests.small_model import small_model

GRAPH = Graph((Tensor("x", (1, 2, 3), DType.INT8),), (), (0,), (0,))
OWN = np.arange(12, dtype=np.int8).reshape(2, 2, 3)


def test_own_inputs_come_from_an_npy_or_an_npz(tmp_path: Path) -> None:
    np.save(tmp_path / "own.npy", OWN)
    np.savez(tmp_path / "own.npz", inputs=OWN, labels=np.zeros(2))
    for name in ("own.npy", "own.npz"):
        read = read_inputs(tmp_path / name, GRAPH)
        assert read.keys() == {"inputs"}
        np.testing.assert_array_equal(read["inputs"], OWN)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (OWN[0], "shape (2, 3), the model takes (n, 2, 3)"),
        (OWN[:0], "with n of at least 1"),
        (OWN.reshape(2, 3, 2), "shape (2, 3, 2)"),
        (OWN.astype(np.float32), "contains float32, the model takes int8"),
        (np.asarray(5, dtype=np.int8), "shape ()"),
        (np.asarray([{}]), "not a .npy of numbers"),
    ],
)
def test_inputs_that_the_model_does_not_take_are_refused(
    tmp_path: Path, array: np.ndarray, reason: str
) -> None:
    np.save(tmp_path / "own.npy", array)
    with pytest.raises(FileError) as refused:
        read_inputs(tmp_path / "own.npy", GRAPH)
    assert reason in str(refused.value)


def test_a_damaged_file_of_inputs_is_refused_at_every_length(tmp_path: Path) -> None:
    path = tmp_path / "own.npy"
    np.save(path, OWN)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(FileError, match="damaged"):
            read_inputs(path, GRAPH)


def test_a_header_that_promises_far_more_than_the_file_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.npy"
    np.save(path, OWN)
    path.write_bytes(
        path.read_bytes().replace(b"(2, 2, 3), }" + b" " * 14, b"(900000000000000, 3), }   ")
    )
    with pytest.raises(FileError, match="damaged"):
        read_inputs(path, GRAPH)


def test_values_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "own.npy", np.full((1, 2), np.nan, np.float32))
    graph = Graph((Tensor("x", (1, 2), DType.FLOAT32),), (), (0,), (0,))
    with pytest.raises(FileError, match="not finite"):
        read_inputs(tmp_path / "own.npy", graph)


def test_golden_records_the_answers_to_inputs_of_ones_own(tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(small_model())
    seeded, own, again = (tmp_path / f"{name}.npz" for name in ("seeded", "own", "again"))
    assert main(["golden", str(model), "--out", str(seeded), "--samples", "3"]) == 0
    with np.load(seeded) as golden:
        np.savez(own, inputs=golden["inputs"][::-1])
        expected = golden["outputs"][::-1]
    assert main(["golden", str(model), "--out", str(again), "--inputs", str(own)]) == 0
    with np.load(again) as golden:
        np.testing.assert_array_equal(golden["outputs"], expected)
