"""manifest.json: `codegen build` writes it, the bench reads it. Pure."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from firmware.records.values import Count, Sha256
from firmware.targets import Target

MANIFEST_SCHEMA = 3
JOURNAL_SCHEMA = 1

PortType = Literal["int8", "uint8", "int16", "float32"]
"""Type of the elements of an input or output."""


@dataclass(frozen=True, slots=True)
class FilesRecord:
    """The files in manifest.json: the SHA-256 of each, by its path."""

    files: dict[str, Sha256] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JournalRecord:
    """Files that are being written: the possible SHA-256 of each, by its path."""

    files: dict[str, tuple[Sha256, ...]]


@dataclass(frozen=True, slots=True)
class PortRecord:
    """An input or output of the model.

    Attributes:
        name: Its name in C, unique among the inputs or outputs.
        dtype: Type of its elements.
        bytes: Their bytes.
        shape: Its dimensions, batch included.
        scale: Its scale; None if it is not quantised.
        zero_point: Its zero point; None if it is not quantised.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9_]+\Z")]
    dtype: PortType
    bytes: Count
    shape: tuple[Count, ...] = ()
    scale: float | None = None
    zero_point: int | None = None


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A kernel call of the static runtime, or an operator of TFLM.

    Attributes:
        operators: TFLite's names of its operators.
        input: Shapes of the tensors that it reads, batch included.
        output: Shape of the tensor that it writes, batch included.
        macc: Multiply-accumulates.
        kernel: Name of the kernel; None for an operator of TFLM.
        work: How often each part of the kernel runs, by its name.
    """

    operators: tuple[str, ...]
    input: tuple[tuple[Count, ...], ...]
    output: tuple[Count, ...]
    macc: Count
    kernel: str | None = None
    work: dict[str, Count] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DroppedRecord:
    """What the static runtime does not compute of the model.

    Attributes:
        channels: Output channels of layers with weights.
        macc: Multiply-accumulates.
    """

    channels: Count = 0
    macc: Count = 0


@dataclass(frozen=True, slots=True)
class Sizes:
    """The predicted memory, and the limits of the chip.

    Attributes:
        arena_bytes: Planned arena, with any margin.
        arena_used_bytes: Bytes of the arena that the runtime is expected to use.
        stack_bytes: Reserved stack.
        arena_with_image_bytes: The arena, and the input if the arena does not hold it; None in
            manifests of earlier versions, whose arenas hold it.
        ram_limit_bytes: RAM of the chip.
        flash_limit_bytes: Flash of the chip.
    """

    arena_bytes: Count
    arena_used_bytes: Count
    stack_bytes: Count
    arena_with_image_bytes: Count | None = None
    ram_limit_bytes: Count | None = None
    flash_limit_bytes: Count | None = None


@dataclass(frozen=True, slots=True)
class ManifestRecord:
    """manifest.json of a project, or its part for a further runtime.

    Attributes:
        model_name: Prefix of the names of its C objects.
        weight_bytes: Constants of the static runtime.
        golden_sha256: SHA-256 of golden.npz; None if the project has none.
        steps: Its kernel calls, in order.
        operators: TFLite's names of all operators, in order.
        macc: Multiply-accumulates of an inference.
        dropped: What the runtime leaves out.
        toolchain: Where the compiler comes from.
        rounding: How FULLY_CONNECTED and SUM round.
        environment: PlatformIO's name of the board.
        hardware: The whole description of the target; None in manifests of earlier versions, and
            in the parts for further runtimes.
        beside: The same for the other runtimes in the firmware.
    """

    model_name: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\Z")]
    model_sha256: Sha256
    target: str
    runtime: Literal["static", "tflm"]
    model_bytes: Count
    weight_bytes: Count
    inputs: Annotated[tuple[PortRecord, ...], Meta(min_length=1)]
    outputs: Annotated[tuple[PortRecord, ...], Meta(min_length=1)]
    estimate: Sizes
    golden_sha256: Sha256 | None
    steps: tuple[CallRecord, ...] = ()
    operators: tuple[str, ...] = ()
    macc: Count = 0
    dropped: DroppedRecord = DroppedRecord()
    toolchain: str = ""
    rounding: str = ""
    environment: str = ""
    hardware: Target | None = None
    beside: tuple["ManifestRecord", ...] = ()
