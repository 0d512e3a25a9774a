"""Cycles that the cycle model counted: of an inference, and of its kernel calls. Pure."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import add, sub
from typing import TypeVar

STALLS = (
    "flash data",
    "flash instructions",
    "loads",
    "addresses",
    "branches",
    "fetches",
    "float results",
    "unaligned data",
)
"""Causes of stalls, in the order of the plugin's log (`stall_t` in pipeline.h)."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Counts:
    """What the cycle model counted.

    Attributes:
        instructions: Executed instructions; those whose condition failed included.
        cycles: Cycles, the stalls included.
        divides: Integer divisions. Their operands are not known, so each may differ from the model
            by the range in the core's timing.
        stalls: Cycles of each of `STALLS`.
    """

    instructions: int = 0
    cycles: int = 0
    divides: int = 0
    stalls: tuple[int, ...] = (0,) * len(STALLS)

    def __add__(self, other: "Counts") -> "Counts":
        return self._with(add, other)

    def __sub__(self, other: "Counts") -> "Counts":
        return self._with(sub, other)

    def __mul__(self, factor: int) -> "Counts":
        return self._with(lambda own, _: own * factor, self)

    def by_cause(self) -> dict[str, int]:
        """Cycles of the stalls, by the name of their cause."""
        return dict(zip(STALLS, self.stalls, strict=True))

    def _with(self, apply: Callable[[int, int], int], other: "Counts") -> "Counts":
        return Counts(
            apply(self.instructions, other.instructions),
            apply(self.cycles, other.cycles),
            apply(self.divides, other.divides),
            tuple(map(apply, self.stalls, other.stalls)),
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """An access of the firmware to its tick counter, or to the array of ticks by kernel call.

    Attributes:
        step: Index in the array; None for the counter.
        is_store: To the counter, it starts a measurement. To the array, it ends a kernel call.
        counts: Since the firmware started.
    """

    step: int | None
    is_store: bool
    counts: Counts


def counts_of_run(marks: Sequence[Mark]) -> Counts | None:
    """What an inference took, with the measuring itself; None if it was not measured.

    If a model is fed with rows, the firmware measures each part, and after each but the last a part
    that does nothing. Those are subtracted, as the firmware does.
    """
    parts: list[Counts] = []
    started: Counts | None = None
    for mark in marks:
        if mark.step is not None:
            continue
        if mark.is_store:
            started = mark.counts
        elif started is not None:
            parts.append(mark.counts - started)
            started = None
    if len(parts) % 2 == 0:
        return None
    return sum(parts[0::2], Counts()) - sum(parts[1::2], Counts())


def counts_of_steps(marks: Sequence[Mark], steps: int) -> tuple[Counts, ...] | None:
    """What each kernel call took, with the measuring itself; None if that is not known.

    Either the firmware measures each call on its own, or the model does: it reads the counter
    before and after a call, and then adds the difference to the array.
    """
    if any(mark.step is not None and mark.is_store for mark in marks):
        return _by_array(marks, steps)
    parts = [
        after.counts - before.counts
        for before, after in itertools.pairwise(marks)
        if before.is_store and not after.is_store
    ]
    return tuple(parts) if len(parts) == steps else None


def _by_array(marks: Sequence[Mark], steps: int) -> tuple[Counts, ...] | None:
    """The calls may be nested, so the times at which they began are a stack."""
    found = [Counts()] * steps
    times: list[Counts] = []
    for mark in marks:
        if mark.step is None and mark.is_store:
            times.clear()
        elif mark.step is None:
            times.append(mark.counts)
        elif mark.is_store and len(times) >= 2:
            if mark.step >= steps:
                return None
            end, start = times.pop(), times.pop()
            found[mark.step] += end - start
    return tuple(found)


@dataclass(frozen=True, slots=True)
class ModelledTiming:
    """The modelled time of one inference.

    Attributes:
        inference: The median of the inputs by cycles, without the measuring itself.
        steps: Of each kernel call; empty if that is not known.
    """

    inference: Counts
    steps: tuple[Counts, ...] = ()

    def milliseconds(self, core_hz: int) -> float:
        """The time of one inference at a clock."""
        return 1000 * self.inference.cycles / core_hz


class CycleMeter:
    """Collects what the cycle model counts during a measurement.

    Args:
        take_marks: Gives the marks since the last call; always none if nothing is modelled.
    """

    def __init__(self, take_marks: Callable[[], list[Mark]]) -> None:
        self._take_marks = take_marks
        self._runs: list[Counts | None] = []
        self._steps: tuple[Counts, ...] = ()

    def run(self, action: Callable[[], _T]) -> _T:
        """Do something that runs one inference, and keep its counts."""
        self._take_marks()
        result = action()
        self._runs.append(counts_of_run(self._take_marks()))
        return result

    def run_steps(self, action: Callable[[], list[int]]) -> list[int]:
        """Do something that gives the ticks of each kernel call, and keep the counts of each."""
        self._take_marks()
        ticks = action()
        self._steps = counts_of_steps(self._take_marks(), len(ticks)) or ()
        return ticks

    def timing(self, measure_nothing: Callable[[], object]) -> ModelledTiming | None:
        """The time of one inference; None if the cycles of an inference are not known.

        Args:
            measure_nothing: Measures an inference that does nothing.
        """
        self._take_marks()
        measure_nothing()
        baseline = counts_of_run(self._take_marks())
        known = sorted((own for own in self._runs if own is not None), key=lambda own: own.cycles)
        if baseline is None or not known or len(known) < len(self._runs):
            return None
        return ModelledTiming(known[(len(known) - 1) // 2] - baseline, self._steps)
