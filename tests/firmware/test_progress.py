import pytest

from firmware.errors import ConfigError
from firmware.progress import parse_duration, parse_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("50ms", 0.05),
        ("90s", 90),
        ("8m", 480),
        ("45min", 2700),
        ("8h", 28800),
        ("1.5 h", 5400),
        ("1h30m", 5400),
        ("1h30min", 5400),
        ("2d 1 h", 176400),
        ("1m30s", 90),
        ("0s", 0),
    ],
)
def test_times_are_read_with_their_units(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)
    assert parse_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "8", "h", "8 hours", "-1s", "1h30", "30m1h", "1e3s", "nan s"])
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a duration such as 50ms, 90s, 8m, 1h30m or 2d"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["9" * 400 + "h", "1000000d"])
def test_a_time_that_never_ends_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="longer than a hundred years"):
        parse_duration(text)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("0.5", 0.5), ("1e-3", 0.001)])
def test_a_number_without_a_unit_is_of_seconds_where_the_option_says_so(
    text: str, seconds: float
) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "1e300", "soon"])
def test_other_numbers_of_seconds_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a duration"):
        parse_seconds(text)
