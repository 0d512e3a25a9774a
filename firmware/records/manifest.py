"""The manifest that `codegen build` writes, as far as the bench reads it. Pure."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from msgspec import Meta

from firmware.records.values import Count, Sha256

MANIFEST_SCHEMA = 3
JOURNAL_SCHEMA = 1


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
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9_]+\Z")]
    dtype: Literal["int8", "uint8", "int16", "float32"]
    bytes: Count


@dataclass(frozen=True, slots=True)
class Sizes:
    """The predicted memory.

    Attributes:
        arena_bytes: Planned arena, with any margin.
        arena_used_bytes: Bytes of the arena that the runtime is expected to use.
        stack_bytes: Reserved stack.
        arena_with_image_bytes: The arena, and the input if the arena does not hold it; None in
            manifests of earlier versions, whose arenas hold it.
    """

    arena_bytes: Count
    arena_used_bytes: Count
    stack_bytes: Count
    arena_with_image_bytes: Count | None = None


@dataclass(frozen=True, slots=True)
class ManifestRecord:
    """manifest.json of a project, or its part for a further runtime.

    Attributes:
        model_name: Prefix of the names of its C objects.
        weight_bytes: Constants of the static runtime.
        golden_sha256: SHA-256 of golden.npz; None if the project has none.
        steps: A record of each kernel call; copied unchanged to the measurement.
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
    steps: tuple[dict[str, Any], ...] = ()
    beside: tuple["ManifestRecord", ...] = ()
