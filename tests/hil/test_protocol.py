import re
import zlib
from pathlib import Path

import pytest

from firmware.errors import (
    BoardError,
    FaultError,
    NoAnswerError,
    ProtocolError,
    StackOverflowError,
    WrongBaudError,
)
from hil.judge import EXIT_OUTPUTS_DIFFER, EXIT_REFUTED
from hil.protocol import BenchClient
from hil.transport import ScriptedTransport, Transport
from tests.hil.conftest import FakeClock
from tests.host_compiler import ROOT

READY = b"m-ready\r\n"


def client_of(clock: FakeClock, *answers: tuple[bytes, bytes]) -> BenchClient:
    return BenchClient(ScriptedTransport(answers, clock.sleep), 10.0, clock)


def masked(text: str) -> str:
    """A session without the numbers that differ from run to run."""
    return re.sub(r"(ticks-\[|m-lap-us-)[\d,]+", r"\1N", text)


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
        client.load(data)
        assert client.infer(3, 1).output == expected
    assert len(client.step_ticks()) == 2
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
        ("infer 1 1 1", "infer takes a number"),
        ("x" * 200, "command too long"),
    ],
)
def test_the_firmware_refuses_nonsense_with_a_reason(
    toy_board: Transport, command: str, text: str
) -> None:
    with pytest.raises(BoardError, match=text):
        BenchClient(toy_board, 5.0)._ask(command)


@pytest.mark.parametrize("digits", ["0", "0g", "0011223344", " 00"])
def test_the_firmware_refuses_damaged_bytes(toy_board: Transport, digits: str) -> None:
    client = BenchClient(toy_board, 5.0)
    client._ask("db load 4")
    with pytest.raises(BoardError, match="odd number of digits|not a hexadecimal digit"):
        client._ask(f"db {digits}")
    with pytest.raises(BoardError, match="db without db load"):
        client._ask("db 00")


def test_half_a_command_is_dropped_by_a_return(toy_board: Transport) -> None:
    toy_board.write(b"db loa\r")
    BenchClient(toy_board, 5.0).identify()


def test_a_failed_inference_is_told_with_its_status(toy_board: Transport) -> None:
    client = BenchClient(toy_board, 5.0)
    client.load(b"\xee\0\0\0")
    with pytest.raises(BoardError, match="refused 'infer 1 0': inference failed status 3"):
        client.infer()


def test_a_board_that_is_still_starting_is_asked_again(clock: FakeClock) -> None:
    client = client_of(clock, (b"name%", b""), (b"name%", b""), (b"name%", READY))
    client.connect()
    assert 100.4 < clock.now_s < 101.5


def test_a_silent_board_is_given_up_after_the_limit(clock: FakeClock) -> None:
    client = client_of(clock, *[(b"name%", b"")] * 100)
    with pytest.raises(NoAnswerError, match="no whole answer to 'name' within 10 s"):
        client.connect()
    assert 109.9 < clock.now_s < 110.5


def test_half_an_answer_is_given_up_and_shown(clock: FakeClock) -> None:
    client = client_of(clock, (b"stack%", b"x-stack-peak-by"))
    with pytest.raises(NoAnswerError, match="it ended with 'x-stack-peak-by'"):
        client.stack_peak_bytes()


def test_a_hard_fault_is_told_at_once(clock: FakeClock) -> None:
    fault = b"\r\ne-[hard fault pc 0x08001234 lr 0x08001111 cfsr 0x00000400 hfsr 0x40000000]\r\n"
    client = client_of(clock, (b"infer 1 0%", fault))
    with pytest.raises(BoardError, match="stopped at 'infer 1 0': hard fault pc 0x08001234"):
        client.infer()
    assert clock.now_s == 100.0


def test_a_byte_that_was_damaged_on_the_line_is_noticed(clock: FakeClock) -> None:
    crc = f"x-crc-[{zlib.crc32(b'ab'):08x}]".encode()
    client = client_of(
        clock,
        (b"db load 2%", READY),
        (b"db 6161%", b"m-load-done\r\n" + crc + b"\r\n" + READY),
    )
    with pytest.raises(ProtocolError, match="2 bytes were damaged on the line: CRC 9e83486d"):
        client.load(b"aa")


def test_long_inputs_travel_in_pieces(clock: FakeClock) -> None:
    data = bytes(range(130))
    crc = f"x-crc-[{zlib.crc32(data):08x}]\r\n".encode()
    pieces = (data[:64], data[64:128], data[128:])
    answers = [(b"db load 130%", READY)]
    answers += [(b"db " + piece.hex().encode() + b"%", READY) for piece in pieces[:-1]]
    answers += [(b"db " + pieces[-1].hex().encode() + b"%", crc + READY)]
    client_of(clock, *answers).load(data)


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
    with pytest.raises(ProtocolError, match="speaks protocol 9, expected 1"):
        client_of(clock, (b"info%", b"x-protocol-[9]\r\n" + READY)).identify()


def test_output_that_is_no_hex_is_refused(clock: FakeClock) -> None:
    client = client_of(clock, (b"infer 1 0%", b"x-ticks-[1]\r\nx-output-[zz]\r\n" + READY))
    with pytest.raises(ProtocolError, match="not hexadecimal"):
        client.infer()


def test_the_manual_lists_every_command() -> None:
    manual = Path(ROOT / "docs" / "protocol.md").read_text()
    source = (ROOT / "firmware" / "bench" / "bench.c").read_text()
    commands = re.findall(r'\{"(\w+)", command_', source)
    assert len(commands) == 12
    assert [command for command in commands if f"| `{command}" not in manual] == []


def test_another_model_of_the_firmware_starts_in_a_fresh_arena(toy_board: Transport) -> None:
    client = BenchClient(toy_board, 5.0)
    client.connect()
    client.load(b"\1\2\3\4")
    assert client.infer().output == b"\2\3\4\5"
    client.select(1)
    assert client.identify().runtime == "tflm"
    assert client.arena()[1] == 0, "nothing written yet"
    client.load(b"\1\2\3\4")
    assert client.infer().output == b"\3\4\5\6"
    client.select(0)
    client.load(b"\1\2\3\4")
    assert client.infer().output == b"\2\3\4\5"
    with pytest.raises(BoardError, match="model takes an index models 2"):
        client.select(2)


def test_noise_is_told_as_a_wrong_baud_rate(clock: FakeClock) -> None:
    client = client_of(clock, *[(b"name%", b"\xe0\x80\xfe\x00\xf8")] * 100)
    with pytest.raises(WrongBaudError, match="is no text"):
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
