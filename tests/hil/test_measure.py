from dataclasses import replace

import numpy as np
import pytest

from firmware.errors import ConfigError, WrongFirmwareError
from hil.measure import check_identity, run_samples
from hil.modelled import CycleMeter
from hil.outputs import check_golden, compare_outputs
from hil.project import Golden
from hil.protocol import BenchClient
from hil.transport import Transport
from tests.hil.records import PROJECT, identity


def test_each_golden_input_is_answered(toy_board: Transport) -> None:
    inputs = np.asarray([[0, 1, 2, 3], [4, 5, 6, 7], [-1, 127, -128, 9]], np.int8)
    golden = Golden((inputs,), (np.asarray(inputs + np.int8(1)),))
    done: list[tuple[int, int]] = []
    client = BenchClient(toy_board, 5.0)
    given = [row.tobytes() for row in inputs]
    _, outputs = run_samples(client, given, lambda *counts: done.append(counts), CycleMeter(list))
    assert done == [(1, 3), (2, 3), (3, 3)]
    compared = compare_outputs(golden.outputs, outputs)
    assert (compared.samples, compared.identical_fraction, compared.max_lsb) == (3, 1.0, 0.0)


def test_differences_are_counted_in_steps() -> None:
    golden = Golden(
        (np.zeros((4, 1)),), (np.asarray([[127, 0], [-128, 0], [5, 5], [1, 2]], np.int8),)
    )
    measured = np.asarray([[-128, 0], [-128, 0], [5, 3], [1, 2]], np.int8)
    compared = compare_outputs(golden.outputs, [row.tobytes() for row in measured])
    assert (compared.identical_fraction, compared.max_lsb) == (0.5, 255.0)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"model_sha256": "00" * 32}, "from model 000000000000, the project was made from abab"),
        ({"runtime": "tflm"}, "runs the tflm runtime, the project has static"),
    ],
)
def test_a_board_with_other_firmware_is_refused(changes: dict[str, str], text: str) -> None:
    with pytest.raises(WrongFirmwareError, match=text):
        check_identity(replace(identity(), **changes), PROJECT)


@pytest.mark.parametrize(
    ("inputs", "outputs", "text"),
    [
        ((2, 5), (2, 2), "an input in the golden file has 5 bytes, that of the model 4"),
        ((2, 4), (2, 3), "an output in the golden file has 3 bytes, that of the model 2"),
    ],
)
def test_a_golden_file_of_another_model_is_named(
    inputs: tuple[int, int], outputs: tuple[int, int], text: str
) -> None:
    golden = Golden((np.zeros(inputs, np.int8),), (np.zeros(outputs, np.int8),))
    with pytest.raises(ConfigError, match=text):
        check_golden(identity(), golden)


def test_an_output_that_is_no_number_differs_by_a_number() -> None:
    golden = Golden((np.zeros((1, 1)),), (np.asarray([[1.0, 2.0]], np.float32),))
    compared = compare_outputs(golden.outputs, [np.asarray([np.nan, np.inf], np.float32).tobytes()])
    assert compared.identical_fraction == 0.0
    assert 1e6 < compared.max_lsb < np.inf
