"""MEAN, SUM, REDUCE_MAX and REDUCE_MIN over any dimensions. Pure."""

from dataclasses import dataclass
from math import prod

import numpy as np

from codegen.model.fixed_point import Multiplier, mean_multiplier, quantize_multiplier
from codegen.model.graph import DType, Graph, Operator
from codegen.operators.channels import LARGEST_SUM
from codegen.operators.kernel_call import KernelCall
from codegen.operators.macc import no_macc
from codegen.operators.memory import OWN_BYTES
from codegen.operators.rows import not_by_rows
from codegen.operators.support import (
    LARGEST_DIFFERENCE,
    OperatorSupport,
    check_constant,
    check_factors,
    check_index_type,
    check_output_shape,
    check_quantization,
    check_same_scale,
    check_types,
    scale_of,
    zero_point_of,
)

LOOPS = 3
"""NN_REDUCE_LOOPS in C."""
Loops = list[tuple[int, int]]
"""Rounds, and elements from one to the next; the outermost loop first."""
Params = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Reduction:
    """Loops over the dimensions that are kept, and over those that are reduced."""

    kept: Loops
    reduced: Loops

    @property
    def count(self) -> int:
        """Elements from which each one of the output is made."""
        return prod(count for count, _ in self.reduced)

    @property
    def is_of_pixels(self) -> bool:
        """Whether pixels are reduced that lie one after another, with all channels kept."""
        channels = prod(count for count, _ in self.kept)
        return self.reduced[1:] == [] == self.kept[1:] and (
            not self.reduced or self.reduced[0][1] == channels
        )


def reduction_of(graph: Graph, operator: Operator) -> Reduction:
    """The loops of a reduction. Neighbouring dimensions of one kind are one loop."""
    shape = graph.tensors[operator.inputs[0]].shape
    axes = _axes(graph, operator)
    loops: dict[bool, Loops] = {False: [], True: []}
    last, step = None, prod(shape)
    for axis, size in enumerate(shape):
        step //= size
        is_reduced = axis in axes
        own = loops[is_reduced]
        if size > 1 and last is is_reduced:
            own[-1] = (own[-1][0] * size, step)
        elif size > 1:
            own.append((size, step))
            last = is_reduced
    return Reduction(loops[False], loops[True])


def _axes(graph: Graph, operator: Operator) -> set[int]:
    """The reduced dimensions; none if they are not known."""
    rank = len(graph.tensors[operator.inputs[0]].shape)
    data = graph.tensors[operator.inputs[1]].data
    return set() if data is None else {int(axis) % rank for axis in np.ravel(data)}


def _check(graph: Graph, operator: Operator) -> list[str]:
    source, axes = (graph.tensors[i] for i in operator.inputs)
    (output,) = graph.outputs_of(operator)
    reasons = check_types([source, output], [DType.INT8]) + check_index_type(axes, "axes")
    reasons += check_constant(axes, "axes") + check_quantization(graph, operator)
    rank = len(source.shape)
    if not rank:
        return [*reasons, "of a scalar"]
    if reasons:
        return reasons
    named = [] if axes.data is None else np.ravel(axes.data).tolist()
    if any(not -rank <= axis < rank for axis in named):
        return [f"over axes {named}"]
    reduced, reduction = _axes(graph, operator), reduction_of(graph, operator)
    if max(len(reduction.kept), len(reduction.reduced)) > LOOPS:
        return [f"over axes {sorted(reduced)} of {rank}"]
    kept = bool(operator.options.get("keep_dims", False))
    sizes = [1 if axis in reduced else size for axis, size in enumerate(source.shape)]
    expected = sizes if kept else [s for axis, s in enumerate(sizes) if axis not in reduced]
    return check_output_shape(output, expected)


def _check_mean(graph: Graph, operator: Operator) -> list[str]:
    reasons = _check(graph, operator)
    source, output = graph.tensors[operator.inputs[0]], graph.tensors[operator.outputs[0]]
    if reasons or source.quantization is None or output.quantization is None:
        return reasons
    largest = LARGEST_DIFFERENCE * reduction_of(graph, operator).count
    if largest > LARGEST_SUM:
        return [f"with sums up to {largest}"]
    return check_factors([largest], [_factor(graph, operator)])


def _check_sum(graph: Graph, operator: Operator) -> list[str]:
    """Its kernel is that of MEAN, with another factor."""
    if graph.rounding == "litert":
        return ["rounded as LiteRT, whose reference kernels have no sum in int8"]
    return _check_mean(graph, operator)


def _check_extreme(graph: Graph, operator: Operator) -> list[str]:
    source, output = graph.tensors[operator.inputs[0]], graph.tensors[operator.outputs[0]]
    return _check(graph, operator) or check_same_scale(source, output)


def _factor(graph: Graph, operator: Operator) -> Multiplier:
    """From a sum of differences to the zero point, to the output: a mean, or the sum itself.

    Source: TFLM, PrepareMeanOrSumHelper: SUM has the ratio of the scales in double precision.
    """
    source, output = graph.tensors[operator.inputs[0]], graph.tensors[operator.outputs[0]]
    ratio = scale_of(source) / scale_of(output)
    if operator.kind == "SUM":
        return quantize_multiplier(ratio)
    return mean_multiplier(ratio, reduction_of(graph, operator).count)


def _lower_mean(graph: Graph, operator: Operator) -> KernelCall:
    reduction, factor = reduction_of(graph, operator), _factor(graph, operator)
    source, output = graph.tensors[operator.inputs[0]], graph.tensors[operator.outputs[0]]
    zero_point, name, own = zero_point_of(source), "reduce_mean", _all_loops(reduction)
    own = (*own, ("sum_zero_point", zero_point * reduction.count))
    if reduction.is_of_pixels:
        name, own = (
            "mean",
            (
                ("pixels", reduction.count),
                ("channels", output.element_count),
                ("input_zero_point", zero_point),
            ),
        )
    scaling = (
        ("output_zero_point", zero_point_of(output)),
        ("multiplier", factor.multiplier),
        ("shift", factor.shift),
    )
    return _call(operator, f"nn_{name}", f"nn_{name}_params", (*own, *scaling))


def _lower_extreme(graph: Graph, operator: Operator) -> KernelCall:
    own = _all_loops(reduction_of(graph, operator))
    return _call(operator, f"nn_{operator.kind.lower()}", "nn_reduce_params", own)


def _call(operator: Operator, name: str, params_type: str, params: Params) -> KernelCall:
    """The call of a kernel on whole tensors: its parameters are all that differs."""
    return KernelCall(
        function=f"{name}_s8",
        header="nn/mean.h" if name == "nn_mean" else "nn/reduce.h",
        params_type=params_type,
        params=params,
        constants=(),
        inputs=operator.inputs[:1],
        output=operator.outputs[0],
    )


def _all_loops(reduction: Reduction) -> Params:
    return (*_loops("kept", reduction.kept), *_loops("reduced", reduction.reduced))


def _loops(name: str, loops: Loops) -> Params:
    """The fields of loops, of which the outermost may go round once."""
    filled = [(1, 0)] * (LOOPS - len(loops)) + loops
    return (
        *((f"{name}.counts[{index}]", count) for index, (count, _) in enumerate(filled)),
        *((f"{name}.steps[{index}]", step) for index, (_, step) in enumerate(filled)),
    )


MEAN = OperatorSupport(_check_mean, _lower_mean, not_by_rows, (2,), OWN_BYTES, no_macc)
REDUCE_MAX = OperatorSupport(_check_extreme, _lower_extreme, not_by_rows, (2,), OWN_BYTES, no_macc)
REDUCE_MIN = OperatorSupport(_check_extreme, _lower_extreme, not_by_rows, (2,), OWN_BYTES, no_macc)
SUM = OperatorSupport(_check_sum, _lower_mean, not_by_rows, (2,), OWN_BYTES, no_macc)
