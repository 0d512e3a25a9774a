"""PRELU: values below zero times a slope, one for each channel or element. Pure."""

import numpy as np

from codegen.model.fixed_point import (
    Multiplier,
    product_in_single_precision,
    quantize_multiplier,
    single,
)
from codegen.model.graph import DType, Graph, Operator
from codegen.operators.elementwise import repeats, repetition
from codegen.operators.kernel_call import ConstantArray, KernelCall
from codegen.operators.macc import no_macc
from codegen.operators.memory import IN_PLACE
from codegen.operators.rows import elementwise_rows
from codegen.operators.support import (
    LARGEST_DIFFERENCE,
    OperatorSupport,
    check_constant,
    check_factors,
    check_output_shape,
    check_quantization,
    check_types,
    data_of,
    has_scales,
    row_elements,
    scale_of,
    zero_point_of,
)


def _check(graph: Graph, operator: Operator) -> list[str]:
    source, slopes = (graph.tensors[i] for i in operator.inputs)
    (output,) = graph.outputs_of(operator)
    reasons = check_types([source, slopes, output], [DType.INT8])
    reasons += check_constant(slopes, "slopes") + check_quantization(graph, operator)
    if not repeats(source, slopes):
        reasons.append(f"of shapes {list(source.shape)} and {list(slopes.shape)}")
    reasons += check_output_shape(output, source.shape)
    if reasons or not has_scales(graph, operator):
        return reasons
    return check_factors([LARGEST_DIFFERENCE, LARGEST_DIFFERENCE**2], _factors(graph, operator))


def _factors(graph: Graph, operator: Operator) -> tuple[Multiplier, Multiplier]:
    """For values from the zero point up, and for products of lower ones with slopes.

    Source: TFLite, PreluPrepare: both in single precision.
    """
    source, slopes = (graph.tensors[i] for i in operator.inputs)
    (output,) = graph.outputs_of(operator)
    out_scale = single(scale_of(output))
    product = product_in_single_precision(scale_of(source), scale_of(slopes))
    return (
        quantize_multiplier(single(single(scale_of(source)) / out_scale)),
        quantize_multiplier(single(product / out_scale)),
    )


def _lower(graph: Graph, operator: Operator) -> KernelCall:
    source, slopes = (graph.tensors[i] for i in operator.inputs)
    is_by_row, channels = repetition(source, slopes)
    above, below = _factors(graph, operator)
    return KernelCall(
        function="nn_prelu_s8",
        header="nn/prelu.h",
        params_type="nn_prelu_params",
        params=(
            ("row_elements", row_elements(source) if is_by_row else source.element_count),
            ("channels", channels),
            ("input_zero_point", zero_point_of(source)),
            ("slope_zero_point", zero_point_of(slopes)),
            ("output_zero_point", zero_point_of(graph.tensors[operator.outputs[0]])),
            ("above_multiplier", above.multiplier),
            ("above_shift", above.shift),
            ("below_multiplier", below.multiplier),
            ("below_shift", below.shift),
            ("slopes", "slopes"),
        ),
        constants=(ConstantArray("slopes", "int8_t", np.asarray(data_of(slopes), np.int8)),),
        inputs=operator.inputs[:1],
        output=operator.outputs[0],
        rings=("input", "output"),
        is_one_row=not is_by_row,
    )


PRELU = OperatorSupport(_check, _lower, elementwise_rows, (2,), IN_PLACE, no_macc)
