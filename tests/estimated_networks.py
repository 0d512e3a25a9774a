"""Networks as people have them, of which estimates were once further off than was said."""

from collections.abc import Callable

import numpy as np

from benchmarks.network_chain import SCALE, ZERO_POINT, Chain, Shape, weight_scale, weights_of

_WINDOW = {"stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}


def _chain(*shape: int) -> Chain:
    return Chain(np.random.default_rng(7), (1, *shape))


def _convolution(chain: Chain, channels: int, side: int = 3) -> None:
    _, height, width, inputs = chain.shape
    weights = weights_of(chain, (channels, side, side, inputs), 0)
    options = {**_WINDOW, "padding": 0, "fused_activation_function": 1}
    chain.add("CONV_2D", weights, (1, height, width, channels), **options)


def _depthwise(chain: Chain) -> None:
    weights = weights_of(chain, (1, 3, 3, chain.shape[3]), 3)
    options = {**_WINDOW, "padding": 0, "fused_activation_function": 1, "depth_multiplier": 1}
    chain.add("DEPTHWISE_CONV_2D", weights, chain.shape, **options)


def _classes(chain: Chain, count: int = 4) -> None:
    channels = chain.shape[3]
    axes = chain.model.constant(np.array([1, 2], np.int32))
    chain.add("MEAN", [axes], (1, channels), keep_dims=False)
    scale = weight_scale(chain.rng, channels)
    weights = chain.constant((count, channels), scale)
    biases = chain.model.constant(np.zeros(count, np.int32), chain.scale * scale)
    chain.add("FULLY_CONNECTED", [weights, biases], (1, count))


def _softmax(chain: Chain, scale: float) -> None:
    chain.model.tensors[chain.last]["scales"] = [scale]
    chain.add("SOFTMAX", [], chain.shape, beta=1.0)
    chain.model.tensors[chain.last] |= {"scales": [1 / 256], "zero_points": [-128]}


def _built(chain: Chain) -> bytes:
    return chain.model.build([chain.first], [chain.last])


def _begins_with(**first: object) -> bytes:
    """A small network that converts its input, as TensorFlow's converter puts it."""
    chain = _chain(12, 12, 3)
    chain.model.tensors[chain.first] |= first
    chain.add("QUANTIZE", [], chain.shape)
    chain.model.tensors[chain.last] |= {"scales": [SCALE], "zero_points": [ZERO_POINT]}
    _convolution(chain, 4)
    _classes(chain)
    return _built(chain)


def bytes_in() -> bytes:
    """Takes uint8, which was priced as if it gave uint8."""
    return _begins_with(dtype="uint8", zero_points=[ZERO_POINT + 128])


def floats_in() -> bytes:
    """Takes float32, which was priced as if it were int8."""
    return _begins_with(dtype="float32", scales=[], zero_points=[])


def residual() -> bytes:
    """Sums of activations with different scales, which take more than those with equal ones."""
    chain = _chain(16, 16, 8)
    for _ in range(3):
        before, scale = chain.last, chain.scale
        _convolution(chain, 8, side=1)
        chain.model.tensors[chain.last]["scales"] = [0.4 * scale]
        chain.add("ADD", [before], chain.shape)
        chain.model.tensors[chain.last]["scales"] = [1.3 * scale]
    _classes(chain)
    return _built(chain)


def classes_of_pixels() -> bytes:
    """SOFTMAX over every pixel, the most of the network's time."""
    chain = _chain(8, 8, 4)
    _convolution(chain, 3, side=1)
    _softmax(chain, 0.04)
    return _built(chain)


def three_calls() -> bytes:
    """Few calls, of which the compiler makes other code than of many."""
    chain = _chain(8, 8, 3)
    _convolution(chain, 4)
    _classes(chain, 2)
    return _built(chain)


def thirty_calls() -> bytes:
    """As many calls as MobileNet has."""
    chain = _chain(6, 6, 8)
    for _ in range(14):
        _depthwise(chain)
        _convolution(chain, 8, side=1)
    _classes(chain)
    return _built(chain)


def three_branches() -> bytes:
    """A call with six arguments, some of them on the stack."""
    chain = _chain(8, 8, 4)
    _convolution(chain, 4)
    first, shape, quantization = chain.last, chain.shape, chain.model.tensors[chain.last]
    joined: Shape = (*shape[:3], 3 * shape[3])
    others = []
    for _ in range(2):
        _convolution(chain, 4, side=1)
        others.append(chain.last)
        kept = {name: quantization[name] for name in ("scales", "zero_points")}
        chain.model.tensors[chain.last] |= kept
    chain.add("CONCATENATION", [others[0], first], joined, axis=3)
    _classes(chain)
    return _built(chain)


NETWORKS: dict[str, Callable[[], bytes]] = {
    own.__name__: own
    for own in (
        bytes_in,
        floats_in,
        residual,
        classes_of_pixels,
        three_calls,
        thirty_calls,
        three_branches,
    )
}
