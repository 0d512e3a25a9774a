"""Search spaces by name. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from codegen.graph import Graph
from firmware.errors import ConfigError
from nas.lower import lower_paper
from nas.space import Candidate, Shape


@dataclass(frozen=True, slots=True)
class Space:
    """What the search must know of a family of networks.

    Attributes:
        name: Name on the command line.
        lower: Gives the graph of a candidate for an input shape and a number of classes.
        keras_builder: `module:function` that builds the same network in Keras; imported by the
            worker process alone, because it needs TensorFlow.
    """

    name: str
    lower: Callable[[Candidate, Shape, int], Graph]
    keras_builder: str


_SPACES = (Space("paper", lower_paper, "nas.paper_keras:build_model"),)


def known_spaces() -> tuple[str, ...]:
    """Names of the search spaces, in the order of their making."""
    return tuple(space.name for space in _SPACES)


def find_space(name: str) -> Space:
    """The search space of a name.

    Raises:
        ConfigError: There is none.
    """
    for space in _SPACES:
        if space.name == name:
            return space
    raise ConfigError(f"unknown search space {name!r}; known spaces: {', '.join(known_spaces())}")
