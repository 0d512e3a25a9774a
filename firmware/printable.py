"""Escapes text from outside for a terminal, for Markdown and for XML. Pure."""

import re


def printable(text: str) -> str:
    """The text with invisible characters written as escapes.

    Control characters could move the cursor or change colours. Text-direction marks could make a
    name look like another one. Lone surrogates cannot be printed at all.
    """
    if text.isprintable():  # nearly every text, and much faster
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def printable_lines(text: str) -> str:
    """A text of several lines with all other invisible characters written as escapes."""
    return "\n".join(map(printable, text.split("\n")))


def escape_markdown(text: str) -> str:
    """Escape text so that Markdown shows it unchanged, in a paragraph and in a table cell."""
    escaped = re.sub(r"([\\`*_{}\[\]#|~$!])", r"\\\1", printable(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def brief(text: str, characters: int) -> str:
    """The `printable` text; if it is too long, its middle is left out."""
    # An escape has at most ten characters, so longer texts need not be examined.
    few = text if len(text) <= 2 * characters else f"{text[:characters]}…{text[-characters:]}"
    shown = printable(few)
    if len(shown) <= characters:
        return shown
    kept = characters - 1
    return f"{shown[: kept - kept // 2]}…{shown[len(shown) - kept // 2 :]}"
