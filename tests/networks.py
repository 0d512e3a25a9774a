"""Graphs of the networks of the search spaces, for tests of what comes after them."""

from codegen.model.graph import Graph
from nas.network.description import Shape
from nas.network.int8_graph import lower
from nas.quantization.predict_file import predict_file
from nas.spaces import Candidate, find_space
from nas.spaces.converters import TENSORFLOW

CELL_SPACES = ("paper", "folded", "separable")
"""The spaces whose candidates are k and c."""


def graph_of(space: str, candidate: Candidate, shape: Shape, classes: int) -> Graph:
    """The int8 graph of a candidate, without weights."""
    return lower(find_space(space).network(candidate, shape, classes)).graph


def paper_graph(candidate: Candidate, shape: Shape, classes: int) -> Graph:
    """The int8 graph of a published network, with TensorFlow's names."""
    network = find_space("paper").network(candidate, shape, classes)
    return predict_file(network, TENSORFLOW)[0]
