"""Operators with several outputs as one operator for each of them. Pure."""

from collections.abc import Collection
from dataclasses import replace

from codegen.model.graph import Operator

PART = "part"
"""The option that tells which of the outputs an operator makes, counted from 0."""
PARTED = ("SPLIT", "SPLIT_V", "UNPACK")
"""Operators of which each output is a part of the input."""


def single_outputs(operator: Operator, needed: Collection[int]) -> tuple[Operator, ...]:
    """One operator for each output that is needed; itself if it makes one part or no parts.

    Args:
        operator: The operator.
        needed: The tensors that something reads.
    """
    if operator.kind not in PARTED or PART in operator.options:
        return (operator,)
    return tuple(
        replace(operator, outputs=(output,), options={**operator.options, PART: index})
        for index, output in enumerate(operator.outputs)
        if output in needed
    )
