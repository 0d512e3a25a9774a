"""Computes what does not depend on the model's input, such as the shapes of a RESHAPE. Pure.

Keras writes a `Flatten` with a free batch size as SHAPE, STRIDED_SLICE, PACK and RESHAPE. Shapes
are known here, so that only the RESHAPE is left. An interpreter executes all four.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import DType, Graph, Operator, Tensor
from codegen.model.single_outputs import single_outputs
from codegen.model.strided_slice import strided_index

MOST_ELEMENTS = 64
"""Of a result of integer arithmetic; shapes have some."""
Values = NDArray[np.generic]
Integers = NDArray[np.int64]

_INTEGERS = (DType.INT32, DType.INT64)


def fold_constants(graph: Graph) -> Graph:
    """The network without the operators whose outputs are known, which become constants.

    The output of a RESHAPE gets the shape that its second input gives, once it is known, and that
    of FULLY_CONNECTED as many vectors as its input has: some converters leave another shape in the
    file. Outputs of the model stay computed. An operator with several outputs becomes one for each
    output that is needed.
    """
    return fold_and_trace(graph)[0]


def fold_and_trace(graph: Graph) -> tuple[Graph, tuple[int, ...]]:
    """The result of `fold_constants`, and for each of its operators the index in the network."""
    kept, tensors = _fold(graph)
    operators = tuple(operator for _, operator in kept)
    folded = replace(graph, tensors=tuple(tensors), operators=operators)
    return folded, tuple(index for index, _ in kept)


def _fold(graph: Graph) -> tuple[list[tuple[int, Operator]], list[Tensor]]:
    tensors = list(graph.tensors)
    needed = {*graph.outputs, *(i for operator in graph.operators for i in operator.inputs)}
    kept = []
    for index, operator in enumerate(graph.operators):
        values = None
        if len(operator.outputs) == 1 and operator.outputs[0] not in graph.outputs:
            values = _values(operator, tensors)
        if values is not None:
            own = operator.outputs[0]
            tensors[own] = replace(tensors[own], is_constant=True, data=values)
            continue
        kept += [(index, part) for part in single_outputs(operator, needed)]
        if operator.kind == "RESHAPE" and (len(operator.inputs), len(operator.outputs)) == (2, 1):
            _give_shape(operator, tensors)
        if operator.kind == "FULLY_CONNECTED" and len(operator.outputs) == 1:
            _give_vectors(operator, tensors)
    return kept, tensors


def _values(operator: Operator, tensors: Sequence[Tensor]) -> Values | None:
    """The output of an operator, as its tensor is described; None if it is not known."""
    output = tensors[operator.outputs[0]]
    if not operator.inputs or min(operator.inputs) < 0:
        return None
    inputs = [tensors[i] for i in operator.inputs]
    if operator.kind in _SAME_ELEMENTS:
        return _same_elements(inputs[0], output)
    if output.dtype not in _INTEGERS or output.element_count > MOST_ELEMENTS:
        return None
    if operator.kind == "SHAPE":
        return _fitting(np.array(inputs[0].shape, np.int64), output)
    compute = _COMPUTED.get(operator.kind)
    constants = [_integers(tensor) for tensor in inputs]
    known = [own for own in constants if own is not None]
    if compute is None or len(known) < len(inputs):
        return None
    try:
        return _fitting(np.asarray(compute(operator, known)), output)
    except (ValueError, IndexError, TypeError):
        return None


def _same_elements(source: Tensor, output: Tensor) -> Values | None:
    fits = source.dtype is output.dtype and source.element_count == output.element_count
    if source.data is None or not fits or source.dtype is DType.OTHER:
        return None
    return source.data.reshape(output.shape)


def _integers(tensor: Tensor) -> Integers | None:
    is_small = tensor.dtype in _INTEGERS and tensor.element_count <= MOST_ELEMENTS
    return None if tensor.data is None or not is_small else np.asarray(tensor.data, np.int64)


def _fitting(values: Integers, output: Tensor) -> Values | None:
    limits = np.iinfo(output.dtype.value)
    fits = values.shape == output.shape and bool(
        np.all((values >= limits.min) & (values <= limits.max))
    )
    return values.astype(output.dtype.value) if fits else None


def _give_shape(reshape: Operator, tensors: list[Tensor]) -> None:
    """Source: TFLite, RESHAPE: one dimension may be −1, for as many as are left."""
    (own,) = reshape.outputs
    if min(reshape.inputs) < 0 or tensors[own].is_constant:
        return
    source, wanted = (tensors[i] for i in reshape.inputs)
    values = _integers(wanted)
    if values is None or values.ndim != 1:
        return
    shape = values.tolist()
    if shape.count(-1) == 1:
        left = prod(size for size in shape if size != -1)
        shape[shape.index(-1)] = source.element_count // left if left > 0 else -1
    if all(size >= 1 for size in shape) and prod(shape) == source.element_count:
        tensors[own] = replace(tensors[own], shape=tuple(shape))


def _give_vectors(product: Operator, tensors: list[Tensor]) -> None:
    """The output of FULLY_CONNECTED gets as many vectors as its input has, if it is one vector.

    Source: TFLite, FULLY_CONNECTED, Prepare: the input is flattened to vectors.
    """
    (own,) = product.outputs
    if len(product.inputs) < 2 or min(product.inputs[:2]) < 0 or tensors[own].is_constant:
        return
    source, weights = (tensors[i] for i in product.inputs[:2])
    if len(weights.shape) != 2 or min(weights.shape) < 1:
        return
    rows, columns = weights.shape
    vectors, left = divmod(source.element_count, columns)
    if vectors > 1 and left == 0 and tensors[own].shape == (1, rows):
        tensors[own] = replace(tensors[own], shape=(vectors, rows))


def _strided_slice(operator: Operator, inputs: Sequence[Integers]) -> Values:
    source, begins, ends, strides = inputs
    index = strided_index(operator, begins.tolist(), ends.tolist(), strides.tolist())
    return np.asarray(source[index])


def _axis(operator: Operator) -> int:
    return int(operator.options.get("axis", 0))


def _gather(operator: Operator, inputs: Sequence[Integers]) -> Values:
    source, indices = inputs
    if operator.options.get("batch_dims", 0) or indices.min(initial=0) < 0:
        raise ValueError("indices of another kind")
    return np.asarray(np.take(source, indices, axis=_axis(operator)))


def _product(operator: Operator, inputs: Sequence[Integers]) -> Values:
    source, axes = inputs
    keep = bool(operator.options.get("keep_dims", False))
    largest = float(np.abs(source.astype(np.float64)).prod())
    if largest >= float(1 << 62):
        raise ValueError("a product that overflows")
    return np.asarray(source.prod(axis=tuple(np.ravel(axes).tolist()), keepdims=keep))


def _arithmetic(
    compute: Callable[[Integers, Integers], Integers],
) -> Callable[[Operator, Sequence[Integers]], Values]:
    def result(operator: Operator, inputs: Sequence[Integers]) -> Values:
        first, second = inputs
        largest = max(int(np.abs(own).max(initial=0)) for own in inputs)
        if largest >= 1 << 31 or _is_fused(operator):
            raise ValueError("not plain arithmetic")
        return compute(first, second)

    return result


def _is_fused(operator: Operator) -> bool:
    return operator.options.get("fused_activation_function", "NONE") != "NONE"


def _joined(operator: Operator, inputs: Sequence[Integers]) -> Values:
    if _is_fused(operator):
        raise ValueError("not plain")
    return np.concatenate(list(inputs), axis=_axis(operator))


_SAME_ELEMENTS = ("RESHAPE", "EXPAND_DIMS", "SQUEEZE")
_COMPUTED: dict[str, Callable[[Operator, Sequence[Integers]], Values]] = {
    "ADD": _arithmetic(np.add),
    "CAST": lambda _, inputs: inputs[0],
    "CONCATENATION": _joined,
    "GATHER": _gather,
    "MUL": _arithmetic(np.multiply),
    "PACK": lambda operator, inputs: np.stack(list(inputs), axis=_axis(operator)),
    "REDUCE_PROD": _product,
    "STRIDED_SLICE": _strided_slice,
    "SUB": _arithmetic(np.subtract),
}
