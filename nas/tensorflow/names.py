"""Names of layers and tensors in the files of TensorFlow's converter. Pure.

The .tflite contains the names, so its size depends on them. They are fixed, so that a network
always gives the same bytes. The names of tensors are known for chains of convolutions with
normalisation and ReLU, as in the built-in spaces. Other tensors get unique names, which may differ
from TensorFlow's.
"""

from collections import Counter
from dataclasses import replace

from codegen.model.graph import Graph
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
    Normalisation,
    Operation,
    Relu,
    Rescaling,
    Softmax,
)
from nas.network.fusion import members, owners
from nas.network.int8_graph import Int8Graph, Role

MODEL = "model"
INPUT = "image"
OUTPUT = "StatefulPartitionedCall_1:0"
_CONVOLUTIONS = Convolution | DepthwiseConvolution


def layer_names(network: Network) -> tuple[str, ...]:
    """A name for each node; layers of a kind are counted by the convolutions before them."""
    names: list[str] = []
    used: Counter[str] = Counter()
    count = 0
    for node, owner in zip(network.nodes, owners(network), strict=True):
        name = _layer_name(node.operation, network.nodes[owner].operation, count)
        used[name] += 1
        names.append(name if used[name] == 1 else f"{name}_{used[name]}")
        count += isinstance(node.operation, Convolution)
    return tuple(names)


def _layer_name(operation: Operation, owner: Operation, count: int) -> str:
    """Name of an operation that may be fused into another one, after `count` convolutions."""
    plain: dict[type, str] = {
        Image: INPUT,
        Rescaling: "rescaling",
        Mean: "mean",
        Dropout: "dropout",
        Dense: "dense",
        Softmax: "softmax",
        Convolution: f"conv_{count}",
        DepthwiseConvolution: f"depthwise_{count}",
        MaxPooling: f"pool_{count}",
        AveragePooling: f"average_pool_{count}",
        Addition: f"add_{count}",
    }
    if type(operation) in plain:
        return plain[type(operation)]
    kind = {Normalisation: "norm", Relu: "relu"}[type(operation)]
    if isinstance(owner, DepthwiseConvolution):
        return f"depthwise_{kind}_{count}"
    kind = "batch_norm" if kind == "norm" else kind
    return f"{kind}_{count - 1 if isinstance(owner, Convolution) else count}"


def with_tensorflow_names(network: Network, lowered: Int8Graph) -> Graph:
    """The graph of a network with the names that TensorFlow 2.21 gives its tensors."""
    naming = _Naming(network, has_uint8_ports=network.has_rescaling)
    tensors = [
        replace(tensor, name=naming.name(role, node))
        for tensor, (role, node) in zip(lowered.graph.tensors, lowered.origins, strict=True)
    ]
    return replace(lowered.graph, tensors=tuple(tensors))


def scoped(layer: str, operation: str) -> str:
    """Name of an operation inside a layer, as the converter writes it.

    TensorFlow appends `_1` to repeated scopes.
    """
    return f"{MODEL}_1/{layer}_1/{operation}"


class _Naming:
    """Names the tensors of one network."""

    def __init__(self, network: Network, has_uint8_ports: bool) -> None:
        self._network, self._layers = network, layer_names(network)
        self._owners, self._members = owners(network), members(network)
        self._has_uint8_ports = has_uint8_ports

    def name(self, role: Role, node: int) -> str:
        """Name of a tensor, by its role in its node."""
        operation, layer = self._network.nodes[node].operation, self._layers[node]
        if role is Role.PORT:
            return f"serving_default_{INPUT}:0" if node == 0 else OUTPUT
        if role is Role.RESULT:
            return self._result(node)
        if role is Role.AXES:
            return scoped(layer, "Mean/reduction_indices")
        if isinstance(operation, Rescaling):
            return scoped(layer, "Cast/x")
        if isinstance(operation, Normalisation):
            kind = {Role.SHIFTS: "sub", Role.FACTORS: "mul", Role.PRODUCT: "mul_1"}[role]
            return scoped(layer, f"batchnorm/{kind}")
        if isinstance(operation, Dense):
            return scoped(layer, "BiasAdd" if role is Role.BIASES else "MatMul")
        own = self._members[node]
        return self._fused(own) if role is Role.BIASES else self._kernels(own)

    def _result(self, node: int) -> str:
        own = self._members[self._owners[node]]
        operation, layer = self._network.nodes[own[0]].operation, self._layers[own[0]]
        if isinstance(operation, _CONVOLUTIONS):
            # The biases have the same name already, so the converter appends a 1.
            return self._fused(own) + "1"
        if isinstance(operation, Softmax):
            return f"{OUTPUT}1" if self._has_uint8_ports else OUTPUT
        if isinstance(operation, Dense):
            return f"{scoped(layer, 'MatMul')};{scoped(layer, 'BiasAdd')}"
        if isinstance(operation, Image):
            return "tfl.quantize"
        kinds: dict[type, str] = {
            Rescaling: "mul",
            Normalisation: "batchnorm/add_1",
            MaxPooling: "MaxPool2d",
            AveragePooling: "AvgPool2d",
            Mean: "Mean",
            Addition: "Add",
            Relu: "Relu",
        }
        return scoped(layer, kinds[type(operation)])

    def _fused(self, own: tuple[int, ...]) -> str:
        """The operations that the converter fused into a convolution, joined."""
        layer = self._layers[own[0]]
        norms = self._layers_of(own, Normalisation)
        if not norms:
            # A bias of one element is added as a reshaped scalar, which gives other operations.
            is_one = self._has_one_kernel(own[0])
            added = ("Add", "convolution", "Reshape") if is_one else _BIASED
            return ";".join(scoped(layer, operation) for operation in ("Relu", *added))
        relus = [scoped(relu, "Relu") for relu in self._layers_of(own, Relu)]
        norm = norms[0]
        parts = (scoped(norm, "batchnorm/add_1"), self._kernels(own), scoped(norm, "batchnorm/sub"))
        return ";".join((*relus, *parts))

    def _kernels(self, own: tuple[int, ...]) -> str:
        layer = self._layers[own[0]]
        if not isinstance(self._network.nodes[own[0]].operation, DepthwiseConvolution):
            return scoped(layer, "convolution")
        names = [scoped(layer, "depthwise")]
        for norm in self._layers_of(own, Normalisation):
            names = [scoped(norm, "batchnorm/mul_1"), *names, scoped(norm, "batchnorm/mul")]
        return ";".join(names)

    def _layers_of(self, own: tuple[int, ...], kind: type) -> list[str]:
        nodes = self._network.nodes
        return [self._layers[i] for i in own if isinstance(nodes[i].operation, kind)]

    def _has_one_kernel(self, node: int) -> bool:
        operation = self._network.nodes[node].operation
        return isinstance(operation, Convolution) and operation.channels == 1


_BIASED = ("BiasAdd", "convolution", "Squeeze")
"""Operations of a convolution with biases."""
