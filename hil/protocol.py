"""Speaks the bench protocol (docs/protocol.md) over a transport."""

import re
import time
import zlib
from dataclasses import dataclass

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

PROTOCOL_VERSION = 1
_CHUNK_BYTES = 64
_POLL_S = 0.25
_NOISE_BYTES = 3
_QUIET_S = 0.2
_ANSWER_CHARACTERS = 1 << 20
_FACT = re.compile(r"^(?P<key>[a-z0-9-]+)-\[(?P<value>.*)\]$")
_FAILURE = re.compile(r"^e-\[(?P<text>.*?)\](?P<rest>.*)$")


@dataclass(frozen=True, slots=True)
class Identity:
    """What the firmware says of itself.

    Attributes:
        model_sha256: Of the .tflite it was generated from, 64 hex digits.
        clock_hz: Core clock that the firmware believes to have set up.
        clock_source: What drives the core.
        tick_source: What counts the ticks: `dwt` or `systick`.
        arena_bytes: Size of the array in which the model works.
        arena_used_bytes: What the runtime itself says that it uses.
        stack_bytes: Reserved stack.
    """

    model: str
    model_sha256: str
    runtime: str
    target: str
    input_bytes: int
    output_bytes: int
    arena_bytes: int
    arena_used_bytes: int
    stack_bytes: int
    clock_source: str
    clock_hz: int
    tick_source: str


@dataclass(frozen=True, slots=True)
class Inference:
    """Answer to one `infer`.

    Attributes:
        ticks: Ticks of all inferences together.
        output: Bytes of the output tensor after the last.
    """

    ticks: int
    output: bytes


class BenchClient:
    """Asks a board; every answer has a deadline.

    Args:
        transport: The open line.
        answer_limit_s: Longest wait for one answer.
        clock: For tests.
    """

    def __init__(
        self, transport: Transport, answer_limit_s: float, clock: Clock = time.monotonic
    ) -> None:
        self._transport = transport
        self._answer_limit_s = answer_limit_s
        self._clock = clock
        self._pending = ""
        self._heard = b""

    def connect(self) -> None:
        """Ask until the board answers, then wait for silence.

        A board that is still starting loses what is sent to it.

        Raises:
            NoAnswerError: It did not within the limit.
            BoardError: It reported a failure, such as a hard fault.
        """
        deadline = Deadline.after(self._answer_limit_s, self._clock)
        while True:
            self._transport.write(b"\rname%")
            try:
                step_s = min(_POLL_S, max(deadline.left_s, 0.001))
                self._answer("name", Deadline.after(step_s, self._clock))
                break
            except NoAnswerError:
                if deadline.has_passed:
                    if _is_noise(self._heard):
                        raise WrongBaudError(
                            f"what comes is no text ({self._heard[:8].hex(' ')} …): does the "
                            "firmware speak at the baud rate of the port?"
                        ) from None
                    raise NoAnswerError(self._silence("name", deadline)) from None
        while self._transport.read(_QUIET_S):
            if deadline.has_passed:
                raise NoAnswerError("the line never falls silent; is the baud rate right?")
        self._pending = ""

    def identify(self) -> Identity:
        """Ask who is there.

        Raises:
            ProtocolError: It speaks another version of the protocol.
        """
        facts = self._ask("info")
        if _number(facts, "x-protocol") != PROTOCOL_VERSION:
            raise ProtocolError(
                f"the firmware speaks protocol {facts['x-protocol']}, expected {PROTOCOL_VERSION}; "
                "generate and flash it again"
            )
        return Identity(
            model=_text(facts, "x-model"),
            model_sha256=_text(facts, "x-sha256"),
            runtime=_text(facts, "x-runtime"),
            target=_text(facts, "x-target"),
            input_bytes=_number(facts, "x-input-bytes"),
            output_bytes=_number(facts, "x-output-bytes"),
            arena_bytes=_number(facts, "x-arena-bytes"),
            arena_used_bytes=_number(facts, "x-arena-used-bytes"),
            stack_bytes=_number(facts, "x-stack-bytes"),
            clock_source=_text(facts, "x-clock-source"),
            clock_hz=_number(facts, "x-core-hz"),
            tick_source=_text(facts, "x-tick-source"),
        )

    def select(self, index: int) -> None:
        """Start with another of the firmware's models, in a fresh arena."""
        self._ask(f"model {index}")

    def load(self, data: bytes) -> None:
        """Write the input tensor, and compare the CRC that the board computes of it.

        Raises:
            ProtocolError: The CRC differs.
        """
        self._ask(f"db load {len(data)}")
        facts: dict[str, str] = {}
        for first in range(0, len(data), _CHUNK_BYTES):
            facts = self._ask(f"db {data[first : first + _CHUNK_BYTES].hex()}")
        _check_crc(facts, data)

    def infer(self, count: int = 1, warm_up: int = 0) -> Inference:
        """Run the model on what the input tensor holds, and read its output.

        The static runtime may use the input's memory for other tensors: load before each.
        """
        facts = self._ask(f"infer {count} {warm_up}")
        try:
            output = bytes.fromhex(_text(facts, "x-output"))
        except ValueError as error:
            raise ProtocolError(f"not hexadecimal: x-output-[{facts['x-output']}]") from error
        _check_crc(facts, output)
        return Inference(_number(facts, "x-ticks"), output)

    def step_ticks(self) -> list[int]:
        """Ticks of each kernel call of one inference on what the input tensor holds."""
        text = _text(self._ask("steps"), "x-step-ticks")
        parts = text.split(",")
        if not all(part.isdecimal() for part in parts):
            raise ProtocolError(f"x-step-ticks-[{text}] is not a list of numbers")
        return [int(part) for part in parts]

    def stack_peak_bytes(self) -> int:
        """Most bytes of stack in use since the board started."""
        return _number(self._ask("stack"), "x-stack-peak-bytes")

    def arena(self) -> tuple[int, int]:
        """Bytes that the runtime says it uses of its arena, and bytes ever written there."""
        facts = self._ask("arena")
        return _number(facts, "x-arena-used-bytes"), _number(facts, "x-arena-peak-bytes")

    def _ask(self, command: str) -> dict[str, str]:
        self._transport.write(f"{command}%".encode("ascii"))
        return self._answer(command, Deadline.after(self._answer_limit_s, self._clock))

    def _answer(self, command: str, deadline: Deadline) -> dict[str, str]:
        """Facts of an answer, up to `m-ready`."""
        facts: dict[str, str] = {}
        failure = ""
        while True:
            line = self._line(command, deadline)
            if line == "m-ready":
                break
            if match := _FAILURE.match(line):
                failure = match["text"] + match["rest"].replace("-[", " ").rstrip("]")
                if failure.startswith("hard fault"):
                    kind = StackOverflowError if "stack overflow" in failure else FaultError
                    raise kind(f"the firmware stopped at {_verb(command)!r}: {failure}")
            elif match := _FACT.match(line):
                facts[match["key"]] = match["value"]
        if failure:
            raise BoardError(f"the firmware refused {_verb(command)!r}: {failure}")
        return facts

    def _line(self, command: str, deadline: Deadline) -> str:
        while "\n" not in self._pending:
            data = self._transport.read(min(_POLL_S, deadline.left_s))
            self._heard += data
            self._pending += data.decode("ascii", errors="replace")
            if len(self._pending) > _ANSWER_CHARACTERS:
                raise ProtocolError(f"the answer to {_verb(command)!r} does not end")
            if not data and deadline.has_passed:
                raise NoAnswerError(self._silence(command, deadline))
        line, _, self._pending = self._pending.partition("\n")
        return line.strip()

    def _silence(self, command: str, deadline: Deadline) -> str:
        seen = f"; it ended with {self._pending[-40:]!r}" if self._pending else ""
        return (
            f"no whole answer to {_verb(command)!r} within {deadline.limit_s:g} s{seen}; is the "
            "firmware of this project on the board, and is this its serial port?"
        )


def _is_noise(heard: bytes) -> bool:
    """Whether a good part of what came can be no text."""
    strange = sum(byte > 0x7E or (byte < 0x20 and byte not in b"\r\n\t") for byte in heard)
    return len(heard) >= _NOISE_BYTES and strange > len(heard) / 4


def _verb(command: str) -> str:
    return command if len(command) <= 20 else f"{command[:16]}…"


def _text(facts: dict[str, str], key: str) -> str:
    if key not in facts:
        raise ProtocolError(f"the answer lacks {key}; is another firmware on the board?")
    return facts[key]


def _number(facts: dict[str, str], key: str) -> int:
    text = _text(facts, key)
    if not text.isdecimal():
        raise ProtocolError(f"{key}-[{text}] is not a number")
    return int(text)


def _check_crc(facts: dict[str, str], data: bytes) -> None:
    expected = f"{zlib.crc32(data):08x}"
    if _text(facts, "x-crc") != expected:
        raise LineError(
            f"{len(data)} bytes were damaged on the line: CRC {facts['x-crc']}, expected {expected}"
        )
