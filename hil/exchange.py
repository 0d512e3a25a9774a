"""Sends one command and reads its answer, with repetitions: the lower half of the bench protocol.

A command ends in `%`. Its answer is lines with facts. The last line but one holds the CRC-32 of
the command and of the answer so far; the last line is `m-ready`. If the command or the answer was
damaged, the command is sent again. If no answer comes, the board is asked for its name. If it
answers, the command or its answer was lost. A board that is computing answers later: first the
command, then each `name`. Those late answers are skipped wherever they arrive.
"""

import math
import time
from collections.abc import Callable
from typing import TypeVar

from firmware.errors import (
    BoardError,
    LineError,
    NoAnswerError,
    ProtocolError,
    WrongBaudError,
)
from hil.answer import Answer, Facts, shown, verb
from hil.deadline import Clock, Deadline
from hil.patience import Patience, Wait
from hil.transport import Transport

ATTEMPTS = 8
"""With 1 % of all bytes lost, an exchange of 100 bytes fails eight times in a row once in 400."""
_POLL_S = 0.25
_QUIET_S = 0.1
_PINGS = 4
"""The first wait before asking for the name is at most this part of the longest wait."""
_NOISE_BYTES = 3
_ANSWER_BYTES = 1 << 20
_HEARD_BYTES = 1 << 12
_PING = b"name"
_LATE_NAMES = 4
"""Of the names sent to a board that is starting, at most so many are taken to be on their way."""
_T = TypeVar("_T")


class Exchange:
    """Sends commands to a board. Every answer and the whole session have a deadline.

    Args:
        transport: The open line.
        answer_limit_s: Longest wait for one answer.
        clock: For tests.
        session: Deadline of every wait and every repetition.

    Attributes:
        damaged: Number of exchanges that were damaged on the line and repeated so far.
        has_seen_crc: Whether any answer had a CRC, as the answers of our firmware do.
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
        self._late_names = 0

    def connect(self) -> None:
        """Send commands until the board answers, then wait until it sends nothing more.

        A board that is still starting loses the bytes that are sent to it.

        Raises:
            NoAnswerError: It did not answer within the limit.
            WrongBaudError: The received bytes are not text.
            BoardError: It reported a failure, such as a hard fault.
        """
        deadline = self._session.within(self._answer_limit_s)
        while not self._answers_to_its_name(deadline):
            if deadline.has_passed and _is_noise(self._heard):
                raise WrongBaudError(
                    f"the received bytes are not text ({self._heard[:8].hex(' ')} …): does the "
                    "firmware use the baud rate of the port?"
                )
            if deadline.has_passed:
                raise NoAnswerError(self._silence(_PING, deadline))
        self._late_names = min(self._late_names, _LATE_NAMES)
        self._drain(deadline)

    def ask(self, command: bytes) -> Facts:
        """The answer to a command that may be repeated.

        Raises:
            LineError: It was damaged each time.
            NoAnswerError: Nothing came within the limit, and the board does not answer at all.
            FaultError: The firmware stopped.
            BoardError: It rejected the command.
            ProtocolError: The answer violates the protocol.
        """
        return self.repeat(lambda: self.once(command))

    def repeat(self, action: Callable[[], _T]) -> _T:
        """Run an action of several exchanges. Repeat it from its start if one is damaged.

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
        """Count a damaged exchange; discard incomplete commands and answers to earlier ones.

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
        """Whether the board answers `name` within a fraction of a second, damaged or not."""
        self._transport.write(b"\r" + _PING + b"%")
        try:
            self._answer(_PING, deadline.within(_POLL_S), may_ping=False)
        except NoAnswerError:
            self._late_names += 1
            return False
        except LineError:
            return True
        return True

    def _drain(self, deadline: Deadline) -> None:
        """Wait until nothing more comes."""
        while self._transport.read(max(_QUIET_S, 2 * self._patience.usual_s)):
            if deadline.has_passed:
                raise NoAnswerError("the line does not stop sending; is the baud rate right?")
        self._pending = b""

    def _answer(self, command: bytes, deadline: Deadline, may_ping: bool) -> Facts:
        """Facts of an answer, up to `m-ready`.

        Args:
            command: The command that was sent.
            deadline: End of the wait.
            may_ping: Whether to ask the board for its name while it sends nothing.
        """
        limit_s = min(self._patience.limit_s, deadline.limit_s / _PINGS) if may_ping else math.inf
        wait = Wait(self._clock, limit_s)
        answer = Answer(command)
        while True:
            line = self._line(command, deadline, wait)
            if not answer.takes(line):
                continue
            self.has_seen_crc = self.has_seen_crc or answer.has_crc
            if answer.is_whole:
                break
            is_name = answer.is_of(_PING)
            if is_name and (self._late_names or not wait.pings):
                self._late_names = max(0, self._late_names - 1)
                answer = Answer(command)
                continue
            self._late_names = wait.pings - is_name
            what = "lost" if wait.pings and is_name else "damaged"
            raise LineError(f"{verb(command)!r} or the answer to it was {what} on the line")
        if command != _PING:
            self._late_names = wait.pings
        if wait.pings:
            self._drain(deadline)
        elif command == _PING or command.startswith(b"put"):
            self._patience.learn(wait.until_first_s)
        if answer.failure:
            text = shown(answer.failure)
            raise BoardError(f"the firmware refused {verb(command)!r}: {text}")
        return answer.facts

    def _line(self, command: bytes, deadline: Deadline, wait: Wait) -> bytes:
        while b"\n" not in self._pending:
            data = self._transport.read(min(_POLL_S, deadline.left_s, wait.left_s))
            self._heard = (self._heard + data)[-_HEARD_BYTES:]
            self._pending += data
            if data:
                wait.heard()
            wait.bytes_heard += len(data)
            if wait.bytes_heard > _ANSWER_BYTES:
                raise ProtocolError(f"the answer to {verb(command)!r} does not end")
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
            f"no complete answer to {verb(command)!r} within {deadline.limit_s:g} s{seen}; is the "
            "firmware of this project on the board, and is this its serial port?"
        )


def _is_noise(heard: bytes) -> bool:
    """Whether many of the received bytes cannot be text."""
    strange = sum(byte > 0x7E or (byte < 0x20 and byte not in b"\r\n\t") for byte in heard)
    return len(heard) >= _NOISE_BYTES and strange > len(heard) / 4
