"""Text of strangers made fit for a terminal. Pure."""


def printable(text: str) -> str:
    """The text with everything invisible written as escapes.

    Control characters could move the cursor or change colours, marks of direction could make a
    name look like another one; lone surrogates cannot be printed at all.
    """
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
