"""What a network would be in the trainer: its memory and parameters, without making it.

Loads the compiled trainer.
"""

import ctypes
from dataclasses import dataclass
from math import prod

import numpy as np

from firmware.errors import ConfigError, HostMemoryError
from nas.network.description import Network
from nas.network.shapes import output_shapes, parameter_shapes
from nas.trainer.library import Status, address_of, load_library
from nas.trainer.program import LANES, Program, program_of

_REASONS = {
    Status.KIND: "is of a kind that the trainer does not know there",
    Status.INPUT: "reads a node that does not stand before it",
    Status.SHAPE: "cannot take the shape of what it reads",
    Status.NUMBER: "has a number that the trainer does not know: kernels are odd and, as strides, "
    "of at most 255 rows and columns",
    Status.LARGE: "is too large: the trainer counts 2^28 values of an image, 2^24 of a row and "
    "16,384 channels",
    Status.UNREAD: "is read by nothing",
    Status.LAST: "gives the classes more than one row and one column",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """What a network takes.

    Attributes:
        size_bytes: All memory that the trainer allocates for it.
        parameters: How many it has.
    """

    size_bytes: int
    parameters: int


def groups_of(part: int) -> int:
    """Groups of images side by side in a part of a batch."""
    return max(1, part // LANES)


def measure(network: Network, part: int) -> Measure:
    """What the trainer takes for a network and parts of batches of `part` images.

    Raises:
        BuildError: The trainer was not compiled before, or does not load.
        ConfigError: The trainer does not know such a network; the node to blame is named.
        HostMemoryError: Memory is short even for that.
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


def check_status(status: int, row: int, network: Network, program: Program, part: int) -> None:
    """Raise what a status of the making of a network means.

    Raises:
        ConfigError: The trainer does not know such a network.
        HostMemoryError: Memory is short.
    """
    if status == Status.OK:
        return
    if status == Status.MEMORY:
        raise HostMemoryError(
            f"the memory of this host is too short for a network of {len(network.nodes)} nodes, "
            f"images of {network.image} and parts of {part}"
        )
    if status == Status.UNTRAINED:
        raise ConfigError("the network has no parameters that could be trained")
    if status == Status.CALL:
        raise ConfigError(
            f"the trainer makes no network of {len(network.nodes)} nodes and parts of {part} "
            "images: 65,536 of both are the most"
        )
    index = program.nodes[row]
    name = type(network.nodes[index].operation).__name__
    raise ConfigError(f"node {index} ({name}) {_REASONS[Status(status)]}")


def _check_facts(
    network: Network, program: Program, shapes: list[list[int]], counts: list[int]
) -> None:
    """The trainer and nas.network.shapes mean the same network."""
    expected, own = output_shapes(network), parameter_shapes(network)
    for index, shape, count in zip(program.nodes, shapes, counts, strict=True):
        wanted = expected[index], sum(map(prod, own[index]))
        assert (tuple(shape), count) == wanted, f"node {index}: {shape}, {count} is not {wanted}"
