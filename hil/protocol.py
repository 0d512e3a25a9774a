"""Speaks the bench protocol (docs/protocol.md) over a transport."""

import time
import zlib
from dataclasses import dataclass
from functools import partial

from firmware.errors import ConfigError, LineError, ProtocolError, WrongFirmwareError
from hil.answer import LONGEST_NUMBER, Facts, number_of, shown, text_of
from hil.deadline import Clock, Deadline
from hil.exchange import ATTEMPTS, Exchange
from hil.identity import Identity, read_identity
from hil.transport import Transport

LONGEST_PIECE_BYTES, SHORTEST_PIECE_BYTES = 256, 16
"""Bytes of an input in one command. On a bad line, shorter pieces are more likely to arrive."""
_PIECES_BEFORE_GROWTH = 4
_LONGEST_COMMAND = 320
_ESCAPE, _ESCAPE_FLIP = 0x7E, 0x20
_ESCAPED = b"\0\n\r%~"


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
        identity = read_identity(self._first_facts())
        self._input_bytes = identity.input_bytes
        return identity

    def select(self, index: int) -> None:
        """Select one of the firmware's models and initialise it in the arena."""
        self._input_bytes = None
        self._exchange.ask(b"model %d" % index)

    def load(self, data: bytes) -> None:
        """Write the input tensor, and compare its CRC with the one that the board computes.

        Raises:
            ConfigError: The size differs from that in the board's identity, if it was read.
            LineError: The CRC differs.
        """
        if self._input_bytes not in (None, len(data)):
            raise ConfigError(
                f"the input has {len(data)} bytes, but the model takes {self._input_bytes}"
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
        """Ticks of measuring `count` empty inferences."""
        return number_of(self._exchange.ask(b"baseline %d" % count), "x-ticks")

    def timestamp(self) -> Timestamp:
        """Read the board's clock."""
        return self._exchange.repeat(self._timestamp)

    def stack_peak_bytes(self) -> int:
        """Peak of the stack in bytes since the board started."""
        return number_of(self._exchange.ask(b"stack"), "x-stack-peak-bytes")

    def arena(self) -> tuple[int, int]:
        """Bytes of the arena that the runtime reports as used, and bytes ever written there."""
        facts = self._exchange.ask(b"arena")
        return number_of(facts, "x-arena-used-bytes"), number_of(facts, "x-arena-peak-bytes")

    def _first_facts(self) -> Facts:
        try:
            return self._exchange.ask(b"info")
        except LineError as error:
            if self._exchange.has_seen_crc:
                raise
            raise WrongFirmwareError(
                "the board answers, but not like the firmware of a project; generate and flash "
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
            output = bytes.fromhex(text_of(facts, "x-output"))
        except ValueError as error:
            told = shown(facts["x-output"])
            raise ProtocolError(f"not hexadecimal: x-output-[{told}]") from error
        _check_crc(facts, output)
        ticks = number_of(facts, "x-ticks")
        if ticks >= 0xFFFF_FFFF:
            raise ProtocolError(f"{count} inferences overflowed the tick counter; measure fewer")
        return Inference(ticks, output)

    def _infer(self, count: int, warm_up: int) -> Facts:
        """Run the loaded input. The board keeps the output in case the answer is damaged."""
        for _ in range(ATTEMPTS):
            try:
                return self._exchange.once(b"infer %d %d" % (count, warm_up))
            except LineError as error:
                self._exchange.recover(error)
            facts = self._exchange.ask(b"output")
            inferences = number_of(facts, "x-inferences")
            if inferences > 0:
                if (inferences, number_of(facts, "x-warm-ups")) != (count, warm_up):
                    raise LineError("the command 'infer' was damaged on the line")
                return facts
        raise LineError(f"the command 'infer' was damaged {ATTEMPTS} times in a row")

    def _load_and_step(self, data: bytes) -> list[int]:
        self.load(data)
        text = text_of(self._exchange.once(b"steps"), "x-step-ticks")
        parts = text.split(",")
        if not all(part.isdecimal() and len(part) <= LONGEST_NUMBER for part in parts):
            raise ProtocolError(f"x-step-ticks-[{shown(text)}] is not a list of numbers")
        return [int(part) for part in parts]

    def _timestamp(self) -> Timestamp:
        before_s = self._clock()
        facts = self._exchange.once(b"timestamp")
        return Timestamp(number_of(facts, "m-lap-us"), before_s, self._clock())


def _put_command(offset: int, piece: bytes) -> bytes:
    escaped = bytearray()
    for byte in piece:
        escaped += bytes([_ESCAPE, byte ^ _ESCAPE_FLIP]) if byte in _ESCAPED else bytes([byte])
    return b"put %d %08x " % (offset, zlib.crc32(piece)) + escaped


def _check_crc(facts: Facts, data: bytes) -> None:
    expected = f"{zlib.crc32(data):08x}"
    if text_of(facts, "x-crc") != expected:
        raise LineError(
            f"{len(data)} bytes were damaged on the line: CRC {shown(facts['x-crc'])}, "
            f"expected {expected}"
        )
