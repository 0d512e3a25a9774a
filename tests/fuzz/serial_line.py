"""A bench session whose answers come from a file: what a board, or noise, may send."""

import zlib
from collections.abc import Mapping
from pathlib import Path

from hil.protocol import BenchClient
from tests.fake_clock import FakeClock

_LIMIT_S = 2.0
_INPUT = b"\1\2\3\4"
_READY = b"m-ready\r\n"
_RIGHT_CRC = b"x-answer-crc-[right]\r\n"
"""The line puts the CRC of what it sends in its place, so that damage gets past the check."""
_IDENTITY = {
    "x-protocol": "2",
    "x-model": "toy",
    "x-sha256": "ab" * 32,
    "x-runtime": "static",
    "x-target": "nucleo_f412zg",
    "x-input-bytes": "4",
    "x-output-bytes": "4",
    "x-arena-bytes": "16",
    "x-arena-used-bytes": "12",
    "x-stack-bytes": "4096",
    "x-compiler": "12.2.1",
    "x-uid": "",
    "x-clock-source": "hsi",
    "x-core-hz": "16000000",
    "x-tick-source": "dwt",
    "x-wait-states": "0",
    "x-flash-caches": "",
    "x-reset-cause": "pin",
}


def recordings() -> list[bytes]:
    """What a board answers in `converse`."""
    crc = f"{zlib.crc32(_INPUT):08x}"
    put = {"x-crc": crc}
    answers: list[Mapping[str, str]] = [
        {"m-name-dut": "toy"},
        _IDENTITY,
        put,
        {"x-ticks": "1234", "x-crc": crc, "x-output": _INPUT.hex()},
        put,
        {"x-step-ticks": "600,634"},
        {"x-ticks": "7"},
        {"x-stack-peak-bytes": "436"},
        {"x-arena-used-bytes": "12", "x-arena-peak-bytes": "12"},
    ]
    return [b"".join(map(_answer, answers))]


def _answer(facts: Mapping[str, str]) -> bytes:
    lines = "".join(f"{key}-[{value}]\r\n" for key, value in facts.items())
    return lines.encode() + _RIGHT_CRC + _READY


def converse(folder: Path) -> None:
    """Hold a whole session with a board that sends what is in `answers.bin`."""
    clock = FakeClock()
    line = _RecordedLine((folder / "answers.bin").read_bytes(), clock)
    client = BenchClient(line, _LIMIT_S, clock)
    client.connect()
    client.identify()
    client.run(_INPUT)
    client.run_steps(_INPUT)
    client.baseline_ticks()
    client.stack_peak_bytes()
    client.arena()


class _RecordedLine:
    """Answers each command with the next piece of a recording, then with silence."""

    def __init__(self, recording: bytes, clock: FakeClock) -> None:
        self._left = recording
        self._pending = b""
        self._clock = clock

    def write(self, data: bytes) -> None:
        for command in data.split(b"%")[:-1]:
            answer, end, self._left = self._left.partition(_READY)
            before, mark, after = answer.partition(_RIGHT_CRC)
            if mark:
                crc = zlib.crc32(before, zlib.crc32(command.rpartition(b"\r")[2]))
                mark = b"x-answer-crc-[%08x]\r\n" % crc
            self._pending += before + mark + after + end

    def read(self, wait_s: float) -> bytes:
        if not self._pending:
            self._clock.sleep(max(wait_s, 1e-3))
        data, self._pending = self._pending[:31], self._pending[31:]
        return data

    def close(self) -> None:
        pass
