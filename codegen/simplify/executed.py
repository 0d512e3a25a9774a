"""What the static runtime executes of a model. Pure."""

from dataclasses import dataclass

from codegen.model.fold_constants import fold_and_trace
from codegen.model.graph import Graph
from codegen.operators import check_operators, count_macc
from codegen.simplify.drop_channels import drop_channels
from codegen.simplify.fold_dilations import fold_dilations
from codegen.simplify.fold_tables import fold_tables
from codegen.simplify.padding import merge_padding
from codegen.simplify.spread_operands import spread_operands


@dataclass(frozen=True, slots=True)
class Dropped:
    """What the static runtime does not compute of a model, as it cannot change the outputs.

    Attributes:
        channels: Output channels of convolutions and of FULLY_CONNECTED.
        macc: Multiply-accumulates.
    """

    channels: int
    macc: int


def executed_graph(graph: Graph) -> Graph:
    """The network whose outputs are those of the model, with less work.

    PADs are merged, and channels dropped, only if all weights are known and all operators can be
    generated.
    """
    folded, _ = fold_all(graph)
    is_known = all(t.data is not None for t in folded.tensors if t.is_constant)
    if not is_known or check_operators(folded):
        return folded
    return drop_channels(merge_padding(folded))


def fold_all(graph: Graph) -> tuple[Graph, tuple[int, ...]]:
    """The network without what is known before it runs, and without what is written in a detour.

    Operands of element-wise operators are spread where their kernels cannot repeat them.

    For each operator that is left, also its index in the model.
    """
    constant, kept = fold_and_trace(graph)
    folded, left = fold_dilations(constant)
    with_tables, last = fold_tables(folded)
    spread, own = spread_operands(with_tables)
    return spread, tuple(kept[left[last[index]]] for index in own)


def dropped(graph: Graph, executed: Graph) -> Dropped:
    """The difference between a model and what `executed_graph` leaves of it."""
    channels, macc = (
        before - after for before, after in zip(_work(graph), _work(executed), strict=True)
    )
    return Dropped(channels, macc)


def _work(graph: Graph) -> tuple[int, int]:
    """Output channels of the operators with weights, and their multiply-accumulates."""
    counts = [
        (count_macc(graph, operator), graph.outputs_of(operator)) for operator in graph.operators
    ]
    channels = sum(outputs[0].shape[-1] for macc, outputs in counts if macc and outputs[0].shape)
    return channels, sum(macc for macc, _ in counts)
