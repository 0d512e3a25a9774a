"""What the graphs of all search spaces have in common. Pure.

Operators, options, tensors, their order and their names are those of the converter of
TensorFlow 2.21 for a network with fixed batch size; weights and quantization are not known yet.
"""

from collections.abc import Mapping

from codegen.graph import DType, Graph, Operator, Tensor
from nas import layer_names
from nas.space import Shape

_NONE = {"fused_activation_function": "NONE"}
_OPTIONS: dict[str, Mapping[str, int | float | str | bool]] = {
    "QUANTIZE": {},
    "MUL": _NONE,
    "ADD": {**_NONE, "pot_scale_int16": True},
    "CONV_2D": {
        "padding": "SAME",
        "stride_w": 1,
        "stride_h": 1,
        "fused_activation_function": "RELU",
        "dilation_w_factor": 1,
        "dilation_h_factor": 1,
        "quantized_bias_type": 0,
    },
    "DEPTHWISE_CONV_2D": {
        "padding": "SAME",
        "stride_w": 1,
        "stride_h": 1,
        "depth_multiplier": 1,
        "fused_activation_function": "RELU",
        "dilation_w_factor": 1,
        "dilation_h_factor": 1,
    },
    "MAX_POOL_2D": {
        "padding": "VALID",
        "stride_w": 2,
        "stride_h": 2,
        "filter_width": 2,
        "filter_height": 2,
        **_NONE,
    },
    "MEAN": {"keep_dims": False},
    "FULLY_CONNECTED": {
        **_NONE,
        "weights_format": "DEFAULT",
        "keep_num_dims": False,
        "asymmetric_quantize_inputs": False,
        "quantized_bias_type": 0,
    },
    "SOFTMAX": {"beta": 1.0},
}


class Lowering:
    """Collects tensors and operators; lives for the lowering of one candidate.

    The converter lists the model's input, then constants from the last layer to the first, then
    activations in execution order. Constants are therefore added first, back to front.
    """

    def __init__(self, shape: Shape, dtype: DType) -> None:
        self.tensors: list[Tensor] = []
        self.operators: list[Operator] = []
        self._constants: dict[str, int] = {}
        self.last = self._add(
            Tensor(
                f"serving_default_{layer_names.INPUT}:0",
                (1, *shape),
                dtype,
                expected_scales=1,
            )
        )

    def constant(
        self, role: str, name: str, shape: tuple[int, ...], dtype: DType, scales: int
    ) -> None:
        """Add a constant with so many quantization scales, to be found by its role."""
        tensor = Tensor(name, shape, dtype, is_constant=True, expected_scales=scales)
        self._constants[role] = self._add(tensor)

    def operator(
        self,
        kind: str,
        name: str,
        shape: tuple[int, ...],
        *roles: str,
        dtype: DType = DType.INT8,
    ) -> None:
        """Append an operator on the last activation and the constants named by their roles."""
        inputs = (self.last, *(self._constants[role] for role in roles))
        self.last = self._add(Tensor(name, shape, dtype, expected_scales=1))
        self.operators.append(Operator(kind, inputs, (self.last,), _OPTIONS[kind]))

    def _add(self, tensor: Tensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1


def scoped(layer: str, operation: str) -> str:
    """TensorFlow's name of an operation inside a layer.

    Keras enters the scopes of the model and its layers a second time when it is traced, and
    TensorFlow tells repeated scopes apart by `_1`.
    """
    return f"{layer_names.MODEL}_1/{layer}_1/{operation}"


def add_head_constants(lowering: Lowering, depth: int, classes: int) -> None:
    """Constants of the last layers, which the converter lists first."""
    dense = layer_names.DENSE
    axes_name = scoped(layer_names.MEAN, "Mean/reduction_indices")
    lowering.constant("axes", axes_name, (2,), DType.INT32, 0)
    lowering.constant("dense bias", scoped(dense, "BiasAdd"), (classes,), DType.INT32, classes)
    lowering.constant("dense", scoped(dense, "MatMul"), (classes, depth), DType.INT8, classes)


def add_head(lowering: Lowering, depth: int, classes: int, probabilities: str) -> None:
    """The mean over all pixels, the matrix product, and the named probabilities."""
    dense = layer_names.DENSE
    lowering.operator("MEAN", scoped(layer_names.MEAN, "Mean"), (1, depth), "axes")
    name = f"{scoped(dense, 'MatMul')};{scoped(dense, 'BiasAdd')}"
    lowering.operator("FULLY_CONNECTED", name, (1, classes), "dense", "dense bias")
    lowering.operator("SOFTMAX", probabilities, (1, classes))


def finished(lowering: Lowering) -> Graph:
    """The graph: what was added first is the input, what was added last the output."""
    return Graph(
        tuple(lowering.tensors), tuple(lowering.operators), inputs=(0,), outputs=(lowering.last,)
    )
