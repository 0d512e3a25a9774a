"""Programs a chip over SWD with pyOCD, an optional package. Talks to a debug probe.

pyOCD has no overall deadline: `in_child` gives it one.
"""

import contextlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from firmware.errors import BoardError, ConfigError, FlashError, ManyBoardsError, NoBoardError
from firmware.printable import printable
from firmware.targets import Target
from hil.bench.bench_file import BoardEntry
from hil.flash.image import FlashImage
from hil.flash.programmer import OnBytes

_DEVICE_ID = 0xFFF
"""The bits of DBGMCU_IDCODE that are DEV_ID: RM0402, section 30.6.1."""
_SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Pyocd:
    """The parts of pyOCD that are used.

    Attributes:
        probes: Lists all attached probes.
        session: Class of a connection through a probe.
        file_programmer: Class that erases and writes.
    """

    probes: Callable[[], list[Any]]
    session: Any
    file_programmer: Any


def load_pyocd() -> Pyocd:
    """PyOCD's package.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        from pyocd.core import helpers, session
        from pyocd.flash import file_programmer
    except ImportError as error:
        raise ConfigError(
            "flashing over SWD needs pyOCD: pip install 'mcu-nas[swd]'; or flash with 'pio', or "
            "through the bootloader with 'uart'"
        ) from error
    return Pyocd(
        partial(helpers.ConnectHelper.get_all_connected_probes, blocking=False),
        session.Session,
        file_programmer.FileProgrammer,
    )


class SwdProgrammer:
    """A chip at a debug probe.

    Args:
        board: The probe's serial number.
        target: The chip.
        load: Returns the parts of pyOCD that are used; for tests.
    """

    def __init__(
        self, board: BoardEntry, target: Target, load: Callable[[], Pyocd] = load_pyocd
    ) -> None:
        self._board = board
        self._target = target
        self._pyocd = load()
        self._session: Any = None

    def __enter__(self) -> Self:
        """See `Programmer`."""
        options = {
            "target_override": self._target.probe_target,
            "connect_mode": "under-reset",
            "resume_on_disconnect": True,
        }
        with _told("connect to the chip"):
            self._session = self._pyocd.session(self._chosen_probe(), options=options)
            self._session.open()
            self._session.target.halt()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """See `Programmer`."""
        try:
            with _told("reset the chip"):
                self._session.target.reset()
        finally:
            self._session.close()

    def device_id(self) -> int:
        """See `Programmer`."""
        with _told("read the chip's id"):
            return int(self._session.target.read32(self._target.chip.id_register)) & _DEVICE_ID

    def write(self, image: FlashImage, on_bytes: OnBytes) -> None:
        """See `Programmer`."""
        total = len(image.content)
        with tempfile.TemporaryDirectory() as folder, _told("write the flash"):
            path = Path(folder) / "image.bin"
            path.write_bytes(image.content)
            programmer = self._pyocd.file_programmer(
                self._session,
                chip_erase="sector",
                no_reset=True,
                progress=lambda part: on_bytes("written", round(part * total), total),
            )
            programmer.program(str(path), base_address=image.address, file_format="bin")
            self._session.target.halt()

    def read(self, address: int, count: int) -> bytes:
        """See `Programmer`."""
        with _told(f"read at 0x{address:08x}"):
            return bytes(self._session.target.read_memory_block8(address, count))

    def _chosen_probe(self) -> Any:
        """The probe with that serial number. The first one found may belong to another board."""
        probes = self._pyocd.probes()
        names = ", ".join(str(probe.unique_id) for probe in probes)
        chosen = [own for own in probes if self._board.probe in ("", str(own.unique_id))]
        if not chosen:
            named = self._board.probe or "any"
            raise NoBoardError(f"no debug probe {named!r}; attached: {names or 'none'}")
        if len(chosen) > 1:
            raise ManyBoardsError(
                f"several debug probes are attached ({names}): name one as 'probe' in the bench "
                "file"
            )
        return chosen[0]


@contextlib.contextmanager
def _told(what: str) -> Any:
    """Translate the errors of pyOCD into ours."""
    try:
        yield
    except BoardError:
        raise
    except Exception as error:
        reason = printable(str(error))[:_SHOWN_CHARACTERS]
        raise FlashError(f"could not {what} over SWD: {reason}") from error
