"""Finds a search space by its name or its file. Loads Python files of the user."""

import importlib.util
from functools import cache
from pathlib import Path

from firmware.errors import ConfigError
from firmware.printable import brief
from nas.spaces.folded import Folded
from nas.spaces.paper import Paper
from nas.spaces.residual import Residual
from nas.spaces.separable import Separable
from nas.spaces.space import SearchSpace

DEFAULT_SPACE = "folded"
"""More accurate with less flash than the published space, and converted without TensorFlow."""
_SPACES: tuple[SearchSpace, ...] = (Paper(), Folded(), Separable(), Residual())
_NAME_IN_FILE = "SPACE"


def known_spaces() -> tuple[str, ...]:
    """Names of the built-in spaces, in the order of their registration."""
    return tuple(space.name for space in _SPACES)


def find_space(name: str) -> SearchSpace:
    """The search space with a name, or the `SPACE` of a Python file.

    Raises:
        ConfigError: There is no such space, or the file cannot be used.
    """
    for space in _SPACES:
        if space.name == name:
            return space
    if name.endswith(".py"):
        return _load(str(Path(name).absolute()))
    raise ConfigError(
        f"unknown search space {name!r}; known spaces: {', '.join(known_spaces())}, or a FILE.py "
        f"of your own with a {_NAME_IN_FILE}"
    )


@cache
def _load(path: str) -> SearchSpace:
    """The space of a file. The file is executed: it is the user's own code."""
    spec = importlib.util.spec_from_file_location("nas_own_space", path)
    if spec is None or spec.loader is None or not Path(path).is_file():
        raise ConfigError(f"could not load a search space from {path!r}: no such file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        reason = brief(f"{type(error).__name__}: {error}", 300)
        raise ConfigError(f"could not load a search space from {path!r}: {reason}") from error
    space = getattr(module, _NAME_IN_FILE, None)
    if not isinstance(space, SearchSpace):
        raise ConfigError(
            f"{path!r} has no {_NAME_IN_FILE} that is a nas.SearchSpace, such as "
            f"{_NAME_IN_FILE} = MySpace()"
        )
    return space


def find_converter(space: str, name: str) -> str:
    """The converter with a name; the default converter of the space if the name is empty.

    Raises:
        ConfigError: It cannot convert the networks of the space.
    """
    known = find_space(space).converters
    if name and name not in known:
        raise ConfigError(
            f"converter {name!r} does not support the space {space!r}; use {' or '.join(known)}"
        )
    return name or known[0]
