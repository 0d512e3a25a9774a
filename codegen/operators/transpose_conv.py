"""TRANSPOSE_CONV: an image that grows by a convolution. Pure."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import DType, Graph, Operator
from codegen.operators.channels import (
    PATCH_GROUP,
    bias_array,
    check_bias,
    check_sums,
    multiplier_arrays,
    padded_rows,
)
from codegen.operators.convolution_memory import SCRATCH_BYTES_PER_GROUP
from codegen.operators.kernel_call import ConstantArray, KernelCall
from codegen.operators.macc import transposed_macc
from codegen.operators.memory import Memory, no_overlap
from codegen.operators.rows import RowWindow, images_have_rows
from codegen.operators.support import (
    OperatorSupport,
    check_batch,
    check_constant,
    check_index_type,
    check_output_shape,
    check_quantization,
    check_types,
    data_of,
    integer_option,
    output_limits,
    zero_point_of,
)
from codegen.operators.window_side import padding_before
from codegen.operators.windows import weight_multipliers


@dataclass(frozen=True, slots=True)
class Side:
    """How one side of the output, its rows or its columns, is made from that of the input.

    Attributes:
        kernel: Taps of the kernel.
        stride: Rows of the output for each row of the input.
        padding: Rows of the transposed output that are cut off before the first one.
    """

    kernel: int
    stride: int
    padding: int

    @property
    def taps(self) -> int:
        """Rows of the input that one row of the output needs at most."""
        return -(-self.kernel // self.stride)

    @property
    def first(self) -> int:
        """The newest row of the input that the first row of the output needs."""
        return self.padding // self.stride

    @property
    def shared(self) -> int:
        """Rows of the input that `stride` rows of the output need together."""
        return self.taps + (self.padding + self.stride - 1) // self.stride - self.first

    def tap(self, row: int, newest: int, place: int) -> int | None:
        """The tap with which a row of the output reads a row of the input; None for no tap.

        Args:
            row: Of the output.
            newest: The row of the input at the end of the patch.
            place: Of the row that is read, from the end of the patch.
        """
        tap = row + self.padding - (newest - place) * self.stride
        return tap if 0 <= tap < self.kernel else None


def as_convolution(operator: Operator) -> Operator:
    """The operator with its inputs in the order of CONV_2D: image, weights, biases."""
    _, weights, image, *biases = operator.inputs
    return replace(operator, inputs=(image, weights, *biases))


def sides(graph: Graph, operator: Operator) -> tuple[Side, Side]:
    """Rows and columns.

    Source: TFLite, TRANSPOSE_CONV, Prepare: the padding of a convolution from the output to the
    input.
    """
    weights, output = graph.tensors[operator.inputs[1]], graph.tensors[operator.outputs[0]]
    found = []
    for axis, side in ((1, "h"), (2, "w")):
        stride, kernel = integer_option(operator, f"stride_{side}", 1), weights.shape[axis]
        padding = padding_before(operator, side, output.shape[axis], kernel)
        found.append(Side(kernel, stride, padding))
    return found[0], found[1]


def patch_groups(graph: Graph, operator: Operator) -> int:
    """Groups of `PATCH_GROUP` elements in the patch of the input that each kernel call gathers."""
    rows, columns = sides(graph, operator)
    channels = graph.tensors[operator.inputs[2]].shape[3]
    return -(-rows.taps * columns.shared * channels // PATCH_GROUP)


def _has_images(graph: Graph, operator: Operator) -> bool:
    tensors = [graph.tensors[i] for i in (*operator.inputs[1:3], *operator.outputs)]
    strides = [integer_option(operator, f"stride_{side}", 1) for side in "hw"]
    are_images = images_have_rows(tensors[1:])
    weights = tensors[0].shape
    return are_images and len(weights) == 4 and min(*weights, *strides) >= 1


def _check(graph: Graph, operator: Operator) -> list[str]:
    shape, weights, image = (graph.tensors[i] for i in operator.inputs[:3])
    (output,) = graph.outputs_of(operator)
    if len(image.shape) != 4 or len(weights.shape) != 4 or shape.shape != (4,):
        return [f"of shapes {[list(own.shape) for own in (shape, weights, image)]}"]
    count, _, _, channels = weights.shape
    own = as_convolution(operator)
    reasons = check_types([image, weights, output], [DType.INT8])
    reasons += check_index_type(shape, "the output's shape") + check_constant(shape, "shape")
    reasons += check_constant(weights, "weights") + check_bias(graph, own, count)
    reasons += check_quantization(graph, replace(own, inputs=own.inputs[:2]), weights)
    reasons += check_batch(image)
    if (padding := operator.options.get("padding")) not in ("SAME", "VALID"):
        reasons.append(f"with padding {padding}")
    if (fused := operator.options.get("fused_activation_function", "NONE")) != "NONE":
        reasons.append(f"with fused {fused}")
    if channels != image.shape[3]:
        reasons.append(f"with kernels of {channels} channels for {image.shape[3]}")
    if reasons or shape.data is None:
        return reasons
    wanted = np.asarray(shape.data).tolist()
    reasons = check_output_shape(output, (1, *wanted[1:3], count))
    if not reasons and not _has_images(graph, operator):
        reasons = ["with a stride or a size that is not possible"]
    if not reasons and weights.data is not None:
        multipliers = partial(weight_multipliers, graph, own)
        scales = None if image.quantization is None else multipliers
        reasons = check_sums(graph, own, np.asarray(weights.data, np.int8), scales)
    return reasons


def _by_patch(graph: Graph, operator: Operator) -> NDArray[np.int8]:
    """Weights (sets · pixels of a patch · output channels, patch h, patch w, channels).

    What a pixel does not read of the patch has zeros.
    """
    kernels = np.asarray(data_of(graph.tensors[operator.inputs[1]]), np.int8)
    rows, columns = sides(graph, operator)
    count, _, _, channels = kernels.shape
    shape = (rows.stride, columns.stride, count, rows.taps, columns.shared, channels)
    patches = np.zeros(shape, np.int8)
    last = columns.first - columns.taps + columns.shared
    for number in range(rows.stride):
        for column in range(columns.stride):
            for y in range(rows.taps):
                for x in range(columns.shared):
                    tap_y = number + (rows.taps - 1 - y) * rows.stride
                    tap_x = columns.tap(column, last, columns.shared - 1 - x)
                    if tap_y < rows.kernel and tap_x is not None:
                        patches[number, column, :, y, x] = kernels[:, tap_y, tap_x]
    return patches.reshape(-1, *shape[3:])


def _lower(graph: Graph, operator: Operator) -> KernelCall:
    own, (output,) = as_convolution(operator), graph.outputs_of(operator)
    rows, columns = sides(graph, operator)
    stored, count = padded_rows(_by_patch(graph, operator)), output.shape[3]
    bias = np.asarray(bias_array(graph, own, count).values, np.int64)
    sums = stored.sum(axis=1, dtype=np.int64) * zero_point_of(graph.tensors[own.inputs[0]])
    folded = np.tile(bias, len(stored) // count) - sums
    return KernelCall(
        function="nn_transpose_conv_s8",
        header="nn/transpose_conv.h",
        params_type="nn_transpose_conv_params",
        params=(
            *((f"conv.{name}", value) for name, value in _params_of_row(graph, operator)),
            ("stride_height", rows.stride),
            ("padding_top", rows.padding),
            ("left_channels", output.shape[2] % columns.stride * count),
        ),
        constants=(
            ConstantArray("weights", "int8_t", stored),
            ConstantArray("biases", "int32_t", folded.astype(np.uint32).astype(np.int32)),
            *multiplier_arrays(weight_multipliers(graph, own, count) * columns.stride),
        ),
        inputs=own.inputs[:1],
        output=operator.outputs[0],
        rings=("conv.input", "conv.output"),
        scratch="conv.scratch",
    )


def _params_of_row(graph: Graph, operator: Operator) -> tuple[tuple[str, int | str], ...]:
    """Of the convolution that makes a row of the output, in the order of its fields."""
    image, (output,) = graph.tensors[operator.inputs[2]], graph.outputs_of(operator)
    rows, columns = sides(graph, operator)
    lowest, highest = output_limits(operator, output)
    _, height, width, channels = image.shape
    return (
        ("input_height", height),
        ("input_width", width),
        ("input_channels", channels),
        ("output_height", output.shape[1]),
        ("output_width", output.shape[2] // columns.stride),
        ("output_channels", columns.stride * output.shape[3]),
        ("kernel_height", rows.taps),
        ("kernel_width", columns.shared),
        ("stride_height", 1),
        ("stride_width", 1),
        ("padding_top", rows.taps - 1),
        ("padding_left", columns.taps - 1 - columns.first),
        ("groups", patch_groups(graph, operator)),
        ("input_zero_point", zero_point_of(image)),
        ("output_zero_point", zero_point_of(output)),
        ("lowest", lowest),
        ("highest", highest),
        *((name, name) for name in ("weights", "biases", "multipliers", "shifts")),
    )


def _rows(graph: Graph, operator: Operator) -> RowWindow | None:
    if not _has_images(graph, operator):
        return None
    rows, _ = sides(graph, operator)
    return RowWindow(rows.taps, 1, rows.taps - 1, divisor=rows.stride, shift=rows.padding)


def _scratch(graph: Graph, operator: Operator) -> int:
    is_possible = _has_images(graph, operator)
    return patch_groups(graph, operator) * SCRATCH_BYTES_PER_GROUP if is_possible else 0


TRANSPOSE_CONV = OperatorSupport(
    _check, _lower, _rows, (3, 4), Memory(False, _scratch, no_overlap), transposed_macc
)
