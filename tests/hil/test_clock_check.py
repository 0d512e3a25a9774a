import pytest

from firmware.errors import ClockError
from hil.clock_check import check_clock, measure_clock
from hil.protocol import Timestamp


def test_the_clock_is_measured_between_the_middles_of_two_exchanges() -> None:
    first = Timestamp(1_000_000, 50.000, 50.002)
    last = Timestamp(3_000_000, 52.000, 52.002)
    measured = measure_clock(100_000_000, first, last)
    assert measured.hz == pytest.approx(100_000_000)
    assert measured.uncertainty_fraction == pytest.approx(0.001)


def test_microseconds_that_wrap_are_no_jump() -> None:
    first, last = Timestamp(2**32 - 500_000, 0.0, 0.0), Timestamp(1_500_000, 2.0, 2.0)
    assert measure_clock(100_000_000, first, last).hz == pytest.approx(100_000_000)


def test_a_core_at_16_mhz_that_believes_in_100_is_found_out() -> None:
    # In 2 s it counts 32e6 cycles, which it takes for 0.32 s.
    measured = measure_clock(100_000_000, Timestamp(0, 0.0, 0.0), Timestamp(320_000, 2.0, 2.0))
    with pytest.raises(ClockError, match=r"100 MHz \(hse-pll\), but the host measured 16 MHz"):
        check_clock(100_000_000, "hse-pll", measured)


@pytest.mark.parametrize(("device_us", "is_right"), [(2_039_000, True), (2_041_000, False)])
def test_two_percent_are_allowed(device_us: int, is_right: bool) -> None:
    measured = measure_clock(100_000_000, Timestamp(0, 0.0, 0.0), Timestamp(device_us, 2.0, 2.0))
    if is_right:
        check_clock(100_000_000, "hsi-pll", measured)
        return
    with pytest.raises(ClockError):
        check_clock(100_000_000, "hsi-pll", measured)


def test_a_slow_line_makes_the_measurement_less_certain() -> None:
    late = Timestamp(2_041_000, 2.0, 2.2)
    measured = measure_clock(100_000_000, Timestamp(0, 0.0, 0.2), late)
    check_clock(100_000_000, "hsi-pll", measured)
