"""A debug probe with a chip, as far as pyOCD's classes show it."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from firmware.targets import Target
from hil.flash.swd_programmer import Pyocd


class FakeChip:
    """The chip at the probe.

    Attributes:
        flash: All of it.
        is_running: Whether its firmware runs.
        refuses: Whether it cannot be written.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.flash = bytearray([target.chip.erased_byte]) * target.flash_bytes
        self.is_running = True
        self.refuses = False
        self.device_id = target.device_id

    def halt(self) -> None:
        self.is_running = False

    def reset(self) -> None:
        self.is_running = True

    def read32(self, address: int) -> int:
        assert address == self.target.chip.id_register
        return 0x3000_0000 | self.device_id

    def read_memory_block8(self, address: int, count: int) -> list[int]:
        first = address - self.target.flash_origin
        return list(self.flash[first : first + count])


def fake_pyocd(chip: FakeChip, probes: tuple[str, ...] = ("066DFF",)) -> Callable[[], Pyocd]:
    """What `load_pyocd` would give with these probes attached, the chip at the first."""

    class Session:
        def __init__(self, probe: Any, options: dict[str, Any]) -> None:
            assert probe.unique_id == probes[0]
            assert options["target_override"] == chip.target.probe_target
            self.target = chip

        def open(self) -> None:
            pass

        def close(self) -> None:
            pass

    class FileProgrammer:
        def __init__(
            self, session: Session, *, chip_erase: str, no_reset: bool, progress: Any
        ) -> None:
            assert (chip_erase, no_reset) == ("sector", True)
            self._progress = progress

        def program(self, path: str, *, base_address: int, file_format: str) -> None:
            assert file_format == "bin"
            if chip.refuses:
                raise RuntimeError("flash erase failure")
            data = Path(path).read_bytes()
            first = base_address - chip.target.flash_origin
            chip.flash[first : first + len(data)] = data
            self._progress(1.0)

    listed = [SimpleNamespace(unique_id=name, description="fake") for name in probes]
    return lambda: Pyocd(lambda: listed, Session, FileProgrammer)
