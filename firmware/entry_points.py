"""The entry points of the three commands.

Nothing is imported before Ctrl-C can end the process without a traceback. Until `start` sets up the
signals, the default action of the system is used.
"""

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def nas() -> int:
    """The command `nas`. Returns the exit code of the process."""
    return _start("nas")


def codegen() -> int:
    """The command `codegen`. Returns the exit code of the process."""
    return _start("codegen")


def hil() -> int:
    """The command `hil`. Returns the exit code of the process."""
    return _start("hil")


def _start(program: str) -> int:
    from firmware.command_line import start

    return start(program)
