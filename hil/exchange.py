"""One command and its answer, as often as it takes: the lower half of the bench protocol.

A command ends in `%`. Its answer is lines with facts; the last but one holds the CRC-32 of the
command and of the answer so far, the last one is `m-ready`. What was damaged is asked again. A
board that stays silent is asked for its name: if it gives it, the command or its answer was lost;
a board that computes answers later.
"""

import math
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
from firmware.printable import printable
from hil.deadline import Clock, Deadline
from hil.patience import Patience
from hil.transport import Transport

ATTEMPTS = 8
"""With 1 % of all bytes lost, an exchange of 100 bytes fails eight times in a row once in 400."""
_POLL_S = 0.25
_QUIET_S = 0.1
_PINGS = 4
"""At least so many fit into the longest wait, but for the doubling of their distance."""
_NOISE_BYTES = 3
_ANSWER_BYTES = 1 << 20
_HEARD_BYTES = 1 << 12
_SHOWN_CHARACTERS = 200
_PING = b"name"
_FACT = re.compile(r"^(?P<key>[a-z0-9-]+)-\[(?P<value>.*)\]$")
_LAP = re.compile(r"^(?P<key>m-lap-us)-(?P<value>\d+)$")
_FAILURE = re.compile(r"^e-\[(?P<text>.*?)\](?P<rest>.*)$")
_CRC = "x-answer-crc"
_T = TypeVar("_T")

Facts = dict[str, str]
"""What an answer says, by key."""


class Exchange:
    """Asks a board; every answer and the whole session have a deadline.

    Args:
        transport: The open line.
        answer_limit_s: Longest wait for one answer.
        clock: For tests.
        session: Ends every wait, and every repetition.

    Attributes:
        damaged: Exchanges that were damaged on the line so far, and repeated.
        has_seen_crc: Whether any answer had one, as those of our firmware have.
    """

    def __init__(
        self,
        transport: Transport,
        answer_limit_s: float,
        clock: Clock = time.monotonic,
        session: Deadline | None = None,
    ) -> None:
        self.damaged = 0
        self.has_seen_crc = False
        self._transport = transport
        self._answer_limit_s = answer_limit_s
        self._clock = clock
        self._session = session or Deadline.never(clock)
        self._patience = Patience()
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
        deadline = self._session.within(self._answer_limit_s)
        while not self._answers_to_its_name(deadline):
            if deadline.has_passed and _is_noise(self._heard):
                raise WrongBaudError(
                    f"what comes is no text ({self._heard[:8].hex(' ')} …): does the firmware "
                    "speak at the baud rate of the port?"
                )
            if deadline.has_passed:
                raise NoAnswerError(self._silence(_PING, deadline))
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
            NoAnswerError: Nothing came within the limit.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return action()
            except LineError as error:
                if attempt == ATTEMPTS:
                    raise LineError(
                        f"the line damaged {ATTEMPTS} attempts in a row; the last one: {error}"
                    ) from error
                self.recover(error)
        raise AssertionError("the last attempt returns or raises")

    def recover(self, error: LineError) -> None:
        """Count a damaged exchange; get rid of half a command, and of answers to earlier ones.

        Raises:
            LineError: The session is over.
        """
        self.damaged += 1
        if self._session.has_passed:
            raise LineError(
                f"the session took longer than {self._session.limit_s:g} s (--session-s); the "
                f"line damaged {self.damaged} exchanges in it"
            ) from error
        self._transport.write(b"\r")
        self._drain(self._session.within(self._answer_limit_s))

    def once(self, command: bytes) -> Facts:
        """The answer to a command that is sent once.

        Raises:
            LineError: The command or its answer was damaged, or lost.
            NoAnswerError: Nothing came within the limit, not even an answer to `name`.
        """
        deadline = self._session.within(self._answer_limit_s)
        self._transport.write(command + b"%")
        return self._answer(command, deadline, may_ping=True)

    def _answers_to_its_name(self, deadline: Deadline) -> bool:
        """Whether it does within a fraction of a second, even if the answer is damaged."""
        self._transport.write(b"\r" + _PING + b"%")
        try:
            self._answer(_PING, deadline.within(_POLL_S), may_ping=False)
        except NoAnswerError:
            return False
        except LineError:
            return True
        return True

    def _drain(self, deadline: Deadline) -> None:
        """Wait until nothing more comes."""
        while self._transport.read(max(_QUIET_S, 2 * self._patience.usual_s)):
            if deadline.has_passed:
                raise NoAnswerError("the line never falls silent; is the baud rate right?")
        self._pending = b""

    def _answer(self, command: bytes, deadline: Deadline, may_ping: bool) -> Facts:
        """Facts of an answer, up to `m-ready`.

        Args:
            command: What was asked.
            deadline: Ends the wait.
            may_ping: Whether a silent board is asked for its name meanwhile.
        """
        limit_s = min(self._patience.limit_s, deadline.limit_s / _PINGS) if may_ping else math.inf
        wait = _Wait(self._clock, limit_s)
        answer = _Answer(command)
        while True:
            line = self._line(command, deadline, wait)
            if not answer.takes(line):
                continue
            self.has_seen_crc = self.has_seen_crc or answer.has_crc
            if answer.is_whole:
                break
            if wait.pings and answer.is_of(_PING):
                raise LineError(f"{_verb(command)!r} or the answer to it was lost on the line")
            raise LineError(f"{_verb(command)!r} or the answer to it was damaged on the line")
        if wait.pings:
            self._drain(deadline)
        elif command == _PING or command.startswith(b"put"):
            self._patience.learn(wait.until_first_s)
        if answer.failure:
            text = shown(answer.failure)
            raise BoardError(f"the firmware refused {_verb(command)!r}: {text}")
        return answer.facts

    def _line(self, command: bytes, deadline: Deadline, wait: "_Wait") -> bytes:
        while b"\n" not in self._pending:
            data = self._transport.read(min(_POLL_S, deadline.left_s, wait.left_s))
            self._heard = (self._heard + data)[-_HEARD_BYTES:]
            self._pending += data
            if data:
                wait.heard()
            wait.bytes_heard += len(data)
            if wait.bytes_heard > _ANSWER_BYTES:
                raise ProtocolError(f"the answer to {_verb(command)!r} does not end")
            if deadline.has_passed and b"\n" not in self._pending:
                raise NoAnswerError(self._silence(command, deadline))
            if wait.is_over:
                self._transport.write(b"\r" + _PING + b"%")
                wait.pinged()
        line, _, self._pending = self._pending.partition(b"\n")
        is_last = line.strip() == b"m-ready"
        if deadline.has_passed and b"\n" not in self._pending and not is_last:
            raise NoAnswerError(self._silence(command, deadline))
        return line + b"\n"

    def _silence(self, command: bytes, deadline: Deadline) -> str:
        if self._session.has_passed:
            return f"the session took longer than {self._session.limit_s:g} s (--session-s)"
        tail = self._pending[-40:].decode("ascii", errors="replace")
        seen = f"; it ended with {tail!r}" if tail else ""
        return (
            f"no whole answer to {_verb(command)!r} within {deadline.limit_s:g} s{seen}; is the "
            "firmware of this project on the board, and is this its serial port?"
        )


class _Wait:
    """How long the line has been silent, and whether to ask for a sign of life.

    Args:
        clock: Seconds.
        limit_s: Longest silence.
    """

    def __init__(self, clock: Clock, limit_s: float) -> None:
        self._clock = clock
        self._started_s = self._since_s = clock()
        self._first_limit_s = self._limit_s = limit_s
        self.pings = 0
        self.bytes_heard = 0
        self.until_first_s = 0.0

    @property
    def left_s(self) -> float:
        """Until the silence is too long."""
        return max(0.0, self._since_s + self._limit_s - self._clock())

    @property
    def is_over(self) -> bool:
        """Whether it is too long."""
        return self.left_s <= 0.0

    def heard(self) -> None:
        """Something came: the board is awake, and need not be left alone."""
        self._limit_s = self._first_limit_s
        self._since_s = self._clock()
        self.until_first_s = self.until_first_s or self._since_s - self._started_s

    def pinged(self) -> None:
        """The board was asked for its name; the next time it may take longer."""
        self.pings += 1
        self._since_s = self._clock()
        self._limit_s = min(2 * self._limit_s, Patience.LONGEST_S)


class _Answer:
    """Lines of an answer, until it ends.

    Attributes:
        facts: What it says.
        failure: Why the command was refused; empty if it was not.
    """

    def __init__(self, command: bytes) -> None:
        self._command = command
        self.facts: Facts = {}
        self.failure = ""
        self._body = bytearray()
        self._crc = ""

    def takes(self, raw: bytes) -> bool:
        """Read a line; whether it is the last one."""
        line = raw.decode("ascii", errors="replace").strip()
        if line == "m-ready":
            return True
        if match := _FAILURE.match(line):
            self.failure = match["text"] + match["rest"].replace("-[", " ").rstrip("]")
            _check_fault(self.failure, self._command)
        elif match := _FACT.match(line) or _LAP.match(line):
            if match["key"] == _CRC:
                self._crc = match["value"]
                return False
            self.facts[match["key"]] = match["value"]
        self._body += raw
        return False

    @property
    def has_crc(self) -> bool:
        """Whether it had one, right or wrong."""
        return self._crc != ""

    @property
    def is_whole(self) -> bool:
        """Whether it answers the command, and is undamaged."""
        return self.is_of(self._command)

    def is_of(self, command: bytes) -> bool:
        """Whether it is an undamaged answer to a command."""
        return self._crc == f"{zlib.crc32(self._body, zlib.crc32(command)):08x}"


def shown(text: str) -> str:
    """What a board said, fit for an error of one line."""
    clean = printable(text)
    return clean if len(clean) <= _SHOWN_CHARACTERS else f"{clean[:_SHOWN_CHARACTERS]}…"


def _check_fault(failure: str, command: bytes) -> None:
    """A firmware that has stopped tells it without a CRC: it is no damage that looks so."""
    if failure.startswith("hard fault"):
        kind = StackOverflowError if "stack overflow" in failure else FaultError
        raise kind(f"the firmware stopped at {_verb(command)!r}: {shown(failure)}")


def _is_noise(heard: bytes) -> bool:
    """Whether a good part of what came can be no text."""
    strange = sum(byte > 0x7E or (byte < 0x20 and byte not in b"\r\n\t") for byte in heard)
    return len(heard) >= _NOISE_BYTES and strange > len(heard) / 4


def _verb(command: bytes) -> str:
    text = command.decode("ascii", errors="replace")
    return text if len(text) <= 20 else f"{text[:16]}…"
