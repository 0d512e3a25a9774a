"""Compares the board's clock with the host's clock. Pure.

If the clock of a board is not set up, it counts the same cycles, but each takes longer. The board
cannot detect this itself; a second clock can.
"""

from dataclasses import dataclass

from firmware.errors import ClockError
from hil.protocol import Timestamp

TOLERANCE_FRACTION = 0.02
SHORTEST_S = 2.0
"""Shortest time between the readings; the delays of a serial port are small compared with it."""
_WRAP_US = 1 << 32


@dataclass(frozen=True, slots=True)
class ClockMeasurement:
    """The core clock, measured with the host's clock.

    Attributes:
        hz: Measured frequency.
        uncertainty_fraction: Possible error of `hz`, caused by the delays of the line.
    """

    hz: float
    uncertainty_fraction: float


def measure_clock(believed_hz: int, first: Timestamp, last: Timestamp) -> ClockMeasurement:
    """The core clock between two readings of the board's microseconds, 71 minutes apart at most."""
    device_s = (last.device_us - first.device_us) % _WRAP_US / 1e6
    host_s = (last.before_s + last.after_s - first.before_s - first.after_s) / 2
    delay_s = (last.after_s - last.before_s + first.after_s - first.before_s) / 2
    return ClockMeasurement(believed_hz * device_s / host_s, delay_s / host_s)


def check_clock(believed_hz: int, source: str, measured: ClockMeasurement) -> None:
    """Raise an error if the measured clock differs from the clock that the board reports.

    Raises:
        ClockError: They differ by more than `TOLERANCE_FRACTION` and the measurement's uncertainty.
    """
    error = measured.hz / believed_hz - 1
    if abs(error) > TOLERANCE_FRACTION + measured.uncertainty_fraction:
        raise ClockError(
            f"the firmware reports a clock of {believed_hz / 1e6:g} MHz ({source}), but the "
            f"host measured {measured.hz / 1e6:.4g} MHz ({error:+.1%}): every latency would be "
            "wrong by this factor; is the oscillator the one that the board support expects?"
        )
