"""Work that depends on scales besides shapes: factors above 1 or below, exponentials. Pure.

A factor below 1 takes a rounding shift, one above 1 a call: other paths through the kernels.
Where scales are not known yet, placeholders stand for them.
"""

from functools import cache

import numpy as np

from codegen.model.fixed_point import Multiplier, rescale
from codegen.model.graph import DType, Graph, Operator
from codegen.model.placeholders import with_placeholders
from codegen.operators import lower_operator

_QUARTER_BITS = 24
"""Of an exponent in Q5.26: exp is taken apart into its quarters and a rest (src/exponentials.h)."""
_DIFFERENCES = 256
"""An input of either SOFTMAX lies so many steps below the largest, or fewer; all as often."""


def scaled_work(graph: Graph, operator: Operator, elements: int) -> dict[str, int]:
    """Elements that go through factors below 1, and above it, each counted for each factor."""
    params = _params(graph, operator)
    shifts = [
        params[name]
        for name in ("shift", "first_shift", "second_shift", "output_shift")
        if name in params and not (name == "second_shift" and "addends" in params)
    ]
    return {
        "scaled down": elements * sum(shift < 0 for shift in shifts),
        "scaled up": elements * sum(shift > 0 for shift in shifts),
        "halved": elements * _is_halved(params),
    }


def _is_halved(params: dict[str, int]) -> bool:
    """Whether an ADD of two activations only halves one of them (add_halved in nn/add.c)."""
    if "first_shift" not in params or params["channels"] != params["row_elements"]:
        return False
    larger = [name for name in ("first", "second") if params[f"{name}_shift"] >= 0]
    is_added = len(larger) == 1 and params[f"{larger[0]}_multiplier"] > 0
    return "addends" not in params and is_added and params["output_shift"] < 0


def flips(graph: Graph, operator: Operator) -> bool:
    """Whether a QUANTIZE only changes the highest bit of each byte (is_flip in nn/quantize.c)."""
    params = _params(graph, operator)
    points = params.get("output_zero_point", 0) - params.get("input_zero_point", 0)
    is_same = (params.get("multiplier"), params.get("shift")) == (1 << 30, 1)
    types = [graph.tensors[own[0]].dtype for own in (operator.inputs, operator.outputs)]
    return is_same and (types, points) in (
        ([DType.UINT8, DType.INT8], -128),
        ([DType.INT8, DType.UINT8], 128),
    )


def softmax_work(graph: Graph, operator: Operator) -> dict[str, int]:
    """Rows, elements, and of these the exponentials and the factors that they are made of.

    How many depends on the data; counted is what inputs give that lie anywhere below the largest.
    """
    params = _params(graph, operator)
    rows, classes = params["rows"], params["classes"]
    exponentials, factors = _exponential(
        params["multiplier"], params["shift"], params["smallest_difference"]
    )
    others = rows * (classes - 1)
    return {
        "rows": rows,
        "elements": rows * classes,
        "exponentials": round(others * exponentials),
        "factors": round(others * factors),
    }


@cache
def _exponential(multiplier: int, shift: int, smallest_difference: int) -> tuple[float, float]:
    """The fraction of differences that are not too small, and the factors of one on average."""
    differences = -np.arange(1, _DIFFERENCES, dtype=np.int64)
    kept = differences[differences >= smallest_difference]
    quarters = -(rescale(kept, Multiplier(multiplier, shift)) >> _QUARTER_BITS) - 1
    factors = sum(int(quarter).bit_count() for quarter in np.maximum(quarters, 0))
    return len(kept) / len(differences), factors / len(differences)


def _params(graph: Graph, operator: Operator) -> dict[str, int]:
    tensors = (*graph.inputs_of(operator), *graph.outputs_of(operator))
    is_known = all(
        t.quantization is not None and (t.data is not None or not t.is_constant) for t in tensors
    )
    call = lower_operator(graph if is_known else with_placeholders(graph), operator)
    return {
        name.rpartition(".")[2]: value for name, value in call.params if isinstance(value, int)
    } | {constant.name: 1 for constant in call.constants}
