"""A layer with weights, as what each of its outputs reads of each input channel. Pure."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import Graph, Operator, Tensor
from codegen.operators.channels import bias_array
from codegen.operators.support import data_of, integer_option, zero_point_of
from codegen.operators.window_side import padding_before

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A convolution or a FULLY_CONNECTED.

    Attributes:
        weights: (outputs, inputs, taps), minus their zero point; with one input for each output if
            it is depthwise.
        biases: (outputs).
        is_depthwise: Whether each output reads the input channel of its own number.
        crosses_border: Whether some taps read padding.
    """

    weights: Integers
    biases: Integers
    is_depthwise: bool
    crosses_border: bool

    @property
    def reads(self) -> Flags:
        """Whether an output has a weight that is not 0 for an input: (outputs, inputs)."""
        return np.asarray(np.any(self.weights, axis=2))

    def reads_any(self, inputs: Flags) -> Flags:
        """Whether an output reads any of these input channels: (outputs)."""
        return np.asarray(np.any(self.reads & self._beside(inputs), axis=1))

    def products(self, values: Integers) -> Integers:
        """The sums of products if every pixel of each input channel has one value: (outputs)."""
        return np.asarray((self.weights.sum(axis=2) * self._beside(values)).sum(axis=1))

    def _beside(self, values: NDArray[Any]) -> NDArray[Any]:
        return values[:, None] if self.is_depthwise else values[None, :]


def layer_of(graph: Graph, operator: Operator, channels: int) -> Layer | None:
    """The layer of an operator whose input has `channels`; None for any other operator.

    A vector of k · channels elements has k pixels, so FULLY_CONNECTED has k taps. The graph must
    have passed `check_operators`.
    """
    if operator.kind not in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        return None
    image, weights = (graph.tensors[i] for i in operator.inputs[:2])
    if weights.data is None or weights.quantization is None:
        return None
    is_matrix = operator.kind == "FULLY_CONNECTED"
    if not is_matrix and image.shape[-1] != channels:
        return None
    is_depthwise = operator.kind == "DEPTHWISE_CONV_2D" and channels > 1
    values = _by_channel(operator, weights, channels, is_depthwise)
    if values is None or graph.tensors[operator.outputs[0]].shape[-1] != len(values):
        return None
    biases = bias_array(graph, operator, len(values)).values
    return Layer(
        values.astype(np.int64) - weights.quantization.zero_points[0],
        np.asarray(biases, np.int64),
        is_depthwise,
        not is_matrix and _crosses_border(graph, operator),
    )


def _by_channel(
    operator: Operator, weights: Tensor, channels: int, is_depthwise: bool
) -> NDArray[Any] | None:
    """Weights as (outputs, inputs, taps); None if they are in groups."""
    values = data_of(weights)
    if operator.kind == "FULLY_CONNECTED":
        outputs, columns = weights.shape
        if columns % channels:
            return None
        return np.moveaxis(values.reshape(outputs, columns // channels, channels), 1, 2)
    outputs = weights.shape[0 if operator.kind == "CONV_2D" else 3]
    if operator.kind == "CONV_2D":
        if weights.shape[3] != channels:
            return None
        return np.moveaxis(values, 3, 1).reshape(outputs, channels, -1)
    if is_depthwise and outputs != channels:
        return None
    return np.moveaxis(values, 3, 0).reshape(outputs, 1, -1)


def _crosses_border(graph: Graph, operator: Operator) -> bool:
    """Whether a window of a convolution lies partly outside the image."""
    image, weights = (graph.tensors[i] for i in operator.inputs[:2])
    output = graph.tensors[operator.outputs[0]]
    for axis, side in enumerate("hw"):
        size, count, taps = (t.shape[1 + axis] for t in (image, output, weights))
        window = (taps - 1) * integer_option(operator, f"dilation_{side}_factor", 1) + 1
        stride = integer_option(operator, f"stride_{side}", 1)
        before = padding_before(operator, side, size, window)
        if before > 0 or (count - 1) * stride + window - before > size:
            return True
    return False


def input_zero_point(graph: Graph, operator: Operator) -> int:
    """Of the activation that a layer reads."""
    return zero_point_of(graph.tensors[operator.inputs[0]])
