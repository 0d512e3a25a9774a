import re
import zlib
from pathlib import Path

import pytest

from firmware.errors import (
    BoardError,
    ConfigError,
    FaultError,
    LineError,
    NoAnswerError,
    ProtocolError,
    StackOverflowError,
    WrongBaudError,
    WrongFirmwareError,
)
from hil.exchange import ATTEMPTS, Exchange
from hil.judge import EXIT_OUTPUTS_DIFFER, EXIT_REFUTED
from hil.protocol import BenchClient
from hil.transport import ScriptedTransport, Transport
from tests.fake_clock import FakeClock
from tests.host_compiler import ROOT

READY = b"m-ready\r\n"
DAMAGED = b"x-answer-crc-[00000000]\r\nm-ready \r\n"
"""The space keeps the scripted board from adding the right CRC."""


class LateBoard:
    """A board whose answers arrive when they do: one piece for each wait of the host."""

    def __init__(self, clock: FakeClock, pieces: list[bytes]) -> None:
        self._clock = clock
        self._pieces = pieces

    def write(self, data: bytes) -> None:
        pass

    def read(self, wait_s: float) -> bytes:
        self._clock.sleep(wait_s)
        return self._pieces.pop(0) if self._pieces else b""

    def close(self) -> None:
        pass


def _signed(command: bytes, body: bytes) -> bytes:
    return body + f"x-answer-crc-[{zlib.crc32(body, zlib.crc32(command)):08x}]\r\n".encode() + READY


def client_of(clock: FakeClock, *answers: tuple[bytes, bytes]) -> BenchClient:
    return BenchClient(ScriptedTransport(answers, clock.sleep), 10.0, clock)


def masked(text: str) -> str:
    """A session without the numbers that differ from run to run."""
    return re.sub(r"(ticks-\[|m-lap-us-|answer-crc-\[|compiler-\[)[\da-f,.]+", r"\1N", text)


def test_the_session_in_the_manual_is_what_the_firmware_answers(toy_board: Transport) -> None:
    manual = (ROOT / "docs" / "protocol.md").read_text()
    session = manual.split("## A session")[1].split("```")[1].strip().splitlines()
    heard = []
    for line in session:
        if not line.startswith("> "):
            continue
        heard.append(line)
        toy_board.write(line.removeprefix("> ").encode())
        answer = b""
        while not answer.endswith(READY):
            piece = toy_board.read(5.0)
            assert piece, f"no answer to {line}"
            answer += piece
        heard += [f"< {reply}" for reply in answer.decode().splitlines()]
    assert masked("\n".join(heard)) == masked("\n".join(session))


def test_a_client_talks_to_the_firmware(toy_board: Transport) -> None:
    client = BenchClient(toy_board, 5.0)
    client.connect()
    identity = client.identify()
    assert (identity.model, identity.input_bytes, identity.arena_bytes) == ("toy", 4, 16)
    assert identity.clock_hz == 1_000_000_000
    for data, expected in ((b"\1\2\3\4", b"\2\3\4\5"), (b"\xff\0\x7f\x80", b"\0\1\x80\x81")):
        assert client.run(data, 3, 1).output == expected
    assert len(client.run_steps(b"\1\2\3\4")) == 2
    assert client.baseline_ticks(10) >= 0
    assert client.stack_peak_bytes() == 0


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("sing", "unknown command"),
        ("db load x", "db load takes a number of bytes"),
        ("db load 5", "wrong input size expected 4"),
        ("db 00", "db without db load"),
        ("infer 0", "infer takes a number of inferences and one of warm-ups"),
        ("infer 99999999999", "infer takes a number"),
        ("infer 1 1 x", "infer takes a number"),
        ("put", "put takes an offset, a CRC and bytes"),
        ("put 0 12345678", "put takes an offset, a CRC and bytes"),
        ("put 0 1234567 ab", "put takes an offset, a CRC and bytes"),
        ("put 3 9e83486d ab", "past the end of the input bytes 4"),
        ("put 4000000000 9e83486d ab", "past the end of the input bytes 4"),
        ("put 0 9e83486d ac", "damaged on the line"),
        ("baseline 0", "baseline takes a number of inferences"),
        ("fault", "this board cannot fault on purpose"),
    ],
)
def test_the_firmware_refuses_nonsense_with_a_reason(
    toy_board: Transport, command: str, text: str
) -> None:
    with pytest.raises(BoardError, match=text):
        Exchange(toy_board, 5.0).once(command.encode())


def test_a_command_that_is_too_long_is_dropped_with_a_reason(toy_board: Transport) -> None:
    toy_board.write(b"x" * 400 + b"%")
    answer = b""
    while not answer.endswith(READY):
        answer += toy_board.read(5.0)
    assert answer.startswith(b"e-[command too long]\r\n")


@pytest.mark.parametrize("digits", ["0", "0g", "0011223344", " 00"])
def test_the_firmware_refuses_damaged_bytes(toy_board: Transport, digits: str) -> None:
    exchange = Exchange(toy_board, 5.0)
    exchange.once(b"db load 4")
    with pytest.raises(BoardError, match="odd number of digits|not a hexadecimal digit"):
        exchange.once(f"db {digits}".encode())
    with pytest.raises(BoardError, match="db without db load"):
        exchange.once(b"db 00")


def test_half_a_command_is_dropped_by_a_return(toy_board: Transport) -> None:
    toy_board.write(b"db loa\r")
    BenchClient(toy_board, 5.0).identify()


def test_a_failed_inference_is_told_with_its_status(toy_board: Transport) -> None:
    client = BenchClient(toy_board, 5.0)
    with pytest.raises(BoardError, match="refused 'infer 1 0': inference failed status 3"):
        client.run(b"\xee\0\0\0")


def test_a_board_that_is_still_starting_is_asked_again(clock: FakeClock) -> None:
    client = client_of(clock, (b"name%", b""), (b"name%", b""), (b"name%", READY))
    client.connect()
    assert 100.4 < clock.now_s < 101.5


def test_a_silent_board_is_given_up_after_the_limit(clock: FakeClock) -> None:
    client = client_of(clock, *[(b"name%", b"")] * 100)
    with pytest.raises(NoAnswerError, match="no complete answer to 'name' within 10 s"):
        client.connect()
    assert 109.9 < clock.now_s < 110.5


def test_half_an_answer_of_a_board_that_then_is_silent_is_shown(clock: FakeClock) -> None:
    silence = [(b"name%", b"")] * 5
    client = client_of(clock, (b"stack%", b"x-stack-peak-by"), *silence)
    with pytest.raises(NoAnswerError, match="it ended with 'x-stack-peak-by'"):
        client.stack_peak_bytes()
    assert clock.now_s < 112.0


def test_half_an_answer_of_a_board_that_is_alive_is_asked_for_again(clock: FakeClock) -> None:
    answer = b"x-stack-peak-bytes-[300]\r\n" + READY
    client = client_of(
        clock, (b"stack%", b"x-stack-peak-by"), (b"name%", READY), (b"stack%", answer)
    )
    assert client.stack_peak_bytes() == 300
    assert client.damaged == 1


def test_late_answers_to_name_are_no_damage(clock: FakeClock) -> None:
    """A busy host or board: the answers to a repeated `name` arrive during the next command."""
    name = _signed(b"name", b"")
    peak = _signed(b"stack", b"x-stack-peak-bytes-[300]\r\n")
    board = LateBoard(clock, [b"", name, b"", name + peak, b"", peak, b"", b"", name + peak])
    client = BenchClient(board, 10.0, clock)
    client.connect()
    assert [client.stack_peak_bytes() for _ in range(3)] == [300, 300, 300]
    assert client.damaged == 0


def test_a_hard_fault_is_told_at_once(clock: FakeClock) -> None:
    fault = b"\r\ne-[hard fault pc 0x08001234 lr 0x08001111 cfsr 0x00000400 hfsr 0x40000000]\r\n"
    client = client_of(clock, (b"stack%", fault))
    with pytest.raises(FaultError, match="stopped at 'stack': hard fault pc 0x08001234"):
        client.stack_peak_bytes()
    assert clock.now_s == 100.0


def test_an_answer_whose_crc_differs_is_asked_for_again(clock: FakeClock) -> None:
    damaged = b"x-stack-peak-bytes-[3]\r\n" + DAMAGED
    answer = b"x-stack-peak-bytes-[300]\r\n" + READY
    client = client_of(clock, (b"stack%", damaged), (b"stack%", answer))
    assert client.stack_peak_bytes() == 300


def test_a_line_that_damages_everything_is_given_up(clock: FakeClock) -> None:
    client = client_of(clock, *[(b"stack%", DAMAGED)] * ATTEMPTS)
    with pytest.raises(
        LineError,
        match=f"damaged {ATTEMPTS} attempts in a row; the last one: 'stack' or the answer",
    ):
        client.stack_peak_bytes()


def test_an_input_that_arrives_damaged_is_noticed(clock: FakeClock) -> None:
    crc = f"x-crc-[{zlib.crc32(b'ab'):08x}]\r\n".encode()
    put = f"put 0 {zlib.crc32(b'aa'):08x} aa%".encode()
    client = client_of(clock, (put, crc + READY))
    with pytest.raises(LineError, match="2 bytes were damaged on the line: CRC 9e83486d"):
        client.load(b"aa")


def test_long_inputs_travel_in_pieces_with_a_crc_each(clock: FakeClock) -> None:
    data = b"a" * 256 + b"b" * 44
    crc = f"x-crc-[{zlib.crc32(data):08x}]\r\n".encode()
    answers = [
        (f"put {first} {zlib.crc32(piece):08x} ".encode() + piece + b"%", crc + READY)
        for first, piece in ((0, b"a" * 256), (256, b"b" * 44))
    ]
    client_of(clock, *answers).load(data)


def test_bytes_that_would_end_a_command_are_escaped(clock: FakeClock) -> None:
    data = b"\0%\r\n~x"
    put = f"put 0 {zlib.crc32(data):08x} ".encode() + b"~ ~\x05~-~*~^x%"
    crc = f"x-crc-[{zlib.crc32(data):08x}]\r\n".encode()
    client_of(clock, (put, crc + READY)).load(data)


def test_every_byte_arrives(big_board: Transport) -> None:
    client = BenchClient(big_board, 5.0)
    assert client.run(bytes(range(256)) * 4).output == b"\1\2\3\4"


def test_an_input_of_another_size_is_refused_and_no_damage_of_the_line(
    toy_board: Transport,
) -> None:
    client = BenchClient(toy_board, 5.0)
    client.connect()
    client.identify()
    for data in (b"\1\2\3", b"\1\2\3\4\5", b""):
        with pytest.raises(
            ConfigError, match=f"the input has {len(data)} bytes, but the model takes 4"
        ):
            client.run(data)
    assert client.damaged == 0


def test_pieces_grow_again_on_a_line_that_became_good(clock: FakeClock) -> None:
    data = b"a" * 1000
    crc = f"x-crc-[{zlib.crc32(data):08x}]\r\n".encode()
    sizes, offset = [128] * 4 + [256] + [232], 0
    answers = [(f"put 0 {zlib.crc32(b'a' * 256):08x} ".encode() + b"a" * 256 + b"%", DAMAGED)]
    for size in sizes:
        piece = b"a" * size
        command = f"put {offset} {zlib.crc32(piece):08x} ".encode() + piece + b"%"
        answers.append((command, crc + READY))
        offset += size
    client_of(clock, *answers).load(data)


@pytest.mark.parametrize(
    "answer",
    [
        b"x-ticks-[1]\r\nx-output-[" + b"z" * 97_000 + b"]\r\n" + READY,
        b"x-ticks-[" + b"9" * 97_000 + b"]\r\nx-output-[00]\r\nx-crc-[d202ef8d]\r\n" + READY,
        b"x-ticks-[1]\r\nx-output-[00]\r\nx-crc-[" + b"\x1b" * 97_000 + b"]\r\n" + READY,
        b"e-[" + b"no " * 40_000 + b"]\r\n" + READY,
        b"e-[hard fault " + b"r0 " * 40_000 + b"]\r\n" + READY,
    ],
    ids=["output", "ticks", "crc", "refusal", "fault"],
)
def test_whatever_a_board_says_an_error_is_one_short_line(clock: FakeClock, answer: bytes) -> None:
    put = (b"put 0 e8b7be43 a%", b"x-crc-[e8b7be43]\r\n" + READY)
    client = client_of(clock, *[put, (b"infer 1 0%", answer)] * ATTEMPTS)
    with pytest.raises(BoardError) as caught:
        client.run(b"a")
    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()


def test_after_damage_pieces_become_smaller(clock: FakeClock) -> None:
    data = b"a" * 256
    crc = f"x-crc-[{zlib.crc32(data):08x}]\r\n".encode()

    def put(first: int, count: int) -> bytes:
        return f"put {first} {zlib.crc32(b'a' * count):08x} ".encode() + b"a" * count + b"%"

    answers = [(put(0, 256), DAMAGED), (put(0, 128), crc + READY), (put(128, 128), crc + READY)]
    client_of(clock, *answers).load(data)


class ForeignFirmware:
    """Answers every command, as firmware for MLPerf Tiny does."""

    def __init__(self) -> None:
        self._answers = b""

    def write(self, data: bytes) -> None:
        self._answers += b"m-ready\r\n" * data.count(b"%")

    def read(self, wait_s: float) -> bytes:
        answers, self._answers = self._answers, b""
        return answers

    def close(self) -> None:
        pass


def test_a_firmware_that_is_not_ours_is_told_from_a_bad_line() -> None:
    client = BenchClient(ForeignFirmware(), 1.0)
    client.connect()
    with pytest.raises(WrongFirmwareError, match="answers, but not like the firmware of a project"):
        client.identify()


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (b"", "lacks x-stack-peak-bytes; is another firmware on the board?"),
        (b"x-stack-peak-bytes-[many]\r\n", "is not a number"),
    ],
)
def test_answers_of_another_firmware_are_refused(
    clock: FakeClock, answer: bytes, text: str
) -> None:
    with pytest.raises(ProtocolError, match=re.escape(text) if "?" in text else text):
        client_of(clock, (b"stack%", answer + READY)).stack_peak_bytes()


def test_another_version_of_the_protocol_is_refused(clock: FakeClock) -> None:
    with pytest.raises(ProtocolError, match="uses protocol 9, expected 2"):
        client_of(clock, (b"info%", b"x-protocol-[9]\r\n" + READY)).identify()


def test_output_that_is_no_hex_is_refused(clock: FakeClock) -> None:
    put, crc = b"put 0 e8b7be43 a%", b"x-crc-[e8b7be43]\r\n"
    infer = b"x-ticks-[1]\r\nx-output-[zz]\r\n"
    client = client_of(clock, (put, crc + READY), (b"infer 1 0%", infer + READY))
    with pytest.raises(ProtocolError, match="not hexadecimal"):
        client.run(b"a")


def test_the_manual_lists_every_command() -> None:
    manual = Path(ROOT / "docs" / "protocol.md").read_text()
    source = (ROOT / "firmware" / "bench" / "bench.c").read_text()
    commands = re.findall(r'\{"(\w+)", \w*command_', source)
    assert len(commands) == 16
    assert [command for command in commands if f"| `{command}" not in manual] == []


def test_another_model_of_the_firmware_starts_in_a_fresh_arena(toy_board: Transport) -> None:
    client = BenchClient(toy_board, 5.0)
    client.connect()
    assert client.run(b"\1\2\3\4").output == b"\2\3\4\5"
    client.select(1)
    assert client.identify().runtime == "tflm"
    assert client.arena()[1] == 0, "nothing written yet"
    assert client.run(b"\1\2\3\4").output == b"\3\4\5\6"
    client.select(0)
    assert client.run(b"\1\2\3\4").output == b"\2\3\4\5"
    with pytest.raises(BoardError, match="model takes an index models 2"):
        client.select(2)


def test_noise_is_told_as_a_wrong_baud_rate(clock: FakeClock) -> None:
    client = client_of(clock, *[(b"name%", b"\xe0\x80\xfe\x00\xf8")] * 100)
    with pytest.raises(WrongBaudError, match="are not text"):
        client.connect()


@pytest.mark.parametrize(
    ("reason", "kind"),
    [(b"hard fault: stack overflow", StackOverflowError), (b"hard fault pc 0x08", FaultError)],
)
def test_a_stack_that_is_too_small_is_told_apart(
    clock: FakeClock, reason: bytes, kind: type[FaultError]
) -> None:
    client = client_of(clock, (b"stack%", b"e-[" + reason + b"]\r\n"))
    with pytest.raises(kind) as caught:
        client.stack_peak_bytes()
    assert type(caught.value) is kind


def test_every_failure_of_a_board_has_its_own_exit_code() -> None:
    kinds = {BoardError}
    while more := {kind for known in kinds for kind in known.__subclasses__()} - kinds:
        kinds |= more
    codes = [kind.exit_code for kind in kinds] + [EXIT_REFUTED, EXIT_OUTPUTS_DIFFER]
    assert len(set(codes)) == len(codes) >= 15
