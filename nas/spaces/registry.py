"""Finds a search space by its name or its file. Loads files of the user."""

from functools import cache
from pathlib import Path

from firmware.errors import ConfigError
from nas.spaces.folded import Folded
from nas.spaces.paper import Paper
from nas.spaces.separable import Separable
from nas.spaces.space import SearchSpace
from nas.spaces.space_file import NAME_IN_FILE, load_space

DEFAULT_SPACE = "folded"
"""More accurate with less flash than the published space, and converted without TensorFlow."""
_SPACES: tuple[SearchSpace, ...] = (Paper(), Folded(), Separable())
_load = cache(load_space)


def known_spaces() -> tuple[str, ...]:
    """Names of the built-in spaces, in the order of their registration."""
    return tuple(space.name for space in _SPACES)


def find_space(name: str) -> SearchSpace:
    """The search space with a name, or the `SPACE` of a Python file.

    Raises:
        ConfigError: There is no such space, or the file has none that can be used.
        SpaceError: The file raised an exception. Methods of its space raise it too.
    """
    for space in _SPACES:
        if space.name == name:
            return space
    if name.endswith(".py"):
        return _load(str(Path(name).absolute()))
    raise ConfigError(
        f"unknown search space {name!r}; known spaces: {', '.join(known_spaces())}, or a FILE.py "
        f"of your own with a {NAME_IN_FILE}"
    )


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
