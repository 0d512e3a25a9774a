import json
import os
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from hil.bench.attached import NUCLEO_PRODUCTS, Attached, attached, state_of
from hil.bench.bench_file import BoardEntry, read_bench
from hil.bench.lock import BoardLock
from hil.bench.new_bench import bench_text, new_entries
from hil.cli import main as hil
from tests.host_compiler import ROOT

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
    monkeypatch.setattr("hil.bench.attached.drive_ids", dict)
    monkeypatch.setattr("hil.bench.attached.probe_ids", dict)
    return ports


@pytest.fixture
def drives(usb: list[SimpleNamespace], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the mounted drives tell, by serial number."""
    ids = {"066DFF": "0826"}
    monkeypatch.setattr("hil.bench.attached.drive_ids", lambda: ids)
    return ids


def test_usb_ports_are_listed_and_nucleos_known(usb: list[SimpleNamespace]) -> None:
    assert attached() == [
        Attached("Nucleo", "/dev/ttyACM0", "066DFF", "STLink"),
        Attached("port", "/dev/ttyUSB0", "A5", "FT232R"),
    ]


def test_a_drive_that_does_not_answer_is_not_waited_for(
    usb: list[SimpleNamespace], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, is_over = threading.Event(), threading.Event()

    def hang() -> dict[str, str]:
        asked.set()
        is_over.wait(30)
        return {"066DFF": "0826"}

    monkeypatch.setattr("hil.bench.attached.drive_ids", hang)
    monkeypatch.setattr("hil.bench.attached.PROBE_LIMIT_S", 0.05)
    assert [own.mbed_id for own in attached()] == ["", ""]
    assert asked.is_set()
    is_over.set()


@pytest.mark.parametrize(
    ("product", "kind"),
    [
        (0x3752, "Nucleo"),  # V2-1 without a drive
        (0x374F, "Nucleo"),  # V3 with a bridge
        (0x3754, "Nucleo"),  # V3 without a drive
        (0x3757, "Nucleo"),  # V3 that measures power
        (0x374D, "port"),  # the loader of a V3
        (0x5740, "port"),  # the virtual serial port of an application on an STM32
    ],
)
def test_an_st_link_of_any_kind_is_known(
    usb: list[SimpleNamespace], product: int, kind: str
) -> None:
    usb[usb.index(NUCLEO)] = SimpleNamespace(**{**vars(NUCLEO), "pid": product})
    assert attached()[0] == Attached(kind, "/dev/ttyACM0", "066DFF", "STLink")


def test_the_st_links_are_those_of_pyocd() -> None:
    listed = pytest.importorskip("pyocd.probe.stlink.usb").STLinkUSBInterface.USB_PID_EP_MAP
    newer = {product for product, own in listed.items() if own.version_name != "V2"}
    assert newer - {0x374A, 0x3755} == NUCLEO_PRODUCTS


def test_a_probe_is_listed_once(
    usb: list[SimpleNamespace], monkeypatch: pytest.MonkeyPatch
) -> None:
    probes = [Attached("probe", "", "066DFF", "ST-Link"), Attached("probe", "", "99", "J-Link")]
    monkeypatch.setattr("hil.bench.attached._probes", lambda: probes)
    assert [own.serial for own in attached()] == ["066DFF", "A5", "99"]


def second_nucleo(serial: str) -> SimpleNamespace:
    return SimpleNamespace(**{**vars(NUCLEO), "device": "/dev/ttyACM1", "serial_number": serial})


def test_the_file_that_init_writes_can_be_read(
    drives: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
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
    assert 'target = "nucleo-f412zg"\n' in (tmp_path / "bench.toml").read_text()
    assert capsys.readouterr().out.splitlines() == [
        "bench.toml: 1 boards",
        "nucleo1  nucleo-f412zg, as its ST-LINK says: 0826",
    ]


def test_each_nucleo_is_the_board_that_its_st_link_tells(
    usb: list[SimpleNamespace],
    drives: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The drive of the second is not mounted, so it is asked over USB."""
    usb.append(second_nucleo("0670FF"))
    over_usb = {"0670FF": "0776", "066DFF": "0777"}
    monkeypatch.setattr("hil.bench.attached.probe_ids", lambda: over_usb)
    path = tmp_path / "lab.toml"
    assert hil(["boards", "init", "--bench", str(path)]) == 0
    assert [own.target for own in read_bench(path)] == ["stm32f412", "stm32l4r5zi"]


@pytest.mark.parametrize(
    ("mbed_id", "told"),
    [
        ("", "(its ST-LINK told nothing; its drive, if it is mounted, or pyOCD (pip install"),
        ("0740", "(its ST-LINK calls it 0740, as no board of the SDK)"),
    ],
)
def test_an_unknown_nucleo_needs_a_target(
    drives: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    mbed_id: str,
    told: str,
) -> None:
    drives["066DFF"] = mbed_id
    path = tmp_path / "lab.toml"
    assert hil(["boards", "init", "--bench", str(path)]) == 1
    error = capsys.readouterr().err
    assert f"the board is not known of the Nucleo at /dev/ttyACM0 {told}" in error
    assert "name it with --target, one of nucleo-f412zg, nucleo-f446re, " in error
    assert not path.exists()


def test_the_target_is_for_the_nucleos_that_do_not_tell_their_board(
    usb: list[SimpleNamespace],
    drives: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    usb.append(second_nucleo("0670FF"))
    path = tmp_path / "lab.toml"
    words = ["boards", "init", "--target", "nucleo-f446re", "--bench", str(path)]
    assert hil(words) == 0
    assert [own.target for own in read_bench(path)] == ["stm32f412", "stm32f446re"]
    assert "nucleo2  nucleo-f446re, as --target says" in capsys.readouterr().out


def test_a_board_of_ones_own_may_be_a_nucleo_that_is_wired_otherwise(
    drives: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = (ROOT / "firmware" / "boards" / "nucleo-f412zg.toml").read_text()
    (tmp_path / "my-board.toml").write_text(board.replace("USART3", "USART6"))
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "bench.toml"
    assert hil(["boards", "init", "--target", "my-board.toml"]) == 0
    assert f'target = "{tmp_path}/my-board.toml"\n' in path.read_text()
    assert [own.target for own in read_bench(path)] == ["stm32f412"]


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
    drives: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lab.toml"
    path.write_text(
        bench_text(new_entries([Attached("Nucleo", "/dev/nothing", "066DFF", "")], "stm32f412"))
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
    shown = capsys.readouterr().out.splitlines()
    assert "attached Nucleo  /dev/ttyACM0  066DFF  STLink  nucleo-f412zg" in shown


def test_a_board_whose_port_exists_is_free(tmp_path: Path) -> None:
    port = tmp_path / "tty"
    port.touch()
    assert state_of(BoardEntry("left", "stm32f412", str(port))) == "free"
