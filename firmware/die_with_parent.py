"""Ends a process when its parent ends, for any reason. Linux.

It can also be run as a program: `python die_with_parent.py PARENT_ID PROGRAM ARGUMENT…`.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
"""Source: prctl(2)."""


def die_with_parent(parent_id: int) -> None:
    """Ask the kernel to kill this process when its parent ends; exit if it already has.

    This remains in effect after `exec`. For the kernel, the parent is the thread that started this
    process.

    Args:
        parent_id: Process id of the parent, taken before this process was started.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_id:
        os._exit(1)


def command_prefix() -> list[str]:
    """The prefix of a command, whose first word must be a path, so that it dies with this process.

    Unlike `preexec_fn`, it is safe in a process with threads.
    """
    return [sys.executable, "-I", "-S", __file__, str(os.getpid())]


def main() -> None:
    """Replace this process by the program."""
    die_with_parent(int(sys.argv[1]))
    try:
        os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 (the program that was asked for)
    except OSError as error:
        sys.stderr.write(f"{sys.argv[2]}: {error.strerror}\n")
        os._exit(127)


if __name__ == "__main__":
    main()
