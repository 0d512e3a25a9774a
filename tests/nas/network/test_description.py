import pytest

from firmware.errors import ConfigError
from nas.network.description import (
    Addition,
    Convolution,
    Dense,
    Dropout,
    Image,
    Mean,
    Network,
    Node,
    Relu,
    Rescaling,
    Softmax,
)

IMAGE = Node(Image((8, 8, 3)))


def classifier(source: int) -> tuple[Node, ...]:
    """The mean, the classes and their probabilities after a node."""
    after = source + 1
    return Node(Mean(), (source,)), Node(Dense(2), (after,)), Node(Softmax(), (after + 1,))


def test_a_residual_network_is_a_network() -> None:
    convolution = Node(Convolution(3), (0,))
    network = Network((IMAGE, convolution, Node(Addition(), (0, 1)), *classifier(2)))
    assert network.image == (8, 8, 3)
    assert not network.has_rescaling
    assert network.readers() == ((1, 2), (2,), (3,), (4,), (5,), ())


def test_a_node_that_reads_another_twice_is_one_reader() -> None:
    network = Network((IMAGE, Node(Addition(), (0, 0)), *classifier(1)))
    assert network.readers()[0] == (1,)


@pytest.mark.parametrize(
    ("nodes", "problem"),
    [
        ((), "it does not begin with an image; it does not end with a softmax"),
        ((IMAGE, Node(Mean(), (0,)), Node(Dense(2), (1,))), "it does not end with a softmax"),
        ((IMAGE, Node(Mean(), (1,)), Node(Softmax(), (1,))), "reads a node that is not before it"),
        ((IMAGE, Node(Relu(), (-1,)), Node(Softmax(), (1,))), "reads a node that is not before it"),
        ((IMAGE, Node(Addition(), (0,)), *classifier(1)), "reads 1 nodes, expected 2"),
        (
            (
                IMAGE,
                Node(Relu(), (0,)),
                Node(Mean(), (0,)),
                Node(Dense(2), (2,)),
                Node(Softmax(), (3,)),
            ),
            "no node reads node 1 (Relu)",
        ),
        ((IMAGE, IMAGE, *classifier(1)), "node 1 (Image) is a second image"),
        ((IMAGE, Node(Softmax(), (0,)), *classifier(1)), "node 1 (Softmax) is not the last node"),
        (
            (IMAGE, Node(Relu(), (0,)), Node(Rescaling(), (1,)), *classifier(2)),
            "node 2 (Rescaling) does not follow the image",
        ),
        ((Node(Image((0, 8, 3))), *classifier(0)), "all sizes must be at least 1"),
        (
            (IMAGE, Node(Convolution(2, (2, 3)), (0,)), *classifier(1)),
            "node 1 (Convolution) has kernels of (2, 3); both sizes must be odd",
        ),
        ((IMAGE, Node(Convolution(2, stride=(0, 1)), (0,)), *classifier(1)), "has a stride of"),
        ((IMAGE, Node(Convolution(0), (0,)), *classifier(1)), "has 0 channels"),
        ((IMAGE, Node(Dropout(1.0), (0,)), *classifier(1)), "has a rate of 1.0"),
        ((IMAGE, Node(Relu(0.0), (0,)), *classifier(1)), "the upper limit 0.0, expected above 0"),
    ],
)
def test_what_is_no_network_is_refused_with_the_reason(
    nodes: tuple[Node, ...], problem: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        Network(nodes)
    assert problem in str(refusal.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ConfigError, match=r"has 0 channels.*has -1 channels"):
        Network((IMAGE, Node(Convolution(0), (0,)), Node(Convolution(-1), (1,)), *classifier(2)))
