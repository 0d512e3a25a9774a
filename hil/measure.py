"""Runs golden inputs on a board and collects what it reports. I/O through the client."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from firmware.errors import WrongFirmwareError
from hil.board import Board
from hil.elf import FirmwareSize
from hil.project import Golden, Project
from hil.protocol import BenchClient, Identity

OnSample = Callable[[int, int], None]
"""Called with the samples done, and with all."""

_UNCHECKED_RUNS = 3


@dataclass(frozen=True, slots=True)
class Outputs:
    """How far the board's outputs are from the expected ones.

    Attributes:
        samples: Inputs compared.
        identical_fraction: Samples of which every output byte was as expected.
        max_lsb: Largest difference of one quantised output; for float outputs, of one value in
            steps of 1/256.
    """

    samples: int
    identical_fraction: float
    max_lsb: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a board reported of a project.

    Attributes:
        instructions: Per inference, median over the samples; None on a real board.
        cycles: Per inference, median over the samples; None on the virtual board.
        arena_peak_bytes: Most of the arena ever written, by the paint that is gone.
        stack_peak_bytes: Most stack in use, by the paint that is gone.
        outputs: None if the project has no golden file.
        step_ticks: Of each kernel call of one inference: instructions on the virtual board, else
            cycles.
    """

    board: str
    identity: Identity
    size: FirmwareSize
    firmware_sha256: str
    arena_peak_bytes: int
    stack_peak_bytes: int
    instructions: int | None
    cycles: int | None
    outputs: Outputs | None
    step_ticks: tuple[int, ...] = ()


def check_identity(identity: Identity, project: Project) -> None:
    """Refuse a board that runs something else than the project.

    Raises:
        WrongFirmwareError: It does.
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
    client: BenchClient, golden: Golden | None, input_bytes: int, on_sample: OnSample
) -> tuple[int, list[bytes]]:
    """Median ticks of one inference, and the output of each golden input.

    Without golden inputs the model runs on zeros, and there are no outputs.
    """
    ticks, outputs = [], []
    inputs = [bytes(input_bytes)] * _UNCHECKED_RUNS
    if golden is not None:
        inputs = [np.ascontiguousarray(sample).tobytes() for sample in golden.inputs]
    for index, data in enumerate(inputs):
        client.load(data)
        inference = client.infer()
        ticks.append(inference.ticks)
        outputs.append(inference.output)
        on_sample(index + 1, len(inputs))
    return round(statistics.median(ticks)), outputs if golden is not None else []


def compare_outputs(golden: Golden, outputs: list[bytes]) -> Outputs:
    """Compare what the board gave with what was expected, sample by sample."""
    expected = golden.outputs
    measured = np.stack(
        [np.frombuffer(data, expected.dtype).reshape(expected.shape[1:]) for data in outputs]
    )
    count = len(expected)
    steps = 256.0 if expected.dtype.kind == "f" else 1.0
    difference = np.abs(measured.astype(np.float64) - expected.astype(np.float64)) * steps
    identical = (measured == expected).reshape(count, -1).all(axis=1)
    return Outputs(count, float(identical.mean()), float(difference.max(initial=0.0)))


def measure(
    board: Board,
    project: Project,
    golden: Golden | None,
    size: FirmwareSize,
    firmware_sha256: str,
    answer_limit_s: float,
    on_sample: OnSample,
) -> Measurement:
    """Measure a project on a board.

    Raises:
        BoardError: The board cannot be reached or reports a failure.
        WrongFirmwareError: It runs something else than the project.
    """
    with board:
        client = BenchClient(board.transport, answer_limit_s)
        client.connect()
        if project.index_of_several is not None:
            client.select(project.index_of_several)
        identity = client.identify()
        check_identity(identity, project)
        ticks, outputs = run_samples(client, golden, identity.input_bytes, on_sample)
        stack_peak_bytes = client.stack_peak_bytes()
        client.load(bytes(identity.input_bytes))
        step_ticks = client.step_ticks()
        _, arena_peak_bytes = client.arena()
    return Measurement(
        board=board.name,
        identity=identity,
        size=size,
        firmware_sha256=firmware_sha256,
        arena_peak_bytes=arena_peak_bytes,
        stack_peak_bytes=stack_peak_bytes,
        instructions=board.instructions(ticks) if board.counts_instructions else None,
        cycles=None if board.counts_instructions else ticks,
        outputs=compare_outputs(golden, outputs) if golden is not None else None,
        step_ticks=tuple(
            board.instructions(own) if board.counts_instructions else own for own in step_ticks
        ),
    )
