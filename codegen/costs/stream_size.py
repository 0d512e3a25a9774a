"""What streamed segments take of flash and RAM besides code: constants, and variables. Pure."""

from codegen.model.graph import Graph
from codegen.planning.planner import MemoryPlan
from codegen.planning.segments import is_row_fed

_WORD = 4
_STREAM_BYTES, _RING_BYTES = 20, 12
"""Of an nn_stream, and of the nn_ring of the image."""
_PROFILE_BYTES, _FED_BYTES = 8, 12
"""Of the generated code's variables: who measures, and the inference that is under way."""
_TICKS_BYTES = 4
"""For the time of each kernel, in the bench application."""


def stream_constant_bytes(plan: MemoryPlan) -> int:
    """Flash for the schedules, and for what the driver is told of each segment."""
    schedules = [segment.schedule for segment in plan.segments if segment.streamed]
    ring_bytes = _RING_BYTES if plan.image_bytes > 0 else 0
    return ring_bytes + sum(_whole_words(len(own)) + _STREAM_BYTES for own in schedules)


def stream_variable_bytes(graph: Graph, plan: MemoryPlan) -> int:
    """RAM for variables of the generated code, and for the bench's ticks and row of the image."""
    if not any(segment.streamed for segment in plan.segments):
        return 0
    variables = _PROFILE_BYTES + _TICKS_BYTES * len(plan.steps)
    image = graph.inputs[0]
    if not is_row_fed(plan.segments, image):
        return variables
    row_bytes = graph.tensors[image].size_bytes // graph.tensors[image].shape[1]
    return variables + _FED_BYTES + _whole_words(row_bytes)


def _whole_words(size_bytes: int) -> int:
    return -(-size_bytes // _WORD) * _WORD
