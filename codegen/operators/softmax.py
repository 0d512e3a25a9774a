"""SOFTMAX and LOG_SOFTMAX. Pure."""

from math import prod

from codegen.model.fixed_point import softmax_factor, softmax_scaling
from codegen.model.graph import DType, Graph, Operator, Quantization
from codegen.operators.kernel_call import KernelCall
from codegen.operators.macc import no_macc
from codegen.operators.memory import OWN_BYTES
from codegen.operators.rows import not_by_rows
from codegen.operators.support import (
    OperatorSupport,
    check_output_shape,
    check_quantization,
    check_types,
    scale_of,
)

MOST_CLASSES = 4095
"""More could overflow the sum of the exponentials, which has twelve integer bits."""
OUTPUTS = {
    "SOFTMAX": Quantization((1 / 256,), (-128,)),
    "LOG_SOFTMAX": Quantization((1 / 16,), (127,)),
}
"""The only quantisation of the output that the reference kernels give."""


def _check(graph: Graph, operator: Operator) -> list[str]:
    (source,) = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    reasons = check_types([source, output], [DType.INT8]) + check_quantization(graph, operator)
    reasons += check_output_shape(output, source.shape)
    classes = source.shape[-1] if source.shape else 0
    if not 1 <= classes <= MOST_CLASSES:
        reasons.append(f"over {classes} classes")
    if reasons or source.quantization is None or output.quantization is None:
        return reasons
    if output.quantization != OUTPUTS[operator.kind]:
        own = output.quantization
        reasons.append(f"with output scale {own.scale:g} and zero point {own.zero_point}")
    if softmax_factor(scale_of(source), _beta(operator)) <= 1.0:
        beta = f" and beta {_beta(operator):g}" if operator.kind == "SOFTMAX" else ""
        reasons.append(f"with input scale {scale_of(source):g}{beta}")
    return reasons


def _beta(operator: Operator) -> float:
    return float(operator.options.get("beta", 1.0))


def _exponentials(graph: Graph, operator: Operator) -> tuple[tuple[str, int], ...]:
    """The fields of nn_softmax_params."""
    (source,) = graph.inputs_of(operator)
    scaling = softmax_scaling(scale_of(source), _beta(operator))
    return (
        ("rows", prod(source.shape[:-1])),
        ("classes", source.shape[-1]),
        ("multiplier", scaling.input.multiplier),
        ("shift", scaling.input.shift),
        ("smallest_difference", scaling.smallest_difference),
    )


def _lower_softmax(graph: Graph, operator: Operator) -> KernelCall:
    return KernelCall(
        function="nn_softmax_s8",
        header="nn/softmax.h",
        params_type="nn_softmax_params",
        params=_exponentials(graph, operator),
        constants=(),
        inputs=operator.inputs,
        output=operator.outputs[0],
    )


def _lower_log_softmax(graph: Graph, operator: Operator) -> KernelCall:
    (source,) = graph.inputs_of(operator)
    inverse = softmax_scaling(scale_of(source), 1.0).inverse
    fields = _exponentials(graph, operator)
    return KernelCall(
        function="nn_log_softmax_s8",
        header="nn/log_softmax.h",
        params_type="nn_log_softmax_params",
        params=(
            *((f"exponentials.{name}", value) for name, value in fields),
            ("inverse_multiplier", inverse.multiplier),
            ("inverse_shift", inverse.shift),
        ),
        constants=(),
        inputs=operator.inputs,
        output=operator.outputs[0],
    )


SOFTMAX = OperatorSupport(_check, _lower_softmax, not_by_rows, (1,), OWN_BYTES, no_macc)
LOG_SOFTMAX = OperatorSupport(_check, _lower_log_softmax, not_by_rows, (1,), OWN_BYTES, no_macc)
