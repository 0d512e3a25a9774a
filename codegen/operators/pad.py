"""PAD and PADV2: rows, columns and channels of one value around an image. Pure."""

import numpy as np

from codegen.model.graph import DType, Graph, Operator, Tensor
from codegen.operators.kernel_call import KernelCall
from codegen.operators.macc import no_macc
from codegen.operators.memory import OWN_BYTES
from codegen.operators.rows import padded_rows
from codegen.operators.support import (
    OperatorSupport,
    check_constant,
    check_index_type,
    check_output_shape,
    check_quantization,
    check_same_scale,
    check_types,
    data_of,
    has_rows,
    zero_point_of,
)

RANK = 4
"""Most dimensions of an image."""
PADS = ("PAD", "PADV2")


def check_padded(graph: Graph, operator: Operator) -> list[str]:
    """A reason for each way in which image, paddings and output cannot be used, but for amounts."""
    image, paddings, *_ = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    rank = len(image.shape)
    if not 0 < rank <= RANK or paddings.shape != (rank, 2):
        return [f"of shapes {list(image.shape)} and {list(paddings.shape)}"]
    reasons = check_types([image, output], [DType.INT8]) + check_index_type(paddings, "paddings")
    reasons += check_constant(paddings, "paddings") + check_quantization(graph, operator)
    return reasons or check_same_scale(image, output)


def _check(graph: Graph, operator: Operator) -> list[str]:
    image, paddings, *_ = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    reasons = check_padded(graph, operator) + _check_value(graph, operator)
    if reasons or paddings.data is None:
        return reasons
    amounts = np.asarray(paddings.data, np.int64)
    _, own = _as_image(image, paddings)
    if amounts.min() < 0 or own[0].any() or (len(image.shape) == RANK and image.shape[0] != 1):
        return [f"by {amounts.tolist()}"]
    return check_output_shape(output, (np.asarray(image.shape) + amounts.sum(axis=1)).tolist())


def _check_value(graph: Graph, operator: Operator) -> list[str]:
    """Source: TFLite, `pad.cc`, Prepare: PADV2's value has the scale of the output."""
    if operator.kind == "PAD":
        return []
    value, (output,) = graph.tensors[operator.inputs[2]], graph.outputs_of(operator)
    reasons = check_types([value], [DType.INT8]) + check_constant(value, "value")
    if value.element_count != 1:
        reasons.append(f"with {value.element_count} values")
    if not reasons and value.quantization != output.quantization:
        reasons.append("with a value of another scale than its output")
    return reasons


def pad_value(graph: Graph, operator: Operator) -> int:
    """The stored value with which a PAD or PADV2 fills."""
    if operator.kind == "PAD":
        return zero_point_of(graph.tensors[operator.outputs[0]])
    return int(np.ravel(data_of(graph.tensors[operator.inputs[2]]))[0])


def _as_image(
    tensor: Tensor, paddings: Tensor
) -> tuple[tuple[int, ...], np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    """A shape (n, h, w, c) and its padding (4, 2), with dimensions of 1 before the tensor's."""
    missing = RANK - len(tensor.shape)
    amounts = np.asarray(data_of(paddings), np.int64)
    return (1,) * missing + tensor.shape, np.pad(amounts, ((missing, 0), (0, 0)))


def pads_channels(graph: Graph, operator: Operator) -> bool:
    """Whether a PAD with known paddings adds channels."""
    paddings = graph.tensors[operator.inputs[1]]
    return paddings.data is not None and bool(np.any(np.asarray(paddings.data)[-1:]))


def _lower(graph: Graph, operator: Operator) -> KernelCall:
    image, paddings, *_ = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    (_, height, width, channels), amounts = _as_image(image, paddings)
    _, (top, _), (left, right), (before, _) = amounts.tolist()
    adds_channels = pads_channels(graph, operator)
    name = "pad_channels" if adds_channels else "pad"
    params: tuple[tuple[str, int], ...] = (
        ("input_height", height),
        ("input_row_bytes", width * channels),
        ("top", top),
        ("left_bytes", left * channels),
        ("right_bytes", right * channels),
    )
    if adds_channels:
        params = (
            ("input_height", height),
            ("input_width", width),
            ("input_channels", channels),
            ("output_channels", output.shape[-1]),
            ("top", top),
            ("left", left),
            ("first_channel", before),
        )
    return KernelCall(
        function=f"nn_{name}_8",
        header=f"nn/{name}.h",
        params_type=f"nn_{name}_params",
        params=(*params, ("value", pad_value(graph, operator))),
        constants=(),
        inputs=operator.inputs[:1],
        output=operator.outputs[0],
        rings=("input", "output"),
        is_one_row=not has_rows(image),
    )


PAD = OperatorSupport(_check, _lower, padded_rows, (2,), OWN_BYTES, no_macc)
PADV2 = OperatorSupport(_check, _lower, padded_rows, (3,), OWN_BYTES, no_macc)
