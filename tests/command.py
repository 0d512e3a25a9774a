"""The three commands as processes, as a shell starts them."""

import sys


def command_line(program: str, *words: str) -> list[str]:
    """What starts a command of this tree: its entry point, as the installed script calls it."""
    source = f"import sys; from firmware.entry_points import {program} as main; sys.exit(main())"
    return [sys.executable, "-c", source, *words]
