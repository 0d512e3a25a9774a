"""Values as C text: literals, initialisers, identifiers. Pure."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LINE_WIDTH = 96
_OURS = frozenset({"bench", "board", "nn"})
"""Prefixes of the C in `firmware/`."""


def identifier(name: str) -> str:
    """A C identifier made of a name: lower case, at most 40 characters.

    It stands as a prefix before `_`, so that reserved words need no care.
    """
    cleaned = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40].strip("_")
    if not cleaned or cleaned[0].isdigit() or cleaned in _OURS:
        return f"model_{cleaned}".rstrip("_")
    return cleaned


def literal(value: int | float) -> str:
    """A number as C writes it; floats in hexadecimal, so that no bit is lost."""
    if isinstance(value, float):
        return f"{float(np.float32(value)).hex()}f"
    if value == -(1 << 31):
        return "INT32_MIN"
    return str(int(value))


def initializer_lines(values: NDArray[np.generic]) -> list[str]:
    """The elements of an array, flat, as lines of an initialiser without its braces."""
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
