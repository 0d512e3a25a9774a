"""Makes a table of the float functions between a DEQUANTIZE and a QUANTIZE. Pure.

A converter leaves functions without an int8 form in float32, between two conversions. They map each
of 256 stored values to one, so that they are a table. A QUANTIZE with this table as second input
takes their place.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import DType, Graph, Operator, Tensor
from codegen.operators.conversions import TABLE
from codegen.operators.support import has_scales, scale_of, zero_point_of
from codegen.operators.tables import STORED
from codegen.simplify.fold_dilations import only_reader

Reals = NDArray[np.float32]
_Function = Callable[[Operator, Reals], Reals]
_MOST_OPERATORS = 16
"""In a chain."""


def fold_tables(graph: Graph) -> tuple[Graph, tuple[int, ...]]:
    """The network with tables, and the indices of the operators that are left.

    A chain with a result that is no number, such as the logarithm of 0, stays as it is.
    """
    tensors, operators = list(graph.tensors), list(graph.operators)
    dropped: set[int] = set()
    for index, operator in enumerate(graph.operators):
        chain = _chain(graph, index) if operator.kind == "DEQUANTIZE" else []
        values = _values(graph, chain) if chain else None
        if values is None:
            continue
        source, (output,) = operator.inputs[0], graph.operators[chain[-1]].outputs
        own = graph.tensors[output].quantization
        tensors.append(Tensor("", values.shape, DType.INT8, True, quantization=own, data=values))
        table = Operator("QUANTIZE", (source, len(tensors) - 1), (output,), {TABLE: True})
        operators[chain[-1]] = table
        dropped |= set(chain[:-1])
    kept = tuple(index for index in range(len(operators)) if index not in dropped)
    own_operators = tuple(operators[index] for index in kept)
    return replace(graph, tensors=tuple(tensors), operators=own_operators), kept


def _chain(graph: Graph, first: int) -> list[int]:
    """The operators up to a QUANTIZE, each the only reader of the one before; none if it lacks."""
    found = [first]
    while len(found) < _MOST_OPERATORS:
        following = only_reader(graph, graph.operators[found[-1]])
        if following is None or len(graph.operators[following].outputs) != 1:
            return []
        found.append(following)
        kind = graph.operators[following].kind
        if kind == "QUANTIZE":
            return found if len(found) > 2 else []
        if kind not in _UNARY and kind not in _WITH_CONSTANT:
            return []
    return []


def _values(graph: Graph, chain: list[int]) -> NDArray[np.int8] | None:
    """What is stored for −128 to 127; None if the chain is no such function.

    Source: LiteRT, Dequantize and AffineQuantize: in single precision, rounded half away from zero.
    """
    first, *others, last = (graph.operators[index] for index in chain)
    source, output = graph.tensors[first.inputs[0]], graph.tensors[last.outputs[0]]
    are_bytes = source.dtype is output.dtype is DType.INT8 and source.shape == output.shape
    is_known = are_bytes and has_scales(graph, replace(first, outputs=last.outputs))
    if not is_known or source.is_constant or len(first.inputs) != 1 or len(last.inputs) != 1:
        return None
    with np.errstate(all="ignore"):
        values = np.float32(scale_of(source)) * (STORED - zero_point_of(source)).astype(np.float32)
        for operator in others:
            function = _function(graph, operator)
            if function is None:
                return None
            values = function(operator, values).astype(np.float32)
        scaled = (values / np.float32(scale_of(output))).astype(np.float64)
    if not np.isfinite(scaled).all():
        return None
    rounded = np.copysign(np.floor(np.abs(scaled) + 0.5), scaled)
    return np.asarray(np.clip(rounded + zero_point_of(output), -128, 127), np.int8)


def _function(graph: Graph, operator: Operator) -> _Function | None:
    """The function of one value that an operator in float32 is; None if it is another one."""
    tensors = (*graph.inputs_of(operator), *graph.outputs_of(operator))
    if any(tensor.dtype is not DType.FLOAT32 for tensor in tensors):
        return None
    if len(operator.inputs) == 1:
        return _UNARY.get(operator.kind)
    compute, (_, second, *more) = _WITH_CONSTANT.get(operator.kind), tensors
    is_scalar = second.data is not None and second.element_count == 1 and len(more) == 1
    is_plain = operator.options.get("fused_activation_function", "NONE") == "NONE"
    if compute is None or not is_scalar or not is_plain:
        return None
    constant = np.float32(np.ravel(np.asarray(second.data))[0])
    return lambda _, values: compute(values, constant)


def _precisely(function: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> _Function:
    return lambda _, values: function(values.astype(np.float64)).astype(np.float32)


def _logistic(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-values)))


def _leaky_relu(operator: Operator, values: Reals) -> Reals:
    alpha = np.float32(operator.options.get("alpha", 0.0))
    return np.where(values > 0, values, values * alpha)


def _hard_swish(_: Operator, values: Reals) -> Reals:
    return np.asarray(values * np.clip(values + np.float32(3), 0, 6) / np.float32(6))


_UNARY: dict[str, _Function] = {
    "ABS": lambda _, values: np.abs(values),
    "COS": _precisely(np.cos),
    "ELU": _precisely(lambda values: np.where(values < 0, np.expm1(values), values)),
    "EXP": _precisely(np.exp),
    "HARD_SWISH": _hard_swish,
    "LEAKY_RELU": _leaky_relu,
    "LOG": _precisely(np.log),
    "LOGISTIC": _precisely(_logistic),
    "NEG": lambda _, values: -values,
    "RELU": lambda _, values: np.maximum(values, np.float32(0)),
    "RELU6": lambda _, values: np.clip(values, np.float32(0), np.float32(6)),
    "RSQRT": _precisely(lambda values: 1 / np.sqrt(values)),
    "SIN": _precisely(np.sin),
    "SQRT": _precisely(np.sqrt),
    "SQUARE": lambda _, values: values * values,
    "TANH": _precisely(np.tanh),
}
_WITH_CONSTANT: dict[str, Callable[[Reals, np.float32], Reals]] = {
    "ADD": lambda values, constant: values + constant,
    "DIV": lambda values, constant: values / constant,
    "MUL": lambda values, constant: values * constant,
    "SUB": lambda values, constant: values - constant,
}
