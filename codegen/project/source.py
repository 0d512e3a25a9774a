"""Finds a model and its golden file. Reads files."""

from dataclasses import dataclass, replace
from pathlib import Path

from codegen.model.model_file import is_saved_model, read_model_file
from codegen.project.names import model_name
from firmware.array_file import ArrayFile
from firmware.errors import FileError, ModelError, RecordError, StaleError
from firmware.files import sha256_of_bytes
from firmware.records.reader import Kind, read_json_values

_MOST_DIGEST_BYTES = 1024
_RUN = Kind("is not a finished run", "start 'nas run' again")


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model and its golden file.

    Attributes:
        path: The .tflite.
        content: Its bytes.
        name: C identifier for everything generated from it.
        golden: Path of the inputs and expected outputs, if there are any.
        golden_rounding: The rounding of those outputs.
    """

    path: Path
    content: bytes
    name: str
    golden: Path | None
    golden_rounding: str = ""

    @property
    def sha256(self) -> str:
        """Of the .tflite."""
        return sha256_of_bytes(self.content)


def find_model(model_or_run: Path, golden: Path | None = None, name: str = "") -> ModelSource:
    """The model at a path: a .tflite, or the folder of a run.

    The golden file is the given one, else `<model>.golden.npz` or `golden.npz` beside the model.

    Raises:
        ModelError: There is no such model.
        StaleError: The run's record or the golden file belong to another model.
    """
    is_run = model_or_run.is_dir() and not is_saved_model(model_or_run)
    path = model_or_run / "model.tflite" if is_run else model_or_run
    content = read_model_file(path)
    source = ModelSource(
        path,
        content,
        model_name(name or (model_or_run.resolve().name if is_run else path.stem)),
        golden or _golden_beside(path),
    )
    if is_run:
        _check_record(model_or_run / "run.json", source.sha256)
    if source.golden is not None:
        return replace(source, golden_rounding=_read_golden(source.golden, source.sha256))
    return source


def _golden_beside(path: Path) -> Path | None:
    candidates = (path.with_name(f"{path.stem}.golden.npz"), path.with_name("golden.npz"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _check_record(record: Path, sha256: str) -> None:
    try:
        recorded = read_json_values(record, _RUN).get("model_sha256")
    except RecordError as error:
        raise ModelError(str(error)) from error
    if recorded != sha256:
        raise StaleError(f"{str(record)!r} records another model than the model.tflite beside it")


def _read_golden(golden: Path, sha256: str) -> str:
    """The rounding of a golden file, by default LiteRT's. Raises if it is for another model."""
    try:
        with ArrayFile(golden) as arrays:
            recorded = str(arrays.read("model_sha256", _MOST_DIGEST_BYTES))
            rounding = "litert"
            if "rounding" in arrays.names:
                rounding = str(arrays.read("rounding", _MOST_DIGEST_BYTES))
    except FileError as error:
        raise ModelError(f"no golden file: {error}; make it with 'nas golden'") from error
    if recorded != sha256:
        raise StaleError(
            f"{str(golden)!r} was made from another model; make it again with 'nas golden'"
        )
    return rounding
