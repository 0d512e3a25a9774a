"""Ctrl-C and other signals end a command within two seconds, at any moment. Handles signals.

The first signal ends the command. Before and after its work, the command ends at once. During its
work, the signal raises an exception, so that the command can clean up. It has `CLEAN_UP_S` for
that; then the process is ended. Later signals are ignored, so a second Ctrl-C does not stop the
clean-up.
"""

import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

CLEAN_UP_S = 1.5
SIGNALS = {"interrupted": signal.SIGINT, "terminated": signal.SIGTERM, "hung up": signal.SIGHUP}
"""The signals that end a command, with the printed word."""
_STDERR = 2
_before_end: list[Callable[[], None]] = []


class Interrupted(KeyboardInterrupt):
    """A signal has ended the command.

    Args:
        number: Number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def number_of(error: KeyboardInterrupt) -> int:
    """The number of the signal that caused an interruption."""
    return error.number if isinstance(error, Interrupted) else signal.SIGINT


def exit_code_of(number: int) -> int:
    """The exit code of a command that a signal has ended, as in shells."""
    return 128 + number


def word_of(number: int) -> str:
    """The word for the effect of a signal, for messages."""
    return next(word for word, own in SIGNALS.items() if own == number)


def call_before_end(function: Callable[[], None]) -> None:
    """Register a function to be called before a command is ended that did not clean up in time."""
    _before_end.append(function)


class Catcher:
    """Catches the signals from its creation to its `release`.

    Signals that this process ignores, for example by nohup, stay ignored. Only the main thread can
    catch signals; on another thread, nothing is caught.

    Args:
        program: Prefix of the printed line.

    Attributes:
        seen: The received signal; None if there was none.
    """

    def __init__(self, program: str) -> None:
        self.seen: int | None = None
        self._program = program
        self._how_to_go_on = ""
        self._raises = False
        self._is_told = False
        self._is_released = threading.Event()
        self._handlers: dict[int, Any] = {}
        self._mouth: int | None = None
        if threading.current_thread() is threading.main_thread():
            self._catch()

    @contextlib.contextmanager
    def raising(self, how_to_go_on: str) -> Iterator[None]:
        """Run the work of the command: in the block, the first signal raises `Interrupted`."""
        self._how_to_go_on = how_to_go_on
        self._raises = True
        try:
            yield
        finally:
            self._raises = False

    def told(self) -> None:
        """Note that the interruption was reported to the user."""
        self._is_told = True

    def lost(self, unraisable: "sys.UnraisableHookArgs") -> None:
        """For `sys.unraisablehook`: end the process if an interruption cannot be raised."""
        if isinstance(unraisable.exc_value, Interrupted):
            self._end(unraisable.exc_value.number)
        sys.__unraisablehook__(unraisable)

    def release(self, ends_process: bool = False) -> None:
        """Restore the earlier signal handlers, or those that end the process."""
        if self._mouth is None:
            return
        for number, handler in self._handlers.items():
            signal.signal(number, signal.SIG_DFL if ends_process else handler)
        signal.set_wakeup_fd(self._wakeup_before)
        os.close(self._mouth)
        self._is_released.set()

    def _catch(self) -> None:
        self._ear, self._mouth = os.pipe()
        os.set_blocking(self._mouth, False)
        # Written by the interpreter's own handler, even while the main thread is in C code.
        self._wakeup_before = signal.set_wakeup_fd(self._mouth, warn_on_full_buffer=False)
        for number in SIGNALS.values():
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                self._handlers[number] = signal.signal(number, self._handle)
        threading.Thread(target=self._watch, daemon=True).start()

    def _handle(self, number: int, _: object) -> None:
        if self.seen is not None:
            return
        self.seen = number
        if self._raises:
            raise Interrupted(number)
        self._end(number)

    def _watch(self) -> None:
        """Runs on a separate thread. Ends the process if a signal has not ended it in time."""
        known = SIGNALS.values()
        heard = b""
        while not any(number in known for number in heard):
            heard = os.read(self._ear, 64)
            if not heard:
                break
        number = next((number for number in heard if number in known), None)
        if number is not None and not self._is_released.wait(CLEAN_UP_S):
            self._end(number)
        os.close(self._ear)  # after the write end: else the interpreter prints an error

    def _end(self, number: int) -> None:
        for function in _before_end:
            function()
        if not self._is_told:
            line = f"{self._program}: {word_of(number)}{self._how_to_go_on}\n"
            with contextlib.suppress(OSError):
                if select.select([], [_STDERR], [], 0)[1]:
                    os.write(_STDERR, line.encode())
        os._exit(exit_code_of(number))
