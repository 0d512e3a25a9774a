"""Which channels of a network belong together, and which have one known value. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from codegen.model.fixed_point import overflows, rescale
from codegen.model.graph import Graph, Operator
from codegen.operators.support import data_of, output_limits, zero_point_of
from codegen.operators.windows import weight_multipliers
from codegen.simplify.layer import Flags, Integers, Layer, input_zero_point, layer_of

_LARGEST_INT32 = (1 << 31) - 1
_POOLS = ("AVERAGE_POOL_2D", "MAX_POOL_2D")
_RESHAPES = ("EXPAND_DIMS", "RESHAPE", "SQUEEZE")
_ONE_TO_ONE = ("ABS", "GELU", "HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "RELU", "RELU6", "TANH")


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Which channels of a tensor have one value in all pixels, whatever the model's input is.

    Attributes:
        flags: (channels) whether it is known.
        values: (channels) the stored value; 0 where it is not known.
    """

    flags: Flags
    values: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Channels:
    """The channels of a network.

    Attributes:
        roots: For each tensor, the one whose channels it has: operators such as a pooling give
            each channel of their input as one of their output. Such a tensor has the channels of
            its root, once or several times along its last dimension.
        layers: By the index of an operator, its layer.
        known: By tensor, the channels with one value.
    """

    roots: Mapping[int, int]
    layers: Mapping[int, Layer]
    known: Mapping[int, Known]

    def foldable(self, graph: Graph, index: int) -> Flags:
        """The input channels of a layer whose products are known: (inputs).

        Padding gives the zero point, so that a known channel has two values at the border.
        """
        operator, layer = graph.operators[index], self.layers[index]
        own = self.known[operator.inputs[0]]
        is_plain = own.values == input_zero_point(graph, operator)
        return np.asarray(own.flags & (is_plain | (not layer.crosses_border)))

    def differences(self, graph: Graph, index: int) -> Integers:
        """The values of those channels minus the zero point, 0 for others: (inputs)."""
        operator = graph.operators[index]
        values = self.known[operator.inputs[0]].values - input_zero_point(graph, operator)
        return np.where(self.foldable(graph, index), values, 0)


def find_channels(graph: Graph) -> Channels:
    """The channels of a network that passed `check_operators`."""
    roots: dict[int, int] = {}
    layers: dict[int, Layer] = {}
    known: dict[int, Known] = {}
    found = Channels(roots, layers, known)
    for tensor, own in enumerate(graph.tensors):
        if not own.is_constant:
            roots[tensor], known[tensor] = tensor, _unknown(own.shape[-1] if own.shape else 1)
    for index, operator in enumerate(graph.operators):
        source, output = operator.inputs[0], operator.outputs[0]
        if source not in known:
            continue
        channels = len(known[source].flags)
        layer = layer_of(graph, operator, channels)
        if layer is not None:
            layers[index] = layer
            if operator.kind != "FULLY_CONNECTED":
                known[output] = _known_outputs(graph, index, found)
        if _keeps_channels(graph, operator, channels) or (layer and layer.is_depthwise):
            roots[output] = roots[source]
            if layer is None:
                known[output] = _passed(graph, operator, known[source])
    return found


def _unknown(channels: int) -> Known:
    return Known(np.zeros(channels, np.bool_), np.zeros(channels, np.int64))


def _keeps_channels(graph: Graph, operator: Operator, channels: int) -> bool:
    """Whether an operator without weights computes each channel from that channel alone."""
    source, output = graph.tensors[operator.inputs[0]], graph.tensors[operator.outputs[0]]
    if not source.shape or not output.shape:
        return False
    if operator.kind in _RESHAPES:
        return output.shape[-1] % channels == 0
    if source.shape[-1] != channels or output.shape[-1] != channels:
        return False
    if operator.kind == "MEAN":
        axes = np.ravel(data_of(graph.tensors[operator.inputs[1]])) % len(source.shape)
        return len(source.shape) == 4 and sorted(axes.tolist()) == [1, 2]
    return operator.kind in (*_POOLS, *_ONE_TO_ONE)


def _passed(graph: Graph, operator: Operator, source: Known) -> Known:
    """The channels known after such an operator; equal pixels are their mean and their largest."""
    if operator.kind in _RESHAPES:
        return source
    if operator.kind not in _POOLS:
        return _unknown(len(source.flags))
    limits = output_limits(operator, graph.tensors[operator.outputs[0]])
    return Known(source.flags, np.where(source.flags, np.clip(source.values, *limits), 0))


def _known_outputs(graph: Graph, index: int, channels: Channels) -> Known:
    """The output channels of a convolution that read only what is known."""
    operator, layer = graph.operators[index], channels.layers[index]
    output = graph.tensors[operator.outputs[0]]
    flags = ~layer.reads_any(~channels.foldable(graph, index))
    sums = layer.biases + layer.products(channels.differences(graph, index))
    values = np.zeros(len(sums), np.int64)
    limits, zero_point = output_limits(operator, output), zero_point_of(output)
    for channel, factor in enumerate(weight_multipliers(graph, operator, len(sums))):
        largest = abs(int(sums[channel]))
        flags[channel] &= largest <= _LARGEST_INT32 and not overflows(largest, factor)
        if flags[channel]:
            values[channel] = np.clip(rescale(sums[channel], factor) + zero_point, *limits)
    return Known(flags, values)
