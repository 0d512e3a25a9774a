from xml.etree import ElementTree

from firmware.errors import WrongBaudError
from hil.judge import Verdict, judge
from hil.junit import junit
from hil.report import markdown
from hil.tolerances import Tolerances
from tests.hil.records import PROJECT, measurement


def verdict(**changes: object) -> Verdict:
    measured = measurement(**changes)
    return Verdict(PROJECT, measured, judge(PROJECT, measured, Tolerances()))


def test_each_board_is_a_suite_and_each_promise_a_case() -> None:
    outcomes = {"left": [verdict()], "right": WrongBaudError("answers at 9600")}
    root = ElementTree.fromstring(junit("toy", outcomes))
    left, right = root.findall("testsuite")
    assert (left.get("name"), left.get("failures"), left.get("errors")) == (
        "toy on left",
        "0",
        "0",
    )
    assert left.get("tests") == str(len(verdict().checks))
    assert (right.get("tests"), right.get("errors")) == ("1", "1")
    error = right.find("testcase/error")
    assert error is not None
    assert (error.get("type"), error.get("message")) == ("WrongBaudError", "answers at 9600")


def test_a_broken_promise_is_a_failure() -> None:
    root = ElementTree.fromstring(junit("toy", {"left": [verdict(stack_peak_bytes=5_000)]}))
    (failure,) = root.findall("testsuite/testcase/failure")
    assert failure.get("message") == "promised ≤ 4,096, measured 5,000"


def test_noise_of_a_line_makes_no_broken_file() -> None:
    text = junit("<toy>", {"left": WrongBaudError("no text: \x00\x1b\ufffe & <b>")})
    (error,) = ElementTree.fromstring(text).findall("testsuite/testcase/error")
    assert error.text == "no text: \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}" + (
        "\N{REPLACEMENT CHARACTER} & <b>"
    )


def test_names_do_not_break_a_page() -> None:
    page = markdown(
        [verdict(board="a|b<i>")], {"probe": "x|y", "board_uid": "", "compiled_with": []}
    )
    assert "a\\|b&lt;i&gt;" in page
    assert "| probe | x\\|y |" in page
    assert "| board\\_uid | – |" in page
