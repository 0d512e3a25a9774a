import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from hil.bench.attached import Attached, attached, bench_text, state_of
from hil.bench.bench_file import BoardEntry, read_bench
from hil.bench.lock import BoardLock
from hil.cli import main as hil

NUCLEO = SimpleNamespace(
    device="/dev/ttyACM0", vid=0x0483, pid=0x374B, serial_number="066DFF", description="STLink"
)
ADAPTER = SimpleNamespace(
    device="/dev/ttyUSB0", vid=0x0403, pid=0x6001, serial_number="A5", description="FT232R"
)
BUILT_IN = SimpleNamespace(
    device="/dev/ttyS0", vid=None, pid=None, serial_number=None, description="n/a"
)


@pytest.fixture
def usb(monkeypatch: pytest.MonkeyPatch) -> list[SimpleNamespace]:
    """What is plugged in; no probes besides."""
    ports = [ADAPTER, NUCLEO, BUILT_IN]
    monkeypatch.setattr("hil.bench.attached.list_ports.comports", lambda: ports)
    monkeypatch.setattr("hil.bench.attached._probes", list)
    return ports


def test_usb_ports_are_listed_and_nucleos_known(usb: list[SimpleNamespace]) -> None:
    assert attached() == [
        Attached("Nucleo", "/dev/ttyACM0", "066DFF", "STLink"),
        Attached("port", "/dev/ttyUSB0", "A5", "FT232R"),
    ]


def test_a_probe_is_listed_once(
    usb: list[SimpleNamespace], monkeypatch: pytest.MonkeyPatch
) -> None:
    probes = [Attached("probe", "", "066DFF", "ST-Link"), Attached("probe", "", "99", "J-Link")]
    monkeypatch.setattr("hil.bench.attached._probes", lambda: probes)
    assert [own.serial for own in attached()] == ["066DFF", "A5", "99"]


def test_the_file_that_init_writes_can_be_read(
    usb: list[SimpleNamespace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert hil(["boards", "init"]) == 0
    (board,) = read_bench(tmp_path / "bench.toml")
    assert (board.name, board.flash, board.probe, board.port) == (
        "nucleo1",
        "swd",
        "066DFF",
        "/dev/ttyACM0",
    )


def test_init_overwrites_nothing(
    usb: list[SimpleNamespace], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lab.toml"
    path.write_text("mine")
    assert hil(["boards", "init", "--bench", str(path)]) == 1
    assert "lab.toml' exists; name another with --bench" in capsys.readouterr().err
    assert path.read_text() == "mine"


def test_init_without_a_nucleo_is_refused(
    usb: list[SimpleNamespace], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usb.remove(NUCLEO)
    assert hil(["boards", "init", "--bench", str(tmp_path / "lab.toml")]) == 11
    assert "no Nucleo is attached" in capsys.readouterr().err


def test_boards_are_listed_with_their_state(
    usb: list[SimpleNamespace], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lab.toml"
    path.write_text(
        bench_text([Attached("Nucleo", "/dev/nothing", "066DFF", "")], "stm32f412")
        + '[board.net]\ntarget = "stm32f412"\nport = "rfc2217://127.0.0.1:9"\n'
    )
    with BoardLock("rfc2217://127.0.0.1:9"):
        assert hil(["boards", "--bench", str(path), "--json"]) == 0
        listed = json.loads(capsys.readouterr().out)
        assert hil(["boards", "--bench", str(path)]) == 0
    states = {row["board"]: row["state"] for row in listed["boards"]}
    assert states["nucleo1"] == "absent"
    assert states["net"].startswith(f"used by process {os.getpid()} ")
    assert [own["kind"] for own in listed["attached"]] == ["Nucleo", "port"]
    assert "attached Nucleo  /dev/ttyACM0  066DFF  STLink" in capsys.readouterr().out


def test_a_board_whose_port_exists_is_free(tmp_path: Path) -> None:
    port = tmp_path / "tty"
    port.touch()
    assert state_of(BoardEntry("left", "stm32f412", str(port))) == "free"
