"""Explains what is wrong with a record: the place, the expected and the found value. Pure."""

import re
from dataclasses import is_dataclass
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from firmware.printable import brief

_PLACE = re.compile(r"(.*?)(?: - at `(.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")
_UNKNOWN = object()


def told(problem: str, value: object, form: Any) -> str:
    """The message of msgspec for an invalid value, with the value."""
    found = _PLACE.fullmatch(problem)
    text, place = found.groups() if found else (problem, None)
    text = text.replace("`", "").replace("Expected", "expected")
    text = re.sub(r"^Object missing required field (\w+)", r"field \1 is missing", text)
    steps = list(_STEP.finditer(place or "$"))
    if text.startswith("Invalid enum value") and (options := _options(form, steps)):
        text = f"expected {' or '.join(options)}"
    wrong = _value_at(value, steps)
    if wrong is not _UNKNOWN and text.startswith("expected"):
        text = f"{text.partition(', got')[0]}, found {seen(wrong)}"
    name = (place or "").removeprefix("$").removeprefix(".")
    return f"{name}: {text}" if name else text


def seen(value: object) -> str:
    """A value, shortened."""
    if isinstance(value, dict | list | tuple):
        return f"{'an object' if isinstance(value, dict) else 'an array'} of {len(value)}"
    return brief(repr(value[:100] if isinstance(value, str) else value), 60)


def _value_at(value: Any, steps: list[re.Match[str]]) -> object:
    """The value at a path such as `$.trials[2].cost`; `_UNKNOWN` if a key is not given."""
    for step in steps:
        name, index = step.groups()
        if name is None and index is None:
            return _UNKNOWN
        try:
            value = value[name] if index is None else value[int(index)]
        except (LookupError, TypeError):
            return _UNKNOWN
    return value


def _options(form: Any, steps: list[re.Match[str]]) -> list[str]:
    """The possible values of a field that has few."""
    forms = [form]
    for step in steps:
        forms = [
            inner
            for own in _parts(forms)
            for inner in (
                [get_type_hints(own, include_extras=True).get(step[1])]
                if is_dataclass(own)
                else get_args(own)
            )
        ]
    found: list[str] = []
    for own in _parts(forms):
        if get_origin(own) is Literal:
            found += map(repr, get_args(own))
        elif isinstance(own, type) and issubclass(own, Enum):
            found += [repr(member.value) for member in own]
    return found


def _parts(forms: list[Any]) -> list[Any]:
    """The types without annotations; each type of a union."""
    found = []
    for form in forms:
        if get_origin(form) in (Union, UnionType):
            found += _parts(list(get_args(form)))
        elif get_origin(form) is Annotated:
            found += _parts([get_args(form)[0]])
        else:
            found.append(form)
    return found
