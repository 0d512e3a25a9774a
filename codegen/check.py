"""Finds all reasons why a model cannot be run, for the estimate and the generator. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codegen.model.graph import DType, Graph
from codegen.model.port_names import MOST_PORTS
from codegen.operators import check_operators
from codegen.simplify.executed import fold_all
from codegen.tflm.kernels import kernel_needs
from codegen.tflm.library import missing_operators, supported_text
from codegen.tflm.structures import MCU
from firmware.errors import ModelError

PORT_TYPES = (DType.INT8, DType.UINT8, DType.FLOAT32)
"""Types of the model's input and output."""
MOST_INDICES = 8192
"""Maximum number of inputs, outputs, or inputs of all operators."""
MOST_SIDES = 1 << 20
"""Largest dimensions of all activations together; windows move along each."""
_LINE_CHARACTERS = 440
_SHOWN_INDICES, _SHOWN_REASONS = 6, 40


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a runtime cannot run a model; false if it can.

    Attributes:
        model: Reasons that concern the whole model.
        operators: Reasons for each operator, such as `op 7 CONV_2D with batch 2`, in order.
        can_be_planned: Whether its memory can be predicted nevertheless.
        supported: Where to see which operators the runtime has; empty if none is missing.
    """

    model: tuple[str, ...]
    operators: tuple[str, ...]
    can_be_planned: bool = True
    supported: str = ""

    def __bool__(self) -> bool:
        return bool(self.model or self.operators)

    @property
    def texts(self) -> tuple[str, ...]:
        """All reasons; operators with the same reason are grouped: `ops 2, 8 SHAPE`."""
        return (*self.model, *_grouped(self.operators))

    @property
    def refusal(self) -> str:
        """All reasons in one line, or one per line if there are many."""
        operators, count = _grouped(self.operators), len(self.operators)
        head = f"{count} operator{'' if count == 1 else 's'} cannot be generated"
        parts = list(self.model)
        if operators:
            parts += [f"{head}: {'; '.join(operators)}", *filter(None, [self.supported])]
        if sum(map(len, parts)) < _LINE_CHARACTERS:
            return "; ".join(parts)
        more = len(operators) - _SHOWN_REASONS
        lines = [*self.model, *([f"{head}:"] if operators else [])]
        lines += [f"  {text}" for text in operators[:_SHOWN_REASONS]]
        lines += [f"  and {more} more kinds"] if more > 0 else []
        return "\n".join(lines + ([self.supported] if operators and self.supported else []))


def reasons_against(graph: Graph, *runtimes: str) -> Reasons:
    """Every reason why a runtime, `static` or `tflm`, cannot run a model."""
    if too_much := _too_much(graph):
        return Reasons(tuple(too_much), (), can_be_planned=False)
    operators: dict[str, None] = {}
    executed = fold_all(graph)
    for runtime in runtimes:
        own = _check_static(*executed) if runtime == "static" else missing_operators(graph)
        operators |= dict.fromkeys(own)
    no_plan = _reasons_against_a_plan(graph, runtimes)
    named = {_index_of(text) for text in operators}
    operators |= dict.fromkeys(text for text in no_plan if _index_of(text) not in named)
    in_file = graph, tuple(range(len(graph.operators)))
    in_float = _in_float(*(in_file if "tflm" in runtimes else executed))
    model = [*_model_reasons(graph), *_state_reasons(graph)]
    if in_float:
        model.append(f"the model computes in float32: {in_float}; quantize it to int8 first")
    can_be_planned = not no_plan and not in_float and graph.subgraph_count == 1
    return Reasons(
        tuple(model),
        tuple(sorted(operators, key=_index_of)),
        can_be_planned,
        _supported(graph, runtimes),
    )


def check_model(graph: Graph, *runtimes: str) -> None:
    """Raise an error if one of the runtimes cannot run a model.

    Raises:
        ModelError: It cannot; the text gives all reasons.
    """
    if reasons := reasons_against(graph, *runtimes):
        raise ModelError(reasons.refusal)


def _check_static(folded: Graph, indices: Sequence[int]) -> list[str]:
    """The operators that the static runtime lacks, with their indices in the file."""
    texts = [text.split(" ", 2) for text in check_operators(folded)]
    return [f"{op} {indices[int(index)]} {reason}" for op, index, reason in texts]


def _too_much(graph: Graph) -> list[str]:
    """Sizes that exceed a limit; checking the operators would take too long."""
    reasons = []
    counts = {
        "inputs": len(graph.inputs),
        "outputs": len(graph.outputs),
        "inputs of operators": sum(len(operator.inputs) for operator in graph.operators),
    }
    for what, count in counts.items():
        if count > MOST_INDICES:
            reasons.append(f"the model has {count:,} {what}, expected at most {MOST_INDICES:,}")
    sides = sum(max(t.shape, default=0) for t in graph.tensors if not t.is_constant)
    if sides > MOST_SIDES:
        reasons.append(
            f"the longest sides of its activations have {sides:,} elements together, expected at "
            f"most {MOST_SIDES:,}"
        )
    return reasons


def _model_reasons(graph: Graph) -> list[str]:
    reasons = []
    if graph.subgraph_count != 1:
        reasons.append(f"the model has {graph.subgraph_count} subgraphs; one can be generated")
    for what, tensors in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        if len(tensors) > MOST_PORTS:
            reasons.append(f"the model has {len(tensors)} {what}; {MOST_PORTS} can be generated")
        if twice := [i for i in tensors if tensors.count(i) > 1]:
            reasons.append(f"tensor {twice[0]} is twice among its {what}")
    types = {graph.tensors[i].dtype for i in (*graph.inputs, *graph.outputs)} - set(PORT_TYPES)
    if types:
        named = ", ".join(sorted(types))
        reasons.append(f"inputs and outputs must be int8, uint8 or float32, not {named}")
    constants = [i for i in graph.outputs if graph.tensors[i].is_constant]
    if constants:
        reasons.append(f"its output, tensor {constants[0]}, is a constant: nothing computes it")
    given = [i for i in graph.inputs if graph.tensors[i].is_constant]
    if given:
        reasons.append(f"its input, tensor {given[0]}, is a constant")
    if set(graph.outputs) & set(graph.inputs):
        reasons.append("its output is its input: nothing computes it")
    return reasons


def _in_float(graph: Graph, indices: Sequence[int]) -> str:
    """The operators that compute in float32, of a graph with their indices in the file."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for index, operator in zip(indices, graph.operators, strict=True):
        is_border = operator.kind in ("QUANTIZE", "DEQUANTIZE")
        if not is_border and any(t.dtype is DType.FLOAT32 for t in graph.inputs_of(operator)):
            kinds[operator.kind].append(str(index))
    return ", ".join(f"{_named(own)} {kind}" for kind, own in kinds.items())


def _state_reasons(graph: Graph) -> list[str]:
    """Operators with state, whose outputs depend on earlier inferences."""
    states: dict[str, list[str]] = defaultdict(list)
    for index, operator in enumerate(graph.operators):
        own = [str(i) for i in operator.inputs if i >= 0 and graph.tensors[i].is_state]
        if own:
            states[operator.kind].append(f"op {index}: tensor {', '.join(own[:4])}")
    return [
        f"{kind} needs memory of its own ({'; '.join(own[:4])}), as for the stream of an NPU; take "
        "the .tflite from before it was compiled for the NPU"
        if kind.startswith("CUSTOM")
        else f"{kind} keeps state from one inference to the next ({'; '.join(own[:4])}), which is "
        "not supported"
        for kind, own in states.items()
    ]


def _supported(graph: Graph, runtimes: Iterable[str]) -> str:
    """How to see the operators of the runtime; of several, of the static one, which has fewer."""
    if "static" in runtimes:
        return "'codegen operators' lists those that are supported"
    return supported_text(graph)


def _reasons_against_a_plan(graph: Graph, runtimes: Iterable[str]) -> list[str]:
    """Operators whose memory cannot be predicted."""
    texts = []
    for index, operator in enumerate(graph.operators):
        if not operator.outputs:
            texts.append(f"op {index} {operator.kind} without output")
        elif max(operator.inputs, default=-1) < 0:
            texts.append(f"op {index} {operator.kind} without input")
        elif "tflm" in runtimes:
            try:
                kernel_needs(graph, operator, MCU)
            except ModelError as error:
                texts.append(f"op {index} {error}")
    return texts


def _grouped(texts: Iterable[str]) -> list[str]:
    """Group operators that have the same reason into one text."""
    indices: dict[str, list[str]] = defaultdict(list)
    for text in texts:
        match = re.fullmatch(r"op (\d+) (.*)", text, re.DOTALL)
        assert match is not None
        indices[match[2]].append(match[1])
    return [f"{_named(own)} {text}" for text, own in indices.items()]


def _index_of(text: str) -> int:
    return int(text.split(" ", 2)[1])


def _named(indices: list[str]) -> str:
    if len(indices) == 1:
        return f"op {indices[0]}"
    more = len(indices) - _SHOWN_INDICES
    shown = ", ".join(indices[:_SHOWN_INDICES])
    return f"ops {shown} and {more} more" if more > 0 else f"ops {shown}"
