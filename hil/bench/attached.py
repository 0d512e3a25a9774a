"""Finds attached devices. Reads the lists of USB serial ports and of debug probes."""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from serial.tools import list_ports

from firmware.errors import ConfigError
from hil.bench.bench_file import BoardEntry
from hil.bench.lock import holder_of
from hil.bench.mbed_ids import drive_ids, probe_ids
from hil.flash.swd_programmer import load_pyocd

PROBE_LIMIT_S = 10.0
"""Longest wait for the list of debug probes, and for what drives tell."""
ST_VENDOR = 0x0483
NUCLEO_PRODUCTS = {0x374B, 0x3752} | {0x374E, 0x374F, 0x3753, 0x3754, 0x3757}
"""ST-LINK/V2-1, then V3: with a virtual serial port; with or without a drive, or a bridge.

Source: USB_PID_EP_MAP in pyOCD's probe/stlink/usb.py, without 0x374A (an audio device) and 0x3755
(the loader of a V3); the STLINK_*_PID in OpenOCD's src/jtag/drivers/stlink_usb.c."""


_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Attached:
    """A serial port or a debug probe.

    Attributes:
        kind: `Nucleo`, the port of an ST-LINK; `port`, another one; `probe`, one without a port.
        port: Its path; where the system has one, the path that stays the same after reconnecting.
        serial: Serial number of the USB device; on a Nucleo, of the debug probe.
        description: The system's name for it.
        mbed_id: On a Nucleo, what its ST-LINK calls the board; empty if it did not tell.
    """

    kind: str
    port: str
    serial: str
    description: str
    mbed_id: str = ""

    @property
    def is_nucleo(self) -> bool:
        """Whether it is the port of an ST-LINK."""
        return self.kind == "Nucleo"


def attached() -> list[Attached]:
    """The serial ports of USB devices, sorted, then the debug probes without a serial port.

    Nucleos whose drive is mounted have their id.
    """
    ids = _before_limit(drive_ids)
    ports = [
        _with_id(
            Attached(
                "Nucleo" if port.vid == ST_VENDOR and port.pid in NUCLEO_PRODUCTS else "port",
                _stable(port.device),
                port.serial_number or "",
                port.description or "",
            ),
            ids,
        )
        for port in sorted(list_ports.comports(), key=lambda port: str(port.device))
        if port.vid is not None
    ]
    known = {port.serial for port in ports}
    return ports + [probe for probe in _probes() if probe.serial not in known]


def attached_nucleos() -> list[Attached]:
    """The Nucleos among them. Those whose drive is not mounted are asked over USB for their id."""
    nucleos = [own for own in attached() if own.is_nucleo]
    if all(own.mbed_id for own in nucleos):
        return nucleos
    ids = _before_limit(probe_ids)
    return [_with_id(own, ids) for own in nucleos]


def _with_id(own: Attached, ids: dict[str, str]) -> Attached:
    """A Nucleo with its id by serial number, if it has none yet."""
    is_told = not own.is_nucleo or own.mbed_id
    return own if is_told else replace(own, mbed_id=ids.get(own.serial, ""))


def _probes() -> list[Attached]:
    """The probes that pyOCD finds before the deadline; none if pyOCD is not installed."""

    def look() -> dict[str, Any]:
        with contextlib.suppress(ConfigError):
            return {str(own.unique_id): own for own in load_pyocd().probes()}
        return {}

    found = _before_limit(look).items()
    return [Attached("probe", "", serial, str(own.description)) for serial, own in found]


def _before_limit(look: Callable[[], dict[str, _Found]]) -> dict[str, _Found]:
    """What is found by serial number; nothing after the limit.

    PyOCD has no deadline of its own, nor has a drive that does not answer.
    """
    found: dict[str, _Found] = {}
    thread = threading.Thread(target=lambda: found.update(look()), daemon=True)
    thread.start()
    thread.join(PROBE_LIMIT_S)
    return dict(found)


def _stable(device: str) -> str:
    """The name under /dev/serial/by-id, if there is one."""
    folder = Path("/dev/serial/by-id")
    links = sorted(folder.iterdir()) if folder.is_dir() else []
    return next((str(link) for link in links if link.resolve() == Path(device)), device)


def state_of(board: BoardEntry) -> str:
    """Whether a board can be used now, as text."""
    if "://" not in board.port and not Path(board.port).exists():
        return "absent"
    holders = [holder for name in board.lock_names if (holder := holder_of(name))]
    return f"used by {holders[0]}" if holders else "free"
