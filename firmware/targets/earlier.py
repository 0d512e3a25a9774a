"""Reads the descriptions that runs of earlier versions recorded. Reads package data."""

from dataclasses import fields
from typing import Any

from firmware.chips import Chip
from firmware.cores import known_cores, load_core
from firmware.records.conversion import to_record


def with_parts(target: Any) -> Any:
    """A recorded target as it is recorded today: its core and its chip, apart.

    Earlier versions recorded the facts of both in one table. What is no such table stays as it is.
    With a core that the SDK does not know, only the name of the target is known, so this is None.
    """
    if not isinstance(target, dict) or "ram_origin" not in target:
        return target
    core = target.get("core")
    if core not in known_cores():
        return None
    chip = {own.name: target[own.name] for own in fields(Chip) if own.name in target}
    return {"processor": to_record(load_core(str(core))), "chip": chip}
