import pytest

from firmware.printable import printable


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
