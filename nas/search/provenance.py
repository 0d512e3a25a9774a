"""Describes the command, the versions and the host of a run. Reads /proc."""

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

import psutil

from firmware.records.values import Scalar
from firmware.targets import Target

_PACKAGES = ("mcu-nas", "ai-edge-litert", "numpy", "pillow")
_TENSORFLOW_PACKAGES = ("tensorflow", "keras")


@dataclass(frozen=True, slots=True)
class Origin:
    """The command of a run, its images, and the description of its chip.

    Attributes:
        command: The words of the command line; empty if the run was started from Python.
        target: The description of the chip at that time; None if only its name is known.
        data: The images: an absolute path, or `digits`; empty if it is not known.
        skip_broken: Whether damaged images were skipped.
    """

    command: tuple[str, ...] = ()
    target: Target | None = None
    data: str = ""
    skip_broken: bool = False


def versions(*, has_tensorflow: bool) -> dict[str, str]:
    """Versions of Python and of the packages that affect the result.

    Args:
        has_tensorflow: Whether TensorFlow is included.
    """
    from importlib.metadata import version  # slow to import, and few verbs need it

    packages = [*_PACKAGES, *(_TENSORFLOW_PACKAGES if has_tensorflow else ())]
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def describe_host() -> dict[str, Scalar]:
    """The facts of the machine, without names of hosts or users."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "processor": processor_name(),
        "cores": os.cpu_count() or 1,
        "memory_bytes": int(psutil.virtual_memory().total),
    }


def processor_name(path: Path = Path("/proc/cpuinfo")) -> str:
    """The name of the processor from the kernel; empty if it does not report one."""
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return ""
    found = re.search(r"^(?:model name|Model|Hardware)\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else ""
