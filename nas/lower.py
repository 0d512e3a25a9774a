"""Candidates of the `paper` graph as the graphs that their .tflite files will hold. Pure.

Operators, options, tensors, their order and their names are those of the converter of
TensorFlow 2.21 for a network with fixed batch size; weights and quantization are not known yet.
"""

from collections.abc import Mapping

from codegen.graph import DType, Graph, Operator, Tensor
from nas import layer_names
from nas.space import Candidate, Shape, channels, check_candidate

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


class _Lowering:
    """Collects tensors and operators; lives for one call of `lower_paper`.

    The converter lists the model's input, then constants from the last layer to the first, then
    activations in execution order. Constants are therefore added first, back to front.
    """

    def __init__(self, shape: Shape) -> None:
        self.tensors: list[Tensor] = []
        self.operators: list[Operator] = []
        self._constants: dict[str, int] = {}
        self.last = self._add(
            Tensor(
                f"serving_default_{layer_names.INPUT}:0",
                (1, *shape),
                DType.UINT8,
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


def lower_paper(candidate: Candidate, shape: Shape, classes: int) -> Graph:
    """The graph of a candidate on images of (height, width, channels), uint8 in and out.

    Raises:
        ConfigError: The candidate has more cells than the input allows.
    """
    check_candidate(candidate, shape)
    widths = channels(candidate)
    lowering = _Lowering(shape)
    _add_constants(lowering, widths, shape[2], classes)
    height, width, depth = shape
    lowering.operator("QUANTIZE", "tfl.quantize", (1, height, width, depth))
    lowering.operator("MUL", _scoped(layer_names.RESCALING, "mul"), (1, *shape), "scale")
    for index, kernels in enumerate(widths):
        if index > 0:
            height, width = height // 2, width // 2
            name = _scoped(layer_names.pool(index), "MaxPool2d")
            lowering.operator("MAX_POOL_2D", name, (1, height, width, depth))
        _add_convolution(lowering, index, (height, width, depth), kernels)
        depth = kernels
    _add_head(lowering, depth, classes)
    return Graph(
        tuple(lowering.tensors), tuple(lowering.operators), inputs=(0,), outputs=(lowering.last,)
    )


def _scoped(layer: str, operation: str) -> str:
    """TensorFlow's name of an operation inside a layer.

    Keras enters the scopes of the model and its layers a second time when it is traced, and
    TensorFlow tells repeated scopes apart by `_1`.
    """
    return f"{layer_names.MODEL}_1/{layer}_1/{operation}"


def _convolution_name(index: int, kernels: int) -> str:
    """The operations that the converter fused into a convolution, joined.

    A bias of one element is added as a reshaped scalar, which gives other operations.
    """
    operations = ("Relu", "BiasAdd", "convolution", "Squeeze")
    if kernels == 1:
        operations = ("Relu", "Add", "convolution", "Reshape")
    return ";".join(_scoped(layer_names.conv(index), operation) for operation in operations)


def _add_constants(
    lowering: _Lowering, widths: tuple[int, ...], input_channels: int, classes: int
) -> None:
    dense = layer_names.DENSE
    axes_name = _scoped(layer_names.MEAN, "Mean/reduction_indices")
    lowering.constant("axes", axes_name, (2,), DType.INT32, 0)
    lowering.constant("dense bias", _scoped(dense, "BiasAdd"), (classes,), DType.INT32, classes)
    name = _scoped(dense, "MatMul")
    lowering.constant("dense", name, (classes, widths[-1]), DType.INT8, classes)
    depths = (input_channels, *widths[:-1])
    for index in reversed(range(len(widths))):
        kernels, depth = widths[index], depths[index]
        conv, norm = layer_names.conv(index), layer_names.batch_norm(index)
        name = _convolution_name(index, kernels)
        lowering.constant(f"bias {index}", name, (kernels,), DType.INT32, kernels)
        name = _scoped(conv, "convolution")
        weights = (kernels, 3, 3, depth)
        lowering.constant(f"kernels {index}", name, weights, DType.INT8, kernels)
        for role, operation in (("shift", "sub"), ("factor", "mul")):
            name = _scoped(norm, f"batchnorm/{operation}")
            lowering.constant(f"{role} {index}", name, (depth,), DType.INT8, 1)
    lowering.constant("scale", _scoped(layer_names.RESCALING, "Cast/x"), (), DType.INT8, 1)


def _add_convolution(lowering: _Lowering, index: int, shape: Shape, kernels: int) -> None:
    """Batch normalisation as MUL and ADD, then the convolution with its ReLU."""
    height, width, _ = shape
    norm = layer_names.batch_norm(index)
    lowering.operator("MUL", _scoped(norm, "batchnorm/mul_1"), (1, *shape), f"factor {index}")
    lowering.operator("ADD", _scoped(norm, "batchnorm/add_1"), (1, *shape), f"shift {index}")
    # The bias has the same name already, so the converter appends a 1.
    name = _convolution_name(index, kernels) + "1"
    output = (1, height, width, kernels)
    lowering.operator("CONV_2D", name, output, f"kernels {index}", f"bias {index}")


def _add_head(lowering: _Lowering, depth: int, classes: int) -> None:
    dense = layer_names.DENSE
    lowering.operator("MEAN", _scoped(layer_names.MEAN, "Mean"), (1, depth), "axes")
    name = f"{_scoped(dense, 'MatMul')};{_scoped(dense, 'BiasAdd')}"
    lowering.operator("FULLY_CONNECTED", name, (1, classes), "dense", "dense bias")
    lowering.operator("SOFTMAX", "StatefulPartitionedCall_1:01", (1, classes))
    lowering.operator("QUANTIZE", "StatefulPartitionedCall_1:0", (1, classes), dtype=DType.UINT8)
