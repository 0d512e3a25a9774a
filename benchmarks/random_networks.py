"""Seeded random int8 networks of every operator of the static runtime, to fit its speed on."""

from collections.abc import Callable

import numpy as np

from benchmarks.network_chain import (
    MOST_BYTES,
    SCALE,
    ZERO_POINT,
    Chain,
    Shape,
    weight_scale,
    weights_of,
)
from benchmarks.random_ends import random_head, random_start
from benchmarks.tflite_builder import ModelBuilder

MOST_MACC = 400_000
LENGTHS = (3, 6, 10, 10, 14, 20)
MOST_INPUTS = 4000
"""The line to the board is slow."""
_FEATURES, _MOST_LOGITS, _LOGIT_SCALES = 16, 240, (0.005, 0.3)


def random_network(seed: int, length: int | None = None) -> bytes:
    """The bytes of a network of about `length` operators, random by default, between two ends."""
    rng = np.random.default_rng(seed)
    chain = Chain(rng, _input_shape(rng))
    random_start(chain)
    for _ in range(int(rng.choice(LENGTHS)) if length is None else length):
        part = _PARTS[int(rng.integers(len(_PARTS)))]
        if max(chain.shape[1:3]) >= 2:
            part(chain)
    random_head(chain)
    return chain.model.build([chain.first], [chain.last])


def _input_shape(rng: np.random.Generator) -> Shape:
    """Mostly images; one in five a series, which has one row."""
    if rng.random() < 0.2:
        return (1, 1, int(rng.integers(24, 257)), int(rng.choice([1, 2, 3, 6, 9, 12])))
    channels = int(rng.choice([1, 1, 2, 3, 3, 3, 4, 5, 6, 8]))
    height, width = (int(n) for n in rng.integers(10, 65, 2))
    while height * width * channels > MOST_INPUTS:
        height //= 2
    return (1, height, width, channels)


def _kernel(chain: Chain) -> tuple[tuple[int, int], tuple[int, int], int]:
    """Mostly 3×3 with stride 1 and padding, as networks have them; of a series, its rows."""
    rng = chain.rng
    if chain.shape[1] == 1:
        stride = int(rng.choice([1, 1, 2, 3]))
        return (1, int(rng.choice([1, 3, 3, 5, 8]))), (1, stride), int(rng.integers(2))
    if rng.random() < 0.5:
        return (3, 3), (1, 1), 0
    kernel = [(1, 1), (1, 1), (3, 3), (5, 5), (2, 2), (3, 1), (10, 4)][int(rng.integers(7))]
    stride = int(rng.choice([1, 1, 2]))
    return kernel, (stride, stride), int(rng.integers(2))


def _convolution(chain: Chain) -> bool:
    kernel, strides, padding = _kernel(chain)
    size = chain.window(kernel, strides, padding)
    count = int(chain.rng.choice([2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 40]))
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
    weights = weights_of(chain, (count, *kernel, chain.shape[3]), 0)
    chain.add("CONV_2D", weights, (1, *size, count), **options)
    return True


def _pool(chain: Chain, kind: str, window: tuple[int, int], padding: int) -> None:
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


def _pooled_convolution(chain: Chain) -> None:
    if not _convolution(chain) or min(chain.shape[1:3]) < 2:
        return
    _pool(chain, "MAX_POOL_2D", (2, 2), 1)
    channels = chain.shape[3]
    for kind, chance in (("MUL", 0.6), ("ADD", 0.8)):
        if chain.rng.random() < chance:
            chain.add(kind, [_operand(chain, channels)], chain.shape)


def _operand(chain: Chain, channels: int) -> int:
    """A constant of MUL or ADD: one value for each channel, between -2 and 2."""
    return chain.constant((channels,), float(np.float32(chain.rng.uniform(0.002, 0.016))))


def _depthwise(chain: Chain) -> None:
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
    weights = weights_of(chain, (1, *kernel, channels), 3)
    chain.add("DEPTHWISE_CONV_2D", weights, (1, *size, channels), **options)


def _separate_pool(chain: Chain) -> None:
    window = [(2, 2), (3, 3), (4, 2), (1, 2)][int(chain.rng.integers(4))]
    kind = str(chain.rng.choice(["MAX_POOL_2D", "AVERAGE_POOL_2D"]))
    _pool(chain, kind, window, int(chain.rng.integers(2)))


def _residual(chain: Chain) -> None:
    """What two activations become together: a sum, a product, or both behind each other."""
    before, shape = chain.last, chain.shape
    kind = str(chain.rng.choice(["ADD", "ADD", "MUL", "CONCATENATION"]))
    chain.add("RELU", [], shape)
    if kind == "CONCATENATION":
        kept = {name: chain.model.tensors[before][name] for name in ("scales", "zero_points")}
        chain.model.tensors[chain.last] |= kept
    if kind != "CONCATENATION":
        chain.add(kind, [before], shape)
    elif 2 * np.prod(shape) <= MOST_BYTES:
        chain.add(kind, [before], (*shape[:3], 2 * shape[3]), axis=3)


def _elementwise(chain: Chain) -> None:
    """With many channels its own kernel, with few a table."""
    channels = chain.shape[3]
    kind = str(chain.rng.choice(["ADD", "MUL"]))
    chain.add(kind, [_operand(chain, channels)], chain.shape)


def _pad(chain: Chain) -> None:
    _, height, width, channels = chain.shape
    top, left = (int(n) for n in chain.rng.integers(0, 3, 2))
    shape = (1, height + top + 1, width + left + 1, channels)
    if np.prod(shape) > MOST_BYTES:
        return
    amounts = np.array([[0, 0], [top, 1], [left, 1], [0, 0]], np.int32)
    chain.add("PAD", [chain.model.constant(amounts)], shape)


def _requantize(chain: Chain) -> None:
    chain.add("QUANTIZE", [], chain.shape)


_PARTS: list[Callable[[Chain], object]] = [
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
    _requantize,
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


def random_softmaxes(seed: int) -> bytes:
    """Eight SOFTMAX of random sizes and scales, each of what a matrix product spreads."""
    rng = np.random.default_rng([seed, 8])
    model = ModelBuilder()
    first, outputs = model.activation((1, _FEATURES), SCALE, ZERO_POINT), []
    for rows in (1, 1, 2, 4, 8, 16, 32, 64):
        classes = int(rng.integers(2, max(3, _MOST_LOGITS // rows)))
        scale = float(np.float32(np.exp(rng.uniform(*np.log(_LOGIT_SCALES)))))
        shape, own = (rows, classes), weight_scale(rng, _FEATURES) * scale / SCALE
        weights = rng.integers(-127, 128, (rows * classes, _FEATURES)).astype(np.int8)
        constants = [
            model.constant(weights, own),
            model.constant(np.zeros(rows * classes, np.int32), SCALE * own),
        ]
        flat = model.activation((1, rows * classes), scale)
        options = {"fused_activation_function": 0}
        model.operator("FULLY_CONNECTED", [first, *constants], flat, **options)
        logits = model.activation(shape, scale)
        model.operator("RESHAPE", [flat, model.constant(np.array(shape, np.int32))], logits)
        outputs.append(model.activation(shape, 1 / 256, -128))
        model.operator("SOFTMAX", [logits], outputs[-1], beta=1.0)
    return model.build([first], outputs)
