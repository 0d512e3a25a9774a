"""The store of trials of a run, which survives any end of the process. I/O.

A damaged file is never written to: its intact trials are copied to a new file, and the old file is
kept beside it. A file of an earlier version is replaced in the same way.
"""

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from firmware.errors import ConfigError
from firmware.printable import brief
from nas.search.bounds import Evaluation
from nas.search.config import SearchConfig, differences
from nas.search.folder_lock import lock_folder
from nas.search.trial_file import (
    DAMAGED,
    NO_STORE,
    Stored,
    create_store,
    insert_trial,
    keep_aside,
    open_store,
    read_store,
    write_search,
)
from nas.search.trials import Trial, TrialStatus

STORE = "trials.sqlite"


def read_trials(path: Path) -> list[Trial]:
    """All trials of a store, in the order in which they ended. The run may still be active.

    Raises:
        RecordError: There is no store, or it is damaged.
    """
    return list(read_whole(path).trials)


def read_whole(path: Path) -> Stored:
    """The content of a store that is not damaged.

    Raises:
        RecordError: There is no store, or it is damaged.
    """
    stored = read_store(path)
    if stored.problem:
        how = "start the same 'nas run' again: it keeps them and trains the others again"
        count = len(stored.trials)
        raise DAMAGED.refusal(path, stored.problem, f"{count} trials can be read; {how}")
    return stored


def stored_settings(config: SearchConfig) -> dict[str, Any]:
    """The settings that determine a candidate's accuracy, as they stand in a store."""
    settings: dict[str, Any] = json.loads(json.dumps(config.training_record()))
    return settings


class TrialStore:
    """The trials of a run; a context manager that locks the folder against other processes.

    Args:
        folder: Folder of the run; created if it is missing.
        config: The settings of the search. Those that determine accuracies must be the same as in
            the store; limits and target may differ.
        clock: Returns seconds from any origin.

    Attributes:
        notice: How a damaged or old store was replaced; empty if it was not.

    Raises:
        ConfigError: The folder contains other trials, or another process uses it.
    """

    def __init__(
        self, folder: Path, config: SearchConfig, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.notice = ""
        self._clock = clock
        self._config = stored_settings(config)
        path = folder / STORE
        self._lock = lock_folder(folder)
        try:
            self._trials, spent_s = self._take_over(path)
            self._first_s = None if spent_s is None else clock() - spent_s
            self._database = open_store(path)
        except sqlite3.Error as error:
            self._lock.close()
            raise ConfigError(f"could not write {str(path)!r}: {_told(error)}") from error
        except BaseException:
            self._lock.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Unlock the folder."""
        self._database.close()
        self._lock.close()

    def find(self, evaluation: Evaluation) -> Trial | None:
        """The trial of an evaluation if it was trained; else None.

        A failed trial is not returned, because its cause, such as memory, may be gone.
        """
        trial = self._trials.get(evaluation)
        return trial if trial is not None and trial.status is TrialStatus.TRAINED else None

    def all(self) -> list[Trial]:
        """All trials, in the order in which they ended."""
        return list(self._trials.values())

    def add(self, trial: Trial) -> None:
        """Store a trial; it is on disk when this returns.

        Raises:
            ConfigError: It could not be written.
        """
        try:
            self._database.execute("BEGIN IMMEDIATE")
            insert_trial(self._database, self._next_number(), trial)
            write_search(self._database, self._config, self.seconds)
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
            text = f"could not store the trial of {trial.candidate}: {_told(error)}"
            raise ConfigError(text) from error
        self._trials.pop(trial.evaluation, None)
        self._trials[trial.evaluation] = trial

    @property
    def seconds(self) -> float | None:
        """Wall-clock time of the search in all its sessions; None if it is unknown."""
        return None if self._first_s is None else self._clock() - self._first_s

    def _next_number(self) -> int:
        (last,) = self._database.execute("SELECT max(number) FROM trials").fetchone()
        return (last or 0) + 1

    def _take_over(self, path: Path) -> tuple[dict[Evaluation, Trial], float | None]:
        """The trials and the time so far. Afterwards the file is intact, and of this version."""
        if not path.exists() or path.stat().st_size == 0:
            create_store(path, self._config, 0.0, ())
            return {}, 0.0
        stored = read_store(path)
        _check(path, stored, self._config)
        if stored.problem or stored.is_earlier:
            self._renew(path, stored)
        return {trial.evaluation: trial for trial in stored.trials}, stored.seconds

    def _renew(self, path: Path, stored: Stored) -> None:
        journal = path.with_name(f"{path.name}-journal")
        if journal.exists():
            raise DAMAGED.refusal(path, f"{journal.name} of an interrupted write cannot be applied")
        try:
            kept = keep_aside(path)
        except OSError as error:
            raise ConfigError(f"could not rename {str(path)!r}: {error.strerror}") from error
        create_store(path, self._config, stored.seconds, stored.trials)
        count = len(stored.trials)
        what = "of an earlier version" if not stored.problem else f"damaged ({stored.problem})"
        self.notice = brief(
            f"{path.name} was {what}: {count} trials go on in a new file, the old one is "
            f"{kept.name}",
            400,
        )


def _told(error: sqlite3.Error) -> str:
    """The error, and what the user can do."""
    is_full = str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_FULL")
    return (
        f"{error}; free space there, and run the same command to resume" if is_full else str(error)
    )


def _check(path: Path, stored: Stored, wanted: dict[str, Any]) -> None:
    """Check that the trials belong to this search."""
    if stored.problem and (stored.config is None or not stored.has_checksums):
        raise DAMAGED.refusal(path, stored.problem)
    if stored.config is None:
        if stored.trials:
            raise NO_STORE.refusal(path, "it does not record to which search its trials belong")
        return
    changed = differences(stored.config, wanted)
    if changed:
        raise ConfigError(
            f"{brief(repr(str(path.parent)), 160)} contains trials of another search: "
            f"{brief('; '.join(changed), 250)}; choose another --out"
        )
