"""Watches a task in another process: its events, its memory, its end. I/O."""

import contextlib
import json
import os
import selectors
import signal
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from firmware import errors
from firmware.errors import HostMemoryError, SdkError, WorkerError
from nas.host.process_memory import anonymous_bytes

Progress = Callable[[dict[str, Any]], None]

SAMPLE_S = 0.05
"""Interval of the checks of a task."""
STUCK_S = 600.0
"""A task that neither reports nor computes for this time is ended."""
_KILLED_S = 5.0
"""Longest wait for the end of a killed task."""
_CHUNK_BYTES = 65536


class EndOfEventsError(Exception):
    """The process that runs tasks sends no more events."""


class Events:
    """Reads the events of a process: one JSON object per line. Truncated lines are skipped.

    Args:
        stream: The output of the process.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._handle = stream.fileno()
        self._lines: list[bytes] = []
        self._pending = b""

    def next_within(self, limit_s: float) -> dict[str, Any] | None:
        """The next event; None if there is none within the time.

        Raises:
            EndOfEventsError: There will be no more events.
        """
        while not self._lines:
            with selectors.DefaultSelector() as selector:
                selector.register(self._handle, selectors.EVENT_READ)
                if not selector.select(limit_s):
                    return None
            chunk = os.read(self._handle, _CHUNK_BYTES)
            if not chunk:
                raise EndOfEventsError
            *lines, self._pending = (self._pending + chunk).split(b"\n")
            self._lines = [line for line in lines if line]
        with contextlib.suppress(ValueError):
            event = json.loads(self._lines.pop(0))
            return event if isinstance(event, dict) else None
        return None


class TaskWatch:
    """Watches one task.

    Args:
        on_progress: Called with the reports of the task.
        memory_bytes: Limit of its anonymous memory; a task that exceeds it is ended.

    Attributes:
        value: The value that it returned.
        error: The error that it raised, or the reason why it was ended.
        exit_code: Exit code of its process; None while it runs, or if it is not known.
        is_stuck: Whether it was ended because it neither reported nor computed.
        peak_anonymous_bytes: Highest anonymous memory that was sampled.
    """

    def __init__(self, on_progress: Progress, memory_bytes: int | None) -> None:
        self._on_progress = on_progress
        self._memory_bytes = memory_bytes
        self._process_id: int | None = None
        self._computed: int | None = None
        self._idle_s = 0.0
        self.value: dict[str, Any] | None = None
        self.error: SdkError | OSError | None = None
        self.exit_code: int | None = None
        self.is_stuck = False
        self.peak_anonymous_bytes = 0

    def follow(self, events: Events) -> None:
        """Read events until the task has ended, and check the task in between.

        Raises:
            EndOfEventsError: The process that runs tasks has ended, or does not report the end.
        """
        while self.exit_code is None:
            event = events.next_within(SAMPLE_S)
            if event is None:
                self._look()
            else:
                self._idle_s = 0.0
                self._take(event)

    def _look(self) -> None:
        if self._process_id is not None:
            self._saw(anonymous_bytes(self._process_id))
        computed = _computed(self._process_id)
        self._idle_s = self._idle_s + SAMPLE_S if computed == self._computed else 0.0
        self._computed = computed
        if self.error is not None or self.is_stuck:
            if self._idle_s > _KILLED_S:
                raise EndOfEventsError
        elif self._idle_s > STUCK_S:
            self.is_stuck = True
            self._end()

    def _saw(self, used_bytes: int) -> None:
        self.peak_anonymous_bytes = max(self.peak_anonymous_bytes, used_bytes)
        if self._memory_bytes is not None and used_bytes > self._memory_bytes and not self.error:
            self._end()
            self.value = None
            self.error = HostMemoryError(
                f"{used_bytes / 1e6:.0f} MB of anonymous memory, {self._memory_bytes:,} bytes "
                "are allowed"
            )

    def _end(self) -> None:
        self._idle_s = 0.0
        if self._process_id is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process_id, signal.SIGKILL)

    def _take(self, event: dict[str, Any]) -> None:
        kind = event.pop("event")
        if kind == "started":
            self._process_id = event["process_id"]
        elif kind == "progress":
            self._saw(event["anonymous_bytes"])
            self._on_progress(event["record"])
        elif kind == "result":
            self.value = event["value"]
        elif kind == "error" and "errno" in event:
            self.error = OSError(event["errno"], event["text"], event["filename"])
        elif kind == "error":
            leaf = getattr(errors, event["class"] or "WorkerError", WorkerError)
            self.error = leaf(event["text"])
        elif kind == "ended":
            self.exit_code = event["exit_code"]


def _computed(process_id: int | None) -> int | None:
    """CPU time of a process in clock ticks; None if it has ended. Source: proc_pid_stat(5)."""
    if process_id is None:
        return None
    try:
        fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[11]) + int(fields[12])
