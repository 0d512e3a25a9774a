"""Reads the options of a TFLite operator as plain values, by their schema names. Pure."""

import re
from functools import cache
from typing import Any

import tflite

Options = dict[str, int | float | str | bool]


def names_of(enumeration: type) -> dict[int, str]:
    """The names of an enumeration's values."""
    return {
        value: name
        for name, value in vars(enumeration).items()
        if isinstance(value, int) and not name.startswith("_")
    }


_OPTIONS_NAMES = names_of(tflite.BuiltinOptions)
_ENUMERATED_OPTIONS = {
    "fused_activation_function": names_of(tflite.ActivationFunctionType),
    "mode": names_of(tflite.MirrorPadMode),
    "padding": names_of(tflite.Padding),
    "weights_format": names_of(tflite.FullyConnectedOptionsWeightsFormat),
}
_PART_OF_A_VECTOR = ("Length", "AsNumpy", "IsNone")


def read_options(entry: Any) -> Options:
    """The scalar options of an operator table, without vectors and texts."""
    name = _OPTIONS_NAMES.get(entry.BuiltinOptionsType(), "NONE")
    table = entry.BuiltinOptions()
    reader = getattr(tflite, name, None)
    if table is None or reader is None or name == "NONE":
        return {}
    options = reader()
    options.Init(table.Bytes, table.Pos)
    values: Options = {}
    for method, field in _scalar_fields(reader):
        value = getattr(options, method)()
        if isinstance(value, int | float | bool):
            values[field] = _ENUMERATED_OPTIONS.get(field, {}).get(int(value), value)
    return values


@cache
def _scalar_fields(reader: type) -> tuple[tuple[str, str], ...]:
    """Accessors of numbers, and the names of their fields."""
    found = []
    for method in sorted(name for name in vars(reader) if name[0].isupper()):
        accessor = getattr(reader, method)
        is_accessor = not isinstance(vars(reader)[method], classmethod)
        if not is_accessor or accessor.__code__.co_argcount != 1 or _is_text(accessor):
            continue
        if not method.endswith(_PART_OF_A_VECTOR):
            found.append((method, re.sub(r"(?<!^)(?=[A-Z])", "_", method).lower()))
    return tuple(found)


def _is_text(accessor: Any) -> bool:
    """Whether an accessor copies a string, which may be as long as the file."""
    return "String" in accessor.__code__.co_names
