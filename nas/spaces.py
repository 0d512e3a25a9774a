"""Search spaces by name. Pure, but for the Keras builders that need TensorFlow."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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


def build_keras_model(
    space: str, candidate: Candidate, shape: Shape, classes: int, batch_size: int | None = None
) -> Any:
    """The Keras model of a candidate; in the worker process alone.

    Args:
        space: Name of the search space.
        candidate: A point of it.
        shape: Height, width and channels of an image.
        classes: Probabilities to give.
        batch_size: Fixed number of images; None for any.
    """
    module, _, function = find_space(space).keras_builder.partition(":")
    return getattr(importlib.import_module(module), function)(candidate, shape, classes, batch_size)
