"""The shapes of known networks, without their weights: person detection, keyword spotting."""

from codegen.model.graph import DType, Graph, Operator, Tensor

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
    """A network that begins with one image and grows by one operator after the other."""

    def __init__(self, image: tuple[int, int]) -> None:
        self.tensors = [Tensor("image", (1, *image, 1), DType.INT8, expected_scales=1)]
        self.operators: list[Operator] = []

    def add(self, tensor: Tensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def layer(
        self,
        kind: str,
        options: dict[str, int | str | float],
        *constants: int,
        shape: tuple[int, ...],
    ) -> None:
        last = self.operators[-1].outputs[0] if self.operators else 0
        output = Tensor("", (1, *shape), DType.INT8, expected_scales=1)
        self.operators.append(Operator(kind, (last, *constants), (self.add(output),), options))

    def flatten(self, count: int) -> None:
        shape = self.add(Tensor("", (2,), DType.INT32, is_constant=True))
        self.layer("RESHAPE", {}, shape, shape=(count,))

    def network(self) -> Graph:
        outputs = self.operators[-1].outputs
        return Graph(tuple(self.tensors), tuple(self.operators), (0,), outputs)

    def weights(self, shape: tuple[int, ...], channels: int) -> tuple[int, int]:
        return (
            self.add(Tensor("", shape, DType.INT8, is_constant=True, expected_scales=channels)),
            self.add(
                Tensor("", (channels,), DType.INT32, is_constant=True, expected_scales=channels)
            ),
        )


def person_detection() -> Graph:
    """TensorFlow Lite Micro's: 96×96 grey pixels in, two classes out, int8 inside and outside."""
    layers = _Layers((96, 96))
    size, depth = 48, 8
    options = _DEPTHWISE | {"stride_h": 2, "stride_w": 2, "depth_multiplier": 8}
    layers.layer("DEPTHWISE_CONV_2D", options, *layers.weights((1, 3, 3, 8), 8), shape=(48, 48, 8))
    for channels, stride in _BLOCKS:
        size = size // stride
        options = _DEPTHWISE | {"stride_h": stride, "stride_w": stride}
        kernel = layers.weights((1, 3, 3, depth), depth)
        layers.layer("DEPTHWISE_CONV_2D", options, *kernel, shape=(size, size, depth))
        kernel = layers.weights((channels, 1, 1, depth), channels)
        layers.layer("CONV_2D", _POINTWISE, *kernel, shape=(size, size, channels))
        depth = channels
    pool = {"padding": "VALID", "filter_width": 3, "filter_height": 3, "stride_h": 2, "stride_w": 2}
    layers.layer("AVERAGE_POOL_2D", pool, shape=(1, 1, depth))
    layers.layer("CONV_2D", _POINTWISE, *layers.weights((2, 1, 1, depth), 2), shape=(1, 1, 2))
    layers.flatten(2)
    layers.layer("SOFTMAX", {"beta": 1.0}, shape=(2,))
    return layers.network()


def keyword_spotting() -> Graph:
    """MLPerf Tiny's DS-CNN: 49×10 features in, twelve words out, int8 inside and outside."""
    layers = _Layers((49, 10))
    first = layers.weights((64, 10, 4, 1), 64)
    layers.layer("CONV_2D", _POINTWISE | {"stride_h": 2, "stride_w": 2}, *first, shape=(25, 5, 64))
    for _ in range(4):
        kernel = layers.weights((1, 3, 3, 64), 64)
        options = _DEPTHWISE | {"stride_h": 1, "stride_w": 1}
        layers.layer("DEPTHWISE_CONV_2D", options, *kernel, shape=(25, 5, 64))
        kernel = layers.weights((64, 1, 1, 64), 64)
        layers.layer("CONV_2D", _POINTWISE, *kernel, shape=(25, 5, 64))
    pool = {"filter_width": 5, "filter_height": 25, "stride_h": 25, "stride_w": 5}
    layers.layer("AVERAGE_POOL_2D", pool | {"padding": "VALID"}, shape=(1, 1, 64))
    layers.flatten(64)
    dense = layers.add(Tensor("", (12, 64), DType.INT8, is_constant=True, expected_scales=1))
    bias = layers.add(Tensor("", (12,), DType.INT32, is_constant=True, expected_scales=1))
    layers.layer("FULLY_CONNECTED", {}, dense, bias, shape=(12,))
    layers.layer("SOFTMAX", {"beta": 1.0}, shape=(12,))
    return layers.network()
