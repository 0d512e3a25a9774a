"""Seeded random networks of operators that pad, some before a window that can pad itself."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.random_values import Case, Random, point, scale, values
from benchmarks.tflite_builder import ModelBuilder

VALID = 1
NONE, RELU = 0, 1
REFLECT = 0


def _amounts(*sides: NDArray[np.int64]) -> NDArray[np.int32]:
    """Of an image whose rows and columns are padded."""
    return np.asarray([(0, 0), *sides, (0, 0)], np.int32)


def pad(rng: Random) -> Case:
    """A network with a random PAD, and an input."""
    return _pad(rng, "PAD")


def padv2(rng: Random) -> Case:
    """A network with a random PADV2, and an input."""
    return _pad(rng, "PADV2")


def _pad(rng: Random, kind: str) -> Case:
    shape = (1, *(int(n) for n in rng.integers(1, 7, 3)))
    amounts = _amounts(*rng.integers(0, 4, (2, 2)))
    model = ModelBuilder()
    own = (scale(rng), point(rng))
    image = model.activation(shape, *own)
    out = model.activation((shape + amounts.sum(axis=1)).tolist(), *own)
    inputs = [image, model.constant(amounts)]
    if kind == "PADV2":
        inputs.append(model.constant(values(rng, (1,)), *own))
    model.operator(kind, inputs, out)
    return model.build([image], [out]), values(rng, shape)


def pad_channels(rng: Random) -> Case:
    """A network with a random PAD in every dimension, of any rank, and an input."""
    rank = int(rng.integers(2, 5))
    shape = (1, *(int(n) for n in rng.integers(1, 7, rank - 1)))
    amounts = np.concatenate([[(0, 0)], rng.integers(0, 4, (rank - 1, 2))]).astype(np.int32)
    model = ModelBuilder()
    own = (scale(rng), point(rng))
    image = model.activation(shape, *own)
    out = model.activation((np.asarray(shape) + amounts.sum(axis=1)).tolist(), *own)
    model.operator("PAD", [image, model.constant(amounts)], out)
    return model.build([image], [out]), values(rng, shape)


def padded_window(rng: Random) -> Case:
    """A network with a PAD before a random convolution or MAX_POOL_2D, and an input."""
    kind = str(rng.choice(["CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D"]))
    kernel, strides = (rng.integers(1, most, 2).tolist() for most in (5, 4))
    dilation = 1 if kind == "MAX_POOL_2D" or rng.integers(2) else 2
    window = [(n - 1) * dilation + 1 for n in kernel]
    shape = (1, *(n + int(rng.integers(0, 8)) for n in window), int(rng.integers(1, 9)))
    amounts = _amounts(*([int(rng.integers(0, n + 1)) for _ in range(2)] for n in window))
    model = ModelBuilder()
    # Of a MAX_POOL_2D, only values below the zero point could be smaller than those that are added.
    own = (scale(rng), -128 if kind == "MAX_POOL_2D" and rng.integers(2) else point(rng))
    image, padded = (
        model.activation(sizes, *own) for sizes in (shape, (shape + amounts.sum(axis=1)).tolist())
    )
    model.operator("PAD", [image, model.constant(amounts)], padded)
    sides = [
        (n + int(sum(more)) - k) // step + 1
        for n, more, k, step in zip(shape[1:3], amounts[1:3], window, strides, strict=True)
    ]
    options = {"stride_h": strides[0], "stride_w": strides[1]}
    options["fused_activation_function"] = int(rng.choice([NONE, RELU]))
    if kind == "MAX_POOL_2D":
        out = model.activation((1, *sides, shape[3]), *own)
        sizes = {"filter_height": kernel[0], "filter_width": kernel[1]}
        model.operator(kind, [padded], out, padding=VALID, **sizes, **options)
    else:
        options |= {"dilation_h_factor": dilation, "dilation_w_factor": dilation}
        out = _convolution(rng, model, kind, padded, (*kernel, shape[3]), sides, options)
    return model.build([image], [out]), values(rng, shape)


def _convolution(
    rng: Random,
    model: ModelBuilder,
    kind: str,
    image: int,
    kernel: tuple[int, int, int],
    sides: list[int],
    options: dict[str, int],
) -> int:
    """Adds one without padding of its own; gives its output."""
    is_depthwise = kind == "DEPTHWISE_CONV_2D"
    count = kernel[2] if is_depthwise else int(rng.integers(1, 9))
    scales = [scale(rng, 0.001, 0.02) for _ in range(count)]
    weights = values(rng, (1, *kernel) if is_depthwise else (count, *kernel)).clip(-127, 127)
    biases = rng.integers(-5000, 5000, count).astype(np.int32)
    constants = [model.constant(weights, scales, axis=3 if is_depthwise else 0)]
    constants.append(model.constant(biases))
    out = model.activation((1, *sides, count), scale(rng, 0.02, 0.5), point(rng))
    more = {"depth_multiplier": 1} if is_depthwise else {}
    model.operator(kind, [image, *constants], out, padding=VALID, **options, **more)
    return out


def mirror_pad(rng: Random) -> Case:
    """A network with a random MIRROR_PAD, of channels too in half of them, and an input."""
    rank, mode = int(rng.integers(2, 5)), int(rng.integers(2))
    shape = (1, *(int(n) for n in rng.integers(1, 7, rank - 1)))
    most = [size - (mode == REFLECT) for size in shape]
    amounts = [[int(rng.integers(0, n + 1)) for _ in range(2)] for n in most]
    amounts[0] = [0, 0]
    if rng.integers(2):
        amounts[-1] = [0, 0]
    model = ModelBuilder()
    own = (scale(rng), point(rng))
    image = model.activation(shape, *own)
    named = np.asarray(amounts, np.int32)
    out = model.activation((shape + named.sum(axis=1)).tolist(), *own)
    model.operator("MIRROR_PAD", [image, model.constant(named)], out, mode=mode)
    return model.build([image], [out]), values(rng, shape)


PAD_CASES: dict[str, Callable[[Random], Case]] = {
    "MIRROR_PAD": mirror_pad,
    "PAD": pad,
    "PADV2": padv2,
}
