"""Text of strangers made fit for a terminal. Pure."""


def printable(text: str) -> str:
    """The text with everything invisible written as escapes.

    Control characters could move the cursor or change colours, marks of direction could make a
    name look like another one; lone surrogates cannot be printed at all.
    """
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def brief(text: str, characters: int) -> str:
    """The text, `printable`; of one that is too long the middle is left out."""
    # An escape takes ten characters at most, so more need not be looked at.
    few = text if len(text) <= 2 * characters else f"{text[:characters]}…{text[-characters:]}"
    shown = printable(few)
    if len(shown) <= characters:
        return shown
    kept = characters - 1
    return f"{shown[: kept - kept // 2]}…{shown[len(shown) - kept // 2 :]}"
