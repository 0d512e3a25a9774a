"""The inputs of a model on a board, and the comparison of its outputs. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firmware.errors import ConfigError
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
    for name, values, expected_bytes in ports:
        if values[0].nbytes != expected_bytes:
            raise ConfigError(
                f"an {name} in the golden file has {values[0].nbytes} bytes, that of the model "
                f"{expected_bytes}; make the golden file of this model with 'nas golden'"
            )


def golden_inputs(golden: Golden) -> list[bytes]:
    """The inputs of a golden file."""
    return [np.ascontiguousarray(sample).tobytes() for sample in golden.inputs]


def zero_inputs(identity: Identity) -> list[bytes]:
    """Inputs for a model whose outputs are not compared: a few inputs of zeros."""
    return [bytes(identity.input_bytes)] * _UNCHECKED_RUNS


def random_inputs(identity: Identity, dtype: str) -> list[bytes]:
    """Random inputs to compare runtimes with each other; always the same for the same model.

    Integers are uniform over all values of their type. Floats lie between -1 and 1.
    """
    rng = np.random.default_rng(_SEED)
    if dtype != "float32":
        return [rng.bytes(identity.input_bytes) for _ in range(_RANDOM_INPUTS)]
    shape = (_RANDOM_INPUTS, identity.input_bytes // 4)
    return [sample.tobytes() for sample in rng.uniform(-1, 1, shape).astype(np.float32)]


def compare_outputs(expected: NDArray[np.generic], outputs: Sequence[bytes]) -> Outputs:
    """Compare the board's outputs with the expected ones, (samples, …), sample by sample."""
    measured = np.stack(
        [np.frombuffer(data, expected.dtype).reshape(expected.shape[1:]) for data in outputs]
    )
    count = len(expected)
    steps = 256.0 if expected.dtype.kind == "f" else 1.0
    with np.errstate(invalid="ignore"):
        difference = np.abs(measured.astype(np.float64) - expected.astype(np.float64)) * steps
    difference = np.nan_to_num(difference, nan=_INCOMPARABLE_LSB, posinf=_INCOMPARABLE_LSB)
    identical = (measured == expected).reshape(count, -1).all(axis=1)
    return Outputs(count, float(identical.mean()), float(difference.max(initial=0.0)))
