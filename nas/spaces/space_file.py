"""Loads a search space from a Python file of the user. Executes the file.

Exceptions of the file become a `SpaceError` of one line: the file, the line, the exception.
"""

import functools
import importlib.util
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any

from firmware.errors import ConfigError, SdkError, SpaceError
from firmware.printable import brief
from nas.spaces.converters import CONVERTERS
from nas.spaces.space import SearchSpace

NAME_IN_FILE = "SPACE"
_MODULE = "nas_own_space"


def load_space(path: str) -> SearchSpace:
    """The space of a file: an instance of a `SearchSpace` with the name `SPACE`.

    Args:
        path: Absolute path of the file.

    Raises:
        ConfigError: There is no such file, or it has no such space.
        SpaceError: The file raised an exception. Methods of the space raise it too, later.
    """
    spec = importlib.util.spec_from_file_location(_MODULE, path)
    if spec is None or spec.loader is None or not Path(path).is_file():
        raise ConfigError(f"could not load a search space from {path!r}: no such file")
    module = importlib.util.module_from_spec(spec)
    _guarded(spec.loader.exec_module, path)(module)
    space = getattr(module, NAME_IN_FILE, None)
    if not isinstance(space, SearchSpace):
        raise ConfigError(
            f"{path!r} has no {NAME_IN_FILE} that is a nas.SearchSpace, such as "
            f"{NAME_IN_FILE} = MySpace()"
        )
    if problem := _problem(space):
        raise ConfigError(f"the search space in {path!r} cannot be used: {problem}")
    for own in type(space).__mro__:
        if own.__module__ == _MODULE:
            _guard_methods(own, path)
    return space


def _problem(space: SearchSpace) -> str:
    """What is wrong with the attributes of a space; empty if they can be used."""
    name, dimensions = getattr(space, "name", None), getattr(space, "dimensions", None)
    if not isinstance(name, str) or not name:
        return "'name' must be a text"
    if not isinstance(dimensions, Mapping) or not all(
        isinstance(key, str) and isinstance(values, range) and len(values) and values.step > 0
        for key, values in dimensions.items()
    ):
        return "'dimensions' must give a rising range for each name, such as range(1, 9)"
    for attribute in ("width_name", "depth_name"):
        if getattr(space, attribute) not in dimensions:
            return (
                f"{attribute!r} is {getattr(space, attribute)!r}, which is not one of the "
                f"dimensions: {', '.join(dimensions)}"
            )
    if not space.converters or not set(space.converters) <= set(CONVERTERS):
        return f"'converters' must be one or more of {', '.join(CONVERTERS)}"
    return ""


def _guard_methods(own: type, path: str) -> None:
    for name, value in list(vars(own).items()):
        if isinstance(value, FunctionType):
            setattr(own, name, _guarded(value, path))
        elif isinstance(value, property) and value.fget is not None:
            setattr(own, name, property(_guarded(value.fget, path)))


def _guarded(function: Callable[..., Any], path: str) -> Callable[..., Any]:
    """The function; its exceptions become a `SpaceError`. Errors of the SDK pass."""

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except SdkError:
            raise
        except (Exception, SystemExit) as error:
            raise SpaceError(_explain(path, error)) from error

    return call


def _explain(path: str, error: BaseException) -> str:
    """One line: the file, its last line that was executed, and the exception."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == path]
    if isinstance(error, SyntaxError) and error.filename == path:
        lines.append(error.lineno)
    place = f", line {lines[-1]}" if lines else ""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    reason = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"the search space in {path!r}{place} raised {brief(reason, 300)}"
