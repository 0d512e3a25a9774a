"""The entry points of the three commands.

Nothing is imported before Ctrl-C can end the process without a traceback. Until `start` sets up the
signals, the default action of the system is used. `_signal` is the built-in part of `signal`, which
imports other modules first.
"""

import _signal  # type: ignore[import-not-found]

if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


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
