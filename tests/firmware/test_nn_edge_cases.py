"""Forms and borders of the kernels that random cases seldom meet, against the reference kernels."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.measured_cores import target_of
from benchmarks.tflite_builder import ModelBuilder
from codegen.model.read_tflite import parse_tflite
from codegen.operators import check_operators
from tests.board_program import failures_on_virtual_board
from tests.generated_program import run_generated
from tests.reference_kernels import run_reference

Case = tuple[bytes, NDArray[Any]]
SAME, VALID = 0, 1
NONE, RELU, RELU6 = 0, 1, 3
ALL_INT8 = np.arange(-128, 128, dtype=np.int8)
ALL_UINT8 = np.arange(256, dtype=np.uint8)


def pixels(*shape: int) -> NDArray[np.int8]:
    return np.random.default_rng(1).integers(-128, 128, shape).astype(np.int8)


def fully_connected_over_biases(
    scales: float | list[float], output_scale: float, activation: int = NONE
) -> Case:
    """Weights of 0, so that the biases are the sums: −6,000 to 6,000, one for each row."""
    biases = np.arange(-6000, 6001, dtype=np.int32)
    model = ModelBuilder()
    source = model.activation((1, 1), 1.0, 0)
    per_row = scales if isinstance(scales, float) else np.resize(scales, len(biases)).tolist()
    weights = model.constant(np.zeros((len(biases), 1), np.int8), per_row)
    bias = model.constant(biases, per_row)
    output = model.activation((1, len(biases)), output_scale, -3)
    options = {"fused_activation_function": activation}
    model.operator("FULLY_CONNECTED", [source, weights, bias], output, **options)
    return model.build([source], [output]), np.zeros((1, 1), np.int8)


def fully_connected_of_an_image(with_weight_zero_point: bool) -> Case:
    model = ModelBuilder()
    source = model.activation((1, 2, 3, 4), 0.03, 11)
    weights = model.constant(pixels(5, 24), 0.01, 9 if with_weight_zero_point else 0)
    output = model.activation((1, 5), 0.4, 2)
    model.operator("FULLY_CONNECTED", [source, weights, -1], output, fused_activation_function=NONE)
    return model.build([source], [output]), pixels(1, 2, 3, 4)


def convolution(
    height: int, kernel: int, stride: int, padding: int, scales: float | list[float], gain: float
) -> Case:
    """Three channels to two; `gain` is the largest factor from sum to output."""
    size = -(-height // stride) if padding == SAME else (height - kernel) // stride + 1
    model = ModelBuilder()
    image = model.activation((1, height, height, 3), 0.5, -100)
    weights = model.constant(pixels(2, kernel, kernel, 3).clip(-127, 127), scales)
    output = model.activation((1, size, size, 2), 0.5 * float(np.max(scales)) / gain, 30)
    biases = model.constant(np.array([-700, 900], np.int32), np.multiply(0.5, scales).tolist())
    options = {"stride_h": stride, "stride_w": stride, "padding": padding}
    options |= {"dilation_h_factor": 1, "dilation_w_factor": 1, "fused_activation_function": RELU6}
    model.operator("CONV_2D", [image, weights, biases], output, **options)
    return model.build([image], [output]), pixels(1, height, height, 3)


def largest_products() -> Case:
    """Neighbours whose products with -128 or 127 are as large or as small as any, in each patch."""
    values, channels = np.array([-128, 127], np.int8), 8
    rows = [np.full(channels, value, np.int8) for value in values]
    rows += [np.resize(values, channels), np.resize(values[::-1], channels)]
    image_values = np.concatenate([np.stack(rows), np.stack(rows)[::-1], pixels(5, channels)])
    model = ModelBuilder()
    image = model.activation((1, 1, len(image_values), channels), 0.5)
    weights = model.constant(np.stack(rows)[:, None, None], [0.5] * len(rows))
    output = model.activation((1, 1, len(image_values), len(rows)), 300.0)
    biases = model.constant(np.array([1, -1, 0, 7], np.int32), [0.25] * len(rows))
    options = {"stride_h": 1, "stride_w": 1, "padding": VALID, "fused_activation_function": NONE}
    options |= {"dilation_h_factor": 1, "dilation_w_factor": 1}
    model.operator("CONV_2D", [image, weights, biases], output, **options)
    return model.build([image], [output]), image_values[None, None]


def excitation(kind: str, mean_first: bool) -> Case:
    """An image and its own mean by channel: an activation that is repeated over the pixels."""
    model = ModelBuilder()
    image = model.activation((1, 5, 4, 6), 0.05, 20)
    mean = model.activation((1, 1, 1, 6), 0.02, -30)
    output = model.activation((1, 5, 4, 6), 0.07, 5)
    axes = model.constant(np.array([-3, 2], np.int32))
    model.operator("MEAN", [image, axes], mean, keep_dims=True)
    operands = [mean, image] if mean_first else [image, mean]
    model.operator(kind, operands, output, fused_activation_function=RELU)
    return model.build([image], [output]), pixels(1, 5, 4, 6)


def with_itself(kind: str, output_scale: float) -> Case:
    model = ModelBuilder()
    source = model.activation((1, 256), 0.05, -7)
    output = model.activation((1, 256), output_scale, 100)
    model.operator(kind, [source, source], output, fused_activation_function=NONE)
    return model.build([source], [output]), ALL_INT8[None]


def divided_by(value: int, output_scale: float) -> Case:
    """All values by a constant with the zero point 5."""
    model = ModelBuilder()
    source = model.activation((1, 256), 0.05, -7)
    divisor = model.constant(np.array(value, np.int8), 0.02, 5)
    output = model.activation((1, 256), output_scale, 11)
    model.operator("DIV", [source, divisor], output, fused_activation_function=NONE)
    return model.build([source], [output]), ALL_INT8[None]


def with_a_constant_of_shape(kind: str, shape: tuple[int, ...]) -> Case:
    model = ModelBuilder()
    source = model.activation((1, 4, 5, 6), 0.05, 127)
    other = model.constant(pixels(*shape), 0.3, -128)
    output = model.activation((1, 4, 5, 6), 0.6, -128)
    model.operator(kind, [source, other], output, fused_activation_function=RELU6)
    return model.build([source], [output]), pixels(1, 4, 5, 6)


def mean_of(height: int, width: int, gain: float, channels: int = 64) -> Case:
    model = ModelBuilder()
    image = model.activation((1, height, width, channels), 0.25, -60)
    axes = model.constant(np.array([1, 2], np.int32))
    output = model.activation((1, channels), 0.25 / gain, 3)
    model.operator("MEAN", [image, axes], output, keep_dims=False)
    return model.build([image], [output]), extremes(1, height, width, channels)


def softmax(values: NDArray[np.int8], scale: float, beta: float = 1.0) -> Case:
    model = ModelBuilder()
    source = model.activation(values.shape, scale, 0)
    output = model.activation(values.shape, 1 / 256, -128)
    model.operator("SOFTMAX", [source], output, beta=beta)
    return model.build([source], [output]), values


def requantize(values: NDArray[Any], output_type: str, gain: float, point: int) -> Case:
    model = ModelBuilder()
    source = model.activation((1, 256), 0.05, 3, dtype=values.dtype.name)
    output = model.activation((1, 256), 0.05 / gain, point, dtype=output_type)
    model.operator("QUANTIZE", [source], output)
    return model.build([source], [output]), values[None]


def quantize(values: NDArray[np.float32], output_type: str, scale: float, point: int) -> Case:
    model = ModelBuilder()
    source = model.activation(values.shape, None, dtype="float32")
    output = model.activation(values.shape, scale, point, dtype=output_type)
    model.operator("QUANTIZE", [source], output)
    return model.build([source], [output]), values


def extremes(*shape: int) -> NDArray[np.int8]:
    """Random pixels, but the least value all over the first channel, the greatest in the second."""
    values = pixels(*shape)
    values[..., 0], values[..., 1] = -128, 127
    return values


def pooling(
    kind: str,
    size: tuple[int, int],
    window: tuple[int, int],
    channels: int,
    padding: int = VALID,
    activation: int = NONE,
) -> Case:
    """Windows one pixel after the other."""
    after = size if padding == SAME else tuple(np.subtract(size, window) + 1)
    model = ModelBuilder()
    image = model.activation((1, *size, channels), 0.04, -20)
    output = model.activation((1, *after, channels), 0.04, -20)
    options = {"stride_h": 1, "stride_w": 1, "padding": padding}
    options |= {"filter_height": window[0], "filter_width": window[1]}
    model.operator(kind, [image], output, fused_activation_function=activation, **options)
    return model.build([image], [output]), extremes(1, *size, channels)


def ties(scale: float) -> NDArray[np.float32]:
    """Halves between stored values and their neighbours, and values far outside."""
    halves = (np.arange(-300, 301, dtype=np.float32) / 2) * np.float32(scale)
    near = np.concatenate([np.nextafter(halves, np.float32(limit)) for limit in (-1e9, 1e9)])
    return np.concatenate([halves, near, np.array([-1e6, 1e6], np.float32)])[None]


CASES: dict[str, Callable[[], Case]] = {
    "sums scaled once": lambda: fully_connected_over_biases(0.010317, 0.371),
    "sums scaled once for each row": lambda: fully_connected_over_biases([0.0031, 0.0107], 0.523),
    "sums that end in ties": lambda: fully_connected_over_biases(0.25, 16.0, RELU),
    "sums that grow": lambda: fully_connected_over_biases(0.5, 0.001, RELU6),
    "matrix without biases": lambda: fully_connected_of_an_image(False),
    "weights with a zero point": lambda: fully_connected_of_an_image(True),
    "kernel as large as the image": lambda: convolution(5, 5, 1, VALID, [0.01, 0.02], 0.003),
    "kernel larger than the image": lambda: convolution(2, 5, 1, SAME, [0.01, 0.02], 0.003),
    "stride larger than the kernel": lambda: convolution(9, 2, 4, SAME, [0.01, 0.02], 0.01),
    "one scale for all channels": lambda: convolution(6, 3, 2, SAME, 0.015, 0.004),
    "convolution with the largest products": largest_products,
    "convolution that grows": lambda: convolution(3, 1, 1, VALID, [0.9, 0.3], 2.5),
    "image times its mean": lambda: excitation("MUL", mean_first=False),
    "mean plus image": lambda: excitation("ADD", mean_first=True),
    "square": lambda: with_itself("MUL", 0.2),
    "square that grows": lambda: with_itself("MUL", 0.0004),
    "double": lambda: with_itself("ADD", 0.11),
    "quotients by a step": lambda: divided_by(6, 2.5),
    "quotients by a large value": lambda: divided_by(127, 0.018),
    "quotients by a negative value": lambda: divided_by(-128, 0.025),
    "quotients that grow": lambda: divided_by(-30, 0.003),
    "constant of the image's shape": lambda: with_a_constant_of_shape("ADD", (1, 4, 5, 6)),
    "constant of one row": lambda: with_a_constant_of_shape("MUL", (1, 1, 5, 6)),
    "constant of one element": lambda: with_a_constant_of_shape("ADD", (1,)),
    "scalar": lambda: with_a_constant_of_shape("MUL", ()),
    "mean of one pixel": lambda: mean_of(1, 1, 1.0),
    "mean of many pixels": lambda: mean_of(48, 31, 3.7),
    "mean in the same scale": lambda: mean_of(7, 7, 1.0),
    "mean of 256 pixels": lambda: mean_of(16, 16, 1.3, 7),
    "mean of 257 pixels": lambda: mean_of(1, 257, 1.3, 5),
    "mean of three channels": lambda: mean_of(9, 8, 0.7, 3),
    "softmax of one class": lambda: softmax(pixels(1, 1), 0.1),
    "softmax of equal values": lambda: softmax(np.full((1, 7), 5, np.int8), 0.1),
    "softmax of all values": lambda: softmax(ALL_INT8[None], 0.04),
    "softmax of a steep scale": lambda: softmax(ALL_INT8[None], 8.0),
    "softmax of a flat scale": lambda: softmax(ALL_INT8[None], 1e-6),
    "softmax of rows with beta": lambda: softmax(pixels(1, 2, 3, 5), 0.05, beta=0.3),
    "uint8 to int8": lambda: requantize(ALL_UINT8, "int8", 1.0, -125),
    "uint8 to int8 in another scale": lambda: requantize(ALL_UINT8, "int8", 0.37, 0),
    "int8 to uint8": lambda: requantize(ALL_INT8, "uint8", 1.0, 131),
    "int8 to uint8 that grows": lambda: requantize(ALL_INT8, "uint8", 5.3, 128),
    "int8 to int8 in half the scale": lambda: requantize(ALL_INT8, "int8", 2.0, -1),
    "float to int8 at ties": lambda: quantize(ties(0.1), "int8", 0.1, -5),
    "float to uint8 at ties": lambda: quantize(ties(0.3), "uint8", 0.3, 77),
    "maximum of more than the image": lambda: pooling(
        "MAX_POOL_2D", (2, 9), (5, 3), 3, SAME, RELU6
    ),
    "maxima of seven channels": lambda: pooling("MAX_POOL_2D", (6, 5), (3, 2), 7),
    "maxima within limits": lambda: pooling("MAX_POOL_2D", (6, 5), (3, 2), 9, SAME, RELU6),
    "averages within limits": lambda: pooling("AVERAGE_POOL_2D", (6, 5), (3, 2), 9, SAME, RELU6),
    "average of three channels": lambda: pooling("AVERAGE_POOL_2D", (6, 5), (2, 2), 3, SAME),
    "average of 256 pixels": lambda: pooling("AVERAGE_POOL_2D", (16, 17), (16, 16), 5),
    "average of 257 pixels": lambda: pooling("AVERAGE_POOL_2D", (1, 257), (1, 257), 5),
    "average of more and fewer": lambda: pooling("AVERAGE_POOL_2D", (20, 21), (17, 18), 6, SAME),
}


# All cases are compiled and run at once, in one process.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("edge-cases")]


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return {name: make() for name, make in CASES.items()}


@pytest.fixture(scope="module")
def expected(
    cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, NDArray[Any]]:
    folder = tmp_path_factory.mktemp("reference")
    outputs = run_reference(folder, [(model, [values]) for model, values in cases.values()])
    return dict(zip(cases, outputs, strict=True))


@pytest.fixture(scope="module")
def actual(
    cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, NDArray[np.uint8]]:
    refused = {name: check_operators(parse_tflite(model)) for name, (model, _) in cases.items()}
    assert not any(refused.values()), refused
    folder = tmp_path_factory.mktemp("generated")
    outputs = run_generated(folder, list(cases.values()), "litert")
    return dict(zip(cases, outputs, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_a_border_case_gives_the_bits_of_the_reference_kernel(
    name: str, expected: dict[str, NDArray[Any]], actual: dict[str, NDArray[np.uint8]]
) -> None:
    wanted = np.frombuffer(expected[name].tobytes(), np.uint8)
    np.testing.assert_array_equal(actual[name].ravel(), wanted)


needs_board = pytest.mark.skipif(
    shutil.which("qemu-system-arm") is None or shutil.which("arm-none-eabi-gcc") is None,
    reason="qemu-system-arm or arm-none-eabi-gcc is not installed",
)


@needs_board
def test_the_kernels_for_the_board_give_the_same_bits(
    cases: dict[str, Case], expected: dict[str, NDArray[Any]], tmp_path: Path
) -> None:
    with_expected = [(*case, expected[name]) for name, case in cases.items()]
    assert failures_on_virtual_board(tmp_path, with_expected, "litert") == []


@needs_board
@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m3"])
def test_the_kernels_for_smaller_cores_give_the_same_bits(
    core: str, cases: dict[str, Case], expected: dict[str, NDArray[Any]], tmp_path: Path
) -> None:
    """Those whose products or factors are in instructions of the core."""
    names = [name for name in cases if "convolution" in name or "grow" in name or "sums" in name]
    given = [(*cases[name], expected[name]) for name in names]
    assert failures_on_virtual_board(tmp_path, given, "litert", target=target_of(core)) == []


@pytest.mark.parametrize(("classes", "output"), [(511, -127), (512, -128), (1000, -128)])
def test_equal_classes_have_the_nearest_probability(
    tmp_path: Path, classes: int, output: int
) -> None:
    """1/512 is half a step; from there on, LiteRT's kernel ends with an assertion."""
    (answer,) = run_generated(tmp_path, [softmax(np.full((1, classes), 5, np.int8), 0.1)])
    assert set(answer.view(np.int8).ravel().tolist()) == {output}
