import argparse

import pytest

from hil.cli import main as hil
from hil.cli.run import add_arguments


def wait_s(text: str) -> float:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    waits: float = parser.parse_args(["project", "--wait-s", text]).wait_s
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
    assert "a number of seconds or a duration such as 90s" in capsys.readouterr().err


def test_a_project_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert hil(["run", "nowhere"]) == 1
    text = "could not read 'nowhere/manifest.json': No such file or directory; make a project with"
    assert capsys.readouterr().err == f"hil: error: {text} 'codegen build'\n"


@pytest.mark.parametrize(
    ("verb", "option", "value", "text"),
    [
        ("run", "--timeout-s", "0", "is not a number of seconds above 0"),
        (
            "run",
            "--timeout-s",
            "nan",
            "is not a number of seconds or a duration such as",
        ),
        (
            "run",
            "--timeout-s",
            "1e9",
            "is not a number of seconds or a duration such as",
        ),
        ("run", "--session-s", "-1", "is not a number of seconds or a duration such as"),
        ("run", "--session-s", "0", "is not a number of seconds above 0"),
        ("run", "--wait-s", "-1", "is not a number of seconds or a duration such as"),
        ("run", "--window-s", "0", "is not a number of seconds above 0"),
        ("run", "--confidence", "0", "is not a number between 0 and 1"),
        ("run", "--confidence", "1", "is not a number from 0 to below 1"),
        ("run", "--confidence", "nan", "is not a number from 0 to below 1"),
        ("virtual", "--port", "99999", "is not a TCP port from 0 to 65535"),
        ("virtual", "--port", "-1", "is not a TCP port from 0 to 65535"),
        ("virtual", "--port", "serial", "is not a TCP port from 0 to 65535"),
        ("virtual", "--reset-after", "-5", "is not an integer from 0 to 2,147,483,647"),
        ("virtual", "--reset-after", "0.5", "is not an integer from 0 to 2,147,483,647"),
        ("virtual", "--seed", "-1", "is not an integer from 0 to 2,147,483,647"),
        ("virtual", "--drop", "1", "is not a number from 0 to below 1, such as 0.01"),
        ("virtual", "--flip", "-0.1", "is not a number from 0 to below 1, such as 0.01"),
        (
            "virtual",
            "--delay-s",
            "inf",
            "is not a number of seconds or a duration such as",
        ),
    ],
)
def test_a_number_out_of_range_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], verb: str, option: str, value: str, text: str
) -> None:
    words = [verb, *(["project"] if verb == "run" else []), f"{option}={value}"]
    with pytest.raises(SystemExit) as ended:
        hil(words)
    assert ended.value.code == 2
    assert f"argument {option}: '{value}' {text}" in capsys.readouterr().err
