"""Bytes lost and changed: every session ends in a right measurement or in a named failure."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from firmware.errors import BoardError
from hil.protocol import BenchClient
from hil.transport import Transport
from hil.virtual.line_faults import LineFaults
from tests.hil.conftest import BIG_INPUT_BYTES, ProcessTransport, compile_toy

SESSIONS = 100


class NoisyTransport:
    """A line with faults, both ways."""

    def __init__(self, inner: Transport, faults: LineFaults) -> None:
        self._inner = inner
        self._faults = faults

    def write(self, data: bytes) -> None:
        self._inner.write(self._faults.pass_on(data))

    def read(self, wait_s: float) -> bytes:
        return self._faults.pass_on(self._inner.read(wait_s))

    def close(self) -> None:
        self._inner.close()


def measure_over(program: Path, faults: LineFaults) -> str:
    """How a session on such a line ends: `right`, or the name of the failure."""
    transport = ProcessTransport(program)
    client = BenchClient(NoisyTransport(transport, faults), 0.3)
    try:
        client.connect()
        assert client.run(b"\1\2\3\4").output == b"\2\3\4\5"
        assert client.arena() == (16, 12)
    except BoardError as error:
        return type(error).__name__
    finally:
        transport.close()
    return "right"


@pytest.mark.parametrize("kind", ["drop", "flip"])
@pytest.mark.parametrize("flags", [(), ("-DTOY_FED",)], ids=["whole", "fed with rows"])
def test_sessions_on_a_noisy_line_are_right_or_fail_with_a_name(
    tmp_path: Path, flags: tuple[str, ...], kind: str
) -> None:
    program = compile_toy(tmp_path / "bench", 4, *flags)
    lines = [LineFaults(**{kind: 0.01}, seed=seed) for seed in range(SESSIONS)]
    with ThreadPoolExecutor(20) as pool:
        ends = Counter(pool.map(partial(measure_over, program), lines))
    assert ends["right"] > 0.75 * SESSIONS, ends
    assert set(ends) - {"right"} <= {"LineError", "NoAnswerError", "ProtocolError"}, ends


@pytest.mark.parametrize("kind", ["drop", "flip"])
def test_with_one_byte_in_2000_damaged_every_session_is_right(tmp_path: Path, kind: str) -> None:
    """A limit of a minute for an answer does not mean that a lost one costs a minute."""
    program = compile_toy(tmp_path / "bench", BIG_INPUT_BYTES)
    data = bytes(range(256)) * (BIG_INPUT_BYTES // 256)

    def session(seed: int) -> int:
        transport = ProcessTransport(program)
        faults = LineFaults(**{kind: 0.0005}, seed=seed)
        client = BenchClient(NoisyTransport(transport, faults), 60.0)
        try:
            client.connect()
            client.identify()
            for _ in range(4):
                assert client.run(data).output == b"\1\2\3\4"
        finally:
            transport.close()
        return client.damaged

    started_s = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        damaged = list(pool.map(session, range(8)))
    assert sum(damaged) > 0
    assert time.monotonic() - started_s < 60.0


class DamagedAnswers:
    """A line that is good, but for one answer to `infer`.

    Attributes:
        sent: What was sent through it.
    """

    def __init__(self, inner: Transport, damage: Callable[[bytes, bytes], tuple[bytes, bytes]]):
        self.sent = b""
        self._inner = inner
        self._damage = damage
        self._last = b""

    def write(self, data: bytes) -> None:
        self.sent += data
        command, _ = self._damage(data, b"")
        self._last = data
        self._inner.write(command)

    def read(self, wait_s: float) -> bytes:
        _, answer = self._damage(self._last, self._inner.read(wait_s))
        return answer

    def close(self) -> None:
        self._inner.close()


@pytest.mark.parametrize(
    "fault", ["answer garbled", "answer lost", "command lost", "count flipped"]
)
def test_an_inference_whose_answer_is_damaged_does_not_load_its_input_again(
    big_board: Transport, fault: str
) -> None:
    left = [fault]

    def damage(command: bytes, answer: bytes) -> tuple[bytes, bytes]:
        is_due = command.startswith(b"infer") and bool(answer) == fault.startswith("answer")
        if not is_due or not left:
            return command, answer
        left.clear()
        return {
            "answer garbled": (command, answer.replace(b"x-ticks", b"x-tickz")),
            "answer lost": (command, b""),
            "command lost": (command[:-1], answer),
            "count flipped": (command.replace(b"infer 1", b"infer 3"), answer),
        }[fault]

    line = DamagedAnswers(big_board, damage)
    client = BenchClient(line, 5.0)
    client.connect()
    data = bytes(range(256)) * 4
    assert client.run(data).output == b"\1\2\3\4"
    loads = 2 if fault == "count flipped" else 1
    assert client.damaged == loads
    assert line.sent.count(b"put 0 ") == loads
    assert line.sent.count(b"infer 1 0%") == (1 if fault.startswith("answer") else 2)
