"""Saves and loads the state of a training, to resume it after an interruption. I/O."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware.array_file import ArrayFile
from firmware.errors import FileError
from firmware.files import replacing

_MOST_BYTES = 256 << 20
"""Limit for one array of a checkpoint; no searched network with its optimizer state reaches it."""


@dataclass(slots=True)
class Checkpoint:
    """The state of a training after an epoch.

    Attributes:
        accuracies: Validation accuracy after each epoch so far.
        losses: Mean loss on the training images in each of these epochs.
        state: (3, n) float32: the parameters and both moments of Adam.
        best: Weights after the epoch with the best validation accuracy.
    """

    accuracies: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    state: list[NDArray[Any]] = field(default_factory=list)
    best: list[NDArray[Any]] = field(default_factory=list)


def write_checkpoint(path: Path, key: Mapping[str, Any], checkpoint: Checkpoint) -> None:
    """Write a checkpoint atomically; `key` identifies the training that it belongs to."""
    arrays = {f"state_{i}": array for i, array in enumerate(checkpoint.state)}
    arrays |= {f"best_{i}": array for i, array in enumerate(checkpoint.best)}
    curves = {"accuracies": checkpoint.accuracies, "losses": checkpoint.losses}
    header = json.dumps({"key": key, **curves}, sort_keys=True)
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, header=np.asarray(header), **arrays)  # type: ignore[arg-type]


def read_checkpoint(path: Path, key: Mapping[str, Any]) -> Checkpoint | None:
    """The checkpoint of the training with this key; None if there is none."""
    try:
        with ArrayFile(path) as file:
            header = json.loads(str(file.read("header", _MOST_BYTES)))
            if header["key"] != json.loads(json.dumps(key)):
                return None
            return Checkpoint(
                header["accuracies"],
                header["losses"],
                _numbered(file, "state"),
                _numbered(file, "best"),
            )
    except (FileError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _numbered(file: ArrayFile, prefix: str) -> list[NDArray[Any]]:
    count = sum(name.startswith(f"{prefix}_") for name in file.names)
    return [file.read(f"{prefix}_{i}", _MOST_BYTES) for i in range(count)]
