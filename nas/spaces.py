"""Search spaces by name. Pure, but for the Keras builders that need TensorFlow."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from codegen.graph import Graph
from firmware.errors import ConfigError
from nas.layers import Layer, folded_layers, paper_layers, separable_layers
from nas.lower import lower_paper
from nas.lower_folded import lower_folded, lower_separable
from nas.space import Candidate, Shape


@dataclass(frozen=True, slots=True)
class Space:
    """What the search must know of a family of networks.

    Attributes:
        name: Name on the command line.
        lower: Gives the graph of a candidate for an input shape and a number of classes.
        layers: Gives the same network for the trainer.
        keras_builder: `module:function` that builds the same network in Keras; imported by the
            worker process alone, because it needs TensorFlow.
        keras_scale: From a byte to the Keras model's input; 1 where it scales it itself.
    """

    name: str
    lower: Callable[[Candidate, Shape, int], Graph]
    layers: Callable[[Candidate, Shape, int], list[Layer]]
    keras_builder: str
    keras_scale: float = 1.0


_SPACES = (
    Space("paper", lower_paper, paper_layers, "nas.keras_models:build_paper"),
    Space(
        "folded", lower_folded, folded_layers, "nas.keras_models:build_folded", keras_scale=1 / 255
    ),
    Space(
        "separable",
        lower_separable,
        separable_layers,
        "nas.keras_models:build_separable",
        keras_scale=1 / 255,
    ),
)


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
