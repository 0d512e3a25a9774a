"""Runs tasks in processes of their own, and watches them. I/O."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from firmware import errors
from firmware.errors import HostMemoryError, SdkError, WorkerError
from nas.process_memory import anonymous_bytes

Progress = Callable[[dict[str, Any]], None]

TRAINING = "nas.train_tasks"
"""What a worker imports that trains."""
CONVERSION = "tensorflow"
"""What a worker imports that converts with TensorFlow."""
SAMPLE_S = 0.05
"""Time between two looks at the memory of a task."""
_GRACE_S = 5.0
_REASON_CHARACTERS = 400
_ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    # Fewer threads, arenas and copies of weights: TensorFlow then converts in less memory.
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    # Threads of the trainer sleep while they wait: others may need the core.
    "OMP_WAIT_POLICY": "passive",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a task ended.

    Attributes:
        value: What it returned; None if it failed.
        error: Why it failed; None if it did not.
        seconds: Wall-clock time of the task, without what is imported before it.
        peak_anonymous_bytes: Most anonymous memory seen in its process, sampled every `SAMPLE_S`
            and with each report; pages shared with the process that it was forked from count.
    """

    value: dict[str, Any] | None
    error: SdkError | None
    seconds: float
    peak_anonymous_bytes: int

    def unwrap(self) -> dict[str, Any]:
        """What the task returned.

        Raises:
            SdkError: What the task raised, or a `WorkerError` if its process failed.
        """
        if self.error is not None:
            raise self.error
        assert self.value is not None
        return self.value


def _ignore(_: dict[str, Any]) -> None:
    """Progress that nobody wants."""


class Worker:
    """Runs one task at a time; a context manager.

    A process that has imported what tasks need is started with the first task, and again if it
    has died; each task runs in a fork of it. Tasks end with this process, even if it is killed.

    Args:
        preload: The module to import before any task.
        memory_bytes: Anonymous memory that a task may take; one that takes more is ended.
    """

    def __init__(self, preload: str = TRAINING, memory_bytes: int | None = None) -> None:
        self._preload = preload
        self._memory_bytes = memory_bytes
        self._folder = tempfile.TemporaryDirectory(prefix="mcu-nas-worker-")
        self._log = Path(self._folder.name) / "task.log"
        self._server_log = Path(self._folder.name) / "server.log"
        self._server: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        self._folder.cleanup()

    def run(
        self, task: str, arguments: Mapping[str, Any], on_progress: Progress = _ignore
    ) -> Outcome:
        """Run a task to its end; a failure of any kind is part of the outcome.

        Args:
            task: `module:function`; it is called with the arguments and with a function that
                reports progress, and returns a dict that JSON can hold.
            arguments: What JSON can hold.
            on_progress: Gets what the task reports.
        """
        try:
            server = self._started()
        except WorkerError as error:
            return Outcome(None, error, 0.0, 0)
        first_s = time.monotonic()
        watch = _Watch(on_progress, self._memory_bytes)
        request = {"task": task, "arguments": dict(arguments), "log": str(self._log)}
        self._log.write_text("")
        try:
            assert server.stdin is not None
            server.stdin.write(json.dumps(request) + "\n")
            server.stdin.flush()
            watch.follow(server)
        except BrokenPipeError:
            pass
        except BaseException:
            self._stop()
            raise
        seconds = time.monotonic() - first_s
        if watch.exit_code is None:
            watch.error = WorkerError(f"the process that runs tasks {self._end_of_server()}")
        elif watch.error is None and watch.value is None:
            text = f"the worker {_describe_exit(watch.exit_code)}"
            watch.error = WorkerError(_with_tail(text, self._log))
        return Outcome(watch.value, watch.error, seconds, watch.peak_anonymous_bytes)

    def call(
        self, task: str, arguments: Mapping[str, Any], on_progress: Progress = _ignore
    ) -> dict[str, Any]:
        """Run a task and give what it returns.

        Raises:
            SdkError: What the task raised, or a `WorkerError` if its process failed.
        """
        return self.run(task, arguments, on_progress).unwrap()

    def _started(self) -> "subprocess.Popen[str]":
        if self._server is not None and self._server.poll() is None:
            return self._server
        self._stop()
        environment = {**os.environ, **_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(sys.path)}
        with self._server_log.open("w") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", "nas.worker_server", str(os.getpid()), self._preload],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
                start_new_session=True,
            )
        self._server = server
        assert server.stdout is not None
        if not server.stdout.readline():
            text = f"the process that runs tasks {self._end_of_server()}"
            raise WorkerError(text)
        return server

    def _end_of_server(self) -> str:
        assert self._server is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._server.wait(_GRACE_S)
        return _with_tail(_describe_exit(self._server.poll()), self._server_log)

    def _stop(self) -> None:
        if self._server is None:
            return
        for stream in (self._server.stdin, self._server.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._server.kill()
        self._server.wait()
        self._server = None


class _Watch:
    """What has been seen of one task."""

    def __init__(self, on_progress: Progress, memory_bytes: int | None) -> None:
        self._on_progress = on_progress
        self._memory_bytes = memory_bytes
        self._process_id: int | None = None
        self.value: dict[str, Any] | None = None
        self.error: SdkError | None = None
        self.exit_code: int | None = None
        self.peak_anonymous_bytes = 0

    def follow(self, server: "subprocess.Popen[str]") -> None:
        """Read events until the task or the server has ended, and sample memory in between."""
        for line in _lines(server, self._sample):
            self._take(json.loads(line))
            if self.exit_code is not None:
                return

    def _sample(self) -> None:
        if self._process_id is not None:
            self._saw(anonymous_bytes(self._process_id))

    def _saw(self, used_bytes: int) -> None:
        self.peak_anonymous_bytes = max(self.peak_anonymous_bytes, used_bytes)
        if self._memory_bytes is not None and used_bytes > self._memory_bytes:
            self._end(used_bytes)

    def _end(self, sample_bytes: int) -> None:
        assert self._process_id is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process_id, signal.SIGKILL)
        self.value = None
        self.error = HostMemoryError(
            f"{sample_bytes / 1e6:.0f} MB of anonymous memory, {self._memory_bytes or 0:,} bytes "
            "are allowed"
        )

    def _take(self, event: dict[str, Any]) -> None:
        kind = event.pop("event")
        if kind == "started":
            self._process_id = event["process_id"]
        elif kind == "progress":
            self._saw(event["anonymous_bytes"])
            self._on_progress(event["record"])
        elif kind == "result":
            self.value = event["value"]
        elif kind == "error":
            leaf = getattr(errors, event["class"] or "WorkerError", WorkerError)
            self.error = leaf(event["text"])
        elif kind == "ended":
            self.exit_code = event["exit_code"]


def _lines(server: "subprocess.Popen[str]", when_idle: Callable[[], None]) -> Iterator[str]:
    """Lines of the server's output; calls `when_idle` every `SAMPLE_S` while there is none."""
    assert server.stdout is not None
    handle = server.stdout.fileno()
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(handle, selectors.EVENT_READ)
        while True:
            if not selector.select(SAMPLE_S):
                when_idle()
                continue
            chunk = os.read(handle, 65536)
            if not chunk:
                return
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                yield line.decode()


def _describe_exit(exit_code: int | None) -> str:
    if exit_code is None:
        return "does not answer"
    if exit_code < 0:
        name = signal.Signals(-exit_code).name
        hint = "; perhaps out of memory" if -exit_code == signal.SIGKILL else ""
        return f"was ended by {name}{hint}"
    return f"ended with exit code {exit_code}"


def _with_tail(text: str, log: Path) -> str:
    """A reason with the end of what the process wrote, in one line."""
    written = log.read_text(errors="replace") if log.exists() else ""
    tail = " ".join(written.split())[-_REASON_CHARACTERS:]
    return f"{text}; its last output: {tail}" if tail else text
