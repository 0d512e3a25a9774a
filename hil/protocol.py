"""Speaks the bench protocol (docs/protocol.md) over a transport."""

import time
import zlib
from dataclasses import dataclass
from functools import partial

from firmware.errors import ConfigError, LineError, ProtocolError, WrongFirmwareError
from hil.answer import Facts, shown
from hil.deadline import Clock, Deadline
from hil.exchange import ATTEMPTS, Exchange
from hil.transport import Transport

PROTOCOL_VERSION = 2
LONGEST_PIECE_BYTES, SHORTEST_PIECE_BYTES = 256, 16
"""Bytes of an input in one command. On a bad line, shorter pieces are more likely to arrive."""
_PIECES_BEFORE_GROWTH = 4
_LONGEST_NUMBER = 10
_LONGEST_COMMAND = 320
_ESCAPE, _ESCAPE_FLIP = 0x7E, 0x20
_ESCAPED = b"\0\n\r%~"


@dataclass(frozen=True, slots=True)
class Identity:
    """The facts that the firmware reports.

    Attributes:
        model_sha256: SHA-256 of the .tflite it was generated from, 64 hex digits.
        arena_bytes: Size of the array in which the model works.
        arena_used_bytes: Bytes that the runtime reports as used.
        stack_bytes: Reserved stack.
        compiler: Version of its compiler.
        uid: Unique number of the chip, 24 hex digits; empty if it has none.
        clock_source: Source of the core clock.
        clock_hz: Core clock that the firmware has set up, as it reports.
        tick_source: Counter of the ticks: `dwt` or `systick`.
        wait_states: Wait states of the flash.
        flash_caches: Enabled caches of the flash, such as `prefetch instruction data`.
        reset_cause: Cause of the last reset.
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
    compiler: str
    uid: str
    clock_source: str
    clock_hz: int
    tick_source: str
    wait_states: int
    flash_caches: str
    reset_cause: str


@dataclass(frozen=True, slots=True)
class Inference:
    """Answer to one `infer`.

    Attributes:
        ticks: Ticks of all inferences together.
        output: Bytes of the output tensor after the last.
    """

    ticks: int
    output: bytes


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A reading of the board's clock, with the host's times before and after it.

    Attributes:
        device_us: Microseconds, of 32 bits.
        before_s: Host time before the command.
        after_s: Host time after the answer.
    """

    device_us: int
    before_s: float
    after_s: float


class BenchClient:
    """Sends commands to a board. Every answer has a deadline; damaged exchanges are repeated.

    Args:
        transport: The open line.
        answer_limit_s: Longest wait for one answer.
        clock: For tests.
        session: Deadline of every wait; None: only answers have a deadline.
    """

    def __init__(
        self,
        transport: Transport,
        answer_limit_s: float,
        clock: Clock = time.monotonic,
        session: Deadline | None = None,
    ) -> None:
        self._exchange = Exchange(transport, answer_limit_s, clock, session)
        self._clock = clock
        self._input_bytes: int | None = None
        self._piece_bytes = LONGEST_PIECE_BYTES
        self._good_pieces = 0

    @property
    def damaged(self) -> int:
        """Number of exchanges that were damaged on the line and repeated so far."""
        return self._exchange.damaged

    def connect(self) -> None:
        """Wait until the board answers: see `Exchange.connect`."""
        self._exchange.connect()

    def identify(self) -> Identity:
        """Read the firmware's identity.

        Raises:
            WrongFirmwareError: It answers, but not like our firmware.
            ProtocolError: It uses another version of the protocol.
        """
        facts = self._first_facts()
        if _number(facts, "x-protocol") != PROTOCOL_VERSION:
            raise ProtocolError(
                f"the firmware uses protocol {facts['x-protocol']}, expected "
                f"{PROTOCOL_VERSION}; "
                "generate and flash it again"
            )
        self._input_bytes = _number(facts, "x-input-bytes")
        return Identity(
            model=_text(facts, "x-model"),
            model_sha256=_text(facts, "x-sha256"),
            runtime=_text(facts, "x-runtime"),
            target=_text(facts, "x-target"),
            input_bytes=self._input_bytes,
            output_bytes=_number(facts, "x-output-bytes"),
            arena_bytes=_number(facts, "x-arena-bytes"),
            arena_used_bytes=_number(facts, "x-arena-used-bytes"),
            stack_bytes=_number(facts, "x-stack-bytes"),
            compiler=_text(facts, "x-compiler"),
            uid=_text(facts, "x-uid"),
            clock_source=_text(facts, "x-clock-source"),
            clock_hz=_number(facts, "x-core-hz"),
            tick_source=_text(facts, "x-tick-source"),
            wait_states=_number(facts, "x-wait-states"),
            flash_caches=_text(facts, "x-flash-caches"),
            reset_cause=_text(facts, "x-reset-cause"),
        )

    def select(self, index: int) -> None:
        """Start with another of the firmware's models, in a fresh arena."""
        self._input_bytes = None
        self._exchange.ask(b"model %d" % index)

    def load(self, data: bytes) -> None:
        """Write the input tensor, and compare the CRC that the board computes of it.

        Raises:
            ConfigError: The board has told its identity, and its input has another size.
            LineError: The CRC differs.
        """
        if self._input_bytes not in (None, len(data)):
            raise ConfigError(
                f"{len(data)} bytes were given as the input, the model takes {self._input_bytes}"
            )
        offset, facts = 0, Facts()
        while offset < len(data):
            count, facts = self._exchange.repeat(partial(self._put, data, offset))
            offset += count
        _check_crc(facts, data)

    def run(self, data: bytes, count: int = 1, warm_up: int = 0) -> Inference:
        """Load an input and run the model on it. Damaged exchanges are repeated.

        The static runtime may use the input's memory for other tensors: only the first inference
        sees the input.
        """
        return self._exchange.repeat(lambda: self._load_and_infer(data, count, warm_up))

    def run_steps(self, data: bytes) -> list[int]:
        """Load an input and run one inference. Returns the ticks of each kernel call."""
        return self._exchange.repeat(lambda: self._load_and_step(data))

    def baseline_ticks(self, count: int = 1) -> int:
        """The ticks of measuring that many empty inferences."""
        return _number(self._exchange.ask(b"baseline %d" % count), "x-ticks")

    def timestamp(self) -> Timestamp:
        """Read the board's clock."""
        return self._exchange.repeat(self._timestamp)

    def stack_peak_bytes(self) -> int:
        """Peak of the stack in bytes since the board started."""
        return _number(self._exchange.ask(b"stack"), "x-stack-peak-bytes")

    def arena(self) -> tuple[int, int]:
        """Bytes of the arena that the runtime reports as used, and bytes ever written there."""
        facts = self._exchange.ask(b"arena")
        return _number(facts, "x-arena-used-bytes"), _number(facts, "x-arena-peak-bytes")

    def _first_facts(self) -> Facts:
        try:
            return self._exchange.ask(b"info")
        except LineError as error:
            if self._exchange.has_seen_crc:
                raise
            raise WrongFirmwareError(
                "the board answers, but not as the firmware of a project does; generate and flash "
                "it again"
            ) from error

    def _put(self, data: bytes, offset: int) -> tuple[int, Facts]:
        piece = data[offset : offset + self._piece_bytes]
        while len(command := _put_command(offset, piece)) > _LONGEST_COMMAND:
            piece = piece[: len(piece) // 2]
        try:
            facts = self._exchange.once(command)
        except LineError:
            self._piece_bytes = max(SHORTEST_PIECE_BYTES, self._piece_bytes // 2)
            self._good_pieces = 0
            raise
        self._good_pieces += 1
        if self._good_pieces % _PIECES_BEFORE_GROWTH == 0:
            self._piece_bytes = min(LONGEST_PIECE_BYTES, self._piece_bytes * 2)
        return len(piece), facts

    def _load_and_infer(self, data: bytes, count: int, warm_up: int) -> Inference:
        self.load(data)
        facts = self._infer(count, warm_up)
        try:
            output = bytes.fromhex(_text(facts, "x-output"))
        except ValueError as error:
            told = shown(facts["x-output"])
            raise ProtocolError(f"not hexadecimal: x-output-[{told}]") from error
        _check_crc(facts, output)
        ticks = _number(facts, "x-ticks")
        if ticks >= 0xFFFF_FFFF:
            raise ProtocolError(f"{count} inferences overran the counter of ticks; measure fewer")
        return Inference(ticks, output)

    def _infer(self, count: int, warm_up: int) -> Facts:
        """Run the loaded input. The board keeps the output in case the answer is damaged."""
        for _ in range(ATTEMPTS):
            try:
                return self._exchange.once(b"infer %d %d" % (count, warm_up))
            except LineError as error:
                self._exchange.recover(error)
            facts = self._exchange.ask(b"output")
            inferences = _number(facts, "x-inferences")
            if inferences > 0:
                if (inferences, _number(facts, "x-warm-ups")) != (count, warm_up):
                    raise LineError("the command 'infer' was damaged on the line")
                return facts
        raise LineError(f"the command 'infer' was damaged {ATTEMPTS} times in a row")

    def _load_and_step(self, data: bytes) -> list[int]:
        self.load(data)
        text = _text(self._exchange.once(b"steps"), "x-step-ticks")
        parts = text.split(",")
        if not all(part.isdecimal() and len(part) <= _LONGEST_NUMBER for part in parts):
            raise ProtocolError(f"x-step-ticks-[{shown(text)}] is not a list of numbers")
        return [int(part) for part in parts]

    def _timestamp(self) -> Timestamp:
        before_s = self._clock()
        facts = self._exchange.once(b"timestamp")
        return Timestamp(_number(facts, "m-lap-us"), before_s, self._clock())


def _put_command(offset: int, piece: bytes) -> bytes:
    escaped = bytearray()
    for byte in piece:
        escaped += bytes([_ESCAPE, byte ^ _ESCAPE_FLIP]) if byte in _ESCAPED else bytes([byte])
    return b"put %d %08x " % (offset, zlib.crc32(piece)) + escaped


def _text(facts: Facts, key: str) -> str:
    if key not in facts:
        raise ProtocolError(f"the answer lacks {key}; is another firmware on the board?")
    return facts[key]


def _number(facts: Facts, key: str) -> int:
    text = _text(facts, key)
    if not text.isdecimal() or len(text) > _LONGEST_NUMBER:
        raise ProtocolError(f"{key}-[{shown(text)}] is not a number of 32 bits")
    return int(text)


def _check_crc(facts: Facts, data: bytes) -> None:
    expected = f"{zlib.crc32(data):08x}"
    if _text(facts, "x-crc") != expected:
        raise LineError(
            f"{len(data)} bytes were damaged on the line: CRC {shown(facts['x-crc'])}, "
            f"expected {expected}"
        )
