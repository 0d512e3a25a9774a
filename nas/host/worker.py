"""Runs tasks in separate processes, and watches them. I/O."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import IO, Any, Self

from firmware.child_process import ChildProcess
from firmware.errors import SdkError, WorkerError
from nas.host.task_watch import STUCK_S, EndOfEventsError, Events, Progress, TaskWatch

TRAINING = "nas.training.tasks"
"""Module that a worker imports to train."""
CONVERSION = "tensorflow"
"""Module that a worker imports to convert with TensorFlow."""
ATTEMPTS = 3
"""How often a task is run in all if its process is killed from outside."""
START_LIMIT_S = 300.0
"""Several times the longest import of TensorFlow on a small gateway."""
_GRACE_S = 5.0
_REASON_CHARACTERS = 400
_TAIL_BYTES = 4096
_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
"""Signals from outside; all others are caused by the process itself."""
_ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    # Fewer threads, arenas and copies of weights: TensorFlow then converts in less memory.
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    # Threads of the trainer sleep while they wait, to free the core.
    "OMP_WAIT_POLICY": "passive",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a task.

    Attributes:
        value: The value that it returned; None if it failed.
        error: Why it failed; None if it did not.
        seconds: Wall-clock time of the task, without the imports before it.
        peak_anonymous_bytes: Highest anonymous memory of its process, sampled many times a second
            and with each report. Pages that it shares with the process that forked it count.
    """

    value: dict[str, Any] | None
    error: SdkError | OSError | None
    seconds: float
    peak_anonymous_bytes: int

    def unwrap(self) -> dict[str, Any]:
        """The value that the task returned.

        Raises:
            SdkError: The error of the task, or a `WorkerError` if its process failed.
            OSError: The system refused something to the task; the disk is full, for example.
        """
        if self.error is not None:
            raise self.error
        assert self.value is not None
        return self.value


class _KilledError(WorkerError):
    """The process of a task was killed from outside; the task itself may be correct."""


def _ignore(_: dict[str, Any]) -> None:
    """Ignores the progress."""


class Worker:
    """Runs one task at a time; a context manager.

    The first task starts a process that has imported the modules of tasks; it is started again if
    it dies. Each task runs in a fork of it. Tasks end with this process, even if it is killed.

    Args:
        preload: Module to import before any task.
        memory_bytes: Limit of the anonymous memory of a task; a task that exceeds it is ended.
    """

    def __init__(self, preload: str = TRAINING, memory_bytes: int | None = None) -> None:
        self._preload = preload
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._is_ended = False
        self._server: ChildProcess | None = None
        self._events: Events | None = None
        # Files without names are deleted by the system, however this process ends.
        self._task_log: IO[bytes] | None = None
        self._server_log: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()
        self._close_server()
        for log in (self._task_log, self._server_log):
            if log is not None:
                log.close()

    def end(self) -> None:
        """Kill the running task and end the worker, from any thread. `run` returns the outcome."""
        with self._lock:
            self._is_ended = True
            if self._server is not None:
                self._server.kill()

    def run(
        self, task: str, arguments: Mapping[str, Any], on_progress: Progress = _ignore
    ) -> Outcome:
        """Run a task to its end; any failure is part of the outcome.

        If its process is killed from outside, it is run again, `ATTEMPTS` times in all.

        Args:
            task: `module:function`. It is called with the arguments and with a function that
                reports progress, and returns a dict of JSON values.
            arguments: JSON values.
            on_progress: Called with the reports of the task.
        """
        request = json.dumps({"task": task, "arguments": dict(arguments)}).encode() + b"\n"
        for _ in range(ATTEMPTS):
            outcome = self._attempt(request, on_progress)
            if not isinstance(outcome.error, _KilledError) or self._is_ended:
                return outcome
        return replace(outcome, error=WorkerError(f"{ATTEMPTS} times {outcome.error}"))

    def call(
        self, task: str, arguments: Mapping[str, Any], on_progress: Progress = _ignore
    ) -> dict[str, Any]:
        """Run a task and return its value.

        Raises:
            SdkError: The error of the task, or a `WorkerError` if its process failed.
        """
        return self.run(task, arguments, on_progress).unwrap()

    def _attempt(self, request: bytes, on_progress: Progress) -> Outcome:
        try:
            server, events = self._started()
        except WorkerError as error:
            return Outcome(None, error, 0.0, 0)
        first_s = time.monotonic()
        watch = TaskWatch(on_progress, self._memory_bytes)
        try:
            server.stdin.write(request)
            server.stdin.flush()
            watch.follow(events)
        except (BrokenPipeError, EndOfEventsError):
            pass
        except BaseException:
            self._close_server()
            raise
        seconds = time.monotonic() - first_s
        if watch.value is None and watch.error is None:
            watch.error = self._failure(watch)
        if watch.exit_code is None:
            self._close_server()
        return Outcome(watch.value, watch.error, seconds, watch.peak_anonymous_bytes)

    def _failure(self, watch: TaskWatch) -> WorkerError:
        """Why a task ended without a value or an error."""
        if self._is_ended:
            return WorkerError("the worker was ended")
        if watch.is_stuck:
            return _KilledError(f"the worker did nothing for {STUCK_S:.0f} s")
        if watch.exit_code is None:
            return _KilledError(f"the process that runs tasks {self._end_of_server()}")
        text = _with_tail(f"the worker {_describe_exit(watch.exit_code)}", self._task_log)
        return _KilledError(text) if -watch.exit_code in _OUTSIDE else WorkerError(text)

    def _started(self) -> tuple[ChildProcess, Events]:
        if self._server is not None and self._events is not None and not self._server.has_ended:
            _empty(self._task_log)
            return self._server, self._events
        self._close_server()
        server = self._start()
        events = Events(server.stdout)
        end_s = time.monotonic() + START_LIMIT_S
        try:
            while events.next_within(max(0.0, end_s - time.monotonic())) is None:
                if time.monotonic() >= end_s:
                    raise WorkerError(
                        f"the process that runs tasks did not start within {START_LIMIT_S:.0f} s"
                    )
        except EndOfEventsError as error:
            text = f"the process that runs tasks {self._end_of_server()}"
            exit_code = server.exit_code()
            was_killed = exit_code is not None and -exit_code in _OUTSIDE
            raise (_KilledError if was_killed else WorkerError)(text) from error
        self._events = events
        return server, events

    def _start(self) -> ChildProcess:
        environment = {**os.environ, **_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(sys.path)}
        with self._lock:
            if self._is_ended:
                raise WorkerError("the worker was ended")
            self._task_log = self._task_log or tempfile.TemporaryFile()  # noqa: SIM115
            self._server_log = self._server_log or tempfile.TemporaryFile()  # noqa: SIM115
            _empty(self._task_log)
            _empty(self._server_log)
            log = self._task_log.fileno()
            self._server = ChildProcess(
                [sys.executable, "-m", "nas.host.worker_server", self._preload, str(log)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._server_log,
                environment=environment,
                pass_fds=(log,),
                leads_session=True,
            )
            return self._server

    def _end_of_server(self) -> str:
        assert self._server is not None
        return _with_tail(_describe_exit(self._server.exit_code(_GRACE_S)), self._server_log)

    def _close_server(self) -> None:
        with self._lock:
            server, self._server, self._events = self._server, None, None
        if server is not None:
            server.close()


def _describe_exit(exit_code: int | None) -> str:
    if exit_code is None:
        return "does not answer"
    if exit_code < 0:
        name = signal.Signals(-exit_code).name
        hint = "; perhaps out of memory" if -exit_code == signal.SIGKILL else ""
        return f"was ended by {name}{hint}"
    return f"ended with exit code {exit_code}"


def _empty(log: IO[bytes] | None) -> None:
    """Empty a log file; its writers share the file offset, so it is reset too."""
    if log is not None:
        log.seek(0)
        log.truncate()


def _with_tail(text: str, log: IO[bytes] | None) -> str:
    """A reason and the last output of the process, in one line."""
    if log is None:
        return text
    size_bytes = os.fstat(log.fileno()).st_size
    written = os.pread(log.fileno(), _TAIL_BYTES, max(0, size_bytes - _TAIL_BYTES))
    tail = " ".join(written.decode(errors="replace").split())[-_REASON_CHARACTERS:]
    return f"{text}; its last output: {tail}" if tail else text
