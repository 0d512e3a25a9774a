"""The part of a tensor that STRIDED_SLICE takes, as an index of numpy. Pure."""

from collections.abc import Sequence
from types import EllipsisType

from codegen.model.graph import Operator

Index = tuple[int | slice | EllipsisType | None, ...]


def strided_index(
    operator: Operator, begins: Sequence[int], ends: Sequence[int], strides: Sequence[int]
) -> Index:
    """The index that gives the output of a STRIDED_SLICE.

    Source: TFLite, STRIDED_SLICE: a mask has one bit for each element of `begins`.

    Raises:
        ValueError: It names elements in a way that no index does.
    """
    masks = {
        name: int(operator.options.get(f"{name}_mask", 0))
        for name in ("begin", "end", "shrink_axis", "ellipsis", "new_axis")
    }
    if operator.options.get("offset", False):
        raise ValueError("ends that count from the beginning")
    parts: list[int | slice | EllipsisType | None] = []
    for axis, (begin, end, stride) in enumerate(zip(begins, ends, strides, strict=True)):
        bit = 1 << axis
        if masks["ellipsis"] & bit:
            parts.append(...)
        elif masks["new_axis"] & bit:
            parts.append(None)
        elif masks["shrink_axis"] & bit:
            if masks["begin"] & bit or stride != 1:
                raise ValueError("an element that is not named")
            parts.append(int(begin))
        else:
            first = None if masks["begin"] & bit else int(begin)
            last = None if masks["end"] & bit else int(end)
            parts.append(slice(first, last, int(stride)))
    return tuple(parts)
