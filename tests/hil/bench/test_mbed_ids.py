"""Which board an ST-LINK says it is on: read from a drive, or asked over USB."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from firmware.boards import load_board
from firmware.errors import ConfigError
from hil.bench.mbed_ids import board_with, drive_ids, probe_ids
from hil.flash.swd_programmer import Pyocd
from tests.core_programs import CORE_BOARDS, REAL_BOARDS

PAGE = (
    "<!-- mbed Platform Website and Authentication Shortcut -->\r\n<html>\r\n<head>\r\n"
    '<meta http-equiv="refresh" content="0; url=http://mbed.org/device/?code={code}"/>\r\n'
    "<title>mbed Website Shortcut</title>\r\n</head>\r\n<body></body>\r\n</html>\r\n"
)
L152RE = "07100200656A9A955A0F0CB8"
"""The code of a NUCLEO-L152RE in the README of mbed-ls."""
SERIAL = "066EFF534951775087215736"


class Host:
    """The disks of a machine: udev's links, and what is mounted where."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.disks, self.mounts = folder / "by-id", folder / "mounts"
        self.disks.mkdir()
        self.mounts.write_text("proc /proc proc rw 0 0\n")

    def plug(self, serial: str, name: str = "NODE_L152RE", is_mounted: bool = True) -> Path:
        """A drive; gives the folder where it is mounted."""
        device, folder = self._folder / f"sd-{serial}", self._folder / name
        device.touch()
        folder.mkdir()
        (self.disks / f"usb-MBED_microcontroller_{serial}-0:0").symlink_to(device)
        if is_mounted:
            place = str(folder).replace(" ", "\\040")
            with self.mounts.open("a") as stream:
                stream.write(f"{device} {place} vfat rw,relatime 0 0\n")
        return folder

    def ids(self) -> dict[str, str]:
        return drive_ids(self.disks, self.mounts)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.mark.parametrize("name", ["MBED.HTM", "mbed.htm"])
@pytest.mark.parametrize("folder", ["NODE_L152RE", "a drive"])
def test_a_mounted_drive_tells_its_board(host: Host, name: str, folder: str) -> None:
    place = host.plug(SERIAL, folder)
    (place / "DETAILS.TXT").write_text("Version: 0221\r\nBuild:   Sep 18 2018 11:09:21\r\n")
    (place / name).write_text(PAGE.format(code=L152RE))
    assert host.ids() == {SERIAL: "0710"}
    assert board_with(host.ids()[SERIAL]) == "nucleo-l152re"


def test_each_drive_tells_of_its_own_st_link(host: Host) -> None:
    (host.plug(SERIAL) / "MBED.HTM").write_text(PAGE.format(code=L152RE))
    (host.plug("0670FF", "NOD_F446RE") / "MBED.HTM").write_text(PAGE.format(code="0777" + "0" * 20))
    (host.disks / "usb-MBED_microcontroller_0670FF-0:0-part1").symlink_to(host.mounts)
    (host.disks / "ata-disk_0670FF").symlink_to(host.mounts)
    assert host.ids() == {SERIAL: "0710", "0670FF": "0777"}


def fifo(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(
    "write",
    [
        Path.exists,
        lambda path: path.mkdir(),
        fifo,
        lambda path: path.write_text("<html>"),
        lambda path: path.write_text(PAGE.format(code="xyz")),
        lambda path: path.write_bytes(b"\0" * 5000),
    ],
)
def test_a_drive_without_a_code_tells_nothing(host: Host, write: Callable[[Path], object]) -> None:
    write(host.plug(SERIAL) / "MBED.HTM")
    assert host.ids() == {}


def test_a_drive_that_is_not_mounted_tells_nothing(host: Host) -> None:
    (host.plug(SERIAL, is_mounted=False) / "MBED.HTM").write_text(PAGE.format(code=L152RE))
    assert host.ids() == {}


def test_a_machine_without_udev_has_no_drives(tmp_path: Path) -> None:
    assert drive_ids(tmp_path / "none", tmp_path / "none") == {}


class Unplugged:
    unique_id = "0671FF"

    @property
    def board_id(self) -> str:
        raise OSError("no such device")


def test_probes_are_asked_one_by_one() -> None:
    probes = [
        Unplugged(),
        SimpleNamespace(unique_id="99", description="J-Link"),
        SimpleNamespace(unique_id="0672FF", board_id=None),
        SimpleNamespace(unique_id=SERIAL, board_id="0872"),
    ]
    assert probe_ids(lambda: Pyocd(lambda: probes, None, None)) == {SERIAL: "0872"}


def test_without_pyocd_no_probe_is_asked() -> None:
    def load() -> Pyocd:
        raise ConfigError("flashing over SWD needs pyOCD")

    assert probe_ids(load) == {}


def test_an_id_means_one_board() -> None:
    ids = [load_board(name).mbed_id for name in REAL_BOARDS]
    assert [board_with(own) for own in ids] == list(REAL_BOARDS)
    assert {load_board(name).mbed_id for name in CORE_BOARDS} == {""}
    assert (board_with(""), board_with("0740")) == ("", "")


def test_pyocd_has_the_same_ids() -> None:
    table = pytest.importorskip("pyocd.board.board_ids", reason="pyOCD is not installed")
    names = {load_board(own).mbed_id: load_board(own).description for own in REAL_BOARDS}
    assert {own: table.BOARD_ID_TO_INFO[own].name for own in names} == names


def test_the_probes_of_pyocd_have_an_id() -> None:
    probe = pytest.importorskip("pyocd.probe.stlink_probe", reason="pyOCD is not installed")
    assert isinstance(probe.StlinkProbe.board_id, property)
