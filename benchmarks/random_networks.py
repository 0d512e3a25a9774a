"""Seeded random int8 networks of every operator of the static runtime, to fit its speed on."""

from collections.abc import Callable

import numpy as np

from benchmarks.tflite_builder import ModelBuilder

MOST_BYTES = 24_000
MOST_MACC = 2_000_000
SCALE, ZERO_POINT = 0.0613, -8
"""Of nearly all activations; no power of two, with which divisions would be fast."""
RELU_ZERO_POINT = -128
"""After a fused RELU: the activation then takes no instruction of its own, as in real networks."""
Shape = tuple[int, ...]


class _Chain:
    """A network in the making: operators one after the other."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.model = ModelBuilder()
        side = int(rng.integers(12, 65))
        self.shape: Shape = (1, side, int(rng.integers(12, 65)), int(rng.choice([1, 3, 3, 4, 8])))
        while np.prod(self.shape) > MOST_BYTES:
            self.shape = (1, self.shape[1] // 2, self.shape[2], self.shape[3])
        self.first = self.last = self.model.activation(self.shape, SCALE, ZERO_POINT)

    def constant(self, shape: Shape) -> int:
        """Add random int8 weights of one scale; gives their index."""
        values = self.rng.integers(-127, 128, shape).astype(np.int8)
        return self.model.constant(values, _weight_scale(self.rng, shape[-1]))

    def add(self, kind: str, more: list[int], shape: Shape, **options: int | float | bool) -> None:
        """Append an operator on what is last."""
        zero_point = ZERO_POINT
        if kind in _KEEPING:
            zero_point = self.model.tensors[self.last]["zero_points"][0]
        elif options.get("fused_activation_function") == 1:
            zero_point = RELU_ZERO_POINT
        output = self.model.activation(shape, SCALE, zero_point)
        self.model.operator(kind, [self.last, *more], output, **options)
        self.last, self.shape = output, shape

    def window(self, kernel: tuple[int, int], strides: tuple[int, int], padding: int) -> Shape:
        """Height and width after a window has moved over the image; 0 where it does not fit."""
        sizes = zip(self.shape[1:3], kernel, strides, strict=True)
        return tuple(
            -(-size // s) if padding == 0 else max(0, -(-(size - k + 1) // s))
            for size, k, s in sizes
        )


def random_network(seed: int, length: int = 10) -> bytes:
    """The bytes of a network of about `length` operators and a head of four."""
    chain = _Chain(np.random.default_rng(seed))
    for _ in range(length):
        part = _PARTS[int(chain.rng.integers(len(_PARTS)))]
        if min(chain.shape[1:3]) >= 2:
            part(chain)
    _head(chain)
    return chain.model.build([chain.first], [chain.last])


def _weights(chain: _Chain, shape: Shape, axis: int) -> list[int]:
    count = shape[axis]
    rng = chain.rng
    taps = int(np.prod(shape)) // count
    scales = [_weight_scale(rng, taps) for _ in range(count)]
    weights = chain.model.constant(
        rng.integers(-127, 128, shape).astype(np.int8), scales, axis=axis
    )
    biases = rng.integers(-500, 500, count).astype(np.int32)
    return [weights, chain.model.constant(biases, [SCALE * s for s in scales])]


def _weight_scale(rng: np.random.Generator, taps: int) -> float:
    """A scale at which sums of so many products spread over the output's range."""
    return float(np.float32(rng.uniform(0.004, 0.016) / np.sqrt(taps)))


def _kernel(chain: _Chain) -> tuple[tuple[int, int], tuple[int, int], int]:
    """Mostly 3×3 with stride 1 and padding, as networks have them."""
    rng = chain.rng
    if rng.random() < 0.5:
        return (3, 3), (1, 1), 0
    kernel = [(1, 1), (3, 3), (5, 5), (2, 2), (3, 1), (10, 4)][int(rng.integers(6))]
    stride = int(rng.choice([1, 1, 2]))
    return kernel, (stride, stride), int(rng.integers(2))


def _convolution(chain: _Chain) -> bool:
    kernel, strides, padding = _kernel(chain)
    size = chain.window(kernel, strides, padding)
    count = int(chain.rng.choice([2, 3, 4, 6, 8, 12, 16, 24, 32]))
    taps = kernel[0] * kernel[1] * chain.shape[3]
    outputs = size[0] * size[1] * count
    if outputs == 0 or outputs > MOST_BYTES or outputs * taps > MOST_MACC:
        return False
    options = {
        "padding": padding,
        "stride_h": strides[0],
        "stride_w": strides[1],
        "dilation_h_factor": 1,
        "dilation_w_factor": 1,
        "fused_activation_function": int(chain.rng.choice([0, 1])),
    }
    weights = _weights(chain, (count, *kernel, chain.shape[3]), 0)
    chain.add("CONV_2D", weights, (1, *size, count), **options)
    return True


def _pool(chain: _Chain, kind: str, window: tuple[int, int], padding: int) -> None:
    size = chain.window(window, window, padding)
    if min(size) == 0:
        return
    options = {
        "padding": padding,
        "stride_h": window[0],
        "stride_w": window[1],
        "filter_height": window[0],
        "filter_width": window[1],
        "fused_activation_function": 0,
    }
    chain.add(kind, [], (1, *size, chain.shape[3]), **options)


def _pooled_convolution(chain: _Chain) -> None:
    if not _convolution(chain) or min(chain.shape[1:3]) < 2:
        return
    _pool(chain, "MAX_POOL_2D", (2, 2), 1)
    channels = chain.shape[3]
    for kind, chance in (("MUL", 0.6), ("ADD", 0.8)):
        if chain.rng.random() < chance:
            chain.add(kind, [chain.constant((channels,))], chain.shape)


def _depthwise(chain: _Chain) -> None:
    kernel, strides, padding = _kernel(chain)
    size = chain.window(kernel, strides, padding)
    channels = chain.shape[3]
    if min(size) == 0 or channels == 1:
        return
    options = {
        "padding": padding,
        "stride_h": strides[0],
        "stride_w": strides[1],
        "dilation_h_factor": 1,
        "dilation_w_factor": 1,
        "depth_multiplier": 1,
        "fused_activation_function": int(chain.rng.choice([0, 1])),
    }
    weights = _weights(chain, (1, *kernel, channels), 3)
    chain.add("DEPTHWISE_CONV_2D", weights, (1, *size, channels), **options)


def _separate_pool(chain: _Chain) -> None:
    window = [(2, 2), (3, 3), (4, 2)][int(chain.rng.integers(3))]
    kind = str(chain.rng.choice(["MAX_POOL_2D", "AVERAGE_POOL_2D"]))
    _pool(chain, kind, window, int(chain.rng.integers(2)))


def _residual(chain: _Chain) -> None:
    """What two activations become together: a sum, a product, or both behind each other."""
    before, shape = chain.last, chain.shape
    chain.add("RELU", [], shape)
    chain.model.tensors[chain.last]["zero_points"] = chain.model.tensors[before]["zero_points"]
    kind = str(chain.rng.choice(["ADD", "MUL", "CONCATENATION"]))
    if kind != "CONCATENATION":
        chain.add(kind, [before], shape)
    elif 2 * np.prod(shape) <= MOST_BYTES:
        chain.add(kind, [before], (*shape[:3], 2 * shape[3]), axis=3)


def _elementwise(chain: _Chain) -> None:
    """With many channels its own kernel, with few a table."""
    channels = chain.shape[3]
    kind = str(chain.rng.choice(["ADD", "MUL"]))
    chain.add(kind, [chain.constant((channels,))], chain.shape)


def _pad(chain: _Chain) -> None:
    _, height, width, channels = chain.shape
    top, left = (int(n) for n in chain.rng.integers(0, 3, 2))
    shape = (1, height + top + 1, width + left + 1, channels)
    if np.prod(shape) > MOST_BYTES:
        return
    amounts = np.array([[0, 0], [top, 1], [left, 1], [0, 0]], np.int32)
    chain.add("PAD", [chain.model.constant(amounts)], shape)


def _head(chain: _Chain) -> None:
    channels = chain.shape[3]
    if chain.rng.random() < 0.5:
        axes = chain.model.constant(np.array([1, 2], np.int32))
        chain.add("MEAN", [axes], (1, channels), keep_dims=False)
    else:
        flat = int(np.prod(chain.shape))
        shape = chain.model.constant(np.array([1, flat], np.int32))
        chain.add("RESHAPE", [shape], (1, flat))
    outputs = int(chain.rng.integers(2, 33))
    inputs = chain.shape[1]
    weights = chain.constant((outputs, inputs))
    scale = SCALE * chain.model.tensors[weights]["scales"][0]
    biases = chain.rng.integers(-500, 500, outputs).astype(np.int32)
    chain.add("FULLY_CONNECTED", [weights, chain.model.constant(biases, scale)], (1, outputs))
    chain.model.tensors[chain.last]["scales"] = [float(chain.rng.uniform(0.05, 0.2))]
    chain.add("SOFTMAX", [], (1, outputs), beta=1.0)
    chain.model.tensors[chain.last] |= {"scales": [1 / 256], "zero_points": [-128]}
    is_uint8 = chain.rng.random() < 0.5
    chain.add("QUANTIZE" if is_uint8 else "DEQUANTIZE", [], (1, outputs))
    uint8 = {"dtype": "uint8", "scales": [1 / 256], "zero_points": [0]}
    float32 = {"dtype": "float32", "scales": [], "zero_points": []}
    chain.model.tensors[chain.last] |= uint8 if is_uint8 else float32


_KEEPING = ("AVERAGE_POOL_2D", "MAX_POOL_2D", "CONCATENATION", "PAD", "RESHAPE")
"""Operators whose output must have the scale and zero point of their input."""

_PARTS: list[Callable[[_Chain], object]] = [
    _convolution,
    _convolution,
    _pooled_convolution,
    _pooled_convolution,
    _depthwise,
    _depthwise,
    _separate_pool,
    _residual,
    _elementwise,
    _pad,
]


def random_products(seed: int) -> bytes:
    """Twelve FULLY_CONNECTED in a row, of random sizes, the second one scale for each row."""
    rng = np.random.default_rng([seed, 12])
    model = ModelBuilder()
    width, scale = int(rng.integers(1, 200)), 0.05
    first = last = model.activation((1, width), scale, int(rng.integers(-128, 128)))
    for layer in range(12):
        rows = int(np.exp(rng.uniform(0, np.log(300))))
        weights = rng.integers(-127, 128, (rows, width)).astype(np.int8)
        scales = [0.004] * (rows if layer % 2 else 1)
        constants = [
            model.constant(weights, scales),
            model.constant(np.zeros(rows, np.int32), [scale * own for own in scales]),
        ]
        scale = float(np.float32(0.05 * width**0.5))
        out = model.activation((1, rows), scale, int(rng.integers(-128, 128)))
        operands = [last, *constants]
        model.operator("FULLY_CONNECTED", operands, out, fused_activation_function=0)
        last, width = out, rows
    return model.build([first], [last])
