"""Text of strangers made fit for a terminal, for Markdown and for XML. Pure."""

import re


def printable(text: str) -> str:
    """The text with everything invisible written as escapes.

    Control characters could move the cursor or change colours, marks of direction could make a
    name look like another one; lone surrogates cannot be printed at all.
    """
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def printable_lines(text: str) -> str:
    """A text of several lines with everything else that is invisible written as escapes."""
    return "\n".join(map(printable, text.split("\n")))


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it is, in a paragraph and in a cell of a table."""
    escaped = re.sub(r"([\\`*_{}\[\]#|~$!])", r"\\\1", printable(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def brief(text: str, characters: int) -> str:
    """The text, `printable`; of one that is too long the middle is left out."""
    # An escape takes ten characters at most, so more need not be looked at.
    few = text if len(text) <= 2 * characters else f"{text[:characters]}…{text[-characters:]}"
    shown = printable(few)
    if len(shown) <= characters:
        return shown
    kept = characters - 1
    return f"{shown[: kept - kept // 2]}…{shown[len(shown) - kept // 2 :]}"
