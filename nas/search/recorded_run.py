"""Reads what the folder of a run records: its settings, its results and all its trials. I/O."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware.errors import ConfigError
from nas.search.run_record import RECORD, START, FinalRecord, StartRecord, read_record
from nas.search.trial_store import STORE, read_whole, stored_settings
from nas.search.trials import Trial


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """The records of a run.

    Attributes:
        name: Name of its folder.
        record: The content of run.json, or of search.json if the run is not finished.
        config: The settings as they stand in the file.
        trials: In the order of the search; if it is unfinished, in the order in which they ended.
        others: Trainings that are in the folder, but that this search did not need, such as those
            of a search with other limits. Their latency may come from another latency model.
        search_seconds: Wall-clock time of the search so far, in all its sessions; None if unknown.
    """

    name: str
    record: StartRecord
    config: dict[str, Any]
    trials: tuple[Trial, ...]
    others: tuple[Trial, ...]
    search_seconds: float | None

    @property
    def final(self) -> FinalRecord | None:
        """The record of a finished run; None if it is not finished."""
        return self.record if isinstance(self.record, FinalRecord) else None


def read_recorded(folder: Path) -> RecordedRun:
    """Read the records of a run, finished or not.

    Raises:
        ConfigError: The folder contains no run, or the run is damaged.
    """
    name = folder.resolve().name
    if (folder / RECORD).is_file():
        record, config = read_record(folder / RECORD, FinalRecord)
        others = _others(folder, record)
        return RecordedRun(name, record, config, record.trials, others, record.search_seconds)
    if (folder / START).is_file():
        begun, config = read_record(folder / START, StartRecord)
        if begun.picked_from:
            raise ConfigError(
                f"{str(folder)!r} was begun by 'nas pick' and is not finished; run the same "
                "command again to resume it"
            )
        stored = read_whole(folder / STORE)
        return RecordedRun(name, begun, config, stored.trials, (), stored.seconds)
    if (folder / STORE).is_file():
        raise ConfigError(
            f"{str(folder)!r} was started by an earlier version, which did not record the "
            "settings; run the same 'nas run' again to resume it"
        )
    raise ConfigError(
        f"{str(folder)!r} contains no run, neither {RECORD} nor {START}; start one with 'nas run'"
    )


def _others(folder: Path, record: FinalRecord) -> tuple[Trial, ...]:
    """The trainings in the store that are not in the record; none if it cannot be read."""
    with contextlib.suppress(ConfigError):
        stored = read_whole(folder / STORE)
        if stored.config == stored_settings(record.config):
            known = {trial.evaluation for trial in record.trials}
            found = (trial for trial in stored.trials if trial.accuracy is not None)
            return tuple(trial for trial in found if trial.evaluation not in known)
    return ()
