"""No wait for a board is without an end, whatever comes from it."""

import re
import threading
from collections.abc import Callable

import pytest

from firmware.errors import BoardError, LineError, NoAnswerError, ProtocolError, WrongBaudError
from hil.deadline import Deadline
from hil.exchange import Exchange
from hil.protocol import BenchClient
from tests.fake_clock import FakeClock

LIMIT_S, SESSION_S = 10.0, 100.0


class ChattyTransport:
    """A board that does not stop sending.

    Args:
        clock: Advances with each read.
        says: What comes with each read.
    """

    def __init__(self, clock: FakeClock, says: bytes) -> None:
        self._clock = clock
        self._says = says
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def read(self, wait_s: float) -> bytes:
        self._clock.sleep(min(wait_s, 0.02) if self._says else max(wait_s, 0.001))
        return self._says

    def close(self) -> None:
        pass


def _connect(exchange: Exchange) -> None:
    exchange.connect()


def _ask(exchange: Exchange) -> None:
    exchange.ask(b"stack")


@pytest.mark.parametrize("wait", [_connect, _ask])
@pytest.mark.parametrize(
    "says",
    [b"", b"x", b"\xfe\x80\x00", b"hello\r\n", b"x-fact-[1]\r\n", b"m-lap-us-1\r\nhalf", b"\n" * 9],
)
def test_a_wait_ends_though_bytes_keep_coming(
    clock: FakeClock, wait: Callable[[Exchange], None], says: bytes
) -> None:
    exchange = Exchange(ChattyTransport(clock, says), LIMIT_S, clock)
    with pytest.raises((NoAnswerError, WrongBaudError)):
        wait(exchange)
    assert LIMIT_S - 1 < clock.now_s - 100.0 < LIMIT_S + 1


@pytest.mark.parametrize("wait", [_connect, _ask])
def test_answers_that_never_stop_coming_end_a_wait(
    clock: FakeClock, wait: Callable[[Exchange], None]
) -> None:
    exchange = Exchange(ChattyTransport(clock, b"m-ready\r\n"), LIMIT_S, clock)
    with pytest.raises((NoAnswerError, LineError), match="does not stop sending"):
        wait(exchange)
    assert clock.now_s - 100.0 < 2 * LIMIT_S + 1


def test_an_answer_without_an_end_takes_no_memory_without_an_end(clock: FakeClock) -> None:
    exchange = Exchange(ChattyTransport(clock, b"x" * 100_000), LIMIT_S, clock)
    with pytest.raises(ProtocolError, match="the answer to 'stack' does not end"):
        exchange.ask(b"stack")


def test_lines_without_an_end_take_no_memory_without_an_end(clock: FakeClock) -> None:
    exchange = Exchange(ChattyTransport(clock, b"x-fact-[1]\r\n" * 10_000), 1e6, clock)
    with pytest.raises(ProtocolError, match="the answer to 'stack' does not end"):
        exchange.ask(b"stack")


@pytest.mark.parametrize("wait", [_connect, _ask])
def test_the_session_ends_every_wait(clock: FakeClock, wait: Callable[[Exchange], None]) -> None:
    session = Deadline.after(5.0, clock)
    exchange = Exchange(ChattyTransport(clock, b""), LIMIT_S, clock, session)
    with pytest.raises(NoAnswerError, match=r"the session took longer than 5 s \(--session-s\)"):
        wait(exchange)
    assert 4.0 < clock.now_s - 100.0 < 6.0


class AliveBoard:
    """A board that answers `name`, and damages what else it says."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._answers = b""

    def write(self, data: bytes) -> None:
        self._answers += b"x-answer-crc-[00000000]\r\nm-ready\r\n" * data.count(b"%")

    def read(self, wait_s: float) -> bytes:
        self._clock.sleep(wait_s)
        answers, self._answers = self._answers, b""
        return answers

    def close(self) -> None:
        pass


def test_a_hopeless_line_ends_at_the_end_of_the_session_with_its_name(clock: FakeClock) -> None:
    """Each repetition begins anew: without the session they would not end."""
    client = BenchClient(AliveBoard(clock), LIMIT_S, clock, Deadline.after(SESSION_S, clock))
    told = ""
    while "session" not in told:
        with pytest.raises(LineError) as caught:
            client.stack_peak_bytes()
        told = str(caught.value)
    assert re.search(r"took longer than 100 s \(--session-s\); the line damaged \d+ exch", told)
    assert clock.now_s - 100.0 < SESSION_S + LIMIT_S


def test_a_cancelled_session_ends_at_once(clock: FakeClock) -> None:
    cancelled = threading.Event()
    cancelled.set()
    session = Deadline.after(SESSION_S, clock, cancelled)
    with pytest.raises(BoardError):
        Exchange(ChattyTransport(clock, b""), LIMIT_S, clock, session).connect()
    assert clock.now_s < 101.0


def test_a_lost_answer_costs_little_time(clock: FakeClock) -> None:
    """A limit of a minute for one answer is no reason to wait a minute for one that was lost."""

    class Forgetful(AliveBoard):
        lost = 1

        def write(self, data: bytes) -> None:
            if b"stack" in data and self.lost:
                self.lost -= 1
                return
            for command in data.split(b"%")[:-1]:
                self._answers += with_crc(command.strip(b"\r"))

    client = BenchClient(Forgetful(clock), 60.0, clock)
    assert client.stack_peak_bytes() == 300
    assert client.damaged == 1
    assert clock.now_s - 100.0 < 3.0


def with_crc(command: bytes) -> bytes:
    import zlib

    body = b"x-stack-peak-bytes-[300]\r\n"
    return body + b"x-answer-crc-[%08x]\r\nm-ready\r\n" % zlib.crc32(body, zlib.crc32(command))


def test_a_board_that_computes_for_long_is_waited_for(clock: FakeClock) -> None:
    """It answers the sign of life that it was asked for afterwards."""

    class Slow(AliveBoard):
        ready_s = 120.0

        def write(self, data: bytes) -> None:
            for command in data.split(b"%")[:-1]:
                self._answers += with_crc(command.strip(b"\r"))

        def read(self, wait_s: float) -> bytes:
            if self._clock.now_s < self.ready_s:
                self._clock.sleep(max(wait_s, 0.001))
                return b""
            return super().read(wait_s)

    client = BenchClient(Slow(clock), 60.0, clock)
    assert client.stack_peak_bytes() == 300
    assert client.damaged == 0
    assert clock.now_s < 122.0
