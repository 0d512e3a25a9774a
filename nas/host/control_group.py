"""The memory limits of the control groups (cgroups) of this process. Reads /proc and /sys."""

import contextlib
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")
_UNLIMITED = 1 << 60
"""Version 1 writes a number near 2**63 if there is no limit."""


def group_free_bytes(root: Path = _ROOT, membership: Path = _MEMBERSHIP) -> int | None:
    """Bytes that this process may still allocate in all of its control groups; None if unlimited.

    The limit of a group applies to all its processes and to all groups below it, so the groups
    above are read too. Pages of files do not count, because the kernel can free them.

    Args:
        root: Mount point of the control groups.
        membership: File that names the groups of this process.
    """
    free = [
        own for folder in _folders(root, membership) if (own := _free_bytes(folder)) is not None
    ]
    return min(free, default=None)


def _folders(root: Path, membership: Path) -> list[Path]:
    """The folders of all groups from that of this process up to the root, in versions 1 and 2.

    In a container, the paths may be those of the outside; then only the root exists.
    """
    folders = []
    with contextlib.suppress(OSError):
        for line in membership.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            bases = [root / "memory"] if "memory" in controllers.split(",") else []
            bases += [root, root / "unified"] if not controllers else []
            for base in bases:
                own = base / path.strip("/")
                folders += [own, *(above for above in own.parents if above.is_relative_to(base))]
    return folders


def _free_bytes(folder: Path) -> int | None:
    limits = [
        limit
        for name in ("memory.max", "memory.high", "memory.limit_in_bytes")
        if (limit := _number(folder / name)) is not None and limit < _UNLIMITED
    ]
    return max(0, min(limits) - _taken_bytes(folder)) if limits else None


def _taken_bytes(folder: Path) -> int:
    """Memory of a group that the kernel cannot free: of its processes, and of the kernel."""
    fields: dict[str, int] = {}
    with contextlib.suppress(OSError, ValueError):
        for line in (folder / "memory.stat").read_text().splitlines():
            name, value = line.split()
            fields[name] = int(value)
    version_1 = ("total_rss", "total_shmem")
    version_2 = ("anon", "shmem", "kernel_stack", "pagetables", "slab_unreclaimable")
    names = version_1 if "total_rss" in fields else version_2
    return sum(fields.get(name, 0) for name in names)


def _number(path: Path) -> int | None:
    """The number in a file; None if the file is missing or contains a word such as `max`."""
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_text())
    return None
