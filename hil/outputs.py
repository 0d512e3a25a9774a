"""The inputs of a model on a board, and the comparison of its outputs. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firmware.errors import ConfigError
from firmware.records.manifest import PortRecord
from hil.identity import Identity
from hil.project import Golden

_UNCHECKED_RUNS = 3
_RANDOM_INPUTS = 8
_SEED = 0
_INCOMPARABLE_LSB = 1e9
"""Value for a difference that is not finite."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """The difference between the board's outputs and other outputs.

    Attributes:
        samples: Inputs compared.
        identical_fraction: Fraction of the samples of which every output byte was the same.
        max_lsb: Largest difference of one quantised output; for float outputs, of one value in
            steps of 1/256.
    """

    samples: int
    identical_fraction: float
    max_lsb: float

    @property
    def identical(self) -> int:
        """Samples of which every output byte was the same."""
        return round(self.identical_fraction * self.samples)


def check_golden(identity: Identity, golden: Golden) -> None:
    """Check that a golden file fits the input and output of the model.

    Raises:
        ConfigError: It is for a model with another input or output.
    """
    ports = (
        ("input", golden.inputs, identity.input_bytes),
        ("output", golden.outputs, identity.output_bytes),
    )
    for name, arrays, expected_bytes in ports:
        own_bytes = sum(values[0].nbytes for values in arrays)
        if own_bytes != expected_bytes:
            raise ConfigError(
                f"an {name} in the golden file has {own_bytes} bytes, that of the model "
                f"{expected_bytes}; make the golden file of this model with 'nas golden'"
            )


def golden_inputs(golden: Golden) -> list[bytes]:
    """The samples of a golden file: the bytes of all inputs of the model, in order."""
    return [
        b"".join(np.ascontiguousarray(values[index]).tobytes() for values in golden.inputs)
        for index in range(len(golden.inputs[0]))
    ]


def zero_inputs(identity: Identity) -> list[bytes]:
    """Inputs for a model whose outputs are not compared: a few inputs of zeros."""
    return [bytes(identity.input_bytes)] * _UNCHECKED_RUNS


def random_inputs(inputs: Sequence[PortRecord]) -> list[bytes]:
    """Random inputs to compare runtimes with each other; always the same for the same model.

    Integers are uniform over all values of their type. Floats lie between -1 and 1.
    """
    rng = np.random.default_rng(_SEED)
    return [b"".join(_random(rng, own) for own in inputs) for _ in range(_RANDOM_INPUTS)]


def _random(rng: np.random.Generator, port: PortRecord) -> bytes:
    if port.dtype != "float32":
        return rng.bytes(port.bytes)
    return rng.uniform(-1, 1, port.bytes // 4).astype(np.float32).tobytes()


def outputs_of(
    answers: Sequence[bytes], outputs: Sequence[PortRecord]
) -> tuple[NDArray[np.generic], ...]:
    """The answers of a board as values of each output, (samples, elements)."""
    first, arrays = 0, []
    for port in outputs:
        parts = [answer[first : first + port.bytes] for answer in answers]
        arrays.append(np.stack([np.frombuffer(part, np.dtype(port.dtype)) for part in parts]))
        first += port.bytes
    return tuple(arrays)


def compare_outputs(expected: Sequence[NDArray[np.generic]], answers: Sequence[bytes]) -> Outputs:
    """Compare the board's answers with the expected outputs, (samples, …), sample by sample.

    An answer has the bytes of all outputs, in order.
    """
    first, most, identical = 0, 0.0, np.ones(len(answers), np.bool_)
    for values in expected:
        end = first + values[0].nbytes
        measured = np.stack([np.frombuffer(own[first:end], values.dtype) for own in answers])
        wanted = values.reshape(len(answers), -1)
        most = max(most, _largest_difference(measured, wanted))
        identical &= (measured == wanted).all(axis=1)
        first = end
    return Outputs(len(answers), float(identical.mean()), most)


def _largest_difference(measured: NDArray[np.generic], expected: NDArray[np.generic]) -> float:
    """In steps of a quantised output, or of 1/256 of a float one."""
    steps = 256.0 if expected.dtype.kind == "f" else 1.0
    with np.errstate(invalid="ignore"):
        difference = np.abs(measured.astype(np.float64) - expected.astype(np.float64)) * steps
    difference = np.nan_to_num(difference, nan=_INCOMPARABLE_LSB, posinf=_INCOMPARABLE_LSB)
    return float(difference.max(initial=0.0))
