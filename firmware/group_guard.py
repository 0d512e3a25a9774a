"""Kills a process group when this process is killed. Runs a process.

A killed process cannot clean up, and the kernel tells its end only to its direct children: what
those have started, such as the compilers of a build, would go on. So a small process waits beside
it for the end of a pipe.
"""

import contextlib
import subprocess
from collections.abc import Iterator

_END_S = 1.0
_WAIT_THEN_KILL = 'read -r _ || kill -s KILL -- "-$1"'
"""A line means that the group has been taken care of; the end of the pipe, that nobody did."""


@contextlib.contextmanager
def group_guard(group: int) -> Iterator[None]:
    """Until the block ends, the end of this process is the end of a process group.

    Args:
        group: Its id.

    Raises:
        OSError: The guard could not be started.
    """
    guard = subprocess.Popen(
        ["/bin/sh", "-c", _WAIT_THEN_KILL, "group-guard", str(group)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    assert guard.stdin is not None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # somebody has killed the guard
            guard.stdin.write(b"\n")
            guard.stdin.flush()
        guard.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            guard.wait(_END_S)
