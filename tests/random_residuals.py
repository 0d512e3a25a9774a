"""Random residual int8 networks as searches make them, with scales and zero points of their own."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.network_chain import Chain, weights_of

MOST_BYTES = 6000
"""Of an activation."""
MOST_CHANNELS = 24
KERNELS = (1, 3, 3, 5, 7)
_NONE, _RELU, _RELU6 = 0, 1, 3
_SAME, _VALID = 0, 1


def random_residual(seed: int) -> tuple[bytes, NDArray[np.int8]]:
    """A network of two to six blocks and a classifier, and an input (1, h, w, c)."""
    rng = np.random.default_rng([seed, 200])
    chain = Chain(rng, (1, *(int(n) for n in rng.integers((7, 7, 1), (25, 25, 5)))))
    _convolution(chain, _channels(rng), int(rng.choice(KERNELS)), _stride(rng))
    for _ in range(int(rng.integers(2, 7))):
        _BLOCKS[int(rng.integers(len(_BLOCKS)))](chain)
    _classifier(chain)
    shape = chain.model.tensors[chain.first]["shape"]
    values = rng.integers(-128, 128, shape).astype(np.int8)
    return chain.model.build([chain.first], [chain.last]), values


def _channels(rng: np.random.Generator) -> int:
    """Mostly multiples of 4, for which kernels have ways of their own."""
    return int(rng.choice([4, 8, 8, 12, 16, 16, 24, 3, 5, 10]))


def _stride(rng: np.random.Generator) -> int:
    return int(rng.choice([1, 1, 2]))


def _activation(rng: np.random.Generator) -> int:
    return int(rng.choice([_NONE, _RELU, _RELU, _RELU6]))


def _window(
    chain: Chain, kind: str, kernel: int, stride: int, count: int | None, activation: int
) -> None:
    """A convolution to `count` channels, or a depthwise one, with padding."""
    channels, axis = chain.shape[3], 0 if kind == "CONV_2D" else 3
    size = chain.window((kernel, kernel), (stride, stride), _SAME)
    weights = (1, kernel, kernel, channels)
    if count is not None:
        weights = (count, kernel, kernel, channels)
    options = {
        "padding": _SAME,
        "stride_h": stride,
        "stride_w": stride,
        "dilation_h_factor": 1,
        "dilation_w_factor": 1,
        "fused_activation_function": activation,
    }
    if count is None:
        options["depth_multiplier"] = 1
    shape = (1, *size, channels if count is None else count)
    chain.add(kind, weights_of(chain, weights, axis), shape, **options)


def _convolution(
    chain: Chain, count: int, kernel: int, stride: int = 1, activation: int = _RELU
) -> None:
    _window(chain, "CONV_2D", kernel, stride, count, activation)


def _depthwise(chain: Chain, kernel: int, stride: int, activation: int = _RELU) -> None:
    _window(chain, "DEPTHWISE_CONV_2D", kernel, stride, None, activation)


def _add_skip(chain: Chain, skip: int, skip_shape: tuple[int, ...], stride: int) -> None:
    """The sum with the block's input, which a 1×1 convolution makes as large where it is not."""
    result, shape = chain.last, chain.shape
    if skip_shape != shape:
        chain.last, chain.shape = skip, skip_shape
        _convolution(chain, shape[3], 1, stride, _NONE)
        skip = chain.last
    first, second = (result, skip) if chain.rng.random() < 0.5 else (skip, result)
    chain.last, chain.shape = first, shape
    chain.add("ADD", [second], shape, fused_activation_function=_activation(chain.rng))


def _basic_block(chain: Chain) -> None:
    """Two convolutions and a skip, as ResNet has them."""
    rng, skip, shape = chain.rng, chain.last, chain.shape
    count = shape[3] if rng.random() < 0.5 else _channels(rng)
    stride = _stride(rng)
    _convolution(chain, count, int(rng.choice(KERNELS)), stride, _activation(rng))
    _convolution(chain, count, int(rng.choice(KERNELS)), 1, _NONE)
    _add_skip(chain, skip, shape, stride)


def _inverted_block(chain: Chain) -> None:
    """Expansion, depthwise convolution, projection, as MobileNetV2 has them."""
    rng, skip, shape = chain.rng, chain.last, chain.shape
    inside = shape[3] * int(rng.integers(2, 7))
    if int(np.prod(shape[:3])) * inside > MOST_BYTES:
        inside = shape[3]
    count = shape[3] if rng.random() < 0.6 else _channels(rng)
    stride = _stride(rng)
    _convolution(chain, inside, 1, 1, _activation(rng))
    _depthwise(chain, int(rng.choice(KERNELS)), stride, _activation(rng))
    _convolution(chain, count, 1, 1, _NONE)
    if stride == 1 and count == shape[3]:
        _add_skip(chain, skip, shape, stride)


def _separable_block(chain: Chain) -> None:
    """Depthwise and 1×1 convolution with a skip around both, or around the first one."""
    rng, skip, shape = chain.rng, chain.last, chain.shape
    stride = _stride(rng)
    _depthwise(chain, int(rng.choice(KERNELS)), stride)
    if rng.random() < 0.5:
        _convolution(chain, _channels(rng), 1, 1, _activation(rng))
    _add_skip(chain, skip, shape, stride)


def _pooling(chain: Chain) -> None:
    rng = chain.rng
    size, stride, padding = (int(rng.choice(n)) for n in ([2, 3], [1, 2, 2], [_SAME, _VALID]))
    window = chain.window((size, size), (stride, stride), padding)
    if min(window) < 1:
        return
    kind = str(rng.choice(["MAX_POOL_2D", "AVERAGE_POOL_2D"]))
    options = {"stride_h": stride, "stride_w": stride, "filter_height": size, "filter_width": size}
    shape = (1, *window, chain.shape[3])
    chain.add(kind, [], shape, padding=padding, fused_activation_function=_NONE, **options)


def _branches(chain: Chain) -> None:
    """Two branches behind each other; one may be the block's input itself."""
    rng, source, shape = chain.rng, chain.last, chain.shape
    if 2 * shape[3] > MOST_CHANNELS:
        return
    _convolution(chain, int(rng.integers(2, 9)), int(rng.choice(KERNELS)))
    first, width = chain.last, chain.shape[3]
    chain.last, chain.shape = source, shape
    if rng.random() < 0.7:
        _depthwise(chain, int(rng.choice(KERNELS)), 1)
    for name in ("scales", "zero_points"):
        chain.model.tensors[first][name] = chain.model.tensors[chain.last][name]
    chain.add("CONCATENATION", [first], (*shape[:3], shape[3] + width), axis=3)


_BLOCKS: list[Callable[[Chain], None]] = [
    _basic_block,
    _basic_block,
    _inverted_block,
    _inverted_block,
    _separable_block,
    _pooling,
    _branches,
]


def _classifier(chain: Chain) -> None:
    """Classes by a mean and a matrix; or every feature, where rows reach to the end."""
    if chain.rng.random() < 0.4:
        return
    channels, classes = chain.shape[3], int(chain.rng.integers(2, 11))
    axes = chain.model.constant(np.array([1, 2], np.int32))
    chain.add("MEAN", [axes], (1, channels), keep_dims=False)
    weights = weights_of(chain, (classes, channels), 0)
    for constant in weights:  # one scale for the whole matrix
        own = chain.model.tensors[constant]
        own["scales"], own["zero_points"] = own["scales"][:1], own["zero_points"][:1]
    chain.add("FULLY_CONNECTED", weights, (1, classes), fused_activation_function=_NONE)
    if chain.rng.random() < 0.5:
        chain.add("SOFTMAX", [], (1, classes), beta=1.0)
        chain.model.tensors[chain.last] |= {"scales": [1 / 256], "zero_points": [-128]}
