"""Ends a process when the one that started it ends, however that happens. Linux."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
"""Source: prctl(2)."""


def die_with_parent(parent_id: int) -> None:
    """Ask the kernel to kill this process when its parent ends; exit if it already has.

    It stays in force for the program that this process becomes by `exec`, so it may be called
    between fork and exec.

    Args:
        parent_id: Process id of the parent, taken before this process was started.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_id:
        os._exit(1)
