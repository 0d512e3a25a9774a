"""Decides which operators form one kernel call, and which buffers may overlap. Pure.

The decision uses only operator kinds, shapes and constants, not quantization or weights. So a
candidate without weights is planned in the same way as its generated code.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from codegen.model.graph import DType, Graph, Operator, Tensor
from codegen.operators import in_place_input, overlap_bytes, row_window, scratch_bytes
from codegen.operators.convolution_memory import (
    convolution_overlap,
    is_convolution,
    is_plain_convolution,
)
from codegen.operators.rows import RowWindow

MOST_TABLES = 4
"""Maximum channels for which a chain of element-wise operators becomes tables of 256 bytes each."""


class StepKind(StrEnum):
    """The kind of a step."""

    OPERATOR = "operator"
    """One operator, computed by its own kernel."""
    CONVOLUTION = "convolution"
    """CONV_2D, or DEPTHWISE_CONV_2D of few channels, alone."""
    POOLED_CONVOLUTION = "pooled convolution"
    """CONV_2D, MAX_POOL_2D 2×2, optional MUL, optional ADD."""
    TABLE = "table"
    """Element-wise operators, computed by a table for each channel."""


@dataclass(frozen=True, slots=True)
class Step:
    """One kernel call.

    Attributes:
        kind: The kind of the step.
        operators: Indices of its operators, in order.
        inputs: Activations that it reads; the first is the one that its output may overlap.
        output: The tensor that it writes; tensors between its operators are not stored.
        scratch_bytes: Scratch memory that it needs while it runs.
        in_place: The input that the output may overwrite in place, if any.
        overlap_bytes: The output may overlap the first input if it begins at least this number of
            bytes before it; None if it may not.
        rows: The rows of each input that one row of the output needs; None if the step cannot make
            single rows.
    """

    kind: StepKind
    operators: tuple[int, ...]
    inputs: tuple[int, ...]
    output: int
    scratch_bytes: int = 0
    in_place: int | None = None
    overlap_bytes: int | None = None
    rows: RowWindow | None = None


def make_steps(graph: Graph) -> tuple[Step, ...]:
    """The network as steps; every operator is in exactly one."""
    readers = Counter(tensor for operator in graph.operators for tensor in operator.inputs)
    readers.update(graph.outputs)
    steps: list[Step] = []
    index = 0
    while index < len(graph.operators):
        step = _table(graph, readers, index) or _convolution(graph, readers, index)
        steps.append(step or _operator(graph, index))
        index = steps[-1].operators[-1] + 1
    return tuple(steps)


def last_reads(graph: Graph, steps: Sequence[Step]) -> dict[int, int]:
    """The last step that reads each tensor; outputs of the model are read after all."""
    reads = {tensor: index for index, step in enumerate(steps) for tensor in step.inputs}
    return reads | dict.fromkeys(graph.outputs, len(steps))


def _operator(graph: Graph, index: int) -> Step:
    operator = graph.operators[index]
    return Step(
        StepKind.OPERATOR,
        (index,),
        tuple(i for i in operator.inputs if i >= 0 and not graph.tensors[i].is_constant),
        operator.outputs[0],
        scratch_bytes=scratch_bytes(graph, operator),
        in_place=in_place_input(graph, operator),
        overlap_bytes=overlap_bytes(graph, operator),
        rows=row_window(graph, operator),
    )


def _follows(graph: Graph, readers: Counter[int], before: int, index: int, kind: str) -> bool:
    """Whether operator `index` is of a kind, and the only reader of the output before it."""
    if index >= len(graph.operators) or graph.operators[index].kind != kind:
        return False
    written = graph.operators[before].outputs[0]
    return written in graph.operators[index].inputs and readers[written] == 1


def constant_operand(graph: Graph, operator: Operator) -> Tensor | None:
    """A constant operand of two, of one element or one for each channel; None if there is none."""
    if len(operator.inputs) != 2 or min(operator.inputs) < 0:
        return None
    constants = [graph.tensors[i] for i in operator.inputs if graph.tensors[i].is_constant]
    channels = graph.tensors[operator.outputs[0]].shape[-1:]
    if len(constants) != 1 or channels == ():
        return None
    trimmed = [size for size in constants[0].shape if size != 1]
    return constants[0] if trimmed in ([], list(channels)) else None


def _is_elementwise(graph: Graph, operator: Operator) -> bool:
    """Whether an operator maps each byte, by its channel, to a byte."""
    tensors = (*graph.inputs_of(operator), *graph.outputs_of(operator))
    if any(tensor.dtype not in (DType.INT8, DType.UINT8) for tensor in tensors):
        return False
    if operator.kind == "QUANTIZE":
        return len(operator.inputs) == 1
    return operator.kind in ("ADD", "MUL", "SUB") and constant_operand(graph, operator) is not None


def _table(graph: Graph, readers: Counter[int], first: int) -> Step | None:
    """Two or more element-wise operators on few channels."""
    output = graph.tensors[graph.operators[first].outputs[0]]
    if not output.shape or output.shape[-1] > MOST_TABLES or len(output.shape) != 4:
        return None
    end = first
    while end < len(graph.operators) and _is_elementwise(graph, graph.operators[end]):
        if end > first and not _follows(graph, readers, end - 1, end, graph.operators[end].kind):
            break
        end += 1
    if end - first < 2:
        return None
    source = next(i for i in graph.operators[first].inputs if not graph.tensors[i].is_constant)
    return Step(
        StepKind.TABLE,
        tuple(range(first, end)),
        (source,),
        graph.operators[end - 1].outputs[0],
        in_place=source,
        rows=row_window(graph, graph.operators[first]),
    )


def _convolution(graph: Graph, readers: Counter[int], index: int) -> Step | None:
    operator = graph.operators[index]
    if not is_convolution(graph, operator):
        return None
    end = index + 1
    is_plain = is_plain_convolution(graph, operator)
    is_pooled = is_plain and _follows(graph, readers, index, end, "MAX_POOL_2D")
    if is_pooled and _halves(graph.operators[end]):
        end += 1
        for kind in ("MUL", "ADD"):
            if _follows(graph, readers, end - 1, end, kind) and _scales_channels(
                graph, graph.operators[end]
            ):
                end += 1
    kind = StepKind.CONVOLUTION if end == index + 1 else StepKind.POOLED_CONVOLUTION
    output = graph.operators[end - 1].outputs[0]
    rows = row_window(graph, operator)
    factor = 2 if kind is StepKind.POOLED_CONVOLUTION else 1
    if factor == 2 and rows is not None:
        rows = RowWindow(rows.size + rows.stride, 2 * rows.stride, rows.padding)
    return Step(
        kind,
        tuple(range(index, end)),
        operator.inputs[:1],
        output,
        scratch_bytes=scratch_bytes(graph, operator),
        overlap_bytes=convolution_overlap(graph, operator, output, factor),
        rows=rows,
    )


def _halves(pool: Operator) -> bool:
    """Whether a pooling uses only complete windows of 2×2."""
    names = ("filter_height", "filter_width", "stride_h", "stride_w")
    is_square = all(pool.options.get(name) == 2 for name in names)
    activation = pool.options.get("fused_activation_function", "NONE")
    return is_square and pool.options.get("padding") == "VALID" and activation == "NONE"


def _scales_channels(graph: Graph, operator: Operator) -> bool:
    return _is_elementwise(graph, operator) and len(graph.outputs_of(operator)[0].shape) == 4
