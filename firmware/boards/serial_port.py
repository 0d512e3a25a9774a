"""The serial port of a board: a USART of its chip, and its two pins. Pure."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

_PORTS = "ABCDEFGHIJK"


@dataclass(frozen=True, slots=True)
class SerialPin:
    """A pin of the chip.

    Attributes:
        pin: Its name, such as `PA2`.
        function: Number of the alternate function that connects it to the USART.
    """

    pin: Annotated[str, Meta(pattern=rf"^P[{_PORTS}](\d|1[0-5])\Z")]
    function: Annotated[int, Meta(ge=0, le=15)]

    @property
    def port(self) -> int:
        """Index of its port: 0 is GPIOA."""
        return _PORTS.index(self.pin[1])

    @property
    def number(self) -> int:
        """Its number in the port."""
        return int(self.pin[2:])


@dataclass(frozen=True, slots=True)
class SerialPort:
    """The port that the board's debug probe shows to the host.

    Attributes:
        usart: Name of the peripheral, such as `USART2` or `LPUART1`.
        tx: The pin on which the chip sends.
        rx: The pin on which it receives; at the same port.
    """

    usart: Annotated[str, Meta(pattern=r"^(LPUART|USART|UART)\d+\Z")]
    tx: SerialPin
    rx: SerialPin

    def __post_init__(self) -> None:
        """Check the pins.

        Raises:
            ValueError: They are at different ports, for which there is no code.
        """
        if self.tx.port != self.rx.port:
            raise ValueError(f"{self.tx.pin} and {self.rx.pin} are at different ports")
