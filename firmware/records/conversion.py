"""Frozen records as the values that JSON holds, and back. Pure."""

from typing import Any, TypeVar

import msgspec

_Record = TypeVar("_Record")


def to_record(value: object) -> Any:
    """A record with everything in it as objects, lists, numbers and texts.

    A class that is no dataclass has a method `as_record`.
    """
    return _with_lists(msgspec.to_builtins(value, enc_hook=_own_record))


def _with_lists(value: Any) -> Any:
    """The value with lists in place of tuples, which JSON does not have."""
    if isinstance(value, dict):
        return {name: _with_lists(own) for name, own in value.items()}
    return [_with_lists(own) for own in value] if isinstance(value, list | tuple) else value


def _own_record(value: Any) -> Any:
    return value.as_record()


def from_record(record: object, form: type[_Record]) -> _Record:
    """The frozen type that `to_record` gave. Every field is checked.

    A class that is no dataclass has a class method `from_record`.

    Raises:
        ValueError: A field is missing, has another type, or is out of range.
    """
    return msgspec.convert(record, form, dec_hook=_from_own_record)


def _from_own_record(form: type[Any], record: object) -> Any:
    return form.from_record(record)
