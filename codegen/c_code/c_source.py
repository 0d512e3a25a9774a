"""Formats values as C text: literals, initialisers. Pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LINE_WIDTH = 96


def literal(value: int | float) -> str:
    """A number as a literal of C and C++; a float with all bits of its float32 value."""
    if isinstance(value, float):
        return f"{np.format_float_scientific(np.float32(value), unique=True, trim='0')}f"
    if value == -(1 << 31):
        return "INT32_MIN"
    return str(int(value))


def initializer_lines(values: NDArray[np.generic]) -> list[str]:
    """The elements of an array, flattened, as lines of an initialiser without braces."""
    return wrap([literal(value) for value in np.ravel(values).tolist()])


def byte_lines(content: bytes) -> list[str]:
    """Bytes as lines of hexadecimal literals."""
    return wrap([f"0x{byte:02x}" for byte in content])


def wrap(items: Sequence[str]) -> list[str]:
    """Items with commas in lines of at most 96 characters."""
    lines: list[str] = []
    line = ""
    for item in items:
        if line and len(line) + len(item) + 2 > _LINE_WIDTH:
            lines.append(line)
            line = ""
        line += f"{' ' if line else ''}{item},"
    return [*lines, line] if line else lines
