"""Seeded random networks of operators that move, join or reduce elements."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.random_values import Case, Random, point, scale, values
from benchmarks.tflite_builder import ModelBuilder

Shape = tuple[int, ...]


def _image(rng: Random) -> Shape:
    return (1, *(int(n) for n in rng.integers(2, 7, 3)))


def _any_shape(rng: Random) -> Shape:
    """An image, or a tensor of another rank."""
    rank = int(rng.choice([2, 3, 4, 4, 4]))
    return (1, *(int(n) for n in rng.integers(1, 7, rank - 1)))


def _numbers(numbers: Sequence[int] | int) -> NDArray[np.int32]:
    return np.array(numbers, np.int32)


def _moved(
    rng: Random,
    kind: str,
    shapes: tuple[Shape, Shape],
    constants: Sequence[NDArray[Any]] = (),
    **options: int,
) -> Case:
    """A network of one operator from one shape to another."""
    model = ModelBuilder()
    own = (scale(rng), point(rng))
    source, out = (model.activation(shape, *own) for shape in shapes)
    inputs = [source, *(model.constant(data) for data in constants)]
    model.operator(kind, inputs, out, **options)
    return model.build([source], [out]), values(rng, shapes[0])


def slice_(rng: Random) -> Case:
    """A network with a random SLICE, and an input."""
    shape = _any_shape(rng)
    begins = [int(rng.integers(0, size)) for size in shape]
    sizes = [int(rng.integers(1, n - b + 1)) for n, b in zip(shape, begins, strict=True)]
    told = [-1 if n == b + s and rng.integers(2) else s for n, b, s in _zip(shape, begins, sizes)]
    return _moved(rng, "SLICE", (shape, tuple(sizes)), [_numbers(begins), _numbers(told)])


def _zip(*lists: Sequence[int]) -> Any:
    return zip(*lists, strict=True)


def strided_slice(rng: Random) -> Case:
    """A network with a random STRIDED_SLICE, and an input."""
    shape = _any_shape(rng)
    begins, ends, strides, masks, index = [], [], [], {"begin": 0, "end": 0, "shrink_axis": 0}, []
    for axis, size in enumerate(shape):
        begin, stride = int(rng.integers(0, size)), int(rng.choice([1, 1, 2, 3]))
        end = int(rng.integers(begin + 1, size + 1))
        form = rng.choice(["part", "whole", "backwards", "one", "from the end"]) if axis else "part"
        if form == "whole":
            masks["begin"] |= 1 << axis
            masks["end"] |= 1 << axis
            index.append(slice(None, None, stride))
        elif form == "backwards":
            stride = -stride
            begin, end = size - 1, begin
            masks["end"] |= 1 << axis
            index.append(slice(begin, None, stride))
        elif form == "one":
            masks["shrink_axis"] |= 1 << axis
            stride, end = 1, begin + 1
            index.append(begin)
        else:
            begin -= size * (form == "from the end")
            index.append(slice(begin, end, stride))
        begins.append(begin)
        ends.append(end)
        strides.append(stride)
    result = np.empty(shape, np.int8)[tuple(index)].shape
    constants = [_numbers(begins), _numbers(ends), _numbers(strides)]
    options = {f"{name}_mask": mask for name, mask in masks.items()}
    return _moved(rng, "STRIDED_SLICE", (shape, result), constants, **options)


def transpose(rng: Random) -> Case:
    """A network with a random TRANSPOSE, and an input."""
    shape = _any_shape(rng)
    order = rng.permutation(len(shape)).tolist()
    if len(shape) == 4 and rng.integers(3) == 0:
        order = [0, 1, 3, 2]
    result = tuple(shape[axis] for axis in order)
    return _moved(rng, "TRANSPOSE", (shape, result), [_numbers(order)])


def tile(rng: Random) -> Case:
    """A network with a random TILE, and an input."""
    shape = _any_shape(rng)
    times = [1] * len(shape)
    for axis in rng.choice(np.arange(1, len(shape)), 2):
        times[int(axis)] = int(rng.integers(1, 4))
    result = tuple(count * size for count, size in _zip(times, shape))
    return _moved(rng, "TILE", (shape, result), [_numbers(times)])


def broadcast_to(rng: Random) -> Case:
    """A network with a random BROADCAST_TO, and an input."""
    whole = _any_shape(rng)
    shape = [size if rng.integers(2) else 1 for size in whole]
    while len(shape) > 1 and shape[0] == 1 and rng.integers(2):
        del shape[0]
    return _moved(rng, "BROADCAST_TO", (tuple(shape), whole), [_numbers(whole)])


def depth_to_space(rng: Random) -> Case:
    """A network with a random DEPTH_TO_SPACE, and an input."""
    side, (_, height, width, depth) = int(rng.integers(1, 4)), _image(rng)
    shapes = (1, height, width, depth * side**2), (1, height * side, width * side, depth)
    return _moved(rng, "DEPTH_TO_SPACE", shapes, block_size=side)


def space_to_depth(rng: Random) -> Case:
    """A network with a random SPACE_TO_DEPTH, and an input."""
    side, (_, height, width, depth) = int(rng.integers(1, 4)), _image(rng)
    shapes = (1, height * side, width * side, depth), (1, height, width, depth * side**2)
    return _moved(rng, "SPACE_TO_DEPTH", shapes, block_size=side)


def split(rng: Random) -> Case:
    """A network with a random SPLIT, whose parts are joined in another order, and an input."""
    axis, count = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    shape = tuple(n * count if i == axis else n for i, n in enumerate(_image(rng)))
    sizes = [shape[axis] // count] * count
    told = axis - 4 * int(rng.integers(2))
    return _parted(rng, "SPLIT", shape, axis, sizes, [_numbers(told)], num_splits=count)


def split_v(rng: Random) -> Case:
    """A network with a random SPLIT_V, whose parts are joined in another order, and an input."""
    axis, shape = int(rng.integers(1, 4)), _image(rng)
    cut = int(rng.integers(1, shape[axis]))
    sizes = [cut, shape[axis] - cut]
    told = [-1 if i == 1 and rng.integers(2) else size for i, size in enumerate(sizes)]
    constants = [_numbers(told), _numbers(axis)]
    return _parted(rng, "SPLIT_V", shape, axis, sizes, constants, num_splits=2)


def _parted(
    rng: Random,
    kind: str,
    shape: Shape,
    axis: int,
    sizes: Sequence[int],
    constants: Sequence[NDArray[Any]],
    **options: int,
) -> Case:
    model = ModelBuilder()
    own = (scale(rng), point(rng))
    source = model.activation(shape, *own)
    parts = [model.activation((*shape[:axis], n, *shape[axis + 1 :]), *own) for n in sizes]
    named = [model.constant(data) for data in constants]
    model.operator(
        kind, [*named, source] if kind == "SPLIT" else [source, *named], parts, **options
    )
    out = model.activation(shape, *own)
    model.operator("CONCATENATION", parts[::-1], out, axis=axis)
    return model.build([source], [out]), values(rng, shape)


def unpack(rng: Random) -> Case:
    """A network with a random UNPACK, whose parts are packed in another order, and an input."""
    shape = _any_shape(rng)
    axis, again = (int(rng.integers(1, len(shape))) for _ in range(2))
    model = ModelBuilder()
    own = (scale(rng), point(rng))
    source = model.activation(shape, *own)
    part = (*shape[:axis], *shape[axis + 1 :])
    parts = [model.activation(part, *own) for _ in range(shape[axis])]
    told = axis - len(shape) * int(rng.integers(2))
    model.operator("UNPACK", [source], parts, num=len(parts), axis=told)
    out = model.activation((*part[:again], len(parts), *part[again:]), *own)
    model.operator("PACK", parts[::-1], out, values_count=len(parts), axis=again)
    return model.build([source], [out]), values(rng, shape)


def pack(rng: Random) -> Case:
    """A network with a random PACK of a tensor and others, and an input."""
    shape = _any_shape(rng)[:3]
    axis, count = int(rng.integers(1, len(shape) + 1)), int(rng.integers(1, 7))
    model = ModelBuilder()
    own = (scale(rng), point(rng))
    source = model.activation(shape, *own)
    parts = [source]
    for _ in range(count - 1):
        factors = model.constant(values(rng, shape[-1:]), scale(rng), point(rng))
        parts.append(model.activation(shape, *own))
        model.operator("MUL", [source, factors], parts[-1], fused_activation_function=0)
    out = model.activation((*shape[:axis], count, *shape[axis:]), *own)
    model.operator("PACK", parts, out, values_count=count, axis=axis)
    return model.build([source], [out]), values(rng, shape)


def _reduced(rng: Random, kind: str, is_rescaled: bool) -> Case:
    """A reduction over some dimensions, named in any order and from either end."""
    shape = _any_shape(rng)
    rank = len(shape)
    axes = rng.permutation(np.arange(1, rank))[: int(rng.integers(1, rank))].tolist()
    kept = bool(rng.integers(2))
    sizes = [1 if axis in axes else size for axis, size in enumerate(shape)]
    result = sizes if kept else [size for axis, size in enumerate(sizes) if axis not in axes]
    model = ModelBuilder()
    own = (scale(rng), point(rng))
    source = model.activation(shape, *own)
    told = [axis - rank * int(rng.integers(2)) for axis in axes]
    other = (scale(rng), point(rng)) if is_rescaled else own
    if kind == "SUM":  # else many outputs would be at a limit
        count = prod(shape[axis] for axis in axes)
        factor = scale(rng, 0.5, 2)
        middle = round(own[1] / factor) + int(rng.integers(-60, 60))
        other = (own[0] * count * factor, min(max(middle, -128), 127))
    out = model.activation(result, *other)
    model.operator(kind, [source, model.constant(_numbers(told))], out, keep_dims=kept)
    return model.build([source], [out]), values(rng, shape)


def mean_of_any(rng: Random) -> Case:
    """A network with a random MEAN over any dimensions, and an input."""
    return _reduced(rng, "MEAN", is_rescaled=True)


def reduce_max(rng: Random) -> Case:
    """A network with a random REDUCE_MAX, and an input."""
    return _reduced(rng, "REDUCE_MAX", is_rescaled=False)


def reduce_min(rng: Random) -> Case:
    """A network with a random REDUCE_MIN, and an input."""
    return _reduced(rng, "REDUCE_MIN", is_rescaled=False)


def sum_(rng: Random) -> Case:
    """A network with a random SUM over any dimensions, and an input."""
    return _reduced(rng, "SUM", is_rescaled=True)


def prelu(rng: Random) -> Case:
    """A network with a random PRELU, and an input."""
    shape = _image(rng)
    form = [shape[-1:], (1, 1, shape[-1]), (1, 1, 1), shape[1:]][int(rng.choice([0, 1, 1, 2, 3]))]
    model = ModelBuilder()
    source = model.activation(shape, scale(rng), point(rng))
    slopes = model.constant(values(rng, form), scale(rng, 0.002, 0.02), point(rng))
    out = model.activation(shape, scale(rng), point(rng))
    model.operator("PRELU", [source, slopes], out)
    return model.build([source], [out]), values(rng, shape)


MOVE_CASES: dict[str, Callable[[Random], Case]] = {
    "BROADCAST_TO": broadcast_to,
    "DEPTH_TO_SPACE": depth_to_space,
    "PACK": pack,
    "PRELU": prelu,
    "REDUCE_MAX": reduce_max,
    "REDUCE_MIN": reduce_min,
    "SLICE": slice_,
    "SPACE_TO_DEPTH": space_to_depth,
    "SPLIT": split,
    "SPLIT_V": split_v,
    "STRIDED_SLICE": strided_slice,
    "SUM": sum_,
    "TILE": tile,
    "TRANSPOSE": transpose,
    "UNPACK": unpack,
}
