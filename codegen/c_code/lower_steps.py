"""Lowers steps, which may combine several operators, to kernel calls. Pure."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from codegen.model.fixed_point import Multiplier, rescale, type_range
from codegen.model.graph import Graph, Operator
from codegen.operators import lower_operator
from codegen.operators.elementwise import SCALING
from codegen.operators.kernel_call import ConstantArray, KernelCall
from codegen.operators.support import data_of, has_rows, row_elements
from codegen.operators.tables import byte_table
from codegen.planning.steps import Step, StepKind, constant_operand

Params = dict[str, int | float | str]


def lower_step(graph: Graph, step: Step) -> KernelCall:
    """The kernel call of a step whose operators passed `check_operators`."""
    if step.kind is StepKind.TABLE:
        return _lower_table(graph, step)
    if step.kind is StepKind.POOLED_CONVOLUTION:
        return _lower_pooled_convolution(graph, step)
    return lower_operator(graph, graph.operators[step.operators[0]])


def _lower_pooled_convolution(graph: Graph, step: Step) -> KernelCall:
    convolution, *others = (graph.operators[index] for index in step.operators)
    call = lower_operator(graph, convolution)
    _, height, width, _ = graph.tensors[step.output].shape
    params: list[tuple[str, int | float | str]] = [
        (f"conv.{field}", value) for field, value in call.params
    ]
    params += [("pooled_height", height), ("pooled_width", width)]
    constants = list(call.constants)
    for operator in others:
        if operator.kind in ("MUL", "ADD"):
            name = operator.kind.lower()
            part = lower_operator(graph, operator)
            arrays = {constant.name: f"{name}_{constant.name}" for constant in part.constants}
            params += [
                (f"{name}.{key.removeprefix(SCALING)}", arrays.get(str(value), value))
                for key, value in part.params
                if key.startswith(SCALING)
            ]
            constants += [replace(c, name=arrays[c.name]) for c in part.constants]
    return replace(
        call,
        function="nn_conv_2d_max_pool_2d_s8",
        header="nn/conv_2d_max_pool_2d.h",
        params_type="nn_conv_2d_max_pool_2d_params",
        params=tuple(params),
        constants=tuple(constants),
        output=step.output,
        rings=("conv.input", "conv.output"),
        scratch="conv.scratch",
    )


def _lower_table(graph: Graph, step: Step) -> KernelCall:
    """The results of a chain of element-wise operators for every byte, for each channel."""
    operators = [graph.operators[index] for index in step.operators]
    source = graph.tensors[step.inputs[0]]
    lowest, highest = type_range(source.dtype)
    values = np.arange(lowest, highest + 1)[np.newaxis]
    for operator in operators:
        values = _apply(graph, operator, values)
    table = byte_table(values, lowest)
    return KernelCall(
        function="nn_lookup_8",
        header="nn/lookup.h",
        params_type="nn_lookup_params",
        params=(
            ("row_elements", row_elements(source)),
            ("channels", len(table)),
            ("table", "table"),
        ),
        constants=(ConstantArray("table", "uint8_t", table),),
        inputs=step.inputs,
        output=step.output,
        rings=("input", "output"),
        is_one_row=not has_rows(source),
    )


def _apply(graph: Graph, operator: Operator, values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Stored values (channels or 1, n) after one operator; the same arithmetic as its kernel."""
    call = lower_operator(graph, operator)
    p: Params = {name.removeprefix(SCALING): value for name, value in call.params}
    if operator.kind == "QUANTIZE":
        lowest, highest = type_range(graph.outputs_of(operator)[0].dtype)
        scaled = rescale(values - _int(p, "input_zero_point"), _factor(p, ""))
        return np.clip(scaled + _int(p, "output_zero_point"), lowest, highest)
    constant = constant_operand(graph, operator)
    assert constant is not None
    second = np.asarray(data_of(constant), np.int64).reshape(-1, 1) - _int(p, "second_zero_point")
    first = values - _int(p, "first_zero_point")
    if operator.kind == "MUL":
        scaled = rescale(first * second, _factor(p, ""))
    else:
        shift = _int(p, "left_shift")
        total = rescale(first << shift, _factor(p, "first_"))
        total = total + rescale(second << shift, _factor(p, "second_"))
        scaled = rescale(total, _factor(p, "output_"))
    return np.clip(scaled + _int(p, "output_zero_point"), _int(p, "lowest"), _int(p, "highest"))


def _int(params: Params, name: str) -> int:
    return int(params[name])


def _factor(params: Params, prefix: str) -> Multiplier:
    return Multiplier(_int(params, f"{prefix}multiplier"), _int(params, f"{prefix}shift"))
