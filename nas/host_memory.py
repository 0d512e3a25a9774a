"""How much memory of the host the search may take, and what training takes.

Reads /proc; loads the compiled trainer, which is asked what it would take.
"""

import os
import re

import psutil

from firmware.errors import ConfigError
from nas.control_group import group_free_bytes
from nas.memory_plan import MIB
from nas.network.description import Network
from nas.process_memory import anonymous_bytes
from nas.trainer.measure import measure

PROFILES = {"rpi-zero2w": 512, "rpi3": 1024, "rpi4": 4096, "jetson-nano": 4096}
"""Memory of the hosts of the published searches, in MiB."""
_SYSTEM_SHARE = 0.8
"""Of all memory, what a host without other work can give: the rest is the system's."""
_UNITS = {"": 1, "B": 1, "KIB": 1 << 10, "MIB": MIB, "GIB": 1 << 30, "KB": 1000, "MB": 10**6}
_UNITS |= {"GB": 10**9}
_FLOAT = 4
_ADAM_ARRAYS = 3
_WINNER_COPIES = 6
"""Of the parameters: the best epoch's, and those that writing a checkpoint or converting makes."""
_CONVERTER_BYTES = 3 * MIB
"""Of LiteRT's interpreter and its model, beside the parameters."""


def parse_host_memory(text: str) -> int:
    """Bytes of `auto`, of a profile such as `rpi-zero2w`, or of a size such as `512MiB`.

    All processes of the search take part in it, this one too. More than the control groups of
    this process allow is cut down to that: the kernel would end what takes more.

    Raises:
        ConfigError: The text is none of them.
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
            f"host memory {text!r} is neither 'auto', nor a size such as 512MiB, nor one of: "
            f"{', '.join(PROFILES)}"
        )
    return int(float(match.group(1)) * _UNITS[match.group(2).upper()])


def training_bytes(network: Network, part: int, images: int, base_bytes: int) -> int:
    """Anonymous memory of a process that trains a network; images stay in the page cache.

    Args:
        network: That is trained.
        part: Images that go through it together.
        images: Training images.
        base_bytes: What a worker takes before it trains.

    Raises:
        BuildError: The trainer, which knows what it takes, was not compiled before.
        ConfigError: The trainer does not know such a network.
    """
    taken = measure(network, part)
    arrays = _ADAM_ARRAYS * taken.parameters * _FLOAT
    per_image = 4 * 8
    return base_bytes + taken.size_bytes + arrays + per_image * images


def winner_bytes(network: Network, part: int, images: int, base_bytes: int) -> int:
    """Most anonymous memory of the processes that train the winner and convert it.

    Takes and raises what `training_bytes` does.
    """
    copies = _WINNER_COPIES * measure(network, part).parameters * _FLOAT
    return training_bytes(network, part, images, base_bytes) + copies + _CONVERTER_BYTES
