"""Finished trials in a SQLite file, safe against any end of the process. I/O."""

import contextlib
import fcntl
import json
import sqlite3
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from firmware.errors import ConfigError
from nas.config import SearchConfig, differences
from nas.cost import Cost
from nas.space import Candidate
from nas.strategy import Evaluation

_SCHEMA = """
CREATE TABLE IF NOT EXISTS search (only INTEGER PRIMARY KEY CHECK (only = 0), config TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS trials (
    k INTEGER NOT NULL,
    c INTEGER NOT NULL,
    side INTEGER NOT NULL,
    repeat INTEGER NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    macc INTEGER,
    model_bytes INTEGER,
    arena_bytes INTEGER,
    accuracies TEXT NOT NULL,
    seconds REAL NOT NULL,
    peak_anonymous_bytes INTEGER NOT NULL,
    predicted_anonymous_bytes INTEGER NOT NULL,
    PRIMARY KEY (k, c, side, repeat)
);
"""
_SELECT = (
    "SELECT k, c, side, repeat, status, reason, macc, model_bytes, arena_bytes, accuracies, "
    "seconds, peak_anonymous_bytes, predicted_anonymous_bytes FROM trials ORDER BY rowid"
)


class Status(StrEnum):
    """Where a trial is; all but `PRICED` are ends."""

    PRICED = "priced"
    TRAINED = "trained"
    INFEASIBLE = "infeasible"
    FAILED = "failed"
    HOST_MEMORY = "host_memory"


@dataclass(frozen=True, slots=True)
class Trial:
    """One candidate, judged.

    Attributes:
        cost: Its needs; None if it is no network of this input.
        reason: Why it was not trained to the end; empty if it was.
        accuracies: On the validation images, after each epoch.
        seconds: Time that its training took.
        peak_anonymous_bytes: Most anonymous memory of the process that trained it.
        predicted_anonymous_bytes: What was predicted before.
        repeat: How many trainings of the candidate came before, with other seeds.
    """

    candidate: Candidate
    status: Status
    cost: Cost | None
    reason: str = ""
    accuracies: tuple[float, ...] = ()
    seconds: float = 0.0
    peak_anonymous_bytes: int = 0
    predicted_anonymous_bytes: int = 0
    repeat: int = 0

    @property
    def evaluation(self) -> Evaluation:
        """What was asked for."""
        return Evaluation(self.candidate, self.repeat)

    @property
    def accuracy(self) -> float | None:
        """The best accuracy of all epochs, by which the search compares; None if not trained."""
        return max(self.accuracies) if self.status is Status.TRAINED else None

    def as_record(self) -> dict[str, Any]:
        """The trial as JSON holds it."""
        record = asdict(self) | {"accuracy": self.accuracy, "status": str(self.status)}
        return record | {"accuracies": list(self.accuracies)}


def trial_of_record(record: dict[str, Any]) -> Trial:
    """The trial that `Trial.as_record` gave.

    Raises:
        KeyError, TypeError, ValueError: It gave something else.
    """
    cost = record["cost"]
    return Trial(
        Candidate(**record["candidate"]),
        Status(record["status"]),
        None if cost is None else Cost(**cost),
        record["reason"],
        tuple(record["accuracies"]),
        record["seconds"],
        record["peak_anonymous_bytes"],
        record["predicted_anonymous_bytes"],
        record["repeat"],
    )


def read_trials(path: Path) -> list[Trial]:
    """Every trial of a store, in the order in which they ended; a run may go on meanwhile.

    Raises:
        ConfigError: There is no store, or it cannot be read.
    """
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)
        ) as db:
            return [_trial(*row) for row in db.execute(_SELECT)]
    except (sqlite3.DatabaseError, ValueError) as error:
        raise ConfigError(f"{str(path)!r} is no store of trials: {error}") from error


class TrialStore:
    """The trials of a run; a context manager that keeps other processes out.

    Args:
        folder: Folder of the run; made if it is absent.
        config: The search. It must train its candidates as those in the store were trained;
            limits and target may have changed.

    Raises:
        ConfigError: The folder holds other trials, or another process works in it.
    """

    def __init__(self, folder: Path, config: SearchConfig) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = (folder / ".lock").open("w")
        except OSError as error:
            raise ConfigError(f"could not write in {str(folder)!r}: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise ConfigError(f"another 'nas run' works in {str(folder)!r}") from error
        path = folder / "trials.sqlite"
        self._database = sqlite3.connect(path, isolation_level=None)
        try:
            self._database.executescript(_SCHEMA)
            self._claim(folder, config)
        except sqlite3.DatabaseError as error:
            self.close()
            raise ConfigError(f"{str(path)!r} is no store of trials: {error}") from error
        except ConfigError:
            self.close()
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
        """Let other processes in."""
        self._database.close()
        self._lock.close()

    def find(self, evaluation: Evaluation) -> Trial | None:
        """The trial of an evaluation that was trained; None otherwise.

        A failed trial is not given: what failed, such as memory, may be there the next time.
        """
        trained = (
            trial
            for trial in self.all()
            if trial.evaluation == evaluation and trial.status is Status.TRAINED
        )
        return next(trained, None)

    def all(self) -> list[Trial]:
        """Every trial, in the order in which they ended."""
        return [_trial(*row) for row in self._database.execute(_SELECT)]

    def add(self, trial: Trial) -> None:
        """Keep a trial; on the disk when this returns."""
        cost = trial.cost
        try:
            self._database.execute(
                "INSERT OR REPLACE INTO trials VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    trial.candidate.k,
                    trial.candidate.c,
                    trial.candidate.side,
                    trial.repeat,
                    str(trial.status),
                    trial.reason,
                    cost.macc if cost else None,
                    cost.model_bytes if cost else None,
                    cost.arena_bytes if cost else None,
                    json.dumps(list(trial.accuracies)),
                    trial.seconds,
                    trial.peak_anonymous_bytes,
                    trial.predicted_anonymous_bytes,
                ),
            )
        except sqlite3.DatabaseError as error:
            raise ConfigError(f"could not keep the trial of {trial.candidate}: {error}") from error

    def _claim(self, folder: Path, config: SearchConfig) -> None:
        wanted = json.loads(json.dumps(config.training_record()))
        row = self._database.execute("SELECT config FROM search").fetchone()
        if row is None:
            self._database.execute("INSERT INTO search VALUES (0, ?)", (json.dumps(wanted),))
            return
        changed = differences(json.loads(row[0]), wanted)
        if changed:
            raise ConfigError(
                f"{str(folder)!r} holds trials of another search: {'; '.join(changed)}; "
                "choose another --out"
            )


def _trial(
    k: int,
    c: int,
    side: int,
    repeat: int,
    status: str,
    reason: str,
    macc: int | None,
    model_bytes: int | None,
    arena_bytes: int | None,
    accuracies: str,
    seconds: float,
    peak_anonymous_bytes: int,
    predicted_anonymous_bytes: int,
) -> Trial:
    cost = None
    if macc is not None and model_bytes is not None and arena_bytes is not None:
        cost = Cost(macc, model_bytes, arena_bytes)
    return Trial(
        Candidate(k, c, side),
        Status(status),
        cost,
        reason,
        tuple(json.loads(accuracies)),
        seconds,
        peak_anonymous_bytes,
        predicted_anonymous_bytes,
        repeat,
    )
