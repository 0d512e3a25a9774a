"""Search spaces by name. Pure, but for the Keras builders that need TensorFlow."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from codegen.graph import Graph
from firmware.errors import ConfigError
from nas.cells import folded_network, paper_network, separable_network
from nas.converters import OWN, TENSORFLOW
from nas.layers import Layer, folded_layers, paper_layers, separable_layers
from nas.lower import lower_paper
from nas.lower_folded import lower_folded, lower_separable
from nas.network.description import Network
from nas.space import Candidate, Shape


@dataclass(frozen=True, slots=True)
class Space:
    """What the search must know of a family of networks.

    Attributes:
        name: Name on the command line.
        lower: Gives the graph of a candidate for an input shape and a number of classes.
        network: Describes the network of a candidate.
        layers: Gives the same network for the trainer.
        keras_builder: `module:function` that builds the same network in Keras; imported by the
            worker process alone, because it needs TensorFlow.
        converters: Who can make its .tflite; the first one does unless another is wanted.
        keras_scale: From a byte to the Keras model's input; 1 where it scales it itself.
    """

    name: str
    lower: Callable[[Candidate, Shape, int], Graph]
    network: Callable[[Candidate, Shape, int], Network]
    layers: Callable[[Candidate, Shape, int], list[Layer]]
    keras_builder: str
    converters: tuple[str, ...] = (OWN, TENSORFLOW)
    keras_scale: float = 1.0


DEFAULT_SPACE = "folded"
"""More accurate in less flash than the published network, and converted without TensorFlow."""
_SPACES = (
    # The published file is TensorFlow's, as the published figures of its flash are.
    Space(
        "paper",
        lower_paper,
        paper_network,
        paper_layers,
        "nas.keras_models:build_paper",
        (TENSORFLOW,),
    ),
    Space(
        "folded",
        lower_folded,
        folded_network,
        folded_layers,
        "nas.keras_models:build_folded",
        keras_scale=1 / 255,
    ),
    Space(
        "separable",
        lower_separable,
        separable_network,
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


def find_converter(space: str, name: str) -> str:
    """The converter of a name, or the one that a space has by itself if the name is empty.

    Raises:
        ConfigError: It cannot convert the networks of the space.
    """
    known = find_space(space).converters
    if name and name not in known:
        raise ConfigError(
            f"converter {name!r} does not know the space {space!r}; what does: {', '.join(known)}"
        )
    return name or known[0]


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
