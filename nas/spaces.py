"""Search spaces by name. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from firmware.errors import ConfigError
from nas.cells import folded_network, paper_network, separable_network
from nas.network.description import Network, Shape
from nas.quantization.converters import OWN, TENSORFLOW
from nas.space import Candidate


@dataclass(frozen=True, slots=True)
class Space:
    """What the search must know of a family of networks.

    Attributes:
        name: Name on the command line.
        network: Gives the network of a candidate for an input shape and a number of classes.
        converters: Who can make its .tflite; the first one does unless another is wanted.
    """

    name: str
    network: Callable[[Candidate, Shape, int], Network]
    converters: tuple[str, ...] = (OWN, TENSORFLOW)


DEFAULT_SPACE = "folded"
"""More accurate in less flash than the published network, and converted without TensorFlow."""
_SPACES = (
    # The published file is TensorFlow's, as the published figures of its flash are.
    Space("paper", paper_network, (TENSORFLOW,)),
    Space("folded", folded_network),
    Space("separable", separable_network),
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
