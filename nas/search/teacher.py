"""Finds the teacher of a final training, and asks it about the training images. I/O."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from firmware.errors import ConfigError, HostMemoryError, StaleError
from firmware.files import sha256_of_file
from nas.data.dataset import Dataset
from nas.host.machine import Machine
from nas.host.memory_plan import MIB
from nas.host.worker import Worker
from nas.network.description import Shape
from nas.search.config import SearchConfig
from nas.search.final import CHECKPOINT
from nas.search.listener import Listener
from nas.search.network_bounds import network_of
from nas.search.recorded_run import read_recorded
from nas.search.run_record import FinalRecord, StartRecord
from nas.training.memory import teaching_bytes


@dataclass(frozen=True, slots=True)
class Teacher:
    """A finished run whose network teaches another one.

    Attributes:
        folder: Folder of the run.
        record: Its run.json.
    """

    folder: Path
    record: FinalRecord

    @property
    def images_key(self) -> str:
        """SHA-256 of the decoded images on which it was trained."""
        return keys_of(self.record).get(self.record.winner.candidate.side, "")


def keys_of(record: StartRecord) -> dict[int, str]:
    """SHA-256 of the decoded images of a run by the side of the input."""
    keys = {int(side): key for side, key in record.dataset_keys.items()}
    return keys or {0: record.config.dataset_key}


def check_space(config: SearchConfig) -> None:
    """Check that a search space of the user's own is the one of the run.

    Raises:
        ConfigError: Its file is gone.
        StaleError: It has changed.
    """
    if not config.space_sha256:
        return
    path = Path(config.space)
    if not path.is_file():
        raise ConfigError(f"the search space of the run, {config.space!r}, is not there any more")
    if sha256_of_file(path) != config.space_sha256:
        raise StaleError(f"{config.space!r} has changed since the run; its networks may be others")


def find_teacher(folder: Path, out: Path) -> Teacher:
    """The finished run in a folder, as the teacher of a run in `out`.

    Raises:
        ConfigError: It is no finished run, or is `out` itself.
        StaleError: Its search space has changed.
    """
    if folder.resolve() == out.resolve():
        raise ConfigError(
            f"--teacher {str(folder)!r} is --out itself, whose network would be replaced; choose "
            "another --out"
        )
    try:
        final = read_recorded(folder).final
    except ConfigError as error:
        raise ConfigError(f"no teacher for {str(out)!r}: {error}") from error
    if final is None:
        raise ConfigError(
            f"{_pair(folder, out)} is not finished; run the command that started it again first"
        )
    check_space(final.config)
    return Teacher(folder, final)


def check_teacher(teacher: Teacher, config: SearchConfig, keys: Collection[str], out: Path) -> None:
    """Check that a teacher was trained on the images of a run in `out`.

    Args:
        teacher: The teacher.
        config: The settings of the run.
        keys: SHA-256 of the decoded images of the run, at each size of its input.
        out: Its folder.

    Raises:
        StaleError: It has other classes, channels, inputs or images.
    """
    own, pair = teacher.record, _pair(teacher.folder, out)
    if own.config.classes != config.classes:
        raise StaleError(
            f"{pair} tells apart {', '.join(own.config.classes)}, the run "
            f"{', '.join(config.classes)}"
        )
    shapes = [config.input_at(side) for side in config.sides or (0,)]
    if own.input[2] != config.shape[2]:
        raise StaleError(
            f"{pair} takes images of {own.input[2]} channels, the run of {config.shape[2]}"
        )
    if teacher.images_key in keys:
        return
    if own.input not in shapes:
        raise StaleError(
            f"{pair} takes inputs of {_text(own.input)}, the run of "
            f"{', '.join(map(_text, shapes))}; both need the same images at the same size"
        )
    raise StaleError(
        f"{pair} was trained on other images: the decoded images have the SHA-256 "
        f"{teacher.images_key}, those of the run {', '.join(sorted(keys))}"
    )


def ask_teacher(
    teacher: Teacher, dataset: Dataset, base_bytes: int, machine: Machine, told: Listener
) -> Path:
    """What a teacher says of the training images: the file of its logits, beside the images.

    Args:
        teacher: The teacher.
        dataset: The images on which it was trained.
        base_bytes: Anonymous memory of a worker before it trains.
        machine: How much of the host may be used.
        told: Receives the progress.

    Raises:
        ConfigError: Its weights are not those of its record.
        DataError: The disk is full.
        HostMemoryError: There is not enough memory for it.
    """
    config, candidate = teacher.record.config, teacher.record.winner.candidate
    network, limit = network_of(config, candidate), machine.alone_bytes
    needed = teaching_bytes(network, base_bytes, config.averages_weights)
    if limit is not None and needed > limit:
        raise HostMemoryError(
            f"the teacher {str(teacher.folder)!r} needs {needed / MIB:.1f} MiB of the host's "
            f"memory, the limit is {limit / MIB:.1f} MiB; raise --host-memory"
        )
    path = dataset.folder / f"train_logits_{teacher.record.model_sha256}.npy"
    arguments = {
        "dataset": str(dataset.folder),
        "space": config.space,
        "candidate": candidate.as_record(),
        "recipe": config.final_recipe(candidate),
        "checkpoint": str(teacher.folder / CHECKPOINT),
        "accuracies": list(teacher.record.final_accuracies),
        "logits": str(path),
    }
    with Worker(memory_bytes=limit) as worker:
        worker.call(
            "nas.training.teaching:write_logits",
            arguments,
            lambda event: told.preparing(event["stage"]),
        )
    return path


def _pair(folder: Path, out: Path) -> str:
    return f"the teacher {str(folder)!r} of {str(out)!r}"


def _text(shape: Shape) -> str:
    return "x".join(map(str, shape))
