"""Finds dilated convolutions that TensorFlow wrote as convolutions of interleaved images. Pure.

SPACE_TO_BATCH_ND deals the pixels of an image out to a batch of small images, block by block; a
convolution without dilation goes over each; BATCH_TO_SPACE_ND puts the pixels together again. That
is the convolution of the image with a dilation of the block. In one dimension, an operator around
the convolution gives the images a second one.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import Graph, Operator, Tensor

_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
_ADD_A_DIMENSION = ("EXPAND_DIMS", "RESHAPE")
_REMOVE_A_DIMENSION = ("SQUEEZE", "RESHAPE")
Sides = NDArray[np.int64]
"""One number, or the two before and after, for each dimension that is dealt out."""


@dataclass(frozen=True, slots=True)
class _Dilated:
    """A chain of operators, by their indices, that is one dilated convolution.

    Attributes:
        first: The SPACE_TO_BATCH_ND.
        expand: What adds a dimension; None for images.
        convolution: The convolution.
        squeeze: What removes a dimension; None for images.
        last: The BATCH_TO_SPACE_ND.
    """

    first: int
    expand: int | None
    convolution: int
    squeeze: int | None
    last: int


def fold_dilations(graph: Graph) -> tuple[Graph, tuple[int, ...]]:
    """The network with dilated convolutions, and the indices of the operators that are left.

    What is not exactly such a convolution stays as it is.
    """
    tensors, operators = list(graph.tensors), list(graph.operators)
    dropped: set[int] = set()
    for index, operator in enumerate(graph.operators):
        chain = _chain(graph, index) if operator.kind == "SPACE_TO_BATCH_ND" else None
        if chain is not None and _fold(graph, chain, tensors, operators):
            dropped |= {chain.first, chain.last}
    kept = tuple(index for index in range(len(operators)) if index not in dropped)
    own = tuple(operators[index] for index in kept)
    return replace(graph, tensors=tuple(tensors), operators=own), kept


def _chain(graph: Graph, first: int) -> _Dilated | None:
    """The operators that read one after the other, each alone, what the one before wrote."""
    found: list[int] = [first]
    while graph.operators[found[-1]].kind != "BATCH_TO_SPACE_ND" and len(found) < 5:
        following = only_reader(graph, graph.operators[found[-1]])
        if following is None:
            return None
        found.append(following)
    kinds = [graph.operators[index].kind for index in found[1:-1]]
    if graph.operators[found[-1]].kind != "BATCH_TO_SPACE_ND":
        return None
    if len(kinds) == 1 and kinds[0] in _CONVOLUTIONS:
        return _Dilated(first, None, found[1], None, found[2])
    is_wrapped = len(kinds) == 3 and kinds[1] in _CONVOLUTIONS
    if is_wrapped and kinds[0] in _ADD_A_DIMENSION and kinds[2] in _REMOVE_A_DIMENSION:
        return _Dilated(*found)
    return None


def only_reader(graph: Graph, operator: Operator) -> int | None:
    """The operator that reads an output as its first input, if nothing else reads it."""
    if len(operator.outputs) != 1 or operator.outputs[0] in graph.outputs:
        return None
    (written,) = operator.outputs
    readers = [i for i, own in enumerate(graph.operators) if written in own.inputs]
    is_first = len(readers) == 1 and graph.operators[readers[0]].inputs[0] == written
    is_once = is_first and Counter(graph.operators[readers[0]].inputs)[written] == 1
    return readers[0] if is_once else None


def _fold(graph: Graph, chain: _Dilated, tensors: list[Tensor], operators: list[Operator]) -> bool:
    """Change the operators that are left; whether they are one dilated convolution."""
    convolution = graph.operators[chain.convolution]
    source = graph.operators[chain.first].inputs[0]
    output = graph.operators[chain.last].outputs[0]
    dealt = _dealt(graph, chain) if _is_plain(graph, convolution) else None
    place = _new_dimension(graph, chain)
    if dealt is None or place is None or not _keeps_values(graph, chain):
        return False
    steps, margins = _on_images(dealt[0], 1, place), _on_images(dealt[1], 0, place)
    size = _on_images(np.array(tensors[source].shape[1:-1], np.int64), 1, place)
    reach = (np.array(tensors[convolution.inputs[1]].shape[1:3], np.int64) - 1) * steps
    made = size + margins.sum(axis=1) - reach
    padding = _padding(reach, margins)
    expected = made if chain.expand is None else np.delete(made, place)
    if padding is None or made.min() < 1 or tensors[output].shape[:-1] != (1, *expected.tolist()):
        return False
    own = {f"dilation_{side}_factor": int(n) for side, n in zip("hw", steps, strict=True)}
    changed = replace(convolution, options={**convolution.options, "padding": padding, **own})
    if chain.expand is None or chain.squeeze is None:
        rest = convolution.inputs[1:]
        operators[chain.convolution] = replace(changed, inputs=(source, *rest), outputs=(output,))
        return True
    operators[chain.convolution] = changed
    for index, sides in ((changed.inputs[0], size), (changed.outputs[0], made)):
        shape = (1, *sides.tolist(), tensors[index].shape[-1])
        tensors[index] = replace(tensors[index], shape=shape)
    operators[chain.expand] = Operator("RESHAPE", (source,), convolution.inputs[:1])
    operators[chain.squeeze] = Operator("RESHAPE", convolution.outputs, (output,))
    return True


def _is_plain(graph: Graph, convolution: Operator) -> bool:
    """Whether a convolution has no stride, dilation or padding of its own."""
    names = ("stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor")
    has_no_steps = all(convolution.options.get(name, 1) == 1 for name in names)
    has_weights = len(convolution.inputs) > 1 and convolution.inputs[1] >= 0
    is_valid = has_no_steps and has_weights and convolution.options.get("padding") == "VALID"
    return is_valid and len(graph.tensors[convolution.inputs[1]].shape) == 4


def _dealt(graph: Graph, chain: _Dilated) -> tuple[Sides, Sides] | None:
    """The block (dimensions,), and paddings minus crops (dimensions, 2)."""
    first, last = graph.operators[chain.first], graph.operators[chain.last]
    if (len(first.inputs), len(last.inputs)) != (3, 3) or min(*first.inputs, *last.inputs) < 0:
        return None
    dimensions = 2 if chain.expand is None else 1
    source, output = graph.tensors[first.inputs[0]], graph.tensors[last.outputs[0]]
    named = [graph.tensors[i].data for i in (*first.inputs[1:], *last.inputs[1:])]
    known = [np.asarray(own, np.int64) for own in named if own is not None]
    wanted = [(dimensions,), (dimensions, 2)] * 2
    if [own.shape for own in known] != wanted or source.shape[0] != 1:
        return None
    block, paddings, same_block, crops = known
    ranks = {len(source.shape), len(output.shape)}
    is_block = block.min() >= 1 and np.array_equal(block, same_block)
    return (block, paddings - crops) if is_block and ranks == {dimensions + 2} else None


def _keeps_values(graph: Graph, chain: _Dilated) -> bool:
    """Whether the operators around the convolution change no scale."""
    convolution = graph.operators[chain.convolution]
    before = [graph.operators[chain.first].inputs[0], graph.operators[chain.first].outputs[0]]
    after = [graph.operators[chain.last].inputs[0], graph.operators[chain.last].outputs[0]]
    groups = ((*before, convolution.inputs[0]), (*after, convolution.outputs[0]))
    values = [{(graph.tensors[i].dtype, graph.tensors[i].quantization) for i in g} for g in groups]
    return all(len(own) == 1 for own in values)


def _new_dimension(graph: Graph, chain: _Dilated) -> int | None:
    """Which side of the images is the added one, 0 or 1; 2 if none is, None if it is unclear."""
    if chain.expand is None:
        return 2
    (source,) = graph.inputs_of(graph.operators[chain.expand])[:1]
    (images,) = graph.outputs_of(graph.operators[chain.expand])
    if len(source.shape) != 3:
        return None
    _, length, channels = source.shape
    wanted: list[tuple[int, ...]] = [(1, length, channels), (length, 1, channels)]
    return wanted.index(images.shape[1:]) if images.shape[1:] in wanted else None


def _on_images(values: Sides, filler: int, place: int) -> Sides:
    """Numbers for both sides of an image; `filler` for the added one."""
    return values if place == 2 else np.insert(values, place, filler, axis=0)


def _padding(reach: Sides, margins: Sides) -> str | None:
    """The padding that adds these margins before and after; None if there is none.

    Source: TFLite, ComputePadding, for a stride of 1.
    """
    before = reach // 2
    wanted: Sequence[tuple[str, Sides]] = (
        ("VALID", np.zeros_like(margins)),
        ("SAME", np.stack([before, reach - before], axis=1)),
    )
    return next((name for name, own in wanted if np.array_equal(margins, own)), None)
