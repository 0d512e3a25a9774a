import pytest

from hil.options import make_parser


def nothing(_: object) -> None:
    pass


def wait_s(text: str) -> float:
    parser = make_parser(nothing, nothing, nothing, nothing)
    waits: float = parser.parse_args(["run", "project", "--wait-s", text]).wait_s
    return waits


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("0.5", 0.5), ("90s", 90), ("8m", 480), ("1h30m", 5400)]
)
def test_a_wait_is_a_number_of_seconds_or_a_time_with_its_unit(text: str, seconds: float) -> None:
    assert wait_s(text) == seconds


@pytest.mark.parametrize("text", ["-1", "nan", "soon"])
def test_another_wait_is_wrong_usage(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        wait_s(text)
    assert end.value.code == 2
    assert "neither a number of seconds nor a length of time such as 90s" in capsys.readouterr().err
