"""How much memory of the host the search may take, and what training takes. Reads /proc."""

import os
import re
from math import prod

import psutil

from firmware.errors import ConfigError
from nas.control_group import group_free_bytes
from nas.layers import LANES, Kind, Layer, output_shapes, parameter_count
from nas.memory_plan import MIB
from nas.network.description import Shape
from nas.process_memory import anonymous_bytes

PROFILES = {"rpi-zero2w": 512, "rpi3": 1024, "rpi4": 4096, "jetson-nano": 4096}
"""Memory of the hosts of the published searches, in MiB."""
_SYSTEM_SHARE = 0.8
"""Of all memory, what a host without other work can give: the rest is the system's."""
_UNITS = {"": 1, "B": 1, "KIB": 1 << 10, "MIB": MIB, "GIB": 1 << 30, "KB": 1000, "MB": 10**6}
_UNITS |= {"GB": 10**9}
_FLOAT, _ALIGNMENT = 4, 64
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


def network_bytes(layers: list[Layer], shape: Shape, part: int) -> int:
    """What the trainer allocates for a network and parts of batches of `part` images.

    The same sum as `network_create` in trainer/network.c makes; a test compares them.
    """
    groups = max(1, part // LANES)
    lanes = groups * LANES * _FLOAT
    parameters = most_weights = 0
    most_elements, before = prod(shape), shape[2]
    sizes = [most_elements * lanes]
    for layer, output in zip(layers, output_shapes(layers, shape), strict=True):
        own = parameter_count([layer], before)
        parameters += own
        most_weights = max(most_weights, own, 2 * before)
        most_elements = max(most_elements, prod(output))
        if layer.kind is Kind.BATCH_NORM:
            sizes.append(2 * _FLOAT * before)
        if layer.kind is not Kind.RELU:
            copies = 2 if layer.kind is Kind.DROPOUT else 1
            sizes.append(copies * prod(output) * lanes)
        before = output[2]
    sizes += [before * lanes, most_elements * lanes, most_elements * lanes]
    sizes += [parameters * _FLOAT, groups * LANES * _FLOAT]
    sizes += [most_weights * _FLOAT, most_weights * lanes]
    return sum(-(-size // _ALIGNMENT) * _ALIGNMENT + _ALIGNMENT for size in sizes)


def training_bytes(
    layers: list[Layer], shape: Shape, part: int, images: int, base_bytes: int
) -> int:
    """Anonymous memory of a process that trains a network; images stay in the page cache."""
    arrays = _ADAM_ARRAYS * parameter_count(layers, shape[2]) * _FLOAT
    per_image = 4 * 8
    return base_bytes + network_bytes(layers, shape, part) + arrays + per_image * images


def winner_bytes(layers: list[Layer], shape: Shape, part: int, images: int, base_bytes: int) -> int:
    """Most anonymous memory of the processes that train the winner and convert it."""
    copies = _WINNER_COPIES * parameter_count(layers, shape[2]) * _FLOAT
    training = training_bytes(layers, shape, part, images, base_bytes)
    return training + copies + _CONVERTER_BYTES
