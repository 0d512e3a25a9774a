"""PAD: rows and columns of zero points around an image. Pure."""

import numpy as np

from codegen.graph import DType, Graph, Operator
from codegen.kernel_call import KernelCall
from codegen.operators.rows import padded_rows
from codegen.operators.support import (
    OperatorSupport,
    check_constant,
    check_index_type,
    check_output_shape,
    check_quantization,
    check_types,
    data_of,
    zero_point_of,
)


def _check(graph: Graph, operator: Operator) -> list[str]:
    image, paddings = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    if len(image.shape) != 4 or paddings.shape != (4, 2):
        return [f"of shapes {list(image.shape)} and {list(paddings.shape)}"]
    reasons = check_types([image, output], [DType.INT8]) + check_index_type(paddings, "paddings")
    reasons += check_constant(paddings, "paddings") + check_quantization(graph, operator)
    if not reasons and image.quantization != output.quantization:
        reasons.append("with an output of another scale than its input")
    if reasons or paddings.data is None:
        return reasons
    amounts = np.asarray(paddings.data, np.int64)
    if amounts.min() < 0 or amounts[0].any() or amounts[3].any():
        return [f"by {amounts.tolist()}"]
    return check_output_shape(output, (np.asarray(image.shape) + amounts.sum(axis=1)).tolist())


def _lower(graph: Graph, operator: Operator) -> KernelCall:
    image, paddings = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    _, (top, _), (left, right), _ = np.asarray(data_of(paddings), np.int64).tolist()
    _, height, width, channels = image.shape
    return KernelCall(
        function="nn_pad_8",
        header="nn/pad.h",
        params_type="nn_pad_params",
        params=(
            ("input_height", height),
            ("input_row_bytes", width * channels),
            ("top", top),
            ("left_bytes", left * channels),
            ("right_bytes", right * channels),
            ("value", zero_point_of(output)),
        ),
        constants=(),
        inputs=operator.inputs[:1],
        output=operator.outputs[0],
        rings=("input", "output"),
    )


PAD = OperatorSupport(_check, _lower, padded_rows, input_counts=(2,))
