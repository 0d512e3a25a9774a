"""Names of a model's inputs and outputs, from the signature in its file. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from codegen.model.flatbuffer import BoundedFlatBuffer
from codegen.model.graph import Graph

MOST_PORTS = 64
"""Of a signature; models of microcontrollers have some."""
_LONGEST = 24
_NAME = 4
"""Slot of a name in a signature. Source: TFLite's schema.fbs, TensorMap."""


def read_port_names(file: BoundedFlatBuffer, model: Any) -> dict[int, str]:
    """Names by tensor, of the first subgraph's first signature; empty if there is none."""
    for index in range(min(model.SignatureDefsLength(), MOST_PORTS)):
        signature = model.SignatureDefs(index)
        if signature.SubgraphIndex() == 0:
            counts = (signature.InputsLength(), signature.OutputsLength())
            maps = [signature.Inputs(i) for i in range(min(counts[0], MOST_PORTS))]
            maps += [signature.Outputs(i) for i in range(min(counts[1], MOST_PORTS))]
            return {
                int(own.TensorIndex()): file.text(own, _NAME, "names of inputs and outputs")
                for own in maps
            }
    return {}


def input_names(graph: Graph) -> tuple[str, ...]:
    """Names of the model's inputs, in order; see `port_names`."""
    return port_names(graph.inputs, graph.port_names, "input")


def output_names(graph: Graph) -> tuple[str, ...]:
    """Names of the model's outputs, in order; see `port_names`."""
    return port_names(graph.outputs, graph.port_names, "output")


def port_names(tensors: Sequence[int], names: Mapping[int, str], what: str) -> tuple[str, ...]:
    """Names for C, each after `what` and `_`: lower-case letters, digits and `_`, no two equal.

    If one has no name, or two have the same, all are called by their positions.

    Args:
        tensors: The model's inputs, or its outputs.
        names: Names in the file, by tensor.
        what: `input` or `output`; a name of that and a number, as Keras gives them, is the number.
    """
    cleaned = tuple(_cleaned(names.get(tensor, ""), what) for tensor in tensors)
    if all(cleaned) and len(set(cleaned)) == len(cleaned):
        return cleaned
    return tuple(map(str, range(len(tensors))))


def _cleaned(name: str, what: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:_LONGEST].strip("_")
    return re.sub(rf"^{what}s?_(?=\d+$)", "", plain)
