"""A user's folder: runs commands in it, and says what is wrong with how they ended."""

import contextlib
import itertools
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.command import command_line
from tests.host_compiler import ROOT

INTERRUPTED_S = 2.5
"""A command ends within two seconds of a signal; the rest is for a busy machine."""
LONGEST_LINE = 500
_MARK = "MCU_NAS_SOAK"
_SERVED_LINES = 5
"""Of a bench file, which `hil virtual` prints."""
_NOTES = "notes of a user: no command may touch this\n"


class Violation(Exception):  # noqa: N818 (it is a finding, not an error of this program)
    """Something that must never happen."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended.

    Attributes:
        code: Exit code, negative for a signal.
        error: What it wrote to stderr.
        seconds: From the fault (or the start) to the end.
    """

    code: int
    error: str
    seconds: float

    @property
    def last_line(self) -> str:
        """What a user reads last."""
        return (self.error.replace("\r", "\n").rstrip().splitlines() or [""])[-1]


Fault = Callable[["subprocess.Popen[bytes]"], None]


class Desk:
    """A folder in which commands run.

    Args:
        folder: Empty.
        name: Marks its processes, so that none is missed.

    Attributes:
        work: The working folder of the commands.
        temporary: Their folder for temporary files.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.work = folder / "work"
        self.temporary = folder / "tmp"
        self.cache = folder / "cache"
        for own in (self.work, self.temporary, self.cache):
            own.mkdir(parents=True)
        self._mark = name
        self._notes: list[Path] = []
        self.environment = os.environ | {
            _MARK: name,
            "TMPDIR": str(self.temporary),
            "XDG_CACHE_HOME": str(self.cache),
            "PYTHONPATH": str(ROOT),
        }

    def leave_notes(self, folder: Path) -> None:
        """Put a file of the user's into a folder; it must stay as it is."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "notes.txt"
        path.write_text(_NOTES)
        self._notes.append(path)

    def run(
        self,
        *words: str,
        fault: Fault | None = None,
        after_s: float = 0.0,
        limit_s: float = 120.0,
    ) -> Ended:
        """Run a command to its end.

        Args:
            words: The program and its arguments.
            fault: What happens to it.
            after_s: When, in seconds from its start.
            limit_s: Longest wait for its end after that.

        Raises:
            Violation: It does not end, or says what no command says.
        """
        log = self.work.parent / "stderr.log"
        with log.open("wb") as error:
            process = subprocess.Popen(
                command_line(words[0], *words[1:]),
                cwd=self.work,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=error,
                start_new_session=True,
            )
        try:
            is_starting = False
            if fault is not None:
                _wait(process, after_s)
                is_starting = not _takes_care_of_signals(process.pid)
                fault(process)
            first_s = time.monotonic()
            code = process.wait(limit_s)
            seconds = time.monotonic() - first_s
        except subprocess.TimeoutExpired as slow:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
            raise Violation(f"{' '.join(words)} did not end within {limit_s:g} s") from slow
        ended = Ended(code, log.read_text(errors="replace"), seconds)
        _check_words(words, ended, is_starting)
        return ended

    @contextlib.contextmanager
    def serve(self, *words: str) -> Iterator[str]:
        """Run a command that serves until Ctrl-C; gives what it printed first."""
        process = subprocess.Popen(
            command_line(words[0], *words[1:]),
            cwd=self.work,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            lines = iter(process.stdout.readline, b"")
            yield b"".join(itertools.islice(lines, _SERVED_LINES)).decode()
            process.send_signal(signal.SIGINT)
            if process.wait(INTERRUPTED_S * 2) != 130:
                raise Violation(f"{' '.join(words)} ended with {process.returncode} after Ctrl-C")
        finally:
            process.kill()
            process.wait(10)
            process.stdout.close()

    def check_nothing_is_left(self, may_have_temporary: bool = False) -> None:
        """No process, no temporary file of ours is left, and the user's files are as they were.

        Raises:
            Violation: Something is.
        """
        end_s = time.monotonic() + INTERRUPTED_S
        while (left := self.processes()) and time.monotonic() < end_s:
            time.sleep(0.05)
        if left:
            for process_id in left:
                os.kill(process_id, signal.SIGKILL)
            raise Violation(f"processes are left: {sorted(left.values())}")
        temporary = sorted(own.name for own in self.temporary.iterdir())
        if temporary and not may_have_temporary:
            raise Violation(f"temporary files are left: {', '.join(temporary)[:300]}")
        if any(not path.is_file() or path.read_text() != _NOTES for path in self._notes):
            raise Violation("a file of the user's was changed")

    def processes(self) -> dict[int, str]:
        """What runs of all that this desk has started: command lines by process id."""
        mark = f"{_MARK}={self._mark}\0".encode()
        found = {}
        for folder in Path("/proc").iterdir():
            if not folder.name.isdecimal() or int(folder.name) == os.getpid():
                continue
            try:
                if mark in (folder / "environ").read_bytes():
                    line = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                    found[int(folder.name)] = line.decode(errors="replace")[:160]
            except OSError:  # it has ended in between
                continue
        return found


def _wait(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _takes_care_of_signals(process_id: int) -> bool:
    """Whether a command has come so far that SIGTERM does not end it without a word."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text()
    except OSError:
        return True
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) & 1 << signal.SIGTERM - 1)


def _check_words(words: tuple[str, ...], ended: Ended, is_starting: bool) -> None:
    if "Traceback" in ended.error:
        raise Violation(f"{' '.join(words)} ended in a traceback: {ended.error[-800:]}")
    if ended.code < 0 and -ended.code != signal.SIGKILL and not is_starting:
        raise Violation(f"{' '.join(words)} was ended by {signal.Signals(-ended.code).name}")
    errors = [line for line in ended.error.splitlines() if ": error: " in line]
    if any(len(line) > LONGEST_LINE for line in errors):
        raise Violation(f"{' '.join(words)} has an error of {max(map(len, errors))} characters")
    if ended.code == 1 and not errors and words[:2] != ("nas", "data"):
        raise Violation(f"{' '.join(words)} failed without an error: {ended.error[-300:]!r}")
