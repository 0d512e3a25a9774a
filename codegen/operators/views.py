"""The outputs of operators that only move bytes, as views of their inputs. Pure.

A view is an array of numpy with other strides, whose elements in row-major order are the output.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import Operator
from codegen.model.single_outputs import PART
from codegen.model.strided_slice import strided_index
from codegen.operators.support import integer_option

Bytes = NDArray[np.int8]
Numbers = list[list[int]]
"""The integers of an operator's constants."""
Viewed = tuple[Bytes, tuple[int, ...]]
"""A view, and the shape of the output."""


def _slice(base: Bytes, _: Operator, numbers: Numbers) -> Viewed:
    """Source: TFLite, SLICE: a size of -1 takes all that is left."""
    begins, sizes = numbers
    index = []
    for begin, size, length in zip(begins, sizes, base.shape, strict=True):
        end = length if size == -1 else begin + size
        if not 0 <= begin < end <= length:
            raise ValueError("a part outside the input")
        index.append(slice(begin, end))
    view = base[tuple(index)]
    return view, view.shape


def _strided_slice(base: Bytes, operator: Operator, numbers: Numbers) -> Viewed:
    begins, ends, strides = numbers
    view = base[strided_index(operator, begins, ends, strides)]
    return view, view.shape


def _part(base: Bytes, axis: int, sizes: Sequence[int], index: int) -> Viewed:
    """Part `index` of an input that is cut along a dimension."""
    if not -base.ndim <= axis < base.ndim or not 0 <= index < len(sizes):
        raise ValueError("no such part")
    length, first = base.shape[axis], sum(sizes[:index])
    if sum(sizes) != length or min(sizes) < 0:
        raise ValueError("parts that are not the whole")
    view = base.swapaxes(0, axis)[first : first + sizes[index]].swapaxes(0, axis)
    return view, view.shape


def _split(base: Bytes, operator: Operator, numbers: Numbers) -> Viewed:
    ((axis,),) = numbers
    count = integer_option(operator, "num_splits", 0)
    if count < 1 or not -base.ndim <= axis < base.ndim or base.shape[axis] % count:
        raise ValueError("parts of several sizes")
    sizes = [base.shape[axis] // count] * count
    return _part(base, axis, sizes, integer_option(operator, PART, 0))


def _split_v(base: Bytes, operator: Operator, numbers: Numbers) -> Viewed:
    """Source: TFLite, SPLIT_V: one size may be -1, for all that is left."""
    sizes, (axis,) = numbers
    if sizes.count(-1) == 1 and -base.ndim <= axis < base.ndim:
        sizes = [base.shape[axis] - sum(sizes) - 1 if size == -1 else size for size in sizes]
    return _part(base, axis, sizes, integer_option(operator, PART, 0))


def _unpack(base: Bytes, operator: Operator, _: Numbers) -> Viewed:
    axis = integer_option(operator, "axis", 0)
    if not -base.ndim <= axis < base.ndim:
        raise ValueError("no such dimension")
    sizes = [1] * base.shape[axis]
    part, _shape = _part(base, axis, sizes, integer_option(operator, PART, 0))
    view = np.squeeze(part, axis)
    return view, view.shape


def _transpose(base: Bytes, _: Operator, numbers: Numbers) -> Viewed:
    (order,) = numbers
    view = base.transpose(order)
    return view, view.shape


def _tile(base: Bytes, _: Operator, numbers: Numbers) -> Viewed:
    (times,) = numbers
    if len(times) != base.ndim or min(times, default=1) < 1:
        raise ValueError("as many factors as dimensions are needed")
    pairs = list(zip(times, base.shape, strict=True))
    single = base.reshape([size for _, own in pairs for size in (1, own)])
    view = np.broadcast_to(single, [size for pair in pairs for size in pair])
    return view, tuple(count * size for count, size in pairs)


def _broadcast_to(base: Bytes, _: Operator, numbers: Numbers) -> Viewed:
    (shape,) = numbers
    view = np.broadcast_to(base, shape)
    return view, view.shape


def _depth_to_space(base: Bytes, operator: Operator, _: Numbers) -> Viewed:
    count, height, width, channels = base.shape
    side = _side(operator)
    if channels % side**2:
        raise ValueError("channels that are no blocks")
    depth = channels // side**2
    blocks = base.reshape(count, height, width, side, side, depth)
    return blocks.transpose(0, 1, 3, 2, 4, 5), (count, height * side, width * side, depth)


def _space_to_depth(base: Bytes, operator: Operator, _: Numbers) -> Viewed:
    count, height, width, channels = base.shape
    side = _side(operator)
    if height % side or width % side:
        raise ValueError("sides that are no blocks")
    rows, columns = height // side, width // side
    blocks = base.reshape(count, rows, side, columns, side, channels)
    return blocks.transpose(0, 1, 3, 2, 4, 5), (count, rows, columns, channels * side**2)


def _side(operator: Operator) -> int:
    side = integer_option(operator, "block_size", 0)
    if side < 1:
        raise ValueError("no block")
    return side


VIEWS: dict[str, Callable[[Bytes, Operator, Numbers], Viewed]] = {
    "BROADCAST_TO": _broadcast_to,
    "DEPTH_TO_SPACE": _depth_to_space,
    "SLICE": _slice,
    "SPACE_TO_DEPTH": _space_to_depth,
    "SPLIT": _split,
    "SPLIT_V": _split_v,
    "STRIDED_SLICE": _strided_slice,
    "TILE": _tile,
    "TRANSPOSE": _transpose,
    "UNPACK": _unpack,
}
"""From the input and the integers of the constants: the view, and the shape of the output.

They raise ValueError or IndexError if there is no such view.
"""
