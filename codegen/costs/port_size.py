"""What further inputs and outputs take of flash: the tables are of networks with one of each. Pure.

The bytes are those of the functions that GCC makes of the generated code for a Cortex-M4.
"""

from codegen.model.graph import Graph
from codegen.planning.planner import MemoryPlan

_WORD = 4
_FIRST_BYTES, _OTHER_BYTES, _FAR_BYTES = 12, 16, 20
"""Of the function that gives a place at the start of the arena, after it, and far after it, where
one instruction cannot add the offset."""
_NEAR = 1 << 12
_DEQUANTIZE_BYTES = 24
_PORT_BYTES = 12
"""Of the bench application: an entry of its list, and a function that calls the model's."""
_RESULT_BYTES = 22
"""Of the function that gives the bench a single value of any output."""


def further_port_bytes(graph: Graph, plan: MemoryPlan) -> int:
    """Flash for the functions of the model: places of inputs and outputs, values of outputs."""
    quantized = [graph.tensors[port].quantization is not None for port in graph.outputs[1:]]
    places = [_place_bytes(plan.offsets[port]) for port in _further(graph)]
    return sum(places) + sum(quantized) * _DEQUANTIZE_BYTES


def bench_port_bytes(graph: Graph) -> int:
    """Flash of the bench application."""
    further_outputs = len(graph.outputs) - 1
    bytes_needed = len(_further(graph)) * _PORT_BYTES + further_outputs * _RESULT_BYTES
    return -(-bytes_needed // _WORD) * _WORD


def _further(graph: Graph) -> tuple[int, ...]:
    return (*graph.inputs[1:], *graph.outputs[1:])


def _place_bytes(offset: int) -> int:
    if offset == 0:
        return _FIRST_BYTES
    return _OTHER_BYTES if offset < _NEAR else _FAR_BYTES
