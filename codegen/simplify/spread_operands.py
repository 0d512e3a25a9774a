"""Gives element-wise operators operands that their kernels can repeat. Pure.

The kernels take one operand of the output's size, and repeat another one along its last dimensions.
An operand that has a single element in one of these is spread before: a constant here, what is
computed by a BROADCAST_TO.
"""

from dataclasses import replace

import numpy as np

from codegen.model.graph import DType, Graph, Operator, Tensor
from codegen.operators.elementwise import operands, repeats

_KINDS = ("ADD", "MAXIMUM", "MINIMUM", "MUL", "SUB")


def spread_operands(graph: Graph) -> tuple[Graph, tuple[int, ...]]:
    """The network with spread operands, and for each operator the index of the one it is for.

    An operator whose operands are not of the output's shape after it stays as it is.
    """
    tensors = list(graph.tensors)
    operators: list[Operator] = []
    indices: list[int] = []
    for index, operator in enumerate(graph.operators):
        own = [operator]
        if _is_spread(graph, operator):
            own = _spread(graph, operator, tensors)
        operators += own
        indices += [index] * len(own)
    return replace(graph, tensors=tuple(tensors), operators=tuple(operators)), tuple(indices)


def _is_spread(graph: Graph, operator: Operator) -> bool:
    """Whether the operands have the shape of the output together, but no kernel repeats them."""
    if operator.kind not in _KINDS or len(operator.inputs) != 2 or min(operator.inputs) < 0:
        return False
    inputs, outputs = graph.inputs_of(operator), graph.outputs_of(operator)
    if len(outputs) != 1 or all(tensor.is_constant for tensor in inputs):
        return False
    if any(tensor.dtype is not DType.INT8 for tensor in (*inputs, *outputs)):
        return False
    full, other = (inputs[at] for at in operands(graph, operator))
    if full.element_count == outputs[0].element_count and repeats(full, other):
        return False
    return _joint_shape(inputs[0], inputs[1]) == outputs[0].shape


def _joint_shape(first: Tensor, second: Tensor) -> tuple[int, ...] | None:
    try:
        return np.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        return None


def _spread(graph: Graph, operator: Operator, tensors: list[Tensor]) -> list[Operator]:
    """The operator after a BROADCAST_TO of each computed operand that needs one."""
    (output,) = graph.outputs_of(operator)
    spread: list[Operator] = []
    inputs = list(operator.inputs)
    for position in _positions(graph, operator, output):
        source = graph.tensors[inputs[position]]
        inputs[position] = len(tensors)
        tensors.append(_whole(source, output.shape))
        if not source.is_constant:
            shape = np.array(output.shape, np.int32)
            inputs_of_copy = (operator.inputs[position], len(tensors))
            tensors.append(Tensor("", shape.shape, DType.INT32, True, data=shape))
            spread.append(Operator("BROADCAST_TO", inputs_of_copy, (inputs[position],)))
    return [*spread, replace(operator, inputs=tuple(inputs))]


def _positions(graph: Graph, operator: Operator, output: Tensor) -> list[int]:
    """Which operands are spread: all that do not repeat, and one if none has the output's size."""
    both = [graph.tensors[index] for index in operator.inputs]
    found = [at for at, own in enumerate(both) if not repeats(output, own)]
    if not any(
        own.element_count == output.element_count or at in found
        for at, own in enumerate(both)
        if not own.is_constant
    ):
        found.append(next(at for at, own in enumerate(both) if not own.is_constant))
    return found


def _whole(source: Tensor, shape: tuple[int, ...]) -> Tensor:
    data = None if source.data is None else np.broadcast_to(source.data, shape)
    return replace(source, name="", shape=shape, data=data, is_state=False)
