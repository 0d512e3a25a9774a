"""Where the three commands begin.

Nothing is imported before Ctrl-C ends the process without a traceback: until `start` takes care of
signals, the system's own way must do.
"""

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def nas() -> int:
    """The command `nas`; gives the exit code of the process."""
    return _start("nas")


def codegen() -> int:
    """The command `codegen`; gives the exit code of the process."""
    return _start("codegen")


def hil() -> int:
    """The command `hil`; gives the exit code of the process."""
    return _start("hil")


def _start(program: str) -> int:
    from firmware.command_line import start

    return start(program)
