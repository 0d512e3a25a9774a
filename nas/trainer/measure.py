"""Predicts the memory and parameters of a network in the trainer, without creating it.

Loads the compiled trainer.
"""

import ctypes
from dataclasses import dataclass
from math import prod

import numpy as np

from firmware.errors import ConfigError, HostMemoryError
from nas.network.description import Network
from nas.network.shapes import output_shapes, parameter_shapes
from nas.trainer.library import NetworkStatus, address_of, load_library
from nas.trainer.program import LANES, TrainerProgram, program_of

_REASONS = {
    NetworkStatus.KIND: "is of a kind that the trainer does not support there",
    NetworkStatus.INPUT: "reads a node that is not before it",
    NetworkStatus.SHAPE: "does not fit the shapes of its inputs",
    NetworkStatus.NUMBER: "has a number that the trainer does not support: kernels must be odd; "
    "kernels and strides must be at most 255",
    NetworkStatus.LARGE: "is too large: the maximum is 2^28 values of an image, 2^24 of a row and "
    "16,384 channels",
    NetworkStatus.UNREAD: "is not read by any node",
    NetworkStatus.LAST: "has more than one row and one column for the classes",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """Size of a network in the trainer.

    Attributes:
        size_bytes: All memory that the trainer allocates for it.
        parameters: Number of parameters.
    """

    size_bytes: int
    parameters: int


def groups_of(part: int) -> int:
    """Number of groups of `LANES` images in a part of a batch."""
    return max(1, part // LANES)


def measure(network: Network, part: int) -> Measure:
    """The size of a network in the trainer, with parts of a batch of `part` images.

    Raises:
        BuildError: The trainer was not compiled before, or does not load.
        ConfigError: The trainer does not support the network. The message names the node.
        HostMemoryError: There is not even enough memory for the calculation.
    """
    program = program_of(network)
    facts = np.zeros((len(program.nodes), 5), np.int64)
    size_bytes, refused = ctypes.c_int64(), ctypes.c_int32()
    status = load_library().network_measure(
        program.rows,
        len(program.rows),
        groups_of(part),
        address_of(facts, np.int64),
        ctypes.byref(size_bytes),
        ctypes.byref(refused),
    )
    check_status(status, refused.value, network, program, part)
    parameters = int(facts[-1, 3:].sum())
    _check_facts(network, program, facts[:, :3].tolist(), facts[:, 4].tolist())
    return Measure(size_bytes.value, parameters)


def check_status(
    status: int, row: int, network: Network, program: TrainerProgram, part: int
) -> None:
    """Raise the error that belongs to the status of creating a network.

    Raises:
        ConfigError: The trainer does not support the network.
        HostMemoryError: There is not enough memory.
    """
    if status == NetworkStatus.OK:
        return
    if status == NetworkStatus.MEMORY:
        raise HostMemoryError(
            f"this host has too little memory for a network of {len(network.nodes)} nodes, "
            f"images of {network.image} and parts of {part}"
        )
    if status == NetworkStatus.UNTRAINED:
        raise ConfigError("the network has no parameters to train")
    if status == NetworkStatus.CALL:
        raise ConfigError(
            f"the trainer does not support {len(network.nodes)} nodes with parts of {part} "
            "images; the maximum of both is 65,536"
        )
    index = program.nodes[row]
    name = type(network.nodes[index].operation).__name__
    raise ConfigError(f"node {index} ({name}) {_REASONS[NetworkStatus(status)]}")


def _check_facts(
    network: Network, program: TrainerProgram, shapes: list[list[int]], counts: list[int]
) -> None:
    """Check that the trainer and nas.network.shapes calculate the same shapes."""
    expected, own = output_shapes(network), parameter_shapes(network)
    for index, shape, count in zip(program.nodes, shapes, counts, strict=True):
        wanted = expected[index], sum(map(prod, own[index]))
        assert (tuple(shape), count) == wanted, f"node {index}: {shape}, {count} is not {wanted}"
