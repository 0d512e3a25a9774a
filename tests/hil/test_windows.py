import pytest

from hil.windows import MOST, Plan, half_width_fraction, measure_windows


def test_the_interval_is_students() -> None:
    # Mean 10, standard deviation 1, n = 4: t(3, 97.5 %) = 3.1824 (published table), / sqrt(4)
    values = [9.0, 9.0, 11.0, 11.0]
    deviation = (4 / 3) ** 0.5
    assert half_width_fraction(values) == pytest.approx(3.1824 * deviation / 2 / 10, rel=1e-4)


def test_three_windows_are_enough_where_nothing_spreads() -> None:
    asked: list[int] = []

    def ticks_of(inferences: int) -> int:
        asked.append(inferences)
        return 1_000 * inferences

    windows = measure_windows(ticks_of, 1_000, 1_000_000, Plan(window_s=0.5))
    assert asked == [500, 500, 500]
    assert (windows.median_ticks, windows.half_width_fraction) == (1_000.0, 0.0)


def test_windows_go_on_until_the_interval_is_narrow() -> None:
    ticks = iter([1_000, 1_010, 990, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000])
    windows = measure_windows(lambda _: next(ticks), 1_000, 1_000, Plan(1.0, 0.006))
    # 6 values: s = 6.32, t(5) = 2.571: 6.6 per mille; 7 values: s = 5.77, t(6) = 2.447: 5.3
    assert len(windows.ticks) == 7
    assert windows.median_ticks == 1_000


def test_windows_that_never_agree_end_too() -> None:
    values = iter(range(1, 1_000))
    windows = measure_windows(lambda _: next(values), 1, 1, Plan())
    assert len(windows.ticks) == MOST
    assert windows.half_width_fraction > Plan().half_width_fraction


def test_a_window_ends_before_the_counter_does() -> None:
    windows = measure_windows(lambda n: 100 * n, 100, 100_000_000, Plan(window_s=60.0))
    assert windows.inferences * 100 < 1 << 32


def test_an_inference_longer_than_a_window_is_measured_alone() -> None:
    assert measure_windows(lambda n: 5_000 * n, 5_000, 1_000, Plan(1.0)).inferences == 1
