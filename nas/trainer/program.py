"""Converts networks to the rows of numbers that the trainer reads. Pure."""

import ctypes
from dataclasses import dataclass
from enum import IntEnum
from math import inf

from firmware.errors import ConfigError
from nas.network.description import (
    Addition,
    AveragePooling,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Dropout,
    Image,
    MaxPooling,
    Mean,
    Network,
    Node,
    Normalisation,
    Operation,
    Relu,
    Rescaling,
    Softmax,
)

LANES = 16
"""Images that the trainer processes in parallel (LANES in lanes.h)."""
_INT, _FLOAT = ctypes.c_int32, ctypes.c_float


class NodeKind(IntEnum):
    """Kinds of nodes, numbered as in nodes.h."""

    IMAGE = 1
    CONVOLUTION = 2
    DEPTHWISE = 3
    NORMALISATION = 4
    RELU = 5
    ADDITION = 6
    MAX_POOL = 7
    AVERAGE_POOL = 8
    MEAN = 9
    DROPOUT = 10
    DENSE = 11


_KINDS: dict[type[Operation], NodeKind] = {
    Image: NodeKind.IMAGE,
    Convolution: NodeKind.CONVOLUTION,
    DepthwiseConvolution: NodeKind.DEPTHWISE,
    Normalisation: NodeKind.NORMALISATION,
    Relu: NodeKind.RELU,
    Addition: NodeKind.ADDITION,
    MaxPooling: NodeKind.MAX_POOL,
    AveragePooling: NodeKind.AVERAGE_POOL,
    Mean: NodeKind.MEAN,
    Dropout: NodeKind.DROPOUT,
    Dense: NodeKind.DENSE,
}


class NetworkRow(ctypes.Structure):
    """`network_row` in network.h."""

    _fields_ = (
        ("kind", _INT),
        ("inputs", 2 * _INT),
        ("channels", _INT),
        ("size", 2 * _INT),
        ("stride", 2 * _INT),
        ("has_bias", _INT),
        ("rate", _FLOAT),
        ("highest", _FLOAT),
    )


@dataclass(frozen=True, slots=True)
class TrainerProgram:
    """A network in the trainer's form.

    Attributes:
        rows: One for each node, except the rescaling (part of reading images) and the softmax
            (part of the loss).
        nodes: For each row, the index of its node.
    """

    rows: "ctypes.Array[NetworkRow]"
    nodes: tuple[int, ...]


def program_of(network: Network) -> TrainerProgram:
    """The rows of a network.

    Raises:
        ConfigError: Nodes read the image both with and without its rescaling.
    """
    rows: list[NetworkRow] = []
    nodes: list[int] = []
    row_of: dict[int, int] = {}
    for index, node in enumerate(network.nodes):
        if isinstance(node.operation, Rescaling):
            row_of[index] = row_of[0]
        elif not isinstance(node.operation, Softmax):
            if network.has_rescaling and 0 in node.inputs:
                raise ConfigError(
                    f"node {index} ({type(node.operation).__name__}) reads the image without its "
                    "rescaling, which the trainer does not support"
                )
            row_of[index] = len(rows)
            rows.append(_row(node, [row_of[source] for source in node.inputs]))
            nodes.append(index)
    return TrainerProgram((NetworkRow * len(rows))(*rows), tuple(nodes))


def _row(node: Node, inputs: list[int]) -> NetworkRow:
    operation = node.operation
    row = NetworkRow(kind=_KINDS[type(operation)], inputs=(*inputs, -1, -1)[:2], highest=inf)
    if isinstance(operation, Image):
        height, width, row.channels = operation.shape
        row.size = height, width
    if isinstance(operation, Convolution | DepthwiseConvolution):
        row.size, row.stride = operation.kernel, operation.stride
        row.has_bias = operation.has_bias
    if isinstance(operation, Convolution | Dense):
        row.channels = operation.channels
    if isinstance(operation, MaxPooling | AveragePooling):
        row.size = operation.size
    if isinstance(operation, Dropout):
        row.rate = operation.rate
    if isinstance(operation, Relu) and operation.highest is not None:
        row.highest = operation.highest
    return row
