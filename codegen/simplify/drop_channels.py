"""Drops channels that nothing reads, or whose value is known, from all tensors. Pure.

Filters whose weights became zero in training give a constant. Its products with the weights of
the next layer join the biases of that layer, and the channel is neither stored nor computed. The
outputs of the model stay the same to the bit.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from codegen.model.graph import DType, Graph, Operator, Quantization, Tensor
from codegen.operators.channels import PATCH_GROUP
from codegen.operators.support import data_of
from codegen.simplify.channels import Channels, find_channels
from codegen.simplify.layer import Flags, Integers, Layer

Kept = Mapping[int, Integers]
"""For each root, the channels that are left, ascending."""


def drop_channels(graph: Graph) -> Graph:
    """The network without them. The graph must have passed `check_operators`.

    The channels left are a multiple of `PATCH_GROUP`, which the kernels treat at once, unless all
    are left. Inputs and outputs of the model stay as they are.
    """
    channels = find_channels(graph)
    kept = _kept_channels(graph, channels)
    if all(len(own) == len(channels.known[root].flags) for root, own in kept.items()):
        return graph
    tensors = [_cut_activation(graph, i, channels, kept) for i in range(len(graph.tensors))]
    operators = tuple(
        _cut_operator(graph, index, channels, kept, tensors)
        for index in range(len(graph.operators))
    )
    return replace(graph, tensors=tuple(tensors), operators=operators)


def _kept_channels(graph: Graph, channels: Channels) -> dict[int, Integers]:
    """From the last operator to the first: each layer needs the inputs that its outputs read."""
    needed = {root: np.zeros_like(channels.known[root].flags) for root in channels.roots.values()}
    ports = [i for i in (*graph.inputs, *graph.outputs) if i in channels.roots]
    for tensor in ports:  # a damaged model, which is refused later, names constants, too
        needed[channels.roots[tensor]][:] = True
    for index in reversed(range(len(graph.operators))):
        operator, layer = graph.operators[index], channels.layers.get(index)
        output = operator.outputs[0]
        if channels.roots[output] != output:
            continue
        read = [channels.roots[i] for i in operator.inputs if i in channels.roots]
        if layer is None:
            for root in (output, *read):
                needed[root][:] = True
            continue
        _round_up(needed[output], layer)
        unknown = layer.reads & ~channels.foldable(graph, index)
        needed[read[0]] |= np.any(unknown[needed[output]], axis=0)
    return {root: np.flatnonzero(own) for root, own in needed.items()}


def _round_up(needed: Flags, layer: Layer) -> None:
    """Need more outputs of a layer, those that read the fewest inputs, up to whole groups."""
    count = int(needed.sum())
    wanted = min(max(-(-count // PATCH_GROUP), 1) * PATCH_GROUP, len(needed))
    others = np.flatnonzero(~needed)
    order = np.argsort(layer.reads.sum(axis=1)[others], kind="stable")
    needed[others[order[: wanted - count]]] = True


def _cut_activation(graph: Graph, index: int, channels: Channels, kept: Kept) -> Tensor:
    tensor = graph.tensors[index]
    if index not in channels.roots or not tensor.shape:
        return tensor
    root = channels.roots[index]
    times = tensor.shape[-1] // len(channels.known[root].flags)
    return replace(tensor, shape=(*tensor.shape[:-1], times * len(kept[root])))


def _cut_operator(
    graph: Graph, index: int, channels: Channels, kept: Kept, tensors: list[Tensor]
) -> Operator:
    """The operator on tensors without the dropped channels; its new constants join `tensors`."""
    operator, layer = graph.operators[index], channels.layers.get(index)
    if operator.kind == "RESHAPE":
        # The shape that its second input gives may be that of more channels.
        return replace(operator, inputs=operator.inputs[:1])
    if layer is None:
        return operator
    outputs, inputs = (kept[channels.roots[i]] for i in (operator.outputs[0], operator.inputs[0]))
    if len(outputs) == len(layer.weights) and len(inputs) == layer.weights.shape[1]:
        return operator
    weights = _cut_weights(graph.tensors[operator.inputs[1]], operator.kind, layer, outputs, inputs)
    differences = channels.differences(graph, index)
    differences[inputs] = 0
    sums = layer.biases + (0 if layer.is_depthwise else layer.products(differences))
    biases = Tensor("", outputs.shape, DType.INT32, True, data=sums[outputs].astype(np.int32))
    tensors += [weights, biases]
    return replace(operator, inputs=(operator.inputs[0], len(tensors) - 2, len(tensors) - 1))


def _cut_weights(
    weights: Tensor, kind: str, layer: Layer, outputs: Integers, inputs: Integers
) -> Tensor:
    axis = 3 if kind == "DEPTHWISE_CONV_2D" else 0
    data = np.take(data_of(weights), outputs, axis=axis)
    if kind == "FULLY_CONNECTED":
        by_pixel = data.reshape(len(outputs), -1, layer.weights.shape[1])
        data = by_pixel[:, :, inputs].reshape(len(outputs), -1)
    elif kind == "CONV_2D":
        data = data[..., inputs]
    own = weights.quantization
    assert own is not None
    if len(own.scales) > 1:
        scales = tuple(own.scales[channel] for channel in outputs)
        own = Quantization(scales, own.zero_points[:1] * len(scales), own.axis)
    return replace(weights, shape=data.shape, data=data, quantization=own)
