"""The memory limit of the host for a search, in bytes. Reads /proc."""

import os
import re

import psutil

from firmware.errors import ConfigError
from nas.host.control_group import group_free_bytes
from nas.host.memory_plan import MIB
from nas.host.process_memory import anonymous_bytes

PROFILES = {"rpi-zero2w": 512, "rpi3": 1024, "rpi4": 4096, "jetson-nano": 4096}
"""Memory limits of the hosts of the published searches, in MiB."""
_SYSTEM_SHARE = 0.8
"""Fraction of all memory that a host without other work has free; the system needs the rest."""
_UNITS = {"": 1, "B": 1, "KIB": 1 << 10, "MIB": MIB, "GIB": 1 << 30, "KB": 1000, "MB": 10**6}
_UNITS |= {"GB": 10**9}


def parse_host_memory(text: str) -> int:
    """The bytes of `auto`, of a profile such as `rpi-zero2w`, or of a size such as `512MiB`.

    The limit applies to all processes of the search together. It is at most what the control
    groups of this process allow, because the kernel ends processes that exceed that.

    Raises:
        ConfigError: The text is none of these.
    """
    own_bytes, free_bytes = anonymous_bytes(os.getpid()), group_free_bytes()
    limits = [] if free_bytes is None else [own_bytes + free_bytes]
    asked = None if text == "auto" else _asked_bytes(text)
    if asked is None:
        asked = own_bytes + int(psutil.virtual_memory().available)
    return min(asked, *limits) if limits else asked


def _asked_bytes(text: str) -> int:
    if text in PROFILES:
        return int(PROFILES[text] * MIB * _SYSTEM_SHARE)
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", text)
    if match is None or match.group(2).upper() not in _UNITS:
        raise ConfigError(
            f"host memory {text!r} is not 'auto', a size such as 512MiB, or one of: "
            f"{', '.join(PROFILES)}"
        )
    return int(float(match.group(1)) * _UNITS[match.group(2).upper()])
