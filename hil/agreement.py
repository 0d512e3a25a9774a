"""Whether the runtimes in a firmware give the same outputs. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from hil.measure import Measurement
from hil.outputs import Outputs, compare_outputs, outputs_of
from hil.project import Project


@dataclass(frozen=True, slots=True)
class Agreement:
    """The outputs of a runtime, compared with those of another one.

    Attributes:
        runtime: The other.
        outputs: How far they are apart.
    """

    runtime: str
    outputs: Outputs


def agreements(
    projects: Sequence[Project], measurements: Sequence[Measurement]
) -> list[Agreement | None]:
    """Compare each runtime with the one before it, and the first with the last.

    None where there is one runtime alone, or where a golden file says what outputs should be.
    """
    if len(projects) == 1 or measurements[0].outputs is not None:
        return [None] * len(projects)
    return [
        _compare(projects[number - 1], measurements[number - 1], own)
        for number, own in enumerate(measurements)
    ]


def _compare(other: Project, others: Measurement, own: Measurement) -> Agreement:
    expected = outputs_of(others.answers, other.outputs)
    return Agreement(other.runtime, compare_outputs(expected, own.answers))
