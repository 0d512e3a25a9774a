"""Lowers a network to the int8 graph of its .tflite, before training. Pure.

Operators, options and tensors, and their order, are those of TensorFlow 2.21's converter for one
image: the input, then constants from the last layer to the first, then activations in the order of
execution. Weights and quantization are not known yet; the axes of means are.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import DType, Graph, Operator, Tensor
from nas.network.description import (
    Convolution,
    Dense,
    DepthwiseConvolution,
    Mean,
    Network,
    Normalisation,
    Relu,
    Rescaling,
    Softmax,
)
from nas.network.fusion import members, owners
from nas.network.shapes import output_shapes, parameter_shapes
from nas.network.tflite_operators import Options, activation_name, tflite_operator


class Role(StrEnum):
    """The role of a tensor for its node."""

    RESULT = "result"
    KERNELS = "kernels"
    BIASES = "biases"
    FACTORS = "factors"
    """Factor of a multiplication: of a rescaling, or of a normalisation that is not folded."""
    SHIFTS = "shifts"
    """Summand of a normalisation that is not folded."""
    PRODUCT = "product"
    """Product to which the summand is added."""
    AXES = "axes"
    """Axes of a mean."""
    PORT = "port"
    """The image or the probabilities as uint8, if the network inside is int8."""


_PIXEL_AXES = np.array([1, 2], np.int32)
"""Rows and columns, over which a mean is taken. Known before training, unlike other constants."""
_CONSTANTS = {
    Rescaling: (Role.FACTORS,),
    Normalisation: (Role.SHIFTS,),
    Convolution: (Role.KERNELS, Role.BIASES),
    DepthwiseConvolution: (Role.KERNELS, Role.BIASES),
    Mean: (Role.AXES,),
    Dense: (Role.KERNELS, Role.BIASES),
}
"""Inputs of the last operator of an operation, after the activations."""


@dataclass(frozen=True, slots=True)
class Int8Graph:
    """The graph of a network, and the origin of its tensors.

    Attributes:
        graph: Operators and tensors; a tensor's name is its role and its node.
        origins: For each tensor, its role and its node. For a `RESULT`, the node is the last one
            that the operator computes.
    """

    graph: Graph
    origins: tuple[tuple[Role, int], ...]


def lower(network: Network) -> Int8Graph:
    """The int8 graph of a network; input and output are uint8 if it rescales, else int8.

    Raises:
        ConfigError: The inputs of a node do not fit, or it has no int8 form.
    """
    return _Lowering(network).finished()


class _Lowering:
    """Collects the tensors and operators of one network."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._shapes, self._parameters = output_shapes(network), parameter_shapes(network)
        self._members = members(network)
        self._tensors: list[Tensor] = []
        self._origins: list[tuple[Role, int]] = []
        self._operators: list[Operator] = []
        self._constants: dict[tuple[Role, int], int] = {}
        self._results: dict[int, int] = {}

    def finished(self) -> Int8Graph:
        """The graph with all tensors and operators."""
        is_uint8, image = self._network.has_rescaling, (1, *self._network.image)
        port = DType.UINT8 if is_uint8 else DType.INT8
        self._results[0] = self._add(Tensor("", image, port), Role.PORT, 0)
        self._add_constants()
        if is_uint8:
            self._results[0] = self._operate("QUANTIZE", {}, (0,), image, Role.RESULT, 0)
        for index, owner in enumerate(owners(self._network)):
            if owner == index and index > 0:
                self._add_operators(index)
            self._results[index] = self._results[owner]
        last = self._results[len(self._network.nodes) - 1]
        if is_uint8:
            shape, node = self._tensors[last].shape, len(self._network.nodes) - 1
            last = self._operate("QUANTIZE", {}, (last,), shape, Role.PORT, node, DType.UINT8)
        graph = Graph(tuple(self._tensors), tuple(self._operators), inputs=(0,), outputs=(last,))
        return Int8Graph(graph, tuple(self._origins))

    def _add_constants(self) -> None:
        """Add constants from the last layer to the first, those of means before all others."""
        nodes = list(enumerate(self._network.nodes))
        for index, node in reversed(nodes):
            if isinstance(node.operation, Mean):
                self._constant(Role.AXES, index, (2,), DType.INT32, 0, _PIXEL_AXES)
        for index, node in reversed(nodes):
            if isinstance(node.operation, Convolution | DepthwiseConvolution | Dense):
                self._add_weights(index)
            elif isinstance(node.operation, Normalisation) and index in self._members:
                channels = self._shapes[index][2]
                for role in (Role.SHIFTS, Role.FACTORS):
                    self._constant(role, index, (channels,), DType.INT8, 1)
            elif isinstance(node.operation, Rescaling):
                self._constant(Role.FACTORS, index, (), DType.INT8, 1)

    def _add_weights(self, index: int) -> None:
        kernels, channels = self._parameters[index][0], self._shapes[index][2]
        # (rows, columns, inputs, outputs) are (outputs, rows, columns, inputs) in TFLite.
        shape = (kernels[-1], *kernels[:-1])
        self._constant(Role.BIASES, index, (channels,), DType.INT32, channels)
        self._constant(Role.KERNELS, index, shape, DType.INT8, channels)

    def _constant(
        self,
        role: Role,
        node: int,
        shape: tuple[int, ...],
        dtype: DType,
        scales: int,
        data: NDArray[np.int32] | None = None,
    ) -> None:
        tensor = Tensor("", shape, dtype, True, data=data, expected_scales=scales)
        self._constants[role, node] = self._add(tensor, role, node)

    def _add_operators(self, owner: int) -> None:
        """Add the operator of a node. A normalisation that is not folded has two operators."""
        operation, own = self._network.nodes[owner].operation, self._members[owner]
        inputs = tuple(self._results[source] for source in self._network.nodes[owner].inputs)
        shape = self._result_shape(owner)
        constants = _CONSTANTS.get(type(operation), ())
        if isinstance(operation, Normalisation):
            options = {"fused_activation_function": "NONE"}
            inputs = (*inputs, self._constants[Role.FACTORS, owner])
            inputs = (self._operate("MUL", options, inputs, shape, Role.PRODUCT, owner),)
        kind, options_of_kind = tflite_operator(operation, self._activation(own))
        inputs = (*inputs, *(self._constants[role, owner] for role in constants))
        result = self._operate(kind, options_of_kind, inputs, shape, Role.RESULT, own[-1])
        self._results[owner] = result

    def _activation(self, own: tuple[int, ...]) -> str:
        """TFLite's name of the activation that is fused into the first node."""
        for index in own[1:]:
            operation = self._network.nodes[index].operation
            if isinstance(operation, Relu):
                return activation_name(operation)
        return "NONE"

    def _result_shape(self, index: int) -> tuple[int, ...]:
        """The shape for one image; a mean and the nodes after it have no rows and columns."""
        node = self._network.nodes[index]
        is_flat = isinstance(node.operation, Mean | Dense | Softmax) or all(
            len(self._tensors[self._results[source]].shape) == 2 for source in node.inputs
        )
        height, width, channels = self._shapes[index]
        return (1, channels) if is_flat else (1, height, width, channels)

    def _operate(
        self,
        kind: str,
        options: Options,
        inputs: tuple[int, ...],
        shape: tuple[int, ...],
        role: Role,
        node: int,
        dtype: DType = DType.INT8,
    ) -> int:
        result = self._add(Tensor("", shape, dtype), role, node)
        self._operators.append(Operator(kind, inputs, (result,), options))
        return result

    def _add(self, tensor: Tensor, role: Role, node: int) -> int:
        scales = tensor.expected_scales if tensor.is_constant else 1
        name = f"{role} {node}"
        self._tensors.append(replace(tensor, name=name, expected_scales=scales))
        self._origins.append((role, node))
        return len(self._tensors) - 1
