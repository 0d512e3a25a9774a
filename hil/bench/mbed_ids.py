"""Asks the ST-LINKs of attached Nucleos which boards they are. Reads drives; talks to probes.

The USB ids of an ST-LINK tell only its version. The board is told by four hexadecimal digits: the
first ones of the code in MBED.HTM on its drive (mbed-ls, README, "mbed.htm"), which also answer a
command of V2J36, V3J6 and later (pyOCD, probe/stlink/stlink.py).
"""

import contextlib
import re
from collections.abc import Callable
from pathlib import Path

from firmware.boards import known_boards, load_board
from firmware.errors import ConfigError, FileError
from firmware.regular_file import read_regular
from hil.flash.swd_programmer import Pyocd, load_pyocd

DISKS = Path("/dev/disk/by-id")
MOUNTS = Path("/proc/self/mounts")
_MOST_BYTES = 4096
_FILE = "mbed.htm"
_CODE = re.compile(rb"[?&]code=([0-9A-Fa-f]{4})")
_SERIAL = re.compile(r"^usb-.*_([0-9A-Za-z]+)-\d+:\d+$")
"""The name of a USB disk by udev: maker, product, serial number, and which of its disks."""
_ESCAPE = re.compile(r"\\([0-7]{3})")
"""A blank in a folder's name, for example: proc(5), fstab(5)."""


def drive_ids(disks: Path = DISKS, mounts: Path = MOUNTS) -> dict[str, str]:
    """The ids by serial number that the mounted drives of ST-LINKs tell.

    Args:
        disks: Folder of links to the disks, named by udev.
        mounts: The mounted file systems, as in fstab(5).
    """
    found = {}
    with contextlib.suppress(OSError):
        folders = _mounted(mounts)
        for link in sorted(disks.iterdir()):
            serial, folder = _SERIAL.match(link.name), folders.get(str(link.resolve()))
            if serial and folder and (own := _id_in(folder)):
                found[serial[1]] = own
    return found


def probe_ids(load: Callable[[], Pyocd] = load_pyocd) -> dict[str, str]:
    """The ids by serial number that pyOCD reads; none if it is not installed.

    A probe that another process uses, or that does not answer, is left out.
    """
    found = {}
    with contextlib.suppress(ConfigError):
        for probe in load().probes():
            # pyOCD's errors and those of its USB library have no class in common.
            with contextlib.suppress(Exception):
                if own := getattr(probe, "board_id", None):
                    found[str(probe.unique_id)] = str(own).upper()
    return found


def board_with(mbed_id: str) -> str:
    """Name of the board of the SDK with this id; empty if there is none."""
    names = (name for name in known_boards() if load_board(name).mbed_id == mbed_id)
    return next(names, "") if mbed_id else ""


def _mounted(mounts: Path) -> dict[str, Path]:
    """Folders by the device that is mounted there."""
    text = mounts.read_text(encoding="utf-8", errors="surrogateescape")
    lines = [line.split(" ") for line in text.splitlines()]
    return {_unescaped(own[0]): Path(_unescaped(own[1])) for own in lines if len(own) > 1}


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda code: chr(int(code[1], 8)), text)


def _id_in(folder: Path) -> str:
    """The id on a drive; empty if it has none. Linux may show the names in lower case."""
    with contextlib.suppress(OSError, FileError):
        for path in sorted(folder.iterdir()):
            if path.name.lower() == _FILE:
                code = _CODE.search(read_regular(path, _MOST_BYTES))
                return code[1].decode().upper() if code else ""
    return ""
