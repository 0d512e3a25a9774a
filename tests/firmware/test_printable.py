import pytest

from firmware.printable import brief, escape_markdown, printable, printable_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("café — 猫.jpg", "café — 猫.jpg"),
        ("<script>", "<script>"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("two\nlines\r", r"two\nlines\r"),
        ("gpj.\u202eexe", r"gpj.\u202eexe"),
        ("\udce9t\udce9", r"\udce9t\udce9"),
        ("\x00\x7f\x9b", r"\x00\x7f\x9b"),
    ],
)
def test_what_is_invisible_is_written_as_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_markdown_shows_no_name_as_a_link_a_tag_or_a_colour() -> None:
    shown = escape_markdown("[a](b) <i> |c| \x1b[31m")
    assert shown == r"\[a\](b) &lt;i&gt; \|c\| \\x1b\[31m"


def test_of_a_text_without_end_the_beginning_and_the_end_are_shown() -> None:
    assert brief("a" * 40, 40) == "a" * 40
    assert brief("a" * 50_000 + "\x1b" + "z" * 50_000, 9) == "aaaa…zzzz"
    assert len(brief("\U000e0001" * 100_000, 60)) == 60


def test_lines_stay_lines_and_nothing_else_that_is_invisible_does() -> None:
    assert printable_lines("a\tb\nc\x9b\n") == "a\\tb\nc\\x9b\n"
