"""The shapes of TensorFlow Lite Micro's person detection network, without its weights."""

from codegen.graph import DType, Graph, Operator, Tensor

_DEPTHWISE = {
    "padding": "SAME",
    "depth_multiplier": 1,
    "fused_activation_function": "RELU6",
    "dilation_h_factor": 1,
    "dilation_w_factor": 1,
}
_POINTWISE = {
    "padding": "SAME",
    "stride_h": 1,
    "stride_w": 1,
    "fused_activation_function": "RELU6",
    "dilation_h_factor": 1,
    "dilation_w_factor": 1,
}
_BLOCKS = (
    (16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (128, 1), (128, 1), (128, 1),
    (128, 1), (256, 2), (256, 1),
)  # fmt: skip
"""Channels of each block's pointwise convolution, stride of its depthwise one."""


class _Layers:
    def __init__(self) -> None:
        self.tensors = [Tensor("image", (1, 96, 96, 1), DType.INT8, expected_scales=1)]
        self.operators: list[Operator] = []

    def add(self, tensor: Tensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def layer(
        self,
        kind: str,
        options: dict[str, int | str | float],
        *constants: int,
        size: int,
        depth: int,
    ) -> None:
        last = self.operators[-1].outputs[0] if self.operators else 0
        output = Tensor("", (1, size, size, depth), DType.INT8, expected_scales=1)
        self.operators.append(Operator(kind, (last, *constants), (self.add(output),), options))

    def weights(self, shape: tuple[int, ...], channels: int) -> tuple[int, int]:
        return (
            self.add(Tensor("", shape, DType.INT8, is_constant=True, expected_scales=channels)),
            self.add(
                Tensor("", (channels,), DType.INT32, is_constant=True, expected_scales=channels)
            ),
        )


def person_detection() -> Graph:
    """The network: 96×96 grey pixels in, two classes out, int8 inside and outside."""
    layers = _Layers()
    size, depth = 48, 8
    options = _DEPTHWISE | {"stride_h": 2, "stride_w": 2, "depth_multiplier": 8}
    layers.layer("DEPTHWISE_CONV_2D", options, *layers.weights((1, 3, 3, 8), 8), size=48, depth=8)
    for channels, stride in _BLOCKS:
        size = size // stride
        options = _DEPTHWISE | {"stride_h": stride, "stride_w": stride}
        kernel = layers.weights((1, 3, 3, depth), depth)
        layers.layer("DEPTHWISE_CONV_2D", options, *kernel, size=size, depth=depth)
        kernel = layers.weights((channels, 1, 1, depth), channels)
        layers.layer("CONV_2D", _POINTWISE, *kernel, size=size, depth=channels)
        depth = channels
    pool = {"padding": "VALID", "filter_width": 3, "filter_height": 3, "stride_h": 2, "stride_w": 2}
    layers.layer("AVERAGE_POOL_2D", pool, size=1, depth=depth)
    layers.layer("CONV_2D", _POINTWISE, *layers.weights((2, 1, 1, depth), 2), size=1, depth=2)
    shape = layers.add(Tensor("", (2,), DType.INT32, is_constant=True))
    flat, classes = (Tensor("", (1, 2), DType.INT8, expected_scales=1) for _ in range(2))
    last = layers.operators[-1].outputs[0]
    indices = layers.add(flat), layers.add(classes)
    layers.operators.append(Operator("RESHAPE", (last, shape), indices[:1]))
    layers.operators.append(Operator("SOFTMAX", indices[:1], indices[1:], {"beta": 1.0}))
    return Graph(tuple(layers.tensors), tuple(layers.operators), (0,), indices[1:])
