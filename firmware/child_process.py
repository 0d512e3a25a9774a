"""Starts child processes and ends them with all processes that they started. Runs processes.

A child is the leader of a process group, so Ctrl-C in a terminal reaches only its owner. It dies
with its owner, even if the owner is killed. To end it, it is first killed; only then is its output
read to the end. Every wait has a limit.
"""

import contextlib
import errno
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from firmware import die_with_parent
from firmware.group_guard import group_guard
from firmware.interruption import call_before_end

KILL_LIMIT_S = 1.0
"""Longest wait for the end of a killed process. After that, it is left to the kernel."""
_LOOK_S = 0.02
_CHUNK_BYTES = 65536
_ENDED = ("Z", "X")
"""States of a process that only waits to be removed."""
_running: "set[ChildProcess]" = set()


class ChildProcess:
    """A program that ends with its `with` block at the latest. Then all its processes are killed.

    Start it on a thread that lives as long as it does: the kernel kills it when the thread ends.

    Args:
        command: The program, which is looked for in PATH, and its arguments.
        stdin: As in `subprocess.Popen`; by default empty.
        stdout: As in `subprocess.Popen`.
        stderr: As in `subprocess.Popen`.
        environment: Of the program; this process's own unless it is given.
        pass_fds: File descriptors that the program inherits.
        leads_session: Whether process groups that it starts are also killed.

    Raises:
        OSError: There is no such program, or it could not be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        stdin: int | IO[Any] = subprocess.DEVNULL,
        stdout: int | IO[Any] = subprocess.DEVNULL,
        stderr: int | IO[Any] = subprocess.DEVNULL,
        environment: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        leads_session: bool = False,
    ) -> None:
        program = shutil.which(command[0])
        if program is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), command[0])
        self._leads_session = leads_session
        self._popen: subprocess.Popen[bytes] = subprocess.Popen(
            [*die_with_parent.command_prefix(), program, *command[1:]],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=environment,
            pass_fds=pass_fds,
            start_new_session=leads_session,
            process_group=None if leads_session else 0,
        )
        _running.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def id(self) -> int:
        """Its process id, which is also the id of its group."""
        return self._popen.pid

    @property
    def stdin(self) -> IO[bytes]:
        """Its standard input; requires `stdin=PIPE`."""
        assert self._popen.stdin is not None
        return self._popen.stdin

    @property
    def stdout(self) -> IO[bytes]:
        """Its standard output; requires `stdout=PIPE`."""
        assert self._popen.stdout is not None
        return self._popen.stdout

    @property
    def has_ended(self) -> bool:
        """Whether the program has ended; processes that it started may still run."""
        if self._popen.returncode is not None:
            return True
        # Not reaped yet: no other process can get its id, which is used to kill the group.
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, self.id, options) is not None
        except ChildProcessError:
            return True

    def ends_within(self, limit_s: float) -> bool:
        """Wait for the end of the program. Returns whether it ended in time."""
        end_s = time.monotonic() + limit_s
        while not self.has_ended:
            if time.monotonic() >= end_s:
                return False
            time.sleep(_LOOK_S)
        return True

    def kill(self) -> None:
        """Kill it and all processes that it started. Any thread may call it, repeatedly."""
        if self._popen.returncode is None:
            _kill_group(self.id)
            if self._leads_session:
                _kill_session(self.id)

    def exit_code(self, limit_s: float = KILL_LIMIT_S) -> int | None:
        """Wait for its exit code, or minus the signal that ended it; None if it does not end.

        Processes that it left behind are killed.
        """
        if self.ends_within(limit_s):
            self.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(KILL_LIMIT_S)
        return self._popen.returncode

    def close(self) -> None:
        """Kill it, wait for the end of all its processes, and close the pipes.

        No other thread may use the pipes then.
        """
        self.kill()
        self.exit_code()
        _wait_for_end_of(self.id)
        for stream in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        _running.discard(self)


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a program.

    Attributes:
        exit_code: 0 for success; minus the signal number if a signal ended it.
        output: Its standard output and standard error.
    """

    exit_code: int
    output: str


def run_to_end(
    command: Sequence[str],
    limit_s: float,
    environment: Mapping[str, str] | None = None,
    on_output: Callable[[bytes], None] = lambda _: None,
) -> Finished:
    """Run a program to its end, then kill the processes that it left running.

    They are also killed if this process is killed.

    Args:
        command: The program and its arguments.
        limit_s: Longest time that it may take.
        environment: Of the program; this process's own unless it is given.
        on_output: Called with each piece of its output while it runs.

    Raises:
        OSError: There is no such program, or it could not be started.
        TimeoutError: It took longer than the limit and was killed.
    """
    child = ChildProcess(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, environment=environment
    )
    with child, group_guard(child.id):
        end_s = time.monotonic() + limit_s
        output, in_time = _read_while_it_runs(child, end_s, on_output)
        child.kill()
        output += _rest(child)
        exit_code = child.exit_code()
        if not in_time or exit_code is None:
            raise TimeoutError(f"{command[0]!r} took longer than {limit_s:g} s and was ended")
    return Finished(exit_code, output.decode(errors="replace"))


def _kill_all() -> None:
    for child in tuple(_running):
        child.kill()


call_before_end(_kill_all)


def _read_while_it_runs(
    child: ChildProcess, end_s: float, on_output: Callable[[bytes], None]
) -> tuple[bytes, bool]:
    """Returns its output, and whether it ended in time."""
    output = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while not child.has_ended:
            if time.monotonic() >= end_s:
                return bytes(output), False
            if selector.select(_LOOK_S):
                chunk = os.read(child.stdout.fileno(), _CHUNK_BYTES)
                output += chunk
                on_output(chunk)
                if not chunk:
                    return bytes(output), child.ends_within(end_s - time.monotonic())
    return bytes(output), True


def _rest(child: ChildProcess) -> bytes:
    """The remaining output of a killed child, even if another process holds the pipe."""
    output = bytearray()
    end_s = time.monotonic() + KILL_LIMIT_S
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while (left_s := end_s - time.monotonic()) > 0 and selector.select(left_s):
            chunk = os.read(child.stdout.fileno(), _CHUNK_BYTES)
            if not chunk:
                break
            output += chunk
    return bytes(output)


def _kill_group(group: int) -> None:
    # Not an error: only the dead leader is left in the group, or the group changed its user.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _kill_session(session: int) -> None:
    """Kill the process groups of a session. Repeats until no new group appears."""
    killed: set[int] = {session}
    while groups := {group for _, group, own in _processes() if own == session} - killed:
        for group in groups:
            _kill_group(group)
        killed |= groups


def _wait_for_end_of(leader: int) -> None:
    """Wait until no process of a killed group and session runs. The kernel ends them later."""
    end_s = time.monotonic() + KILL_LIMIT_S
    while any(state not in _ENDED and leader in ids for state, *ids in _processes()):
        if time.monotonic() >= end_s:
            return
        time.sleep(_LOOK_S)


def _processes() -> Iterator[tuple[str, int, int]]:
    """State, process group and session of each process; none without /proc.

    Source: proc_pid_stat(5).
    """
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group, session = path.read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):
            continue
        yield state, int(group), int(session)
