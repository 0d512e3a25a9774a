from dataclasses import replace

import numpy as np
import pytest

from firmware.errors import WrongFirmwareError
from hil.measure import check_identity, compare_outputs, run_samples
from hil.project import Golden
from hil.protocol import BenchClient
from hil.transport import Transport
from tests.hil.records import PROJECT, identity


def test_each_golden_input_is_answered(toy_board: Transport) -> None:
    inputs = np.asarray([[0, 1, 2, 3], [4, 5, 6, 7], [-1, 127, -128, 9]], np.int8)
    golden = Golden(inputs, np.asarray(inputs + np.int8(1)))
    done: list[tuple[int, int]] = []
    client = BenchClient(toy_board, 5.0)
    given = [row.tobytes() for row in inputs]
    _, outputs = run_samples(client, given, lambda *counts: done.append(counts))
    assert done == [(1, 3), (2, 3), (3, 3)]
    compared = compare_outputs(golden, outputs)
    assert (compared.samples, compared.identical_fraction, compared.max_lsb) == (3, 1.0, 0.0)


def test_differences_are_counted_in_steps() -> None:
    golden = Golden(np.zeros((4, 1)), np.asarray([[127, 0], [-128, 0], [5, 5], [1, 2]], np.int8))
    measured = np.asarray([[-128, 0], [-128, 0], [5, 3], [1, 2]], np.int8)
    compared = compare_outputs(golden, [row.tobytes() for row in measured])
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
