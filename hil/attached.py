"""What is plugged into this machine. Reads the list of USB serial ports."""

from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports

from hil.bench_file import BoardEntry
from hil.lock import holder_of

ST_VENDOR = 0x0483
NUCLEO_PRODUCTS = {0x374B, 0x374E, 0x3752, 0x3753}
"""ST-LINK/V2-1 and V3 with a virtual serial port (UM1974; USB ids of STMicroelectronics)."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A serial port.

    Attributes:
        port: A path that stays the same when it is plugged in again, where the system has one.
        description: What the system calls it.
        serial: Of the USB device; that of the debug probe on a Nucleo.
        is_nucleo: Whether the port belongs to an ST-LINK.
    """

    port: str
    description: str
    serial: str
    is_nucleo: bool


def attached() -> list[Attached]:
    """The serial ports of USB devices, sorted."""
    return [
        Attached(
            _stable(port.device),
            port.description or "",
            port.serial_number or "",
            port.vid == ST_VENDOR and port.pid in NUCLEO_PRODUCTS,
        )
        for port in sorted(list_ports.comports(), key=lambda port: str(port.device))
        if port.vid is not None
    ]


def _stable(device: str) -> str:
    """The name under /dev/serial/by-id, if there is one."""
    folder = Path("/dev/serial/by-id")
    links = sorted(folder.iterdir()) if folder.is_dir() else []
    return next((str(link) for link in links if link.resolve() == Path(device)), device)


def state_of(board: BoardEntry) -> str:
    """Whether a board can be used now, in words."""
    if "://" not in board.port and not Path(board.port).exists():
        return "absent"
    holder = holder_of(board.lock_name)
    return f"used by {holder}" if holder else "free"


def bench_text(ports: list[Attached], target: str) -> str:
    """A bench file for the Nucleos among what is attached."""
    nucleos = [port for port in ports if port.is_nucleo]
    tables = [
        f'[board.nucleo{index}]\ntarget = "{target}"\nport = "{port.port}"\n'
        f'flash = "swd"\nprobe = "{port.serial}"\n'
        for index, port in enumerate(nucleos, 1)
    ]
    return "\n".join(["# Boards of this bench; docs/bench.md tells of every line.", *tables])
