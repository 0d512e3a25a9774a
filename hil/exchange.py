"""One command and its answer, as often as it takes: the lower half of the bench protocol.

A command ends in `%`. Its answer is lines with facts; the last but one holds the CRC-32 of the
command and of the answer so far, the last one is `m-ready`. What was damaged is asked again.
"""

import re
import time
import zlib
from collections.abc import Callable
from typing import TypeVar

from firmware.errors import (
    BoardError,
    FaultError,
    LineError,
    NoAnswerError,
    ProtocolError,
    StackOverflowError,
    WrongBaudError,
)
from hil.deadline import Clock, Deadline
from hil.transport import Transport

ATTEMPTS = 8
"""With 1 % of all bytes lost, an exchange of 100 bytes fails eight times in a row once in 400."""
_POLL_S = 0.25
_QUIET_S = 0.1
_NOISE_BYTES = 3
_ANSWER_BYTES = 1 << 20
_PINGS = 4
_FACT = re.compile(r"^(?P<key>[a-z0-9-]+)-\[(?P<value>.*)\]$")
_LAP = re.compile(r"^(?P<key>m-lap-us)-(?P<value>\d+)$")
_FAILURE = re.compile(r"^e-\[(?P<text>.*?)\](?P<rest>.*)$")
_CRC = "x-answer-crc"
_T = TypeVar("_T")

Facts = dict[str, str]
"""What an answer says, by key."""


class Exchange:
    """Asks a board; every answer has a deadline.

    Args:
        transport: The open line.
        answer_limit_s: Longest wait for one answer.
        clock: For tests.

    Attributes:
        damaged: Exchanges that were damaged on the line so far, and repeated.
        has_seen_crc: Whether any answer had one, as those of our firmware have.
    """

    def __init__(
        self, transport: Transport, answer_limit_s: float, clock: Clock = time.monotonic
    ) -> None:
        self.damaged = 0
        self.has_seen_crc = False
        self._transport = transport
        self._answer_limit_s = answer_limit_s
        self._clock = clock
        self._pending = b""
        self._heard = b""

    def connect(self) -> None:
        """Ask until the board answers, then wait for silence.

        A board that is still starting loses what is sent to it.

        Raises:
            NoAnswerError: It did not within the limit.
            WrongBaudError: Something came, but no text.
            BoardError: It reported a failure, such as a hard fault.
        """
        deadline = Deadline.after(self._answer_limit_s, self._clock)
        while not self._answers_to_its_name(deadline):
            if deadline.has_passed and _is_noise(self._heard):
                raise WrongBaudError(
                    f"what comes is no text ({self._heard[:8].hex(' ')} …): does the firmware "
                    "speak at the baud rate of the port?"
                )
            if deadline.has_passed:
                raise NoAnswerError(self._silence(b"name", deadline))
        self._drain(deadline)

    def ask(self, command: bytes) -> Facts:
        """The answer to a command that may be repeated.

        Raises:
            LineError: It was damaged each time.
            NoAnswerError: Nothing came within the limit, and the board does not answer at all.
            FaultError: The firmware stopped.
            BoardError: It refused the command.
            ProtocolError: The answer is none.
        """
        return self.repeat(lambda: self.once(command))

    def repeat(self, action: Callable[[], _T]) -> _T:
        """Do what consists of exchanges, again from its start if one of them is damaged.

        Raises:
            LineError: It was damaged each time.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return action()
            except (LineError, NoAnswerError) as error:
                is_over = isinstance(error, NoAnswerError) and not self._is_alive()
                if is_over:
                    raise
                self.damaged += 1
                if attempt == ATTEMPTS:
                    raise LineError(
                        f"the line damaged {ATTEMPTS} attempts in a row; the last one: {error}"
                    ) from error
                self._transport.write(b"\r")
                self._drain(Deadline.after(self._answer_limit_s, self._clock))
        raise AssertionError("the last attempt returns or raises")

    def once(self, command: bytes) -> Facts:
        """The answer to a command that is sent once."""
        self._transport.write(command + b"%")
        return self._answer(command, Deadline.after(self._answer_limit_s, self._clock))

    def _is_alive(self) -> bool:
        deadline = Deadline.after(_PINGS * _POLL_S, self._clock)
        while not deadline.has_passed:
            if self._answers_to_its_name(deadline):
                return True
        return False

    def _answers_to_its_name(self, deadline: Deadline) -> bool:
        """Whether it does within a fraction of a second, even if the answer is damaged."""
        self._transport.write(b"\rname%")
        try:
            step_s = min(_POLL_S, max(deadline.left_s, 0.001))
            self._answer(b"name", Deadline.after(step_s, self._clock))
        except NoAnswerError:
            return False
        except LineError:
            return True
        return True

    def _drain(self, deadline: Deadline) -> None:
        while self._transport.read(_QUIET_S):
            if deadline.has_passed:
                raise NoAnswerError("the line never falls silent; is the baud rate right?")
        self._pending = b""

    def _answer(self, command: bytes, deadline: Deadline) -> Facts:
        """Facts of an answer, up to `m-ready`."""
        facts: Facts = {}
        failure = ""
        crc, expected = zlib.crc32(command), ""
        while True:
            raw = self._line(command, deadline)
            crc_before, crc = crc, zlib.crc32(raw, crc)
            line = raw.decode("ascii", errors="replace").strip()
            if line == "m-ready":
                break
            if match := _FAILURE.match(line):
                failure = match["text"] + match["rest"].replace("-[", " ").rstrip("]")
                _check_fault(failure, command)
            elif match := _FACT.match(line) or _LAP.match(line):
                facts[match["key"]] = match["value"]
                if match["key"] == _CRC:
                    expected = f"{crc_before:08x}"
        self.has_seen_crc = self.has_seen_crc or _CRC in facts
        if facts.pop(_CRC, None) != expected or not expected:
            raise LineError(f"{_verb(command)!r} or the answer to it was damaged on the line")
        if failure:
            raise BoardError(f"the firmware refused {_verb(command)!r}: {failure}")
        return facts

    def _line(self, command: bytes, deadline: Deadline) -> bytes:
        while b"\n" not in self._pending:
            data = self._transport.read(min(_POLL_S, deadline.left_s))
            self._heard = (self._heard + data)[-_ANSWER_BYTES:]
            self._pending += data
            if len(self._pending) > _ANSWER_BYTES:
                raise ProtocolError(f"the answer to {_verb(command)!r} does not end")
            if not data and deadline.has_passed:
                raise NoAnswerError(self._silence(command, deadline))
        line, _, self._pending = self._pending.partition(b"\n")
        return line + b"\n"

    def _silence(self, command: bytes, deadline: Deadline) -> str:
        tail = self._pending[-40:].decode("ascii", errors="replace")
        seen = f"; it ended with {tail!r}" if tail else ""
        return (
            f"no whole answer to {_verb(command)!r} within {deadline.limit_s:g} s{seen}; is the "
            "firmware of this project on the board, and is this its serial port?"
        )


def _check_fault(failure: str, command: bytes) -> None:
    """A firmware that has stopped tells it without a CRC: it is no damage that looks so."""
    if failure.startswith("hard fault"):
        kind = StackOverflowError if "stack overflow" in failure else FaultError
        raise kind(f"the firmware stopped at {_verb(command)!r}: {failure}")


def _is_noise(heard: bytes) -> bool:
    """Whether a good part of what came can be no text."""
    strange = sum(byte > 0x7E or (byte < 0x20 and byte not in b"\r\n\t") for byte in heard)
    return len(heard) >= _NOISE_BYTES and strange > len(heard) / 4


def _verb(command: bytes) -> str:
    text = command.decode("ascii", errors="replace")
    return text if len(text) <= 20 else f"{text[:16]}…"
