"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR: images of another size. Pure."""

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import DType, Graph, Operator
from codegen.operators.kernel_call import ConstantArray, KernelCall
from codegen.operators.macc import no_macc
from codegen.operators.memory import OWN_BYTES
from codegen.operators.rows import RowWindow, images_have_rows
from codegen.operators.support import (
    OperatorSupport,
    check_batch,
    check_constant,
    check_index_type,
    check_output_shape,
    check_quantization,
    check_same_scale,
    check_types,
)

Integers = NDArray[np.int64]
_ONE = 1 << 10
"""Places between pixels have ten bits after the point."""
_MOST_SIDE = 1 << 15
"""Of input and output, so that no place overflows."""


def _corners(operator: Operator) -> tuple[bool, bool]:
    """Whether corners are aligned, and whether pixels have their centres at halves."""
    aligned, halves = (
        bool(operator.options.get(name, False)) for name in ("align_corners", "half_pixel_centers")
    )
    return aligned, halves


def nearest(operator: Operator, size: int, count: int) -> Integers:
    """The row (or column) of an input of `size` for each of `count` of the output.

    Source: TFLite, GetNearestNeighbor, in single precision.
    """
    aligned, halves = _corners(operator)
    steps = (size - 1, count - 1) if aligned and count > 1 else (size, count)
    scale = np.float32(steps[0]) / np.float32(steps[1])
    places = (np.arange(count).astype(np.float32) + np.float32(0.5 if halves else 0.0)) * scale
    found = np.floor(places.astype(np.float64) + (0.5 if aligned else 0.0)).astype(np.int64)
    return np.minimum(found, size - 1)


def _start_and_step(operator: Operator, size: int, count: int) -> tuple[int, int]:
    """Source: TFLite, ResizeBilinearInteger and ComputeInterpolationValuesInteger."""
    aligned, halves = _corners(operator)
    if aligned and count > 1:
        size, count = size - 1, count - 1
    step = (_ONE * size + count // 2) // count
    return (step // 2 - _ONE // 2 if halves else 0), step


def _neighbours(operator: Operator, size: int, count: int) -> tuple[Integers, Integers]:
    """The two rows (or columns) of the input that each of the output is made from."""
    start, step = _start_and_step(operator, size, count)
    places = start + np.arange(count, dtype=np.int64) * step
    return np.maximum(places, 0) // _ONE, np.minimum(-(-places // _ONE), size - 1)


def _check(graph: Graph, operator: Operator) -> list[str]:
    image, size = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    if len(image.shape) != 4 or size.shape != (2,):
        return [f"of shapes {list(image.shape)} and {list(size.shape)}"]
    reasons = check_types([image, output], [DType.INT8]) + check_index_type(size, "sizes")
    reasons += check_constant(size, "sizes") + check_batch(image)
    reasons += check_quantization(graph, operator)
    reasons = reasons or check_same_scale(image, output)
    if reasons or size.data is None:
        return reasons
    wanted = np.asarray(size.data).tolist()
    reasons = check_output_shape(output, (1, *wanted, image.shape[3]))
    if max(*image.shape[1:3], *wanted) > _MOST_SIDE:
        reasons.append(f"of more than {_MOST_SIDE} rows or columns")
    return reasons or _check_places(graph, operator)


def _check_places(graph: Graph, operator: Operator) -> list[str]:
    if operator.kind != "RESIZE_BILINEAR":
        return []
    if all(_corners(operator)):
        return ["with aligned corners and half pixels"]
    image, output = graph.tensors[operator.inputs[0]], graph.tensors[operator.outputs[0]]
    for size, count in zip(image.shape[1:3], output.shape[1:3], strict=True):
        # The ten bits of a step add up: the reference kernel then reads behind the image.
        if _neighbours(operator, size, count)[0].max() >= size:
            return [f"from {size} to {count}, which reads outside the image"]
    return []


def _lower_nearest(graph: Graph, operator: Operator) -> KernelCall:
    image, output = graph.tensors[operator.inputs[0]], graph.tensors[operator.outputs[0]]
    tables = [
        nearest(operator, image.shape[axis], output.shape[axis]).astype(np.uint16)
        for axis in (1, 2)
    ]
    return KernelCall(
        function="nn_resize_nearest_neighbor_8",
        header="nn/resize_nearest_neighbor.h",
        params_type="nn_resize_nearest_neighbor_params",
        params=(
            ("output_width", output.shape[2]),
            ("channels", output.shape[3]),
            ("rows", "rows"),
            ("columns", "columns"),
        ),
        constants=(
            ConstantArray("rows", "uint16_t", tables[0]),
            ConstantArray("columns", "uint16_t", tables[1]),
        ),
        inputs=operator.inputs[:1],
        output=operator.outputs[0],
        rings=("input", "output"),
    )


def _lower_bilinear(graph: Graph, operator: Operator) -> KernelCall:
    image, output = graph.tensors[operator.inputs[0]], graph.tensors[operator.outputs[0]]
    _, height, width, channels = image.shape
    start_height, step_height = _start_and_step(operator, height, output.shape[1])
    start_width, step_width = _start_and_step(operator, width, output.shape[2])
    return KernelCall(
        function="nn_resize_bilinear_s8",
        header="nn/resize_bilinear.h",
        params_type="nn_resize_bilinear_params",
        params=(
            ("input_height", height),
            ("input_width", width),
            ("output_width", output.shape[2]),
            ("channels", channels),
            ("start_height", start_height),
            ("step_height", step_height),
            ("start_width", start_width),
            ("step_width", step_width),
        ),
        constants=(),
        inputs=operator.inputs[:1],
        output=operator.outputs[0],
        rings=("input", "output"),
    )


def _rows(graph: Graph, operator: Operator) -> RowWindow | None:
    """For images that become a whole number of times as high; others are made whole."""
    image, output = graph.tensors[operator.inputs[0]], graph.tensors[operator.outputs[0]]
    if not images_have_rows([image, output]) or output.shape[1] % image.shape[1]:
        return None
    size, count = image.shape[1], output.shape[1]
    times, is_bilinear = count // size, operator.kind == "RESIZE_BILINEAR"
    if is_bilinear:
        first, last = _neighbours(operator, size, count)
    else:
        first = last = nearest(operator, size, count)
    window = RowWindow(divisor=times)
    if is_bilinear and _corners(operator)[1]:
        window = RowWindow(size=2, stride=2, padding=1, divisor=2 * times, shift=1 + times)
    elif is_bilinear:
        window = RowWindow(size=2, divisor=times)
    fits = window.first_rows(size, count) <= first, last < window.end_rows(size, count)
    return window if np.all(fits) else None


RESIZE_NEAREST_NEIGHBOR = OperatorSupport(_check, _lower_nearest, _rows, (2,), OWN_BYTES, no_macc)
RESIZE_BILINEAR = OperatorSupport(_check, _lower_bilinear, _rows, (2,), OWN_BYTES, no_macc)
