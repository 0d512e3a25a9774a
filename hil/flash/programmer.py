"""Writes firmware to a chip. The order of steps is the same for every kind of programmer."""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from firmware.errors import FlashError, WrongDeviceError
from hil.flash.image import FlashImage

READ_BYTES = 256
READ_ATTEMPTS = 8
"""A read over a serial line has no checksum: a difference may be damage on the line."""

OnBytes = Callable[[str, int, int], None]
"""Called with the name of the step, the bytes done, and the total bytes."""


class Programmer(Protocol):
    """A context manager. Entering halts the chip; leaving starts the firmware in flash."""

    def __enter__(self) -> Self:
        """Take control of the chip.

        Raises:
            NoBoardError: The probe or the port is absent.
            NoAnswerError: The chip does not answer.
        """

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Start the firmware and release the chip."""

    def device_id(self) -> int:
        """The chip's product id, DEV_ID of RM0402."""

    def write(self, image: FlashImage, on_bytes: OnBytes) -> None:
        """Erase the sectors of the image, and write it."""

    def read(self, address: int, count: int) -> bytes:
        """At most `READ_BYTES` bytes of the chip's memory."""


def program(programmer: Programmer, image: FlashImage, device_id: int, on_bytes: OnBytes) -> None:
    """Check the chip, write an image, and read it back.

    Raises:
        WrongDeviceError: The chip has another id; nothing was written.
        FlashError: The image could not be written, or differs when read back.
    """
    with programmer:
        found = programmer.device_id()
        if found != device_id:
            raise WrongDeviceError(
                f"the chip has id 0x{found:03x}, the firmware is for 0x{device_id:03x}; nothing "
                "was written"
            )
        programmer.write(image, on_bytes)
        for offset in range(0, len(image.content), READ_BYTES):
            wanted = image.content[offset : offset + READ_BYTES]
            if not reads_back(programmer, image.address + offset, wanted):
                raise FlashError(
                    f"what was read at 0x{image.address + offset:08x} differs from what was "
                    "written; the board has no usable firmware now"
                )
            on_bytes("verified", offset + len(wanted), len(image.content))


def reads_back(programmer: Programmer, address: int, wanted: bytes) -> bool:
    """Whether the chip's memory holds the expected bytes. Reads again if they differ."""
    return any(programmer.read(address, len(wanted)) == wanted for _ in range(READ_ATTEMPTS))
