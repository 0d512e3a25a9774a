"""Runs golden inputs on a board and collects what it reports. I/O through the client."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from firmware.errors import NoAnswerError, WrongFirmwareError
from firmware.targets.machine import EmulatedMachine
from hil.board import Board
from hil.clock_check import SHORTEST_S, ClockMeasurement, check_clock, measure_clock
from hil.deadline import Deadline
from hil.elf import FirmwareSize
from hil.identity import Identity
from hil.linker_map import CodeParts
from hil.modelled import CycleMeter, ModelledTiming
from hil.outputs import (
    Outputs,
    check_golden,
    compare_outputs,
    golden_inputs,
    random_inputs,
    zero_inputs,
)
from hil.project import Golden, Project
from hil.protocol import BenchClient, Timestamp
from hil.windows import Plan, Windows, measure_windows

OnSample = Callable[[int, int], None]
"""Called with the number of samples done and the total."""


@dataclass(frozen=True, slots=True)
class FirmwareBuild:
    """The measured firmware.

    Attributes:
        size: Size of the linked firmware.
        sha256: SHA-256 of its ELF.
        compilers: Its compilers, with all flags.
        code: Code bytes by origin; None if the linker wrote no map.
    """

    size: FirmwareSize
    sha256: str
    compilers: tuple[str, ...] = ()
    code: CodeParts | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """The time of one inference, in cycles, or in instructions on a virtual board.

    The time of the measurement itself is subtracted.

    Attributes:
        median: Median over the inputs, each run once.
        lowest: Lowest of these times.
        highest: Highest of these times.
        baseline: The subtracted time: measuring an inference that does nothing.
        windows: Times of many inferences in a row, on a real board; else None.
    """

    median: int
    lowest: int
    highest: int
    baseline: int
    windows: Windows | None = None

    @property
    def one(self) -> int:
        """The time to report."""
        return self.median if self.windows is None else round(self.windows.median_ticks)


@dataclass(frozen=True, slots=True)
class Measurement:
    """The measurement of a project on a board.

    Attributes:
        board: Name of the board.
        probe: Serial number of its debug probe; empty if not known.
        counts_instructions: `timing` and `step_ticks` are instructions, not cycles.
        arena_peak_bytes: Peak of the arena, from the fill pattern.
        stack_peak_bytes: Peak of the stack, from the fill pattern.
        outputs: None if the project has no golden file.
        clock: The core clock, measured by the host; None on a virtual board.
        damaged: Exchanges that were damaged on the line and repeated.
        step_ticks: Ticks of each kernel call of one inference.
        answers: The bytes of the output for each input.
        modelled: Cycles that the cycle model counted; None on a real board, and without it.
        machine: The machine that QEMU emulated; None on a real board.
    """

    board: str
    probe: str
    counts_instructions: bool
    identity: Identity
    build: FirmwareBuild
    arena_peak_bytes: int
    stack_peak_bytes: int
    timing: Timing
    outputs: Outputs | None
    clock: ClockMeasurement | None
    damaged: int = 0
    step_ticks: tuple[int, ...] = ()
    answers: tuple[bytes, ...] = ()
    modelled: ModelledTiming | None = None
    machine: EmulatedMachine | None = None

    @property
    def unit(self) -> Literal["cycles", "instructions"]:
        """Unit of `timing` and `step_ticks`."""
        return "instructions" if self.counts_instructions else "cycles"

    @property
    def milliseconds(self) -> float | None:
        """Time of one inference, by the measured clock."""
        return None if self.clock is None else 1000 * self.timing.one / self.clock.hz


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a measurement.

    Attributes:
        answer_limit_s: Longest wait for one answer.
        windows: How latency is measured on a real board.
        session_limit_s: Time limit for a board, from flashing to the last answer.
    """

    answer_limit_s: float
    windows: Plan = field(default_factory=Plan)
    session_limit_s: float = 1800.0


def check_identity(identity: Identity, project: Project) -> None:
    """Check that a board runs the project's firmware.

    Raises:
        WrongFirmwareError: It runs another firmware.
    """
    if identity.model_sha256 != project.model_sha256:
        raise WrongFirmwareError(
            f"the board runs {identity.model!r} from model {identity.model_sha256[:12]}, the "
            f"project was made from {project.model_sha256[:12]}; flash this project's firmware"
        )
    if identity.runtime != project.runtime:
        raise WrongFirmwareError(
            f"the board runs the {identity.runtime} runtime, the project has {project.runtime}; "
            "flash this project's firmware"
        )


def run_samples(
    client: BenchClient, inputs: list[bytes], on_sample: OnSample, meter: CycleMeter
) -> tuple[list[int], list[bytes]]:
    """Run each input once. Returns the ticks of each inference, and the outputs."""
    ticks, outputs = [], []
    for index, data in enumerate(inputs):
        inference = meter.run(partial(client.run, data))
        ticks.append(inference.ticks)
        outputs.append(inference.output)
        on_sample(index + 1, len(inputs))
    return ticks, outputs


def measure(
    board: Board,
    project: Project,
    golden: Golden | None,
    build: FirmwareBuild,
    settings: Settings,
    on_sample: OnSample,
    session: Deadline | None = None,
) -> Measurement:
    """Measure a project on a board.

    Without golden inputs, the model runs on zeros, and its outputs are not checked. If the firmware
    has several runtimes, each runs on the same random inputs, so that outputs can be compared.

    Raises:
        BoardError: The board cannot be reached or reports a failure.
        WrongFirmwareError: The board runs another firmware.
        ClockError: The measured clock differs from the clock that the board reports.
        ConfigError: The golden file is for another model.
    """
    with board:
        client = BenchClient(board.transport, settings.answer_limit_s, session=session)
        meter = CycleMeter(board.take_marks)
        identity = _connect(client, board, project)
        inputs = _inputs(identity, golden, project)
        started = client.timestamp()
        ticks, outputs = run_samples(client, inputs, on_sample, meter)
        stack_peak_bytes = client.stack_peak_bytes()
        step_ticks = meter.run_steps(partial(client.run_steps, bytes(identity.input_bytes)))
        _, arena_peak_bytes = client.arena()
        timing = _measure_timing(client, board, inputs[0], ticks, identity, settings.windows)
        modelled = meter.timing(client.baseline_ticks)
        clock = None if board.counts_instructions else _measure_clock(client, identity, started)
    return Measurement(
        board=board.name,
        probe=board.probe,
        counts_instructions=board.counts_instructions,
        identity=identity,
        build=build,
        arena_peak_bytes=arena_peak_bytes,
        stack_peak_bytes=stack_peak_bytes,
        timing=timing,
        outputs=None if golden is None else compare_outputs(golden.outputs, outputs),
        clock=clock,
        damaged=client.damaged,
        # Firmware that cannot time its operators reports 0 for each; this is not a measurement.
        step_ticks=tuple(_counted(board, own) for own in step_ticks) if any(step_ticks) else (),
        answers=tuple(outputs),
        modelled=modelled,
        machine=board.machine,
    )


def _connect(client: BenchClient, board: Board, project: Project) -> Identity:
    """Wait for the firmware of a project; returns its identity."""
    try:
        client.connect()
    except NoAnswerError as error:
        raise board.explain_silence(error) from error
    if project.index_of_several is not None:
        client.select(project.index_of_several)
    identity = client.identify()
    check_identity(identity, project)
    return identity


def _inputs(identity: Identity, golden: Golden | None, project: Project) -> list[bytes]:
    if golden is not None:
        check_golden(identity, golden)
        return golden_inputs(golden)
    if project.index_of_several is not None:
        return random_inputs(project.inputs)
    return zero_inputs(identity)


def _counted(board: Board, ticks: float) -> int:
    """Convert ticks to cycles, or to instructions if the board counts instructions."""
    return board.instructions(round(ticks)) if board.counts_instructions else round(ticks)


def _measure_timing(
    client: BenchClient,
    board: Board,
    data: bytes,
    ticks: list[int],
    identity: Identity,
    plan: Plan,
) -> Timing:
    """Measure windows on a real board. Counts of the virtual board are the same in every run."""
    baseline = client.baseline_ticks()
    windows = None
    if not board.counts_instructions:
        windows = _measure_windows(client, data, ticks, identity, plan)
    return Timing(
        median=_counted(board, statistics.median(ticks) - baseline),
        lowest=_counted(board, min(ticks) - baseline),
        highest=_counted(board, max(ticks) - baseline),
        baseline=_counted(board, baseline),
        windows=windows,
    )


def _measure_windows(
    client: BenchClient, data: bytes, ticks: list[int], identity: Identity, plan: Plan
) -> Windows:
    def ticks_of(inferences: int) -> int:
        return client.run(data, inferences, 1).ticks - client.baseline_ticks(inferences)

    return measure_windows(ticks_of, round(statistics.median(ticks)), identity.clock_hz, plan)


def _measure_clock(client: BenchClient, identity: Identity, started: Timestamp) -> ClockMeasurement:
    time.sleep(max(0.0, started.after_s + SHORTEST_S - time.monotonic()))
    clock = measure_clock(identity.clock_hz, started, client.timestamp())
    check_clock(identity.clock_hz, identity.clock_source, clock)
    return clock
