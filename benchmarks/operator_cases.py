"""Seeded random networks of one operator each, with random shapes and quantisation."""

from collections.abc import Callable
from math import prod

import numpy as np

from benchmarks.move_cases import MOVE_CASES, mean_of_any
from benchmarks.pad_cases import PAD_CASES, pad_channels, padded_window
from benchmarks.random_values import Case, Random
from benchmarks.random_values import point as _point
from benchmarks.random_values import scale as _scale
from benchmarks.random_values import values as _values
from benchmarks.tflite_builder import ModelBuilder

SAME, VALID = 0, 1
NONE, RELU, RELU6 = 0, 1, 3


def _activation(rng: Random) -> int:
    return int(rng.choice([NONE, RELU, RELU6]))


def conv_2d(rng: Random) -> Case:
    """A network with a random CONV_2D, and an input."""
    return _convolution(rng, 1, (1, 1))


def dilated_conv_2d(rng: Random) -> Case:
    """A network with a random CONV_2D with dilation and perhaps groups, and an input."""
    return _convolution(rng, int(rng.choice([1, 1, 2, 3])), _dilations(rng))


def grouped_conv_2d(rng: Random) -> Case:
    """A network with a random CONV_2D with groups, and an input."""
    return _convolution(rng, int(rng.integers(2, 5)), (1, 1))


def _dilations(rng: Random) -> tuple[int, int]:
    """At least one of them above 1."""
    return [(2, 2), (1, 2), (3, 1), (2, 4)][int(rng.integers(4))]


def _convolution(rng: Random, groups: int, dilation: tuple[int, int]) -> Case:
    kernel = tuple(int(n) for n in rng.integers(1, 5, 2))
    window = tuple((k - 1) * step + 1 for k, step in zip(kernel, dilation, strict=True))
    height, width = (int(n) + k for n, k in zip(rng.integers(0, 9, 2), window, strict=True))
    channels, count = (int(n) * groups for n in rng.integers(1, 9, 2))
    stride_h, stride_w = (int(n) for n in rng.integers(1, 4, 2))
    padding = int(rng.choice([SAME, VALID]))
    model = ModelBuilder()
    in_scale, scales = _scale(rng), [_scale(rng, 0.001, 0.02) for _ in range(count)]
    image = model.activation((1, height, width, channels), in_scale, _point(rng))
    weights = _values(rng, (count, *kernel, channels // groups)).clip(-127, 127)
    w = model.constant(weights, scales)
    b = model.constant(
        rng.integers(-5000, 5000, count).astype(np.int32), [in_scale * s for s in scales]
    )
    shape = _output_size((height, width), window, (stride_h, stride_w), padding)
    out = model.activation((1, *shape, count), _scale(rng, 0.02, 0.5), _point(rng))
    model.operator(
        "CONV_2D",
        [image, w, b],
        out,
        padding=padding,
        stride_h=stride_h,
        stride_w=stride_w,
        dilation_h_factor=dilation[0],
        dilation_w_factor=dilation[1],
        fused_activation_function=_activation(rng),
    )
    return model.build([image], [out]), _values(rng, (1, height, width, channels))


def transpose_conv(rng: Random) -> Case:
    """A network with a random TRANSPOSE_CONV, and an input."""
    kernel = tuple(int(n) for n in rng.integers(1, 6, 2))
    stride = tuple(int(n) for n in rng.integers(1, 4, 2))
    size = tuple(int(n) for n in rng.integers(1, 8, 2))
    channels, count = (int(n) for n in rng.integers(1, 9, 2))
    padding = int(rng.choice([SAME, VALID]))
    shape = [
        n * s if padding == SAME else (n - 1) * s + k
        for n, s, k in zip(size, stride, kernel, strict=True)
    ]
    model = ModelBuilder()
    in_scale, scales = _scale(rng), [_scale(rng, 0.001, 0.02) for _ in range(count)]
    image = model.activation((1, *size, channels), in_scale, _point(rng))
    w = model.constant(_values(rng, (count, *kernel, channels)).clip(-127, 127), scales)
    inputs = [model.constant(np.array([1, *shape, count], np.int32)), w, image]
    if rng.integers(2):
        biases = rng.integers(-5000, 5000, count).astype(np.int32)
        inputs.append(model.constant(biases, [in_scale * s for s in scales]))
    out = model.activation((1, *shape, count), _scale(rng, 0.02, 0.5), _point(rng))
    steps = {"stride_h": stride[0], "stride_w": stride[1]}
    model.operator("TRANSPOSE_CONV", inputs, out, padding=padding, **steps)
    return model.build([image], [out]), _values(rng, (1, *size, channels))


def depthwise_conv_2d(rng: Random) -> Case:
    """A network with a random DEPTHWISE_CONV_2D, and an input."""
    channels = int(rng.integers(1, 14))
    count = int(rng.integers(1, 9)) if channels == 1 else channels
    return _depthwise(rng, channels, count, (1, 1))


def multiplied_depthwise_conv_2d(rng: Random) -> Case:
    """A network with a random DEPTHWISE_CONV_2D with a multiplier, and an input."""
    channels = int(rng.integers(2, 14))
    return _depthwise(rng, channels, channels * int(rng.integers(2, 5)), (1, 1))


def dilated_depthwise_conv_2d(rng: Random) -> Case:
    """A network with a random DEPTHWISE_CONV_2D with dilation, and an input."""
    channels = int(rng.integers(1, 14))
    return _depthwise(rng, channels, channels * int(rng.integers(1, 3)), _dilations(rng))


def _depthwise(rng: Random, channels: int, count: int, dilation: tuple[int, int]) -> Case:
    kernel = tuple(int(n) for n in rng.choice([1, 2, 3, 3, 4], 2))
    window = tuple((k - 1) * step + 1 for k, step in zip(kernel, dilation, strict=True))
    height, width = (int(n) + k for n, k in zip(rng.integers(0, 9, 2), window, strict=True))
    stride_h, stride_w = (int(n) for n in rng.integers(1, 4, 2))
    padding = int(rng.choice([SAME, VALID]))
    model = ModelBuilder()
    in_scale, scales = _scale(rng), [_scale(rng, 0.001, 0.02) for _ in range(count)]
    image = model.activation((1, height, width, channels), in_scale, _point(rng))
    weights = _values(rng, (1, *kernel, count)).clip(-127, 127)
    w = model.constant(weights, scales, axis=3)
    b = model.constant(
        rng.integers(-5000, 5000, count).astype(np.int32), [in_scale * s for s in scales]
    )
    shape = _output_size((height, width), window, (stride_h, stride_w), padding)
    out = model.activation((1, *shape, count), _scale(rng, 0.02, 0.5), _point(rng))
    model.operator(
        "DEPTHWISE_CONV_2D",
        [image, w, b],
        out,
        padding=padding,
        stride_h=stride_h,
        stride_w=stride_w,
        depth_multiplier=count // channels,
        dilation_h_factor=dilation[0],
        dilation_w_factor=dilation[1],
        fused_activation_function=_activation(rng),
    )
    return model.build([image], [out]), _values(rng, (1, height, width, channels))


def _output_size(
    size: tuple[int, ...], window: tuple[int, ...], stride: tuple[int, ...], padding: int
) -> list[int]:
    return [
        -(-n // s) if padding == SAME else (n - k) // s + 1
        for n, k, s in zip(size, window, stride, strict=True)
    ]


def max_pool_2d(rng: Random) -> Case:
    """A network with a random MAX_POOL_2D, and an input."""
    return _pool(rng, "MAX_POOL_2D")


def average_pool_2d(rng: Random) -> Case:
    """A network with a random AVERAGE_POOL_2D, and an input."""
    return _pool(rng, "AVERAGE_POOL_2D")


def _pool(rng: Random, kind: str) -> Case:
    window = tuple(int(n) for n in rng.integers(1, 4, 2))
    height, width = (int(n) + k for n, k in zip(rng.integers(0, 9, 2), window, strict=True))
    channels = int(rng.integers(1, 9))
    stride_h, stride_w = (int(n) for n in rng.integers(1, 4, 2))
    padding = int(rng.choice([SAME, VALID]))
    model = ModelBuilder()
    scale, point = _scale(rng), _point(rng)
    image = model.activation((1, height, width, channels), scale, point)
    shape = _output_size((height, width), window, (stride_h, stride_w), padding)
    out = model.activation((1, *shape, channels), scale, point)
    model.operator(
        kind,
        [image],
        out,
        padding=padding,
        stride_h=stride_h,
        stride_w=stride_w,
        filter_height=window[0],
        filter_width=window[1],
        fused_activation_function=_activation(rng),
    )
    return model.build([image], [out]), _values(rng, (1, height, width, channels))


def _binary(rng: Random, kind: str) -> Case:
    shape = (1, *(int(n) for n in rng.integers(1, 7, 3)))
    form = rng.choice(["channels", "scalar", "two activations", "constant first"])
    model = ModelBuilder()
    first = model.activation(shape, _scale(rng), _point(rng))
    if form == "two activations":
        factors = model.constant(_values(rng, shape[-1:]), _scale(rng), _point(rng))
        second = model.activation(shape, _scale(rng), _point(rng))
        model.operator("MUL", [first, factors], second, fused_activation_function=NONE)
    else:
        other_shape = () if form == "scalar" else shape[-1:]
        second = model.constant(
            np.asarray(_values(rng, other_shape)).reshape(other_shape), _scale(rng), _point(rng)
        )
    operands = [second, first] if form == "constant first" else [first, second]
    out = model.activation(shape, _scale(rng, 0.01, 0.3), _point(rng))
    model.operator(kind, operands, out, fused_activation_function=_activation(rng))
    return model.build([first], [out]), _values(rng, shape)


def add(rng: Random) -> Case:
    """A network with a random ADD, and an input."""
    return _binary(rng, "ADD")


def mul(rng: Random) -> Case:
    """A network with a random MUL, and an input."""
    return _binary(rng, "MUL")


def sub(rng: Random) -> Case:
    """A network with a random SUB, and an input."""
    return _binary(rng, "SUB")


def div(rng: Random) -> Case:
    """A network with a random DIV by a constant, or by one for each channel, and an input.

    The output's scale is such that a step of the input makes half a step of the output or more.
    """
    shape = [(1, 4, 5, 3), (1, 7), (1, 3, 2, 8)][int(rng.integers(3))]
    model = ModelBuilder()
    in_scale, scale, point = _scale(rng), _scale(rng), _point(rng)
    divisors = [(), (1,), (1, 1), shape[-1:], (1, *shape[-1:])]
    values = _values(rng, divisors[int(rng.integers(len(divisors)))])
    values = np.where(values == point, point + 1 if point < 127 else -128, values)
    step = in_scale / (np.abs(values.astype(int) - point).max() * scale)
    source = model.activation(shape, in_scale, _point(rng))
    divisor = model.constant(values.astype(np.int8), scale, point)
    out = model.activation(shape, step * _scale(rng, 0.3, 1.9), _point(rng))
    model.operator("DIV", [source, divisor], out, fused_activation_function=_activation(rng))
    return model.build([source], [out]), _values(rng, shape)


def maximum(rng: Random) -> Case:
    """A network with a random MAXIMUM, and an input."""
    return _extreme(rng, "MAXIMUM")


def minimum(rng: Random) -> Case:
    """A network with a random MINIMUM, and an input."""
    return _extreme(rng, "MINIMUM")


def _extreme(rng: Random, kind: str) -> Case:
    shape = (1, *(int(n) for n in rng.integers(1, 7, 3)))
    model = ModelBuilder()
    own = (_scale(rng), _point(rng))
    first = model.activation(shape, *own)
    form = rng.choice(["channels", "scalar", "two activations"])
    if form == "two activations":
        factors = model.constant(_values(rng, shape[-1:]), _scale(rng), _point(rng))
        second = model.activation(shape, *own)
        model.operator("MUL", [first, factors], second, fused_activation_function=NONE)
    else:
        other_shape = () if form == "scalar" else shape[-1:]
        values = np.asarray(_values(rng, other_shape)).reshape(other_shape)
        second = model.constant(values, *own)
    out = model.activation(shape, *own)
    model.operator(kind, [first, second][:: int(rng.choice([1, -1]))], out)
    return model.build([first], [out]), _values(rng, shape)


def mean(rng: Random) -> Case:
    """A network with a random MEAN, and an input."""
    height, width, channels = (int(n) for n in rng.integers(1, 9, 3))
    keep_dims = bool(rng.integers(2))
    model = ModelBuilder()
    scale, point = _scale(rng), _point(rng)
    image = model.activation((1, height, width, channels), scale, point)
    axes = model.constant(np.array([1, 2], np.int32))
    same = rng.integers(4) == 0
    out_quantization = (scale, point) if same else (_scale(rng), _point(rng))
    shape = (1, 1, 1, channels) if keep_dims else (1, channels)
    out = model.activation(shape, *out_quantization)
    model.operator("MEAN", [image, axes], out, keep_dims=keep_dims)
    return model.build([image], [out]), _values(rng, (1, height, width, channels))


def fully_connected(rng: Random) -> Case:
    """A network with a random FULLY_CONNECTED, of one vector or several or many, and an input."""
    columns, rows = int(rng.integers(1, 40)), int(rng.integers(1, 300))
    rank = int(rng.choice([0, 1, 1, 2]))
    vectors = tuple(int(n) for n in rng.integers(1, (1, 60, 9)[rank], rank))
    model = ModelBuilder()
    in_scale = _scale(rng)
    per_channel = bool(rng.integers(2))
    scales = [_scale(rng, 0.001, 0.02) for _ in range(rows if per_channel else 1)]
    source = model.activation((1, *vectors, columns), in_scale, _point(rng))
    w = model.constant(_values(rng, (rows, columns)).clip(-127, 127), scales)
    b = model.constant(
        rng.integers(-5000, 5000, rows).astype(np.int32), [in_scale * s for s in scales]
    )
    out = model.activation((prod(vectors), rows), _scale(rng, 0.02, 0.5), _point(rng))
    model.operator(
        "FULLY_CONNECTED", [source, w, b], out, fused_activation_function=_activation(rng)
    )
    return model.build([source], [out]), _values(rng, (1, *vectors, columns))


def softmax(rng: Random) -> Case:
    """A network with a random SOFTMAX of one row, or of several, and an input."""
    rows, classes = int(rng.choice([1, 1, 3, 7])), int(rng.integers(1, 30))
    shape = (1, classes) if rows == 1 else (1, rows, classes)
    model = ModelBuilder()
    source = model.activation(shape, _scale(rng, 0.001, 2.0), _point(rng))
    out = model.activation(shape, 1 / 256, -128)
    model.operator("SOFTMAX", [source], out, beta=float(rng.choice([0.5, 1.0, 3.0])))
    return model.build([source], [out]), _values(rng, shape)


def log_softmax(rng: Random) -> Case:
    """A network with a random LOG_SOFTMAX of one row, or of several, and an input."""
    rows, classes = int(rng.choice([1, 1, 3, 7])), int(rng.integers(1, 30))
    shape = (1, classes) if rows == 1 else (1, rows, classes)
    model = ModelBuilder()
    source = model.activation(shape, _scale(rng, 0.001, 2.0), _point(rng))
    out = model.activation(shape, 1 / 16, 127)
    model.operator("LOG_SOFTMAX", [source], out)
    return model.build([source], [out]), _values(rng, shape)


def quantize(rng: Random) -> Case:
    """A network with a random QUANTIZE, and an input."""
    shape = (1, *(int(n) for n in rng.integers(1, 7, 3)))
    source, target = [("float32", "int8"), ("uint8", "int8"), ("int8", "uint8"), ("int8", "int8")][
        int(rng.integers(4))
    ]
    model = ModelBuilder()
    points = {"int8": _point(rng), "uint8": _point(rng) + 128, "float32": 0}
    in_scale = None if source == "float32" else _scale(rng)
    image = model.activation(shape, in_scale, points[source], dtype=source)
    same = in_scale is not None and rng.integers(2) == 0
    out_scale = in_scale if same else _scale(rng)
    out_point = _point(rng)
    if same and rng.integers(2) == 0:  # as converters do: the same values, 128 apart
        out_point = points[source] - 128 * (source == "uint8")
    out = model.activation(shape, out_scale, out_point + 128 * (target == "uint8"), dtype=target)
    model.operator("QUANTIZE", [image], out)
    values = (
        rng.normal(0, 3, shape).astype(np.float32)
        if source == "float32"
        else _values(rng, shape, np.dtype(source).type)
    )
    return model.build([image], [out]), values


def dequantize(rng: Random) -> Case:
    """A network with a random DEQUANTIZE, and an input."""
    shape = (1, *(int(n) for n in rng.integers(1, 7, 3)))
    source = str(rng.choice(["int8", "uint8"]))
    model = ModelBuilder()
    image = model.activation(shape, _scale(rng), 5, dtype=source)
    out = model.activation(shape, None, dtype="float32")
    model.operator("DEQUANTIZE", [image], out)
    return model.build([image], [out]), _values(rng, shape, np.dtype(source).type)


def reshape(rng: Random) -> Case:
    """A network with a random RESHAPE, and an input."""
    height, width = (int(n) for n in rng.integers(1, 9, 2))
    model = ModelBuilder()
    scale, point = _scale(rng), _point(rng)
    image = model.activation((1, height, width, 2), scale, point)
    target = model.constant(np.array([1, height * width * 2], np.int32))
    out = model.activation((1, height * width * 2), scale, point)
    model.operator("RESHAPE", [image, target], out)
    return model.build([image], [out]), _values(rng, (1, height, width, 2))


def resize_nearest_neighbor(rng: Random) -> Case:
    """A network with a random RESIZE_NEAREST_NEIGHBOR, and an input."""
    return _resize(rng, "RESIZE_NEAREST_NEIGHBOR", bool(rng.integers(2)), bool(rng.integers(2)))


def resize_bilinear(rng: Random) -> Case:
    """A network with a random RESIZE_BILINEAR, and an input."""
    corners = [(False, False), (True, False), (False, True)][int(rng.integers(3))]
    return _resize(rng, "RESIZE_BILINEAR", *corners)


def _resize(rng: Random, kind: str, aligned: bool, halves: bool) -> Case:
    """To a multiple of the size in half of them."""
    height, width, channels = (int(n) for n in rng.integers(1, 9, 3))
    sizes = [int(n) for n in rng.integers(1, 20, 2)]
    if rng.integers(2):
        sizes = [height * int(rng.integers(1, 5)), width * int(rng.integers(1, 5))]
    model = ModelBuilder()
    scale, point = _scale(rng), _point(rng)
    image = model.activation((1, height, width, channels), scale, point)
    out = model.activation((1, *sizes, channels), scale, point)
    size = model.constant(np.array(sizes, np.int32))
    model.operator(kind, [image, size], out, align_corners=aligned, half_pixel_centers=halves)
    return model.build([image], [out]), _values(rng, (1, height, width, channels))


def _one_to_one(rng: Random, kind: str) -> Case:
    shape = (1, *(int(n) for n in rng.integers(1, 9, 3)))
    model = ModelBuilder()
    source = model.activation(shape, _scale(rng, 0.01, 0.2), _point(rng))
    quantization = (1 / 256, -128) if kind == "LOGISTIC" else (_scale(rng), _point(rng))
    out = model.activation(shape, *quantization)
    model.operator(kind, [source], out)
    return model.build([source], [out]), _values(rng, shape)


def logistic(rng: Random) -> Case:
    """A network with a random LOGISTIC, and an input."""
    return _one_to_one(rng, "LOGISTIC")


def relu(rng: Random) -> Case:
    """A network with a random RELU, and an input."""
    return _one_to_one(rng, "RELU")


def relu6(rng: Random) -> Case:
    """A network with a random RELU6, and an input."""
    return _one_to_one(rng, "RELU6")


def relu_0_to_1(rng: Random) -> Case:
    """A network with a random RELU_0_TO_1, and an input."""
    return _one_to_one(rng, "RELU_0_TO_1")


def relu_n1_to_1(rng: Random) -> Case:
    """A network with a random RELU_N1_TO_1, and an input."""
    return _one_to_one(rng, "RELU_N1_TO_1")


def _all_inputs(rng: Random, kind: str, **options: float | bool) -> Case:
    """Every input of 8 bits, once."""
    model = ModelBuilder()
    source = model.activation((1, 4, 4, 16), _scale(rng, 0.001, 0.2), _point(rng))
    quantization = (1 / 128, 0) if kind == "TANH" else (_scale(rng, 0.002, 0.2), _point(rng))
    out = model.activation((1, 4, 4, 16), *quantization)
    model.operator(kind, [source], out, **options)
    values = rng.permutation(np.arange(-128, 128)).astype(np.int8)
    return model.build([source], [out]), values.reshape(1, 4, 4, 16)


def absolute(rng: Random) -> Case:
    """A network with a random ABS, and an input."""
    return _all_inputs(rng, "ABS")


def elu(rng: Random) -> Case:
    """A network with a random ELU, and an input."""
    return _all_inputs(rng, "ELU")


def exp(rng: Random) -> Case:
    """A network with a random EXP, and an input."""
    return _all_inputs(rng, "EXP")


def log(rng: Random) -> Case:
    """A network with a random LOG, and an input."""
    return _all_inputs(rng, "LOG")


def gelu(rng: Random) -> Case:
    """A network with a random GELU, and an input."""
    return _all_inputs(rng, "GELU", approximate=bool(rng.integers(2)))


def hard_swish(rng: Random) -> Case:
    """A network with a random HARD_SWISH, and an input."""
    return _all_inputs(rng, "HARD_SWISH")


def leaky_relu(rng: Random) -> Case:
    """A network with a random LEAKY_RELU, and an input."""
    return _all_inputs(rng, "LEAKY_RELU", alpha=float(np.float32(rng.uniform(0.0, 1.2))))


def tanh(rng: Random) -> Case:
    """A network with a random TANH, and an input."""
    return _all_inputs(rng, "TANH")


def expand_dims(rng: Random) -> Case:
    """A network with a random EXPAND_DIMS, and an input."""
    shape = (1, *(int(n) for n in rng.integers(1, 9, 2)))
    axis = int(rng.integers(0, 4))
    model = ModelBuilder()
    scale, point = _scale(rng), _point(rng)
    image = model.activation(shape, scale, point)
    out = model.activation((*shape[:axis], 1, *shape[axis:]), scale, point)
    model.operator("EXPAND_DIMS", [image, model.constant(np.array(axis, np.int32))], out)
    return model.build([image], [out]), _values(rng, shape)


def squeeze(rng: Random) -> Case:
    """A network with a random SQUEEZE of all dimensions of 1, and an input."""
    shape = (1, *(int(n) for n in rng.integers(2, 9, 2)), 1)
    model = ModelBuilder()
    scale, point = _scale(rng), _point(rng)
    image = model.activation(shape, scale, point)
    out = model.activation(shape[1:3], scale, point)
    model.operator("SQUEEZE", [image], out)
    return model.build([image], [out]), _values(rng, shape)


def concatenation(rng: Random) -> Case:
    """A network with a random CONCATENATION, and an input."""
    """Parts made of one input by MULs, which give each its own values."""
    shape = (1, *(int(n) for n in rng.integers(1, 6, 3)))
    axis, count = int(rng.integers(1, 4)), int(rng.integers(2, 8))
    model = ModelBuilder()
    source = model.activation(shape, _scale(rng), _point(rng))
    scale, point = _scale(rng), _point(rng)
    parts = []
    for _ in range(count):
        factors = model.constant(_values(rng, shape[-1:]), _scale(rng), _point(rng))
        parts.append(model.activation(shape, scale, point))
        model.operator("MUL", [source, factors], parts[-1], fused_activation_function=NONE)
    parts += parts[: int(rng.integers(0, 3))]
    joined = tuple(size * len(parts) if i == axis else size for i, size in enumerate(shape))
    out = model.activation(joined, scale, point)
    model.operator("CONCATENATION", parts, out, axis=axis - 4 * int(rng.integers(2)))
    return model.build([source], [out]), _values(rng, shape)


def cell(rng: Random) -> Case:
    """A network with a random CELL, and an input."""
    """A convolution, 2x2 pooling, and perhaps MUL and ADD: what the code generator fuses."""
    size = tuple(int(n) for n in rng.integers(2, 13, 2))
    kernel = tuple(int(n) for n in rng.integers(1, 4, 2))
    channels, count = (int(rng.choice([1, 2, 3, 3, 4, 5, 8])) for _ in range(2))
    model = ModelBuilder()
    in_scale, scales = _scale(rng), [_scale(rng, 0.001, 0.02) for _ in range(count)]
    image = model.activation((1, *size, channels), in_scale, _point(rng))
    w = model.constant(_values(rng, (count, *kernel, channels)).clip(-127, 127), scales)
    b = model.constant(
        rng.integers(-5000, 5000, count).astype(np.int32), [in_scale * s for s in scales]
    )
    scale, point = _scale(rng, 0.02, 0.5), _point(rng)
    sums = model.activation((1, *size, count), scale, point)
    window = {"stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}
    activation = _activation(rng)
    model.operator(
        "CONV_2D", [image, w, b], sums, padding=SAME, fused_activation_function=activation, **window
    )
    halves = (1, size[0] // 2, size[1] // 2, count)
    last = model.activation(halves, scale, point)
    sizes = {"stride_h": 2, "stride_w": 2, "filter_height": 2, "filter_width": 2}
    model.operator("MAX_POOL_2D", [sums], last, padding=VALID, **sizes)
    for kind in ("MUL", "ADD"):
        if rng.integers(4):
            shape = () if rng.integers(3) == 0 else (count,)
            values = np.asarray(_values(rng, shape)).reshape(shape)
            factors = model.constant(values, _scale(rng), _point(rng))
            out = model.activation(halves, _scale(rng, 0.01, 0.3), _point(rng))
            model.operator(kind, [last, factors], out, fused_activation_function=_activation(rng))
            last = out
    return model.build([image], [last]), _values(rng, (1, *size, channels))


def chain(rng: Random) -> Case:
    """A network with a random CHAIN, and an input."""
    """Element-wise operators on few channels: what becomes tables."""
    shape = (1, *(int(n) for n in rng.integers(1, 6, 2)), int(rng.integers(1, 5)))
    unsigned = bool(rng.integers(2))
    model = ModelBuilder()
    source = last = model.activation(
        shape, _scale(rng), _point(rng) + 128 * unsigned, "uint8" if unsigned else "int8"
    )
    kinds = ["QUANTIZE", *rng.choice(["MUL", "ADD", "QUANTIZE", "SUB"], int(rng.integers(1, 4)))]
    for kind in kinds:
        out = model.activation(shape, _scale(rng, 0.005, 0.3), _point(rng))
        operands = [last]
        if kind != "QUANTIZE":
            form = () if rng.integers(2) else shape[-1:]
            values = np.asarray(_values(rng, form)).reshape(form)
            operands.append(model.constant(values, _scale(rng), _point(rng)))
        fused = {} if kind == "QUANTIZE" else {"fused_activation_function": _activation(rng)}
        model.operator(str(kind), operands, out, **fused)
        last = out
    return model.build([source], [last]), _values(rng, shape, np.uint8 if unsigned else np.int8)


FUSED: dict[str, Callable[[Random], Case]] = {
    "cell": cell,
    "chain": chain,
    "conv dilated": dilated_conv_2d,
    "conv grouped": grouped_conv_2d,
    "depthwise dilated": dilated_depthwise_conv_2d,
    "depthwise multiplied": multiplied_depthwise_conv_2d,
    "mean of any dimensions": mean_of_any,
    "pad channels": pad_channels,
    "padded window": padded_window,
}

CASES: dict[str, Callable[[Random], Case]] = (
    MOVE_CASES
    | PAD_CASES
    | {
        "ABS": absolute,
        "ADD": add,
        "AVERAGE_POOL_2D": average_pool_2d,
        "CONCATENATION": concatenation,
        "CONV_2D": conv_2d,
        "DEPTHWISE_CONV_2D": depthwise_conv_2d,
        "DEQUANTIZE": dequantize,
        "DIV": div,
        "ELU": elu,
        "EXP": exp,
        "EXPAND_DIMS": expand_dims,
        "FULLY_CONNECTED": fully_connected,
        "GELU": gelu,
        "HARD_SWISH": hard_swish,
        "LEAKY_RELU": leaky_relu,
        "LOG": log,
        "LOGISTIC": logistic,
        "MAX_POOL_2D": max_pool_2d,
        "MAXIMUM": maximum,
        "MEAN": mean,
        "MINIMUM": minimum,
        "MUL": mul,
        "QUANTIZE": quantize,
        "RELU": relu,
        "RELU6": relu6,
        "RELU_0_TO_1": relu_0_to_1,
        "RELU_N1_TO_1": relu_n1_to_1,
        "RESHAPE": reshape,
        "RESIZE_BILINEAR": resize_bilinear,
        "RESIZE_NEAREST_NEIGHBOR": resize_nearest_neighbor,
        "LOG_SOFTMAX": log_softmax,
        "SOFTMAX": softmax,
        "SQUEEZE": squeeze,
        "SUB": sub,
        "TANH": tanh,
        "TRANSPOSE_CONV": transpose_conv,
    }
)
