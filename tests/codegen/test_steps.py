from dataclasses import replace

import pytest

from codegen.model.graph import DType, Graph, Operator, Tensor
from codegen.planning.steps import StepKind, make_steps
from nas.spaces import Candidate
from tests.networks import paper_graph

PAPER = paper_graph(Candidate(k=2, c=2), (12, 12, 3), 4)


def kinds(graph: Graph) -> list[tuple[StepKind, int]]:
    return [(step.kind, len(step.operators)) for step in make_steps(graph)]


def test_a_cell_of_the_paper_graph_is_one_step() -> None:
    assert kinds(PAPER) == [
        (StepKind.TABLE, 4),  # QUANTIZE, MUL, MUL, ADD on three channels
        (StepKind.POOLED_CONVOLUTION, 4),  # CONV_2D, MAX_POOL_2D, MUL, ADD
        (StepKind.POOLED_CONVOLUTION, 4),
        (StepKind.CONVOLUTION, 1),
        (StepKind.OPERATOR, 1),  # MEAN
        (StepKind.OPERATOR, 1),  # FULLY_CONNECTED
        (StepKind.OPERATOR, 1),  # SOFTMAX
        (StepKind.OPERATOR, 1),  # QUANTIZE
    ]


def test_every_operator_is_in_one_step_in_order() -> None:
    done = [index for step in make_steps(PAPER) for index in step.operators]
    assert done == list(range(len(PAPER.operators)))


def test_what_is_read_elsewhere_too_is_not_fused() -> None:
    convolution = PAPER.operators[4]
    also_an_output = replace(PAPER, outputs=(*PAPER.outputs, convolution.outputs[0]))
    assert kinds(also_an_output)[1] == (StepKind.CONVOLUTION, 1)
    assert kinds(also_an_output)[2] == (StepKind.OPERATOR, 1)


@pytest.mark.parametrize(
    "option",
    [("filter_width", 3), ("stride_h", 1), ("padding", "SAME"), ("fused_activation_function", "X")],
)
def test_only_whole_windows_of_two_by_two_are_fused(option: tuple[str, int | str]) -> None:
    pool = PAPER.operators[5]
    changed = replace(pool, options={**pool.options, option[0]: option[1]})
    operators = (*PAPER.operators[:5], changed, *PAPER.operators[6:])
    assert kinds(replace(PAPER, operators=operators))[1] == (StepKind.CONVOLUTION, 1)


def test_many_channels_get_no_tables() -> None:
    image = Tensor("x", (1, 4, 4, 5), DType.INT8)
    factor = Tensor("f", (5,), DType.INT8, is_constant=True)
    tensors = (image, factor, replace(image, name="y"), replace(image, name="z"))
    operators = (Operator("MUL", (0, 1), (2,)), Operator("ADD", (2, 1), (3,)))
    assert kinds(Graph(tensors, operators, (0,), (3,))) == [(StepKind.OPERATOR, 1)] * 2
