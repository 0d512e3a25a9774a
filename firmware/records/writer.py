"""Frozen records as the values that JSON holds. Pure."""

from typing import Any

import msgspec


def to_record(value: object) -> Any:
    """A record with everything in it as objects, lists, numbers and texts.

    A class that is no dataclass has a method `as_record`.
    """
    return msgspec.to_builtins(value, enc_hook=_own_record)


def _own_record(value: Any) -> Any:
    return value.as_record()
