"""Finds attached devices. Reads the lists of USB serial ports and of debug probes."""

import contextlib
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serial.tools import list_ports

from firmware.errors import ConfigError
from hil.bench.bench_file import BoardEntry
from hil.bench.lock import holder_of
from hil.flash.swd_programmer import load_pyocd

PROBE_LIMIT_S = 10.0
"""Longest wait for the list of debug probes."""
ST_VENDOR = 0x0483
NUCLEO_PRODUCTS = {0x374B, 0x374E, 0x3752, 0x3753}
"""ST-LINK/V2-1 and V3 with a virtual serial port (UM1974; USB ids of STMicroelectronics)."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A serial port or a debug probe.

    Attributes:
        kind: `Nucleo`, the port of an ST-LINK; `port`, another one; `probe`, one without a port.
        port: Its path; where the system has one, the path that stays the same after reconnecting.
        serial: Serial number of the USB device; on a Nucleo, of the debug probe.
        description: The system's name for it.
    """

    kind: str
    port: str
    serial: str
    description: str

    @property
    def is_nucleo(self) -> bool:
        """Whether it is the port of an ST-LINK."""
        return self.kind == "Nucleo"


def attached() -> list[Attached]:
    """The serial ports of USB devices, sorted, then the debug probes without a serial port."""
    ports = [
        Attached(
            "Nucleo" if port.vid == ST_VENDOR and port.pid in NUCLEO_PRODUCTS else "port",
            _stable(port.device),
            port.serial_number or "",
            port.description or "",
        )
        for port in sorted(list_ports.comports(), key=lambda port: str(port.device))
        if port.vid is not None
    ]
    known = {port.serial for port in ports}
    return ports + [probe for probe in _probes() if probe.serial not in known]


def _probes() -> list[Attached]:
    """The probes that pyOCD finds before the deadline; none if pyOCD is not installed."""
    found: list[Any] = []

    def look() -> None:
        with contextlib.suppress(ConfigError):
            found.extend(load_pyocd().probes())

    # PyOCD has no deadline of its own, and a probe may hang.
    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(PROBE_LIMIT_S)
    return [Attached("probe", "", str(own.unique_id), str(own.description)) for own in found]


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


def bench_text(ports: list[Attached], target: str) -> str:
    """The text of a bench file for the attached Nucleos."""
    nucleos = [port for port in ports if port.is_nucleo]
    tables = [
        f'[board.nucleo{index}]\ntarget = "{target}"\nport = "{port.port}"\n'
        f'flash = "swd"\nprobe = "{port.serial}"\n'
        for index, port in enumerate(nucleos, 1)
    ]
    return "\n".join(["# Boards of this bench; docs/bench.md explains every key.", *tables])
