"""A generated project. Reads its manifest and golden file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from firmware.array_file import MOST_GOLDEN_BYTES, read_arrays
from firmware.errors import ConfigError, FileError, StaleError
from firmware.files import sha256_of_file
from firmware.platformio import firmware_path
from firmware.records.golden import array_names
from firmware.records.manifest import MANIFEST_SCHEMA, ManifestRecord, PortRecord
from firmware.records.reader import Kind, convert, read_json_values
from firmware.targets import Target, load_target

_KIND = Kind(
    "is not the manifest of a project", "make a project with 'codegen build'", MANIFEST_SCHEMA
)


@dataclass(frozen=True, slots=True)
class Project:
    """The predicted values of a project's manifest.

    Attributes:
        folder: Its folder.
        model_symbols: Prefixes of the names of the C objects that hold the model.
        weight_bytes: Flash of the model: its constants, or the .tflite.
        inputs: Inputs of the model, in order.
        outputs: Its outputs.
        arena_bytes: Planned arena, with any margin.
        arena_used_bytes: Bytes of the arena that the runtime is expected to use.
        stack_bytes: Reserved stack.
        image_bytes: Bytes of the input, if its rows are fed one by one; 0 if the arena holds it.
        golden: File of the expected outputs, if the project has one.
        manifest: The whole manifest.json, or its part for one runtime.
        index_of_several: Index of the runtime if the firmware holds several; else None.
    """

    folder: Path
    target: Target
    model_name: str
    model_sha256: str
    runtime: str
    model_symbols: tuple[str, ...]
    weight_bytes: int
    arena_bytes: int
    arena_used_bytes: int
    stack_bytes: int
    inputs: tuple[PortRecord, ...]
    outputs: tuple[PortRecord, ...]
    golden: Path | None
    manifest: dict[str, Any]
    index_of_several: int | None = None
    image_bytes: int = 0

    @property
    def firmware(self) -> Path:
        """The path of its ELF after the build."""
        return firmware_path(self.folder, self.target)


@dataclass(frozen=True, slots=True)
class Golden:
    """Inputs, and their outputs from TFLite's reference kernels.

    Attributes:
        inputs: For each input of the model, (n, …) in its type.
        outputs: For each output, (n, …) in its type.
    """

    inputs: tuple[NDArray[Any], ...]
    outputs: tuple[NDArray[Any], ...]


def read_project(folder: Path) -> tuple[Project, ...]:
    """Read the manifest of a project: the predicted values of each runtime in its firmware.

    Raises:
        ConfigError: The folder is not a generated project.
        StaleError: Its golden file was replaced by another one.
    """
    path = folder / "manifest.json"
    manifest = read_json_values(path, _KIND)
    record = convert(manifest, ManifestRecord, path, _KIND)
    several = [(record, manifest), *zip(record.beside, manifest.get("beside", ()), strict=True)]
    target = record.hardware or load_target(record.target)
    projects = tuple(
        _project(folder, target, *own, index if len(several) > 1 else None)
        for index, own in enumerate(several)
    )
    if projects[0].golden is not None:
        _check_golden(projects[0].golden, record.golden_sha256)
    return projects


def _image_bytes(record: ManifestRecord) -> int:
    sizes = record.estimate
    together = sizes.arena_with_image_bytes
    return 0 if together is None else max(0, together - sizes.arena_bytes)


def _project(
    folder: Path,
    target: Target,
    record: ManifestRecord,
    manifest: dict[str, Any],
    index: int | None,
) -> Project:
    name, is_static = record.model_name, record.runtime == "static"
    return Project(
        folder=folder,
        target=target,
        model_name=name,
        model_sha256=record.model_sha256,
        runtime=record.runtime,
        model_symbols=(f"{name}_op",) if is_static else (f"{name}_tflite",),
        weight_bytes=record.weight_bytes if is_static else record.model_bytes,
        arena_bytes=record.estimate.arena_bytes,
        arena_used_bytes=record.estimate.arena_used_bytes,
        stack_bytes=record.estimate.stack_bytes,
        inputs=record.inputs,
        outputs=record.outputs,
        golden=folder / "golden.npz" if record.golden_sha256 else None,
        manifest=manifest,
        index_of_several=index,
        image_bytes=_image_bytes(record),
    )


def _check_golden(golden: Path, sha256: str | None) -> None:
    if not golden.is_file():
        raise ConfigError(f"{str(golden)!r} is missing; generate the project again")
    if sha256_of_file(golden) != sha256:
        raise StaleError(f"{str(golden)!r} is not the one the project was made with")


def read_golden(path: Path, inputs: Sequence[PortRecord], outputs: Sequence[PortRecord]) -> Golden:
    """Read golden inputs and outputs.

    Args:
        path: The file.
        inputs: The inputs of its model.
        outputs: The outputs.

    Raises:
        ConfigError: The file is damaged.
    """
    given = array_names("input", [own.name for own in inputs])
    wanted = array_names("output", [own.name for own in outputs])
    try:
        arrays = read_arrays(path, (*given, *wanted), MOST_GOLDEN_BYTES)
    except FileError as error:
        raise ConfigError(
            f"no golden file: {error}; generate the project again with 'codegen build'"
        ) from error
    golden = Golden(tuple(arrays[name] for name in given), tuple(arrays[name] for name in wanted))
    counts = {own.shape[:1] for own in (*golden.inputs, *golden.outputs)}
    if len(counts) != 1 or counts & {(), (0,)}:
        raise ConfigError(f"{str(path)!r} contains no pairs of inputs and outputs")
    return golden
