"""Decides which nodes of a network become one operator of its int8 graph. Pure."""

from nas.network.description import (
    Addition,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Dropout,
    Network,
    Normalisation,
    Operation,
    Relu,
)

_CONVOLUTIONS = Convolution | DepthwiseConvolution
_RECTIFIED = _CONVOLUTIONS | Normalisation | Addition | Dense
"""Operations whose operator has a fused activation."""


def owners(network: Network) -> tuple[int, ...]:
    """For each node, the index of the node whose operator computes its result; often itself.

    A normalisation is folded into the convolution before it, and a ReLU is fused into the operator
    before it, unless another node reads the value between them. A dropout has no operator.
    """
    readers = network.readers()
    found: list[int] = []
    for index, node in enumerate(network.nodes):
        found.append(index)
        for source in node.inputs[:1]:
            is_alone = len(readers[source]) == 1
            is_fused = is_alone and _takes_in(network.nodes[source].operation, node.operation)
            if is_fused or isinstance(node.operation, Dropout):
                found[index] = found[source]
    return tuple(found)


def _takes_in(before: Operation, after: Operation) -> bool:
    """Whether the operator of one operation can also compute the next one."""
    if isinstance(after, Normalisation):
        return isinstance(before, _CONVOLUTIONS)
    return isinstance(after, Relu) and isinstance(before, _RECTIFIED)


def members(network: Network) -> dict[int, tuple[int, ...]]:
    """For each node with an operator, the nodes that it computes, in order, without dropouts."""
    found: dict[int, tuple[int, ...]] = {}
    for index, owner in enumerate(owners(network)):
        if owner == index or not isinstance(network.nodes[index].operation, Dropout):
            found[owner] = (*found.get(owner, ()), index)
    return found
