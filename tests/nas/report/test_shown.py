import pytest

from firmware.printable import escape_markdown, printable
from nas.data.proportion import Proportion
from nas.report.shown import quantity, shortened, signed_percent, with_span


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("cat", "cat"),
        ("名前 é 🐈", "名前 é 🐈"),
        ("two\nlines\tand a bell\x07", r"two\nlines\tand a bell\x07"),
        ("gnp.\u202egpj", r"gnp.\u202egpj"),
        ("not UTF-8: \udcff", r"not UTF-8: \udcff"),
        ("<b> & ../../x", "<b> & ../../x"),
    ],
)
def test_what_cannot_be_printed_stands_as_an_escape(name: str, shown: str) -> None:
    assert printable(name) == shown
    assert printable(shown) == shown
    assert shown.encode().decode() == shown


def test_a_long_name_ends_with_what_says_so() -> None:
    assert shortened("a" * 14, 14) == "a" * 14
    assert shortened("a" * 15, 14) == "a" * 13 + "…"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a | b", r"a \| b"),
        ("`x` *y* _z_", r"\`x\` \*y\* \_z\_"),
        ("[f](g) # ~ $c$", r"\[f\](g) \# \~ \$c\$"),
        ("<script>&amp;", r"&lt;script&gt;&amp;amp;"),
        ("a\nb", r"a\\nb"),
    ],
)
def test_markdown_shows_a_text_as_it_is(text: str, escaped: str) -> None:
    assert escape_markdown(text) == escaped


def test_numbers_have_their_units() -> None:
    assert quantity(1536, "bytes") == "1.5 KiB"
    assert quantity(999_999, "MACs") == "999,999"
    assert quantity(3_390_000, "MACs") == "3.39 M"
    assert signed_percent(-0.069) == "−6.9 %"
    assert signed_percent(0.021) == "+2.1 %"
    assert signed_percent(0.0) == signed_percent(-0.0004) == "0.0 %"
    assert with_span(None) == "–"
    assert with_span(Proportion(0, 20)) == "0.0 % (0.0–16.1 %)"
