"""The targets on which the tables of each core are measured. Reads package data."""

from dataclasses import replace

from firmware.cores import load_core
from firmware.targets import Target, load_target

BOARDS = {
    "cortex-m0plus": "mps2-an385",
    "cortex-m3": "mps2-an385",
    "cortex-m33": "mps2-an500",
    "cortex-m4": "stm32f412",
    "cortex-m7": "mps2-an500",
}
"""By core: the chip whose clock and memories are modelled, or a board of QEMU.

A Cortex-M3 has all instructions of a Cortex-M0+, whose own board in QEMU, the micro:bit, has too
little memory for many networks in one firmware. A Cortex-M7 has all instructions that are in
firmware for a Cortex-M33, whose own board in QEMU, the AN505, runs slowly with the plugin that
counts instructions."""


def target_of(core: str) -> Target:
    """The target for a core; its firmware is compiled for the core, whatever its board has."""
    return replace(load_target(BOARDS[core]), processor=load_core(core))
